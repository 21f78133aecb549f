"""Fetches stored messages for a subscription, and finds where they end and the live ones begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.receiving.merge import Arrived, Fingerprint, Found, find_overlap
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.recent_deliveries import RecentDeliveries
from emitter_typed._protocol.receiving.stored_ids import age, oldest_of_each, process_of, stored_s
from emitter_typed._types.values import Record
from emitter_typed.errors import ReplyMissing


class CatchUp:
    """Fetches stored messages, and finds where they end and the live ones begin.

    Until it has `merged`, give it every page and what has arrived live so far; then its messages are `ready`, and
    further pages are asked for as they are needed.
    """

    def __init__(
        self,
        pager: Pager,
        recent: RecentDeliveries,
        *,
        wanted: int | None,
        resumes: bool = False,
        whole: bool = True,
    ) -> None:
        """Begin with nothing fetched.

        Args:
            pager: Fetches.
            recent: What was delivered before; begins anew where the stored messages are joined to the live ones.
            wanted: How many messages are to be given, the newest of those that do not arrive live; None: all.
            resumes: Whether these are the messages that were missed since then.
            whole: Whether what the pager fetches holds all that is wanted.
        """
        self._pager = pager
        self._recent = recent
        self._wanted = wanted
        self._resumes = resumes
        # How many live messages had arrived, of all of the subscription, when the newest page came.
        self._arrived: int | None = None
        # Whether the oldest could be fetched.
        self._complete = True
        self._told: set[int] = set()
        self.merged: bool = False
        """Whether it is known which stored messages are to be given."""
        self.whole: bool = whole
        """Whether all that was wanted is stored and could be fetched."""
        self.count: int = 0
        """How many are to be given after a connection was lost."""
        self.exact: bool = True
        """Whether none of them comes twice."""
        self.fingerprints: tuple[Fingerprint, ...] = ()
        """What the messages are known by that are to be given after a connection was lost."""
        self.between: list[tuple[int, StoredMessage]] = []
        """Messages that belong between the live ones, each with the index of the live one before it."""

    @property
    def definition(self) -> RequestDefinition[Any]:
        """The request for a page."""
        return self._pager.definition

    @property
    def done(self) -> bool:
        """Whether nothing is left to give."""
        return self._pager.done

    @property
    def needs_page(self) -> bool:
        """Whether a page is to be asked for now."""
        return self._pager.walking

    def request(self) -> Record:
        """Return the request for the next page."""
        return self._pager.request()

    def take(self, response: object, received: int, *, took_s: float = 0.0) -> None:
        """Take a page in, and note how many live messages had arrived. Raises Undecodable.

        Args:
            response: The page.
            received: How many live messages had arrived when it came.
            took_s: For how many seconds the broker was waited for.
        """
        if self._arrived is None or not self._pager.newest_known:
            self._arrived = received
        self._pager.take(response, took_s=took_s)

    def shrink(self, error: ReplyMissing, received: int) -> bool:
        """Ask for less at once, for a page did not fit a packet.

        Tells whether there is less to ask for. A single message that no reply can hold hides those before it, so then
        what is newer must do.
        """
        try:
            self._pager.shrink(error)
        except ReplyMissing:
            self._pager.stop()
            self.whole = self._complete = False
            self._arrived = received if self._arrived is None else self._arrived
            return False
        return True

    def untold(self) -> Sequence[int]:
        """Return the seconds, in Unix time, that may hold more than was found, but for those returned before."""
        if self._wanted == 0:
            # What was found only tells what is older than the subscription.
            return ()
        seconds = sorted(self._pager.doubtful - self._told)
        self._told.update(seconds)
        return seconds

    def ready(self) -> Iterator[StoredMessage]:
        """Give what can be given before another page is there, oldest first."""
        return self._pager.ready()

    def find_merge_point(
        self,
        live: Sequence[Arrived],
        place: int,
        *,
        no_echo: Sequence[tuple[Fingerprint, float]] = (),
        own: Collection[Fingerprint] = (),
        heard: Collection[Fingerprint] = (),
        in_place: bool = False,
    ) -> bool:
        """Find the merge point, if enough is fetched, and tell whether it was.

        Args:
            live: What arrived live since the subscription was asked for, and waits to be read.
            place: The place of the first of them among all that arrived.
            no_echo: What this client published since then so that it does not receive it, and when.
            own: The same from before the last loss of the connection: it lies among what was missed.
            heard: What arrived live between two losses of the connection, and comes again if it is stored.
            in_place: Whether what is stored behind a message that has arrived can be given `between` the live ones.
        """
        assert self._arrived is not None, "a page comes first"
        arrived = min(max(0, self._arrived - place), len(live))
        found = self._pager.found()
        missing = arrived + len(no_echo) + 1 - len(found)
        if missing > 0 and not self._pager.exhausted:
            self._pager.extend(missing)
            return False
        stored = self._undelivered(found, heard) if self._resumes else found
        unheard = [known_by for known_by, _ in no_echo]
        overlap = find_overlap(stored, live, no_echo=unheard, arrived=arrived)
        self.whole = self.whole and not self._pager.doubtful
        self.exact = self.exact and self.whole and overlap.exact
        missed = [one for one in stored if one[0] not in overlap.matched]
        times = Counter(known_by for _, known_by in stored)
        # Where equal ones are about, one of them may be somebody else's: a repeat is better than a loss.
        self.exact = self.exact and not any(known_by in own and times[known_by] > 1 for _, known_by in missed)
        missed = [one for one in missed if one[1] not in own or times[one[1]] > 1]
        at_s = overlap.newest_at_s if stored and stored[-1][0] == self._newest() else None
        repeated = {known_by for _, known_by in missed}
        rest = [
            # The broker may store a little later what has arrived already.
            Arrived(one.fingerprint, one.at_s, index < arrived or one.fingerprint in repeated)
            for index, one in enumerate(live)
            if index not in overlap.arrivals
        ]
        self._recent.restart(
            self._newest(),
            [id_ for id_, _ in found],
            rest,
            arrived_at_s=at_s,
            # Which of these are stored by now, nobody knows.
            no_echo=no_echo,
            behind=() if self._resumes and self._complete else oldest_of_each(id_ for id_, _ in found),
            unseen_until_s=self._unseen_until_s(found),
        )
        self._cut(found, missed, overlap.between if in_place else {})
        self.merged = True
        if self._resumes:
            self.fingerprints = tuple(known_by for _, known_by in missed)
            self.count = len(self.fingerprints)
        return True

    def _undelivered(self, found: list[Found], heard: Collection[Fingerprint]) -> list[Found]:
        """Return what was not delivered before the connection was lost, and note how certain that is."""
        recent = self._recent
        lost = recent.processes - self._pager.processes
        unknown = [one for one in found if one[0] not in recent.known]
        # A part of what is stored cannot tell what was missed. What is left of it by others can, where one lost all.
        comparable = [one for one in unknown if self.whole and (not lost or process_of(one[0]) in recent.processes)]
        delivered = recent.compare(comparable)
        # Without a cursor, only what was delivered can show that its storage is still there. Where its publishers sent
        # all of it again, nobody can tell which copy arrived: then it does by standing first, as it arrived.
        came = [one.fingerprint for one in recent.delivered]
        first = [known_by for _, known_by in comparable[: len(came)]]
        stored = not heard or any(known_by in heard for _, known_by in found)
        shown = recent.cursor is not None or bool(delivered.arrivals) or (first == came and stored)
        missed = [one for one in unknown if one[0] not in delivered.matched]
        older = any(recent.may_be_older(id_) for id_, _ in missed)
        self.exact = self.whole and not lost and delivered.exact and not older
        self.whole = self.whole and not lost and shown and not self._pager.doubtful
        return missed

    def _cut(self, found: list[Found], missed: list[Found], between: Mapping[bytes, int]) -> None:
        """Have just those given that were missed, and no more than are wanted."""
        keep = len(missed) if self._wanted is None else min(self._wanted, len(missed))
        enough = self._resumes or keep == self._wanted
        kept = frozenset(id_ for id_, _ in missed[len(missed) - keep :])
        oldest = max((age(id_) for id_ in kept), default=b"")
        older = (id_ for id_, _ in found if age(id_) > oldest)
        held = self._pager.held(kept & between.keys())
        self.between = sorted(((between[each.id], each) for each in held), key=itemgetter(0))
        kept -= {message.id for message in held}
        self._pager.narrow(
            newer_than=min(older, key=age, default=None) if enough else None,
            leave_out=frozenset(id_ for id_, _ in found if id_ not in kept),
        )
        if not enough:
            self._pager.extend(None if self._wanted is None else self._wanted - keep)

    def _unseen_until_s(self, found: list[Found]) -> int | None:
        """Return up to which second nodes may have stored something before the subscription that was not looked at."""
        if self._resumes:
            return None if self._complete else self._recent.unseen_until_s
        return stored_s(found[0][0]) if found and not self._pager.exhausted else None

    def _newest(self) -> bytes | None:
        newest, cursor = self._pager.newest, self._recent.cursor
        return newest if cursor is None or (newest is not None and age(newest) < age(cursor)) else cursor
