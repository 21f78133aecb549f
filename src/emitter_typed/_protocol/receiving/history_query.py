"""What is stored and a subscription is to receive: at its beginning, and after a connection was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from attrs import field, frozen

from emitter_typed._protocol.definition import OperationDefinition, ProtocolDefinition
from emitter_typed._protocol.operations import explicit_options
from emitter_typed._protocol.receiving.catch_up import CatchUp
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.recent_deliveries import RecentDeliveries
from emitter_typed._protocol.receiving.stored_ids import KnownProcesses
from emitter_typed._protocol.topics import Matcher, matches
from emitter_typed._types.values import Option, Secret
from emitter_typed.errors import InvalidArgument

# How much is asked for before it is known how much of it also arrives live.
_FIRST_MESSAGES = 256
# How much is asked for at least, so that what is stored a little later is told from what was there.
_LEAST_MESSAGES = 64


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
    max_packet_bytes: int = 65_536
    """How much a page may hold."""
    known_processes: KnownProcesses = field(factory=KnownProcesses, repr=False)
    """What the client has seen of brokers."""
    accepts: Callable[[str], bool] | None = None
    """Tells whether a channel below the subscription's is the subscription's too. Default: every one is."""

    @property
    def has_end(self) -> bool:
        """Whether its window of time ends, so that something newer may be stored."""
        return any(option.not_after in self.window for option in self.operation.options)

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
        known_processes: KnownProcesses,
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
            known_processes: What the client has seen of brokers.

        Raises:
            InvalidArgument: An option is wrong, or nothing can be recovered there.
        """
        definition = protocol.operations[operation]
        if definition.stored is None:
            return None
        fetch = protocol.operations[definition.stored]
        assert fetch.pages is not None, "generated code fetches only with what has pages"
        explicit = explicit_options(definition, options, options_given)
        size = fetch.pages.size
        window = {name: value for name, value in explicit.items() if name != size}
        if recover and channel[0] in "+#*":
            raise InvalidArgument(
                f"recover: must be False for {channel!r}: the broker finds no stored messages for a channel that "
                "begins with a wildcard",
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
            max_packet_bytes=protocol.envelope.max_packet_bytes,
            known_processes=known_processes,
            accepts=below,
        )

    def begin(self, recent: RecentDeliveries) -> CatchUp:
        """Return what fetches the messages that come first."""
        # They say where recent deliveries begin.
        least = _LEAST_MESSAGES if self.recover else 1
        first = _FIRST_MESSAGES if self.wanted is None else max(least, min(self.wanted, _FIRST_MESSAGES))
        return CatchUp(self._pager(self.window, first), recent, wanted=self.wanted)

    def resume(self, recent: RecentDeliveries, *, placed: bool) -> CatchUp:
        """Return what fetches the messages that were missed.

        Args:
            recent: What was delivered before.
            placed: Whether it begins at the newest message that was stored, or nothing was. If not, the window may
                hold some of what was missed, and nobody can tell whether it holds all.
        """
        window: Mapping[str, object] = {} if placed else self.window
        return CatchUp(self._pager(window, None, recent), recent, wanted=None, resumes=True, whole=placed)

    def newest(self) -> Pager:
        """Return what fetches the newest messages, for which one page is enough."""
        return self._pager({}, _LEAST_MESSAGES)

    def _pager(self, window: Mapping[str, object], size: int | None, recent: RecentDeliveries | None = None) -> Pager:
        assert self.operation.pages is not None, "generated code fetches only with what has pages"
        options_given = {**window, self.operation.pages.size: size}
        return Pager(
            self.operation,
            self.arguments,
            (),
            options_given,
            since_s=None if recent is None else recent.since_s,
            behind=None if recent is None else recent.behind,
            keep_found=True,
            accepts=self.accepts,
            max_packet_bytes=self.max_packet_bytes,
            known_processes=self.known_processes,
        )
