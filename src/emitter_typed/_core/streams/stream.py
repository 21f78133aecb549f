"""What sync and async streams share: what the session tells them, what they fetch, and how they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from attrs import evolve

from emitter_typed._clock import monotonic
from emitter_typed._guards import Log
from emitter_typed._masking import hide_keys
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.message import Gap, Message, StoredMessage
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed.errors import Closed, EmitterError, RequestTimeout, SlowConsumer, Undecodable

if TYPE_CHECKING:
    # Only checkers need the default, so that a bare `Subscription` means one of `Message[bytes]`.
    from typing_extensions import TypeVar as DefaultTypeVar

    from emitter_typed._protocol.receiving.feed import Feed, Item
    from emitter_typed._protocol.receiving.mailbox import Arrival
    from emitter_typed._protocol.session.inflight import CallResult

    MessageT = DefaultTypeVar("MessageT", default=Message, covariant=True)
else:
    MessageT = TypeVar("MessageT", covariant=True)

_log = Log("emitter_typed")


class Pages(Protocol):
    """Asks the broker for pages; not to be called with a guard held."""

    def fetch(self, fetch: Fetch, /) -> None:
        """Ask for a page when its turn comes. Raises what a request raises."""

    def give_up(self, fetch: Fetch, error: EmitterError, /) -> None:
        """End a fetch with an error, unless it has ended."""


class Stream(ABC, Generic[MessageT]):
    """The messages of one subscription on their way from the session to its readers."""

    def __init__(
        self,
        channel: str,
        feed: Feed,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
        counters: ClientCounters,
        pages: Pages,
        timeout_s: float,
        leave: Callable[[Stream[MessageT]], None],
        *,
        log_gaps: bool = True,
    ) -> None:
        """Begin without messages.

        Args:
            channel: What was subscribed to.
            feed: Says what comes next.
            decode: Makes a message of a channel and a payload; None: it is not for this subscription.
            report: Takes what no call can raise, and counts it.
            counters: Counts what does not fit and is not reported.
            pages: Fetches what is stored.
            timeout_s: How many seconds a page may take.
            leave: Takes the stream from the session.
            log_gaps: Whether to log that the connection was lost between two messages, for a reader of messages alone.
        """
        self.channel: str = channel
        self.delivered: int = 0
        self._feed = feed
        self.ready: deque[Arrival] = feed.mailbox.ready
        """What may be read without `take`, from the left."""
        self._decode = decode
        self._report = report
        self._counters = counters
        self._pages = pages
        self._timeout_s = timeout_s
        self._leave = leave
        self._log_gaps = log_gaps
        # What was asked for last, and until when a reader waits for it.
        self._fetch: Fetch | None = None
        self._overdue: tuple[Fetch, float] | None = None
        self._starting: CallResult[None] | None = None
        self._ended = False
        self._error: EmitterError | None = None
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Set up what readers wait for; called once, by the constructor."""

    @property
    @abstractmethod
    def _guard(self) -> AbstractContextManager[object]:
        """What to hold while the feed is touched. The session's own lock may be held then, and never taken."""

    @abstractmethod
    def _wake(self) -> None:
        """Let everybody who waits look again; the guard is held."""

    @property
    def ended(self) -> bool:
        """Whether nothing more is coming."""
        return self._ended

    @property
    def dropped(self) -> int:
        """How many messages were lost because the queue was full."""
        return self._feed.mailbox.dropped

    @property
    def pending(self) -> int:
        """How many messages wait to be read, but for those that are still to be fetched."""
        return self._feed.waiting

    # What the session tells

    @abstractmethod
    def offer(self, arrivals: Collection[Arrival]) -> None:
        """Take messages in, in the order in which they arrived."""

    def published_without_echo(self, channel: str, raw: bytes) -> None:
        """Learn of a message of this client that the broker does not send back."""
        with self._guard:
            self._feed.published_without_echo((channel, raw))

    def granted(self, call_result: CallResult[None]) -> None:
        """Learn that the broker has granted it, and who waits for its beginning."""
        with self._guard:
            self._starting = call_result
            self._feed.granted()
        self._go_on()

    def lost(self) -> None:
        """Learn that the connection is lost, and another one is to follow."""
        with self._guard:
            self._feed.lost(datetime.now(UTC))

    def restored(self) -> None:
        """Learn that it is there again on the next connection."""
        with self._guard:
            self._feed.restored(datetime.now(UTC))
            self._wake()
        self._go_on()

    def end(self, error: EmitterError | None) -> None:
        """End the stream, for a reason or none."""
        with self._guard:
            self._end(error)
            self._wake()
            fetch = self._fetch
        if fetch is not None and not fetch.ended:
            self._pages.give_up(fetch, error or Closed("the subscription has ended"))
        self._go_on()

    def close(self) -> None:
        """End the stream in peace, and take it from the session. May be called again."""
        self.end(None)
        self._leave(self)

    # What is fetched

    def page_requested(self) -> None:
        """Learn that the request for a page is on its way."""
        with self._guard:
            self._feed.page_requested()

    def page_arrived(self) -> None:
        """Learn that a page is here, so that no live message from now on is in it. Its answer follows."""
        with self._guard:
            self._feed.page_arrived()

    def page_answered(self, response: object) -> None:
        """Take a page in, and ask for what is needed next."""
        try:
            with self._guard:
                self._feed.answer(response)
                self._wake()
        except EmitterError as error:
            self._fail_page(error)
        self._go_on()

    def page_failed(self, error: EmitterError) -> None:
        """Learn that no page comes, and ask for what is needed next."""
        self._fail_page(error)
        self._go_on()

    def _fail_page(self, error: EmitterError) -> None:
        with self._guard:
            untold = self._feed.failed(error, datetime.now(UTC))
            self._wake()
        if untold is not None:
            self._report(untold)

    def _go_on(self) -> None:
        """Ask for what the feed needs next, and tell who waits for the beginning. The guard must not be held."""
        while True:
            with self._guard:
                wanted = self._feed.next_request()
                fetch = None if wanted is None else Fetch(*wanted, self)
                self._fetch = fetch or self._fetch
                begun = self._feed.begun or self._feed.failure is not None or self._ended
                starting = self._starting if begun else None
                self._starting = None if starting is not None else self._starting
            if starting is not None:
                if self._feed.failure is None:
                    starting.resolve(None)
                else:
                    starting.reject(self._feed.failure)
            if fetch is None:
                return
            try:
                self._pages.fetch(fetch)
            except EmitterError as error:
                self._fail_page(error)
            else:
                return

    def _give_up_overdue(self, fetch: Fetch) -> None:
        self._pages.give_up(fetch, RequestTimeout(fetch.definition.name, self._timeout_s))

    # Inside; the guard is held

    def _page_limit_s(self) -> float | None:
        """Return for how many seconds a reader may wait for the page that was asked for; None: for none."""
        fetch = self._fetch
        if fetch is None or fetch.ended:
            return None
        if not fetch.sent:
            # Its time begins with its turn.
            return self._timeout_s
        if self._overdue is None or self._overdue[0] is not fetch:
            self._overdue = fetch, monotonic() + self._timeout_s
        return self._overdue[1] - monotonic()

    def _put(self, arrivals: Collection[Arrival]) -> None:
        if not self._ended and not self._feed.put_all(arrivals):
            for arrival in arrivals:
                self._put_one(arrival)

    def _put_one(self, arrival: Arrival) -> None:
        if self._ended or not self._feed.put(arrival):
            return
        mailbox = self._feed.mailbox
        _log.warning(
            "subscription.overflow channel=%s overflow=%s dropped=%d",
            hide_keys(self.channel), mailbox.overflow, mailbox.dropped,
        )  # fmt: skip
        if mailbox.failed:
            self._end(SlowConsumer(self.channel, max_messages=mailbox.max_messages, max_bytes=mailbox.max_bytes))

    def _end(self, error: EmitterError | None) -> None:
        if not self._ended:
            self._ended = True
            self._error = error
            self._feed.end(datetime.now(UTC))

    def _finish(self) -> None:
        """Raise why the stream ended, if not in peace; a reader that was too slow leaves the broker's too."""
        if self._error is not None:
            self._leave(self)
            raise self._error.with_traceback(None)

    # Reading

    def message(self, item: Item) -> MessageT | None:
        """Make a message of what was taken. None: it is a gap, which is logged, or does not fit, which is reported."""
        try:
            if isinstance(item, tuple):
                message = self._decode(item[0], item[1])
                if message is not None:
                    self.delivered += 1
                return message
            if not isinstance(item, Gap):
                return self._read_stored(item)
            if self._log_gaps:
                self._log_gap(item)
            return None
        except Undecodable as problem:
            self._report(problem)
            return None

    def _log_gap(self, gap: Gap) -> None:
        if gap.recovered:
            _log.info(
                "subscription.recovered channel=%s count=%d exact=%s", hide_keys(self.channel), gap.count, gap.exact
            )
        else:
            _log.warning("subscription.gap channel=%s count=%d", hide_keys(self.channel), gap.count)

    def event(self, item: Item) -> MessageT | Gap | Undecodable | None:
        """Make an event of what was taken; None if it is not for this subscription."""
        if isinstance(item, Gap):
            return item
        try:
            if isinstance(item, StoredMessage):
                return self._read_stored(item)
            message = self._decode(*item)
            if message is not None:
                self.delivered += 1
            return message
        except Undecodable as problem:
            self._counters.count_undecodable()
            return problem

    def _read_stored(self, item: StoredMessage) -> MessageT | None:
        message = self._decode(item.channel, item.as_binary())
        if message is None:
            return None
        self.delivered += 1
        made: Any = message  # Any: decoders make messages, which a type variable with a default cannot say
        stored: MessageT = evolve(made, stored_at=item.stored_at)
        return stored
