"""What a subscription gives its reader, in order: stored messages, live ones, and the gaps between.

Live messages wait in a queue. Where stored ones are to come before them, the reader stops at that place until these are
fetched: at the beginning, and where a connection was lost. So a slow reader fetches late, and what a full queue had to
drop meanwhile comes from what is stored.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from attrs import define

from emitter_typed._clock import monotonic
from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._protocol.message import Gap, StoredMessage
from emitter_typed._protocol.receiving.catch_up import CatchUp
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.mailbox import Arrival, Mailbox
from emitter_typed._protocol.receiving.merge import Arrived, Fingerprint, fingerprint
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.recent_deliveries import RecentDeliveries
from emitter_typed._types.values import Record
from emitter_typed.errors import BrokerError, Closed, ConnectionLost, EmitterError, ReplyMissing

Item = Arrival | StoredMessage | Gap
"""What a reader gets."""

# How many messages may arrive before the cursor is moved on. At the broker's fastest, 8 requests a second.
_CURSOR_MESSAGES = 4_096
_MAX_RECENT_MESSAGES = 4 * _CURSOR_MESSAGES
_UNAUTHORIZED = 401


@define
class _Break:
    """A loss of the connection that the reader has not passed."""

    place: int
    """The place in the queue at which it was lost first."""
    live_from: int
    """The place of the first message since the last loss."""
    since: datetime
    """When it was lost first, by a clock that may be set meanwhile."""
    since_s: float
    """The same, on the clock that only goes forward."""
    until: datetime | None = None
    """When the subscription was there again; None: it is not."""

    def end(self, now: datetime, now_s: float) -> None:
        """Learn when it is over. Then it is as long as it was, also if the time of day was set back meanwhile."""
        self.until = now
        self.since = min(self.since, now - timedelta(seconds=now_s - self.since_s))


class Feed:
    """The messages of one subscription. It does no I/O and locks nothing: its owner does.

    Its owner sends what `next_request` returns, and gives back the `answer`, or why it `failed`. That a connection is
    lost is told before what failed with it.
    """

    def __init__(self, mailbox: Mailbox, query: HistoryQuery | None, *, clock: Callable[[], float] = monotonic) -> None:
        """Begin without messages.

        Args:
            mailbox: Holds the live ones.
            query: Which stored messages are wanted; None: none.
            clock: Tells the time in seconds, from any beginning on.
        """
        self.mailbox: Mailbox = mailbox
        """The live messages."""
        self.started: bool = query is None
        """Whether it is known what comes first."""
        self.begun: bool = query is None
        """Whether a reader may begin: what is missed from now on can be told from what is there, if that is known."""
        self.failure: EmitterError | None = None
        """Why it could not start."""
        # Why a page did not come before it has started; it begins again if another connection follows.
        self._lost_by: ConnectionLost | None = None
        self._query = query
        self._recent = RecentDeliveries(max_messages=_MAX_RECENT_MESSAGES)
        self._recovers = query is not None and query.recover
        # Whether it is known what was stored when it began: a window of time may leave out the newest.
        self._placed = query is None or not (query.recover and query.window)
        # What asks for the newest again, for less at once.
        self._smaller: Pager | None = None
        self._clock = clock
        # How many messages have arrived since the cursor was asked for, after how many it is asked for again; and how
        # many have arrived since stored and live ones were joined.
        self._since_cursor = 0
        self._cursor_due = 1
        self._since_merge = 0
        # What this client published meanwhile that does not come back: until stored and live messages are joined.
        self._no_echo: deque[tuple[Fingerprint, float]] = deque(maxlen=_MAX_RECENT_MESSAGES)
        # The same from before the last loss, where there was more than one.
        self._no_echo_before: set[Fingerprint] = set()
        self._catch_up: CatchUp | None = None
        self._break: _Break | None = None
        self._items: deque[StoredMessage | Gap] = deque()
        self._asked: CatchUp | Pager | None = None
        # When the last page was asked for, how long it took, and how many live messages had arrived when it did.
        self._requested_at_s = 0.0
        self._took_s = 0.0
        self._arrived = 0
        self._connected = False
        self._ended = False
        # The messages since the last loss that the queue had no room for, each with the place of the one after it.
        self._refused: deque[tuple[int, Arrived]] = deque(maxlen=_MAX_RECENT_MESSAGES)
        self._refusals = 0
        # When each of the newest live messages arrived, while stored ones are to be joined to them.
        self._arrived_at_s: deque[float] = deque(maxlen=mailbox.max_messages)
        # Whether nothing but live messages is to come, which is almost always so.
        self._only_live = query is None

    # What happens

    def granted(self) -> None:
        """Learn that the broker has granted the subscription."""
        self._connected = True
        if self._query is not None and not self.started and not self._ended:
            self._catch_up = self._query.begin(self._recent)

    def put_all(self, arrivals: Collection[Arrival]) -> bool:
        """Take live messages in if nothing but that is to be done with them, and tell whether; if not, `put` each."""
        return self._only_live and not self._recovers and self.mailbox.put_all(arrivals)

    def put(self, arrival: Arrival) -> bool:
        """Take a live message in, and tell whether that begins an episode of dropping."""
        if self._recovers and self.started and self._break is None:
            self._recent.deliver(Arrived(fingerprint(*arrival), self._clock()))
            self._since_cursor += 1
            self._since_merge += 1
        if self._only_live:
            return self.mailbox.put(arrival)
        place = self.mailbox.received
        begins = self.mailbox.put(arrival)
        if self.mailbox.received == place:
            # It is lost, and is not to come from what is stored in the place of those that were taken in.
            self._refused.append((place, Arrived(fingerprint(*arrival), self._clock())))
            self._refusals += 1
        else:
            self._arrived_at_s.append(self._clock())
        return begins

    def published_without_echo(self, arrival: Arrival) -> None:
        """Learn of a message of this client that does not come back, and may be stored all the same."""
        if self._query is None or (self.started and not self._recovers):
            return
        known_by = fingerprint(*arrival)
        if self.started and self._break is None:
            self._recent.published_without_echo(known_by, self._clock())
        else:
            self._no_echo.append((known_by, self._clock()))

    def lost(self, now: datetime) -> None:
        """Learn that the connection is lost, and another one is to follow."""
        self._connected = False
        if self._ended:
            return
        # A reader that has begun waits for nothing more.
        self.begun = self.started
        self._refused.clear()
        if not self.started:
            # Nobody has read anything: it begins with the next connection.
            self._catch_up = None
            self.mailbox.filter_before(self.mailbox.received, lambda _: False)
            self._no_echo.clear()
        elif self._break is None:
            self._break = _Break(self.mailbox.received, self.mailbox.received, now, self._clock())
            self._only_live = False
        else:
            self._break.live_from = self.mailbox.received
            self._break.until = None
            self._no_echo_before.update(known_by for known_by, _ in self._no_echo)
            self._no_echo.clear()
            if self._catch_up is not None and not self._catch_up.merged:
                # What it has fetched ends before this loss. It begins again.
                self._catch_up = None

    def restored(self, now: datetime) -> None:
        """Learn that the subscription is there again."""
        self._connected = True
        if not self.started:
            self.granted()
        elif self._break is not None:
            self._break.end(now, self._clock())

    def end(self, now: datetime) -> None:
        """Learn that nothing more is coming: what waits can still be taken, and nothing more is fetched."""
        self._ended = True
        if not self.started and self.failure is None:
            self.failure = self._lost_by
        catch_up, self._catch_up = self._catch_up, None
        if catch_up is not None and catch_up.merged:
            # What is there already waits like everything else.
            self._items.extend(catch_up.ready())
            self._items.extend(map(_incomplete, catch_up.untold()) if catch_up.done else [_unrecovered(now, now)])
        if self._break is not None and self._break.until is None and self.mailbox.received > self._break.place:
            # So that what arrived between two losses can be taken.
            self._break.end(now, self._clock())

    # Reading

    def take(self) -> Item | None:
        """Return what comes next; None if there is nothing yet."""
        if self._only_live:
            return self.mailbox.take()
        # What was ready before whatever happened since.
        if (arrival := self.mailbox.take(self.mailbox.place)) is not None:
            return arrival
        while True:
            if self._items:
                return self._items.popleft()
            catch_up = self._catch_up
            if catch_up is not None:
                if not catch_up.merged:
                    return None
                self._items.extend(catch_up.ready())
                if not self._items and not catch_up.done:
                    return None
                if catch_up.done:
                    self._items.extend(map(_incomplete, catch_up.untold()))
                    self._catch_up = None
                continue
            broken = self._break
            if broken is None:
                self._only_live = True
                return self.mailbox.take()
            if self.mailbox.place < broken.place:
                return self.mailbox.take(broken.place)
            if broken.until is None:
                return None
            if self._recovers and self._query is not None and not self._ended:
                self._catch_up = self._query.resume(self._recent, placed=self._placed)
            else:
                self._break = None
                self._items.append(_unrecovered(broken.since, broken.until))

    @property
    def cursor_is_old(self) -> bool:
        """Whether so much has arrived that a request is due which shortens what must be remembered."""
        return self._since_cursor >= self._cursor_due

    @property
    def waiting(self) -> int:
        """How many messages wait to be read, but for those that are still to be fetched."""
        return len(self._items) + len(self.mailbox)

    # Fetching

    @property
    def has_request(self) -> bool:
        """Whether something is to be asked for now."""
        if not self._connected or self._asked is not None or self._ended:
            return False
        if self._catch_up is not None and self._catch_up.needs_page:
            return True
        return self._recovers and self._break is None and self.cursor_is_old

    def next_request(self) -> tuple[RequestDefinition[object], Record] | None:
        """Return what is to be asked for now, if anything; then its `page_arrived` and `answer`, or it `failed`."""
        if not self.has_request:
            return None
        if self._catch_up is not None and self._catch_up.needs_page:
            self._asked = self._catch_up
        else:
            assert self._query is not None, "only a query has a cursor"
            self._asked, self._smaller = self._smaller or self._query.newest(), None
            # Often at first: until something that was delivered is known to be stored, and by whom, little is certain.
            self._cursor_due = min(max(1, (self._since_merge - 1) // 2), _CURSOR_MESSAGES)
            self._since_cursor = 0
        self._requested_at_s = self._clock()
        return self._asked.definition, self._asked.request()

    def page_requested(self) -> None:
        """Learn that what was asked for is on its way: requests take turns."""
        self._requested_at_s = self._clock()

    def page_arrived(self) -> None:
        """Learn that a page has arrived, of which the `answer` follows: what arrives from now on is not in it."""
        self._arrived = self._received
        self._took_s = self._clock() - self._requested_at_s

    def answer(self, response: object) -> None:
        """Take in the answer to what was asked for. Raises Undecodable; it is then to be told that it `failed`."""
        catch_up = self._catch_up
        if isinstance(self._asked, Pager):
            self.begun = True
            self._asked.take(response, took_s=self._took_s)
            # One page is enough.
            self._asked.stop()
            if self._break is None:
                found, whole = self._asked.found(), self._asked.at_the_end
                if self._placed:
                    self._recent.begin(found, asked_at_s=self._requested_at_s, whole=whole)
                elif found or whole:
                    self._recent.place(found, asked_at_s=self._requested_at_s, whole=whole)
                    self._placed = True
        elif catch_up is not None and self._asked is catch_up:
            catch_up.take(response, self._arrived, took_s=self._took_s)
            self._try_to_merge(catch_up)
        self._asked = None

    def failed(self, error: EmitterError, now: datetime) -> EmitterError | None:
        """Learn that what was asked for has failed; return the error if somebody is to be told."""
        asked, self._asked = self._asked, None
        catch_up = self._catch_up
        if isinstance(asked, Pager) and not self._ask_for_less(asked, error):
            self.begun = True
        if not self.started and isinstance(error, ConnectionLost):
            self._lost_by = error
        if catch_up is None or asked is not catch_up:
            return None
        if isinstance(error, ReplyMissing):
            told = None if catch_up.shrink(error, self._received) else error
            self._try_to_merge(catch_up)
            return told
        if isinstance(error, ConnectionLost | Closed) and self.started:
            # It goes on with the next connection, which may be there already.
            return None
        return self._give_up(error, now)

    def _ask_for_less(self, newest: Pager, error: EmitterError) -> bool:
        """Ask for fewer of the newest messages if too many did not fit a packet, and tell whether."""
        if not isinstance(error, ReplyMissing):
            return False
        try:
            newest.shrink(error)
        except ReplyMissing:
            return False
        self._smaller = newest
        self._since_cursor = self._cursor_due
        return True

    def _give_up(self, error: EmitterError, now: datetime) -> EmitterError | None:
        merged = self._catch_up is not None and self._catch_up.merged
        self._catch_up = None
        if not self.started:
            if isinstance(error, BrokerError) and not self._recovers:
                # The broker would send nothing either, and say nothing where a key may not load.
                self.started = self.begun = True
                return None if error.status == _UNAUTHORIZED else error
            self.failure = error
            return None
        broken = self._break
        if broken is not None and not merged:
            self._break = None
            for arrived in self._live(broken.live_from):
                self._recent.deliver(arrived)
            now_s = self._clock()
            for known_by in self._no_echo_before:
                self._recent.published_without_echo(known_by, now_s)
            for known_by, at_s in self._no_echo:
                self._recent.published_without_echo(known_by, at_s)
            self._no_echo.clear()
            self._no_echo_before.clear()
            self._items.append(_unrecovered(broken.since, broken.until or now))
        else:
            self._items.append(_unrecovered(now, now))
        return error

    def _try_to_merge(self, catch_up: CatchUp) -> None:
        if catch_up.merged or catch_up.needs_page:
            return
        broken = self._break
        live = self._live(0 if broken is None else broken.live_from)
        place = self._received - len(live)
        in_place = not self._refused
        no_echo, own = tuple(self._no_echo), self._no_echo_before
        heard: set[Fingerprint] = set()
        if broken is not None and broken.place < broken.live_from:
            arrivals = self.mailbox.since(broken.place)[: broken.live_from - broken.place]
            heard.update(fingerprint(*arrival) for arrival in arrivals)
        if not catch_up.find_merge_point(live, place, no_echo=no_echo, own=own, heard=heard, in_place=in_place):
            return
        first = self.mailbox.received - len(live)
        for index, message in reversed(catch_up.between):
            self.mailbox.insert(first + index + 1, (message.channel, message.payload))
        self._refused.clear()
        self._no_echo.clear()
        self._no_echo_before.clear()
        if not self.started:
            self.started = True
            if self._query is not None and self._recent.cursor is not None and not self._query.has_end:
                # The newest one in the window is the newest of all.
                self._placed = True
            self.begun = self._placed
            self._items.extend(map(_incomplete, catch_up.untold()))
        self._since_merge = 0
        self._cursor_due = 1
        self._since_cursor = 0 if self._placed else self._cursor_due
        if broken is not None and broken.until is not None:
            self._leave_out_what_was_stored(catch_up, broken)
            self._break = None
            # It tells of all that is not whole so far.
            catch_up.untold()
            self._items.append(
                Gap(
                    recovered=catch_up.whole,
                    since=broken.since,
                    until=broken.until,
                    count=catch_up.count,
                    exact=catch_up.exact,
                )
            )

    @property
    def _received(self) -> int:
        return self.mailbox.received + self._refusals

    def _live(self, place: int) -> list[Arrived]:
        """Return what arrived from a place on and was not dropped since, with what was refused where it arrived."""
        arrivals = self.mailbox.since(place)
        first = self.mailbox.received - len(arrivals)
        refused = deque(each for each in self._refused if each[0] >= first)
        times = list(self._arrived_at_s)[max(0, len(self._arrived_at_s) - len(arrivals)) :]
        live: list[Arrived] = []
        for number, (arrival, at_s) in enumerate(zip(arrivals, times, strict=True), first):
            while refused and refused[0][0] == number:
                live.append(refused.popleft()[1])
            live.append(Arrived(fingerprint(*arrival), at_s))
        return live + [arrived for _, arrived in refused]

    def _leave_out_what_was_stored(self, catch_up: CatchUp, broken: _Break) -> None:
        """Take out what arrived between two losses and is stored: it comes with what was missed, in its order."""
        if broken.place == broken.live_from:
            return
        stored = Counter(catch_up.fingerprints)

        def keep(arrival: Arrival) -> bool:
            known_by = fingerprint(*arrival)
            stored[known_by] -= 1
            return stored[known_by] < 0

        self.mailbox.filter_before(broken.live_from, keep)


def _unrecovered(since: datetime, until: datetime) -> Gap:
    return Gap(recovered=False, since=since, until=until, count=0, exact=False)


def _incomplete(second: int) -> Gap:
    """Return the gap in what is stored of a second."""
    since = datetime.fromtimestamp(second, UTC)
    return _unrecovered(since, since + timedelta(seconds=1))
