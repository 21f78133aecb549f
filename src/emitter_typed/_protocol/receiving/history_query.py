"""What is stored and a subscription is to receive: at its beginning, and after a connection was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import field, frozen

from emitter_typed._protocol.definition import OperationDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.operations import explicit_options
from emitter_typed._protocol.receiving.merge import Fingerprint, MergePoint, RecentDeliveries, join
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.topics import Matcher, matches
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.errors import InvalidArgument, ReplyMissing, kind_of

# How much is asked for before it is known how much of it also arrives live.
_FIRST_MESSAGES = 256


@frozen(kw_only=True)
class HistoryQuery:
    """Which stored messages a subscription is to receive, and how they are fetched."""

    operation: OperationDefinition
    """The operation that fetches them."""
    arguments: tuple[str | Secret, ...] = field(repr=False)
    """The values of its parameters."""
    window: Mapping[str, object]
    """Its options, but the one that bounds a page."""
    wanted: int | None
    """How many messages come first, the newest ones; None: all of the window."""
    recover: bool
    """Whether those come too that are stored while there is no connection."""
    accepts: Callable[[str], bool] | None = None
    """Tells whether a channel below the subscription's is the subscription's too. Default: every one is."""

    @staticmethod
    def of(
        protocol: ProtocolDefinition,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        channel: str,
        matcher: Matcher,
        recover: bool,
        shared: bool,
    ) -> HistoryQuery | None:
        """Return what a subscribe fetches; None: nothing, for the broker itself sends what comes first.

        Args:
            protocol: What the schema says.
            operation: The subscribe.
            arguments: The values of its parameters.
            options: Options made by `with_…` functions.
            options_given: Options given as keywords; None means not given.
            channel: The subscription's channel.
            matcher: How the broker matches live messages; stored ones are found below a channel under both.
            recover: Whether what is stored while there is no connection is wanted.
            shared: Whether others would receive, too, what the broker sends to a new subscriber.

        Raises:
            InvalidArgument: An option is wrong, or nothing can be recovered there.
        """
        definition = protocol.operations[operation]
        if not isinstance(recover, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise InvalidArgument(
                f"recover: expected a boolean, got {kind_of(recover)}", argument="recover", value=None
            )
        if definition.stored is None:
            return None
        fetch = protocol.operations[definition.stored]
        assert fetch.pages is not None, "generated code fetches only with what has pages"
        explicit = explicit_options(definition, options, options_given)
        size = fetch.pages.size
        window = {name: value for name, value in explicit.items() if name != size}
        if recover and channel[0] in "+#*":
            raise InvalidArgument(
                f"nothing can be recovered on {channel!r}: the broker finds nothing stored for a channel that begins "
                "with a wildcard",
                argument="recover",
                value=recover,
            )
        if not recover and (explicit.get(size) == 0 or not (explicit or shared)):
            return None
        wanted = explicit.get(size, None if window else 1)
        assert wanted is None or isinstance(wanted, int), "the size of a page is a number"
        below = None if matcher == "emitter" else partial(matches, channel, matcher=matcher)
        return HistoryQuery(
            operation=fetch,
            arguments=tuple(arguments),
            window=window,
            wanted=wanted,
            recover=recover,
            accepts=below,
        )

    def begin(self, trail: RecentDeliveries) -> CatchUp:
        """Return what fetches the messages that come first."""
        # One at least, for it says where the trail begins.
        first = _FIRST_MESSAGES if self.wanted is None else max(1, min(self.wanted, _FIRST_MESSAGES))
        return CatchUp(self._pager(self.window, first), trail, wanted=self.wanted)

    def resume(self, trail: RecentDeliveries) -> CatchUp:
        """Return what fetches the messages that were missed."""
        # The cursor bounds it better than the window that it once came from.
        window: Mapping[str, object] = self.window if trail.cursor is None else {}
        return CatchUp(self._pager(window, None, newer_than=trail.cursor), trail, wanted=None, resumes=True)

    def newest(self) -> Pager:
        """Return what fetches the newest message."""
        return self._pager({}, 1)

    def _pager(self, window: Mapping[str, object], size: int | None, *, newer_than: bytes | None = None) -> Pager:
        assert self.operation.pages is not None, "generated code fetches only with what has pages"
        options_given = {**window, self.operation.pages.size: size}
        return Pager(
            self.operation,
            self.arguments,
            (),
            options_given,
            newer_than=newer_than,
            keep_found=True,
            accepts=self.accepts,
        )


class CatchUp:
    """Fetches stored messages, and finds where they end and the live ones begin.

    Until it has `joined`, give it every page and what has arrived live so far; then its messages are `ready`, and
    further pages are asked for as they are needed.
    """

    def __init__(self, pager: Pager, trail: RecentDeliveries, *, wanted: int | None, resumes: bool = False) -> None:
        """Begin with nothing fetched.

        Args:
            pager: Fetches.
            trail: What was delivered before; it begins anew where the stored messages are joined to the live ones.
            wanted: How many messages are to be given, the newest of those that do not arrive live; None: all.
            resumes: Whether these are the messages that the trail has missed.
        """
        self._pager = pager
        self._trail = trail
        self._wanted = wanted
        self._resumes = resumes
        # How many live messages had arrived, of all of the subscription, when the newest page came.
        self._arrived: int | None = None
        self.joined: bool = False
        """Whether it is known which stored messages are to be given."""
        self.whole: bool = True
        """Whether all that was wanted could be fetched."""
        self.count: int = 0
        """How many are to be given after a connection was lost."""
        self.exact: bool = True
        """Whether none of them comes twice."""
        self.marks: tuple[Fingerprint, ...] = ()
        """What the messages are known by that are to be given after a connection was lost."""

    @property
    def definition(self) -> RequestDefinition[Any]:
        """The request for a page."""
        return self._pager.definition

    @property
    def done(self) -> bool:
        """Whether nothing is left to give."""
        return self.joined and self._pager.done

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

    def join(
        self,
        live: Sequence[Fingerprint],
        place: int,
        *,
        no_echo: Sequence[Fingerprint] = (),
        own: Collection[Fingerprint] = (),
    ) -> bool:
        """Find the seam, if enough is fetched, and tell whether it was.

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
            resumption = self._trail.resume(known_by)
            first, self.exact = resumption.first, resumption.exact
        joint = join(known_by[first:], live, no_echo=no_echo, arrived=arrived)
        self.exact = self.exact and joint.exact
        # Which of those without echo are stored by now, nobody knows.
        self._trail.restart(self._newest(), joint, live, no_echo=no_echo)
        missed = found[first : len(found) - joint.overlap]
        times = Counter(known_by[first:])
        # Where equal ones are about, one of them may be somebody else's: a repeat is better than a loss.
        leave_out = frozenset(id_ for id_, mark in missed if mark in own and times[mark] == 1)
        self.exact = self.exact and not any(mark in own and times[mark] > 1 for _, mark in missed)
        self._cut([id_ for id_, _ in found], first, joint, leave_out)
        self.joined = True
        if self._resumes:
            self.marks = tuple(mark for id_, mark in missed if id_ not in leave_out)
            self.count = len(self.marks)
        return True

    def _cut(self, ids: list[bytes], first: int, joint: MergePoint, leave_out: frozenset[bytes]) -> None:
        end = len(ids) - joint.overlap
        keep = end - first if self._wanted is None else min(self._wanted, end - first)
        whole = self._resumes or keep == self._wanted
        start = end - keep
        self._pager.narrow(
            older_than=ids[end] if joint.overlap else None,
            newer_than=ids[start - 1] if whole and start else None,
            leave_out=leave_out,
        )
        if not whole:
            self._pager.extend(None if self._wanted is None else self._wanted - keep)

    def _newest(self) -> bytes | None:
        newest, cursor = self._pager.newest, self._trail.cursor
        # Of two ids the larger is the older.
        return newest if cursor is None or (newest is not None and newest[4:] < cursor[4:]) else cursor
