"""Fetches stored messages for a subscription, and finds where they end and the live ones begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.receiving.merge import Fingerprint, MergePoint, RecentDeliveries, find_merge_point
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._types.values import Record
from emitter_typed.errors import ReplyMissing


class CatchUp:
    """Fetches stored messages, and finds where they end and the live ones begin.

    Until it has `merged`, give it every page and what has arrived live so far; then its messages are `ready`, and
    further pages are asked for as they are needed.
    """

    def __init__(self, pager: Pager, recent: RecentDeliveries, *, wanted: int | None, resumes: bool = False) -> None:
        """Begin with nothing fetched.

        Args:
            pager: Fetches.
            recent: What was delivered before; begins anew where the stored messages are joined to the live ones.
            wanted: How many messages are to be given, the newest of those that do not arrive live; None: all.
            resumes: Whether these are the messages that were missed since then.
        """
        self._pager = pager
        self._recent = recent
        self._wanted = wanted
        self._resumes = resumes
        # How many live messages had arrived, of all of the subscription, when the newest page came.
        self._arrived: int | None = None
        self.merged: bool = False
        """Whether it is known which stored messages are to be given."""
        self.whole: bool = True
        """Whether all that was wanted could be fetched."""
        self.count: int = 0
        """How many are to be given after a connection was lost."""
        self.exact: bool = True
        """Whether none of them comes twice."""
        self.fingerprints: tuple[Fingerprint, ...] = ()
        """What the messages are known by that are to be given after a connection was lost."""

    @property
    def definition(self) -> RequestDefinition[Any]:
        """The request for a page."""
        return self._pager.definition

    @property
    def done(self) -> bool:
        """Whether nothing is left to give."""
        return self.merged and self._pager.done

    @property
    def needs_page(self) -> bool:
        """Whether a page is to be asked for now."""
        return self._pager.walking

    def request(self) -> Record:
        """Return the request for the next page."""
        return self._pager.request()

    def take(self, response: object, received: int) -> None:
        """Take a page in, and note how many live messages had arrived. Raises Undecodable."""
        self._pager.take(response)
        if self._arrived is None:
            self._arrived = received

    def shrink(self, error: ReplyMissing, received: int) -> bool:
        """Ask for less at once, for a page did not fit a packet.

        Tells whether there is less to ask for. A single message that no reply can hold hides those before it, so then
        what is newer must do.
        """
        try:
            self._pager.shrink(error)
        except ReplyMissing:
            self._pager.stop()
            self.whole = False
            self._arrived = received if self._arrived is None else self._arrived
            return False
        return True

    def ready(self) -> Iterator[StoredMessage]:
        """Give what can be given before another page is there, oldest first."""
        return self._pager.ready()

    def find_merge_point(
        self,
        live: Sequence[Fingerprint],
        place: int,
        *,
        no_echo: Sequence[Fingerprint] = (),
        own: Collection[Fingerprint] = (),
    ) -> bool:
        """Find the merge point, if enough is fetched, and tell whether it was.

        Args:
            live: What arrived live since the subscription was asked for, and waits to be read.
            place: The place of the first of them among all that arrived.
            no_echo: What this client published since then so that it does not receive it.
            own: The same from before the last loss of the connection: it lies among what was missed.
        """
        assert self._arrived is not None, "a page comes first"
        arrived = min(max(0, self._arrived - place), len(live))
        found = self._pager.found()
        missing = arrived + len(no_echo) + 1 - len(found)
        if not self._resumes and missing > 0 and not self._pager.exhausted:
            self._pager.extend(missing)
            return False
        known_by = [one for _, one in found]
        first = 0
        self.exact = self.whole
        # A part of what is stored cannot tell what was missed, so all of it counts as that.
        if self._resumes and self.whole:
            resumption = self._recent.resume(known_by)
            first, self.exact = resumption.first, resumption.exact
        merge_point = find_merge_point(known_by[first:], live, no_echo=no_echo, arrived=arrived)
        self.exact = self.exact and merge_point.exact
        # Which of those without echo are stored by now, nobody knows.
        self._recent.restart(self._newest(), merge_point, live, no_echo=no_echo)
        missed = found[first : len(found) - merge_point.overlap]
        times = Counter(known_by[first:])
        # Where equal ones are about, one of them may be somebody else's: a repeat is better than a loss.
        leave_out = frozenset(id_ for id_, known_by in missed if known_by in own and times[known_by] == 1)
        self.exact = self.exact and not any(known_by in own and times[known_by] > 1 for _, known_by in missed)
        self._cut([id_ for id_, _ in found], first, merge_point, leave_out)
        self.merged = True
        if self._resumes:
            self.fingerprints = tuple(known_by for id_, known_by in missed if id_ not in leave_out)
            self.count = len(self.fingerprints)
        return True

    def _cut(self, ids: list[bytes], first: int, merge_point: MergePoint, leave_out: frozenset[bytes]) -> None:
        end = len(ids) - merge_point.overlap
        keep = end - first if self._wanted is None else min(self._wanted, end - first)
        whole = self._resumes or keep == self._wanted
        start = end - keep
        self._pager.narrow(
            older_than=ids[end] if merge_point.overlap else None,
            newer_than=ids[start - 1] if whole and start else None,
            leave_out=leave_out,
        )
        if not whole:
            self._pager.extend(None if self._wanted is None else self._wanted - keep)

    def _newest(self) -> bytes | None:
        newest, cursor = self._pager.newest, self._recent.cursor
        # Of two ids the larger is the older.
        return newest if cursor is None or (newest is not None and newest[4:] < cursor[4:]) else cursor
