"""Fetching stored messages page by page, and putting them back into the order in which they were published.

A page holds the newest messages of a window, at most as many as were asked for and as fit a packet, in an order that is
wrong within a second (docs: Emitter protocol, history). An id restores it, but for messages of several processes within
one second, which come process by process.

Two ways lead to older messages. A page can end at a second, or start behind an id. In a cluster each node looks for
that id in its own storage, and a node that does not hold it leaves out one of its own messages. So a page ends at the
oldest second that is known, which is asked for again. A page that holds nothing but one second is asked for again as
large as a packet can hold it. Only a second that is larger still is paged by ids, process by process. Where the message
behind which a page starts has expired, the broker leaves out another in its place. So a page starts one message
earlier, and the oldest message that is known must be in it: the witness. Where it is missing, the second begins again.
Where two messages do not fit one page, there is no witness. Then the next request shows that the message behind which
the page starts is still there; and what was found before must be found again.

The nodes' messages are put one behind another, those of the node that was asked first, and sorted by second. What is
more than was asked for is left out at the beginning: of the oldest second, the newest messages of the node that was
asked. So what is left out of a second that is larger than a page, no other page shows: it is `incomplete` where
several processes are known.

So a walk asks for pages of these kinds, one after the other as it goes back:

1. up to a second: the newest messages, and then those up to the oldest second that is known in part (`_until_s`);
2. of one second alone, larger and larger, where a page of the first kind held nothing else (`_growing`);
3. behind an id, where that second is larger than a page (`_start`);
4. behind the oldest id of all, where a page was short: only a message that no reply can hold can be there (`_last`).

Of several nodes, a page may hold old messages of its oldest second and not the newest ones. So such a second becomes a
chunk when all of it is found. Of one process, each page can become one.

When a walk has ended, `node_watch` looks whether all nodes are still there. What was found is held, or forgotten, by
`chunks`; another walk finds again what was forgotten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any, Final

from emitter_typed._protocol.definition import OperationDefinition, PagesDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.operations import explicit_options, prepare
from emitter_typed._protocol.receiving.chunks import Chunks, Spans, Start
from emitter_typed._protocol.receiving.merge import Fingerprint, Found, fingerprint
from emitter_typed._protocol.receiving.node_watch import NodeWatch
from emitter_typed._protocol.receiving.stored_ids import (
    CLOCK_BEGINS_S,
    ID_BYTES,
    KnownProcesses,
    age,
    are_neighbours,
    process_of,
    stored_s,
)
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.errors import HistoryIncomplete, ReplyMissing, Undecodable

MAX_HELD_BYTES: Final = 8 * 1024 * 1024
"""How much a pager holds in memory, unless it is told otherwise."""

# No more are asked for at once than if each took so much of a reply: at first, and once it is known how much they take.
_SMALL_MESSAGE_BYTES: Final = 256
_SMALLEST_MESSAGE_BYTES: Final = 72
# What a reply holds besides its messages: its topic, and the beginning and end of its text.
_ENVELOPE_BYTES: Final = 128
# What every broker puts into a packet, where a client would take larger ones.
_SURE_PACKET_BYTES: Final = 65_536
# A page grows only by more than this part of it.
_LEAST_GROWTH: Final = 1 / 16
# A payload that takes more of a reply than this does not fit one: it is written there as base64. So a node that gave
# less than the rest has no more, but for a message that no reply can hold.
_MAX_PAYLOAD_SHARE: Final = 3 / 4
# What a message takes in a reply besides its id, channel and payload: the names of its fields.
_ITEM_BYTES: Final = 36
_MAX_RESTARTS: Final = 3


class Pager:
    """Asks for pages, from the newest to the oldest, and gives their messages from the oldest to the newest.

    It does no I/O: until `done`, a driver sends `request`, gives the response to `take`, or ReplyMissing to `shrink`,
    and reads what is `ready`. Every message that is stored when the first page comes, and still when its turn comes,
    is given once. What is too much to be held is forgotten on the way back, the newest first, and asked for again on
    the way forward. A second is held as a whole. Which messages are the newest so many is decided on the way back.
    """

    def __init__(
        self,
        definition: OperationDefinition,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        since_s: int | None = None,
        behind: Mapping[bytes, bytes] | None = None,
        max_held_bytes: int = MAX_HELD_BYTES,
        keep_found: bool = False,
        accepts: Callable[[str], bool] | None = None,
        max_packet_bytes: int = 65_536,
        known_processes: KnownProcesses | None = None,
    ) -> None:
        """Check the call.

        Args:
            definition: The operation, one that fetches.
            arguments: The values of its parameters, in their order.
            options: Options made by `with_…` functions.
            options_given: Options given as keywords; None means not given.
            since_s: Only what was stored in this second or later is wanted, in Unix time.
            behind: Ids of stored messages, by the process that stored each: what that stored earlier is not wanted.
                Default: nothing is left out.
            max_held_bytes: How much is held in memory, besides the newest messages and those of the page that just
                arrived.
            keep_found: Whether to keep what every message is known by, for `found` and `narrow`.
            accepts: Tells from its channel whether a message is to be given; it counts as one all the same. Default:
                every message is.
            max_packet_bytes: How much of it a reply may hold.
            known_processes: What the client has seen of brokers before; learns from the pages. Default: nothing.

        Raises:
            InvalidArgument: An argument or an option breaks a rule.
        """
        assert definition.pages is not None, "generated code fetches only with what has pages"
        self._operation = definition
        self._fields: PagesDefinition = definition.pages
        self._arguments = tuple(arguments)
        # Each name once, so that the size of a page can take the place of what was said.
        self._given = explicit_options(definition, options, options_given)
        prepare(definition, self._arguments, (), self._given)
        wanted = self._given.get(self._fields.size)
        # The options that begin and end a window of time: the beginning must not be after the end.
        self._window = next(
            (
                (one.name, one.not_after)
                for one in definition.options
                if one.type is datetime and one.not_after is not None
            ),
            None,
        )
        self.definition: RequestDefinition[Any] = definition.pages.request
        """The request for a page."""
        # The seconds that hold more than was found, and those of which only one process was seen that are larger than a
        # page: they hold more only if there are other nodes.
        self._incomplete: set[int] = set()
        self._too_large: set[int] = set()
        most_messages = max(1, (max_packet_bytes - _ENVELOPE_BYTES) // _SMALLEST_MESSAGE_BYTES)
        self._nodes = NodeWatch(KnownProcesses() if known_processes is None else known_processes, most_messages)
        self._chunks = Chunks(max_held_bytes)
        self._keep_found = keep_found
        self._accepts = accepts
        self._left_out: frozenset[bytes] = frozenset()
        self._max_packet_bytes = max_packet_bytes
        self._few_bytes = max_packet_bytes * (1 - _MAX_PAYLOAD_SHARE)
        self._page_messages = max(1, max_packet_bytes // _SMALL_MESSAGE_BYTES)
        # The newest message of each process in the newest second, once they are known; what is stored later is not
        # wanted.
        self._newest: dict[bytes, bytes] = {}
        self._newest_id: bytes | None = None
        self._since_s = since_s
        # Only what is newer than these is wanted: what is older, the caller has, or does not want.
        self._floor: bytes | None = None
        self._floors = dict(behind or {})
        self._walk(None, wanted if isinstance(wanted, int) else None)

    def _walk(
        self,
        until_s: int | None,
        missing: int | None,
        start: Start | None = None,
        spans: Spans | None = None,
    ) -> None:
        """Begin to page back: from a second or a start in it, until enough is found or nothing more is wanted.

        Args:
            until_s: The second; None: from the newest message on.
            missing: How many messages are enough; None: all that there are.
            start: Where the first page begins in that second.
            spans: What is wanted, if this was found before.
        """
        self._until_s = until_s
        self._missing = missing
        self._walking = missing != 0
        self._spans = spans
        # What is known of the second at which a page ends, and what of it is in no chunk yet.
        self._known: set[bytes] = set()
        self._open: list[StoredMessage] = []
        # How the second is paged that is larger than a page.
        self._start: Start | None = start
        self._finished: set[bytes] = set()
        self._restarts = 0
        # The page that holds nothing but that second and is asked for again, as large as a packet can hold it; and how
        # many messages were too many.
        self._growing: list[StoredMessage] | None = None
        self._too_many: int | None = None
        # Whether something of that second was left out, because it was more than was asked for; and how much is known.
        self._cut = False
        self._second_bytes = 0
        # A page that began behind a message and holds no witness, until another one shows that this message is still
        # there: where it began, what it holds of the second, and the ids that were new.
        self._unproven: tuple[Start, list[StoredMessage], frozenset[bytes]] | None = None
        # Whether nothing is left but, perhaps, what hides behind a message that no reply can hold.
        self._last = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask for or to give."""
        return not self.walking and not self._chunks

    @property
    def walking(self) -> bool:
        """Whether another page is needed; False: what was wanted is found, or nothing is left."""
        return self._walking or self._nodes.asks

    @property
    def exhausted(self) -> bool:
        """Whether nothing more can be found further back."""
        return not self.walking and self._missing != 0

    @property
    def processes(self) -> Set[bytes]:
        """The processes of brokers whose messages were seen."""
        return self._nodes.processes

    @property
    def node_missing(self) -> bool:
        """Whether a node did not answer, or has gone meanwhile: what it has stored may be missing."""
        return self._nodes.missing

    @property
    def incomplete(self) -> Set[int]:
        """The seconds, in Unix time, that may hold more than was found: several nodes stored more than a page."""
        return self._incomplete | self._too_large if self._nodes.several else self._incomplete

    @property
    def doubtful(self) -> Set[int]:
        """Seconds, in Unix time, that tell of all that may be missing: for a node, the newest one that was found."""
        if not self.node_missing:
            return self.incomplete
        return self.incomplete | {CLOCK_BEGINS_S if self._newest_id is None else stored_s(self._newest_id)}

    @property
    def at_the_end(self) -> bool:
        """Whether all that is stored was found, but for what a message hides that no reply can hold."""
        return self._last and not self._nodes.slow

    @property
    def newest(self) -> bytes | None:
        """The id of the newest message that was stored when the first page came; None if none was."""
        return self._newest_id

    @property
    def newest_known(self) -> bool:
        """Whether `newest` is certain; False: the next page tells it."""
        return self._newest_id is not None or (self._growing is None and not self._nodes.again)

    def check(self, operation: str) -> None:
        """Raise HistoryIncomplete if some messages may be missing.

        Args:
            operation: The call that wants to know.
        """
        incomplete = self.incomplete
        if incomplete or self.node_missing:
            seconds = [datetime.fromtimestamp(each, UTC) for each in sorted(incomplete)]
            raise HistoryIncomplete(operation, seconds, node_missing=self.node_missing)

    def found(self) -> list[Found]:
        """Return what was found so far and is to be given, oldest first."""
        return self._chunks.found()

    def stop(self) -> None:
        """Look no further back, and be content with what was found."""
        self._finish()
        self._missing = None

    def extend(self, count: int | None) -> None:
        """Want so many more messages, further back than all that were found; None: all that there are."""
        if self._missing == 0 and count != 0:
            self._missing = count
            self._walking = True
            self._close_if_enough()

    def held(self, ids: Set[bytes]) -> list[StoredMessage]:
        """Return the messages with these ids that are held in memory, oldest first."""
        return self._chunks.held(ids)

    def narrow(self, *, newer_than: bytes | None = None, leave_out: frozenset[bytes] = frozenset()) -> None:
        """Want no more than what is newer than an id, of what was found and of what an extension will find.

        Args:
            newer_than: The id before the first message; None: from the oldest one on.
            leave_out: The ids of messages behind it that are not to be given.
        """
        self._left_out = leave_out
        self._floor = newer_than if newer_than is not None else self._floor
        self._chunks.keep(self._is_above_floor, leave_out)

    def request(self) -> Record:
        """Return the request for the next page."""
        options, after, second = {**self._given}, None, None
        if self._nodes.asks:
            options[self._fields.size], second = self._nodes.messages, self._nodes.second
            alone = True
        else:
            options[self._fields.size], second = self._asked(), self._until_s
            alone = self._growing is not None
            after = None if self._start is None else self._start.after
            if self._unproven is not None:
                after = self._unproven[0].before
        if self._window is not None and second is not None:
            since, until = self._window
            begin, end = options.get(since), datetime.fromtimestamp(second, UTC)
            options[until] = max(begin, end) if isinstance(begin, datetime) else end
            if alone:
                options[since] = options[until]
        prepared = prepare(self._operation, self._arguments, (), options)
        return self._fields.record(**{self._fields.topic: prepared.topic, self._fields.after: after})

    def take(self, response: object, *, took_s: float = 0.0) -> None:
        """Take a page in.

        Args:
            response: The page.
            took_s: For how many seconds the broker was waited for.

        Raises:
            Undecodable: An id in it has another form than Emitter's.
        """
        items = [self._message(item) for item in getattr(response, self._fields.items)]
        page = _sorted(items)
        ids = [message.id for message in page]
        if self._nodes.is_again(took_s):
            return
        if self._nodes.asks:
            self._nodes.take(ids, took_s=took_s)
            return
        asked = self._asked()
        if page or self._start is None:
            self._nodes.saw(ids, self._expected(page, asked))
        elif not self._last:
            self._nodes.saw_nothing_of(self._start.process)
        self._take(page, asked)
        self._look_for_nodes()

    def _look_for_nodes(self) -> None:
        """If the walk has ended, look whether all nodes are still there."""
        if not self._walking:
            expected = self.processes if self._spans is None else self._spans.keys()
            self._nodes.end(frozenset() if self._window is None else expected)

    def _expected(self, page: list[StoredMessage], asked: int) -> Set[bytes]:
        """Return the processes that a page has to show, for it holds all of a second that they have stored in."""
        if self._start is not None or self._until_s is None:
            return frozenset()
        if len(page) >= asked and stored_s(page[-1].id) == self._until_s:
            # It may hold a part of that second.
            return frozenset()
        known = self._known.union(message.id for message in self._growing or ())
        return {process_of(id_) for id_ in known if stored_s(id_) == self._until_s}

    def _take(self, page: list[StoredMessage], asked: int) -> None:
        if self._unproven is not None:
            self._take_proof(*self._unproven, page)
            return
        if self._until_s is not None and any(stored_s(message.id) > self._until_s for message in page):
            # A broker that does not know how to go on gives the same page for ever.
            page = []
        cut = len(page) >= asked
        full = cut or sum(map(_stored_bytes, page)) > self._few_bytes
        if page:
            # As many as these would be in a full packet: a page that did not fit must not make all others small.
            room_bytes = self._max_packet_bytes - _ENVELOPE_BYTES
            most = room_bytes // _SMALLEST_MESSAGE_BYTES
            self._page_messages = max(1, min(most, room_bytes * len(page) // sum(map(_reply_bytes, page))))
        if self._start is None:
            self._take_newest(page, cut=cut, full=full)
        else:
            self._cut = self._cut or cut
            self._take_behind(self._start, page, full=full)

    def _take_newest(self, page: list[StoredMessage], *, cut: bool, full: bool) -> None:
        """Take in the newest messages of the seconds up to the one at which the page ends."""
        if self._growing is not None:
            self._take_larger(self._growing, page, cut=cut, full=full)
            return
        if not full:
            self._begin_at(page)
            self._add(page)
            self._look_behind(page)
            return
        edge_s = self._edge_s(page)
        begin_s = self._until_s if self._until_s is not None else stored_s(page[0].id)
        if edge_s < begin_s and self._window is not None:
            self._begin_at(page)
            self._add([message for message in page if stored_s(message.id) >= edge_s])
            self._go_back_to(edge_s)
        else:
            page = [message for message in page if stored_s(message.id) >= edge_s]
            if not (cut and self._grow(page)):
                self._take_second(page, cut=cut)

    def _take_larger(self, smaller: list[StoredMessage], page: list[StoredMessage], *, cut: bool, full: bool) -> None:
        """Take in a page that was asked for again, as large as a packet can hold it."""
        self._growing = None
        # It lacks what newer messages have taken the place of, and what a node holds that is away now.
        page = _sorted({each.id: each for each in (*smaller, *page)}.values())
        if cut and self._grow(page):
            return
        if full or self._window is None:
            self._take_second(page, cut=cut)
        else:
            self._begin_at(page)
            self._add(page)
            self._go_back_to(self._second_of(page) - 1)

    def _take_second(self, page: list[StoredMessage], *, cut: bool) -> None:
        """Take in what a page holds of a second that is larger, and go on within that second.

        Args:
            page: What it holds of the second.
            cut: Whether something may be left out because it was more than was asked for.
        """
        self._cut = cut
        self._begin_at(page)
        self._add(page)
        self._page_second(page)

    def _begin_at(self, page: list[StoredMessage]) -> None:
        """Note what is the newest: what is stored later is not wanted."""
        if not page or self._newest_id is not None:
            return
        self._newest_id = page[0].id
        second = stored_s(page[0].id)
        for message in reversed(page):
            if stored_s(message.id) == second:
                self._newest[process_of(message.id)] = message.id

    def _grow(self, page: list[StoredMessage]) -> bool:
        """Ask for the same page again, but larger, and tell whether it can be larger."""
        if self._restarts:
            return False
        before = self._page_messages
        if self._too_many is not None:
            self._page_messages = (len(page) + self._too_many) // 2
        if self._asked() - len(page) <= len(page) * _LEAST_GROWTH:
            self._page_messages = before
            return False
        if len(self.processes) == 1:
            self._begin_at(page)
        self._growing = page
        self._until_s = self._second_of(page)
        return True

    def _edge_s(self, page: list[StoredMessage]) -> int:
        """Return the oldest second that a full page may hold only in part; it holds all that is newer."""
        seconds: defaultdict[bytes, list[int]] = defaultdict(list)
        size_bytes: Counter[bytes] = Counter()
        for message in page:
            seconds[process_of(message.id)].append(stored_s(message.id))
            size_bytes[process_of(message.id)] += _stored_bytes(message)
        spans = {process: (min(each), max(each)) for process, each in seconds.items()}
        # A node that gave many bytes may have more behind them, though others gave older ones. Where it was started
        # again, they are of several processes, one after the other.
        stopped = [
            oldest
            for process, (oldest, newest) in spans.items()
            if sum(size_bytes[each] for each, span in spans.items() if each == process or span[0] >= newest)
            > self._few_bytes
        ]
        return max([min(oldest for oldest, _ in spans.values()), *stopped])

    def _look_behind(self, page: list[StoredMessage]) -> None:
        """See whether anything is behind a short page: only a message hides more that no reply can hold."""
        self._last = True
        oldest = max((message.id for message in page), key=lambda id_: id_[4:], default=None)
        enough = self._missing is not None and len(self._wanted_of(self._open)) >= self._missing
        reached = any(map(self._is_too_old, self._known))
        if oldest is None or enough or reached or self._is_past(stored_s(oldest)):
            self._finish()
        else:
            self._start = Start(process_of(oldest), oldest)

    def _go_back_to(self, second: int) -> None:
        """Go on with a second of which a part is known, and all that is newer is."""
        done = [message for message in self._open if stored_s(message.id) > second]
        self._open = [message for message in self._open if stored_s(message.id) <= second]
        self._known = {id_ for id_ in self._known if stored_s(id_) <= second}
        self._until_s = second
        self._start = None
        self._finished = set()
        self._restarts = 0
        self._second_bytes = sum(map(_reply_bytes, self._open))
        self._too_many = None
        self._cut = False
        self._open += self._close(done)
        self._close_if_enough()
        if self._walking and self._is_past(second):
            self._finish()

    def _page_second(self, page: list[StoredMessage], process: bytes | None = None) -> None:
        """Go on within a second that is larger than a page: behind the oldest message of one of its processes.

        Args:
            page: What came last.
            process: Whose messages were paged, if some were.
        """
        self._close_if_enough()
        if not self._walking:
            return
        seen = {process_of(id_) for id_ in self._known}
        if len(self.processes) == 1:
            self._open = self._close(self._open, self._start)
            if any(map(self._is_too_old, self._known)):
                self._note_cut(self._second_of(page))
                self._finish()
                return
        left = seen - self._finished if self._spans is None else self._spans.keys() & seen - self._finished
        following = process if process in left else min(left, default=None)
        if following is None:
            self._end_second(page)
            return
        here = sorted((id_ for id_ in self._known if process_of(id_) == following), key=age)
        if (process is None and len(seen) == 1) or following == process:
            # So far nothing can lie between these.
            here = [message.id for message in page if process_of(message.id) == following] or here
            # The witness must be in the page, beside something new.
            if len(here) > 1 and self._page_messages > 1:
                self._start = Start(following, here[-2], here[-1])
            else:
                last = self._start.after if self._start is not None and self._start.process == following else None
                self._start = Start(following, here[-1], alone=True, before=here[-2] if len(here) > 1 else last)
        else:
            self._start = Start(following, here[0])

    def _end_second(self, page: list[StoredMessage]) -> None:
        """Go on before a second of which nothing more can be found."""
        if self._window is None:
            self._finish()
            return
        second = self._second_of(page)
        self._note_cut(second)
        fits = self._second_bytes <= min(self._max_packet_bytes, _SURE_PACKET_BYTES) - _ENVELOPE_BYTES
        if fits and self._too_many is not None:
            # A page was too large, but all that was found would have fitted, so there is more.
            self._incomplete.add(second)
        self._go_back_to(second - 1)

    def _second_of(self, page: list[StoredMessage]) -> int:
        return self._until_s if self._until_s is not None else stored_s(page[0].id)

    def _note_cut(self, second: int) -> None:
        """Note that something of a second may have been left out, because it was more than was asked for."""
        if self._cut and len({process_of(id_) for id_ in self._known}) > 1:
            self._incomplete.add(second)
        elif self._cut:
            self._too_large.add(second)

    def _take_behind(self, start: Start, page: list[StoredMessage], *, full: bool) -> None:
        """Take in a page that starts behind an id."""
        if self._last:
            if not self._add(page):
                self._finish()
            elif full and self._window is not None:
                self._last = False
                self._go_back_to(self._edge_s(page))
            else:
                self._look_behind(page)
            return
        expected = start.witness
        if expected is None and self._spans is not None and not self._restarts:
            # It was found behind this id, which may have expired since.
            expected, _ = self._spans[start.process]
        if expected is not None and all(message.id != expected for message in page) and self._restart(expected):
            return
        if self._window is None:
            inside = page
        else:
            self._until_s = stored_s(start.after)
            inside = [message for message in page if stored_s(message.id) == self._until_s]
        new = frozenset(message.id for message in self._add(inside))
        mine = [message for message in page if process_of(message.id) == start.process]
        behind = [each for each in mine if age(each.id) > age(start.after) and each.id != start.witness]
        if not behind and start.witness is not None and sum(map(_stored_bytes, mine)) > self._few_bytes:
            # The next one has no room beside the witness.
            self._start = Start(start.process, start.witness, alone=True, before=start.after)
            return
        if not behind or stored_s(mine[-1].id) < (self._until_s or 0) or self._is_too_old(behind[-1].id):
            self._finished.add(start.process)
        if start.alone and expected is None and not (behind and are_neighbours(start.after, behind[0].id)):
            self._unproven = start, inside, new
        else:
            self._page_second(inside, start.process)

    def _take_proof(
        self, start: Start, inside: list[StoredMessage], new: Set[bytes], page: list[StoredMessage] | None
    ) -> None:
        """Go on, if the message behind which the last page began is still there, or if that cannot be told.

        Args:
            start: Where that page began.
            inside: What it held of the second.
            new: The ids of those that were not known before.
            page: One message, behind the one before that message; None: it did not fit.
        """
        self._unproven = None
        # Another process's message may hide it, or one that was stored since.
        told = page is not None and all(
            process_of(each.id) == start.process and age(each.id) >= age(start.after) for each in page
        )
        if told and all(each.id != start.after for each in page or ()) and self._restart(start.after):
            # Something may stand before what came, which will come again.
            self._second_bytes -= sum(_reply_bytes(message) for message in self._open if message.id in new)
            self._open = [message for message in self._open if message.id not in new]
            self._known -= new
        else:
            self._page_second(inside, start.process)

    def _restart(self, expected: bytes) -> bool:
        """Begin the second again, for an id is missing in it, and tell whether it was not begun too often."""
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            self._incomplete.add(stored_s(expected))
            return False
        # From the newest message of the second, or of all.
        self._start = None
        self._finished = set()
        return True

    def _add(self, page: list[StoredMessage]) -> list[StoredMessage]:
        """Keep what is not known yet, and return it."""
        new = [message for message in page if message.id not in self._known]
        self._known.update(message.id for message in new)
        self._second_bytes += sum(map(_reply_bytes, new))
        self._open += new
        return new

    def _close_if_enough(self) -> None:
        """Be content once enough is found: what is known of a second is the newest of it if there is one process."""
        if not self._missing or len(self.processes) > 1:
            return
        if len(self._wanted_of(self._open)) >= self._missing:
            self._open = self._close(self._open)

    def _finish(self) -> None:
        self._open = self._close(self._open)
        self._walking = False

    def _is_past(self, second: int) -> bool:
        """Return whether nothing is wanted of a second or of those before it."""
        begin = None if self._window is None else self._given.get(self._window[0])
        bounds = (
            CLOCK_BEGINS_S,
            self._since_s,
            None if self._floor is None else stored_s(self._floor),
            None if self._spans is None else min(stored_s(oldest) for _, oldest in self._spans.values()),
            int(begin.timestamp()) if isinstance(begin, datetime) else None,
        )
        return any(bound is not None and second < bound for bound in bounds)

    def shrink(self, error: ReplyMissing) -> None:
        """Ask for less at once, for a page did not fit a packet. Raises the error if it was a single message."""
        asked = self._asked()
        if self._nodes.asks:
            self._nodes.shrink()
            return
        if self._unproven is not None:
            self._take_proof(*self._unproven, None)
            self._look_for_nodes()
            return
        if self._growing is not None:
            page, self._too_many = self._growing, asked
            if not self._grow(page):
                self._growing = None
                self._take_second(page, cut=True)
                self._look_for_nodes()
            return
        if asked == 2 and self._start is not None and self._start.witness is not None:
            # The witness and the next one do not fit together.
            self._start = Start(self._start.process, self._start.witness, alone=True, before=self._start.after)
        elif asked == 1:
            raise error
        self._page_messages = asked // 2

    def ready(self) -> Iterator[StoredMessage]:
        """Give what can be given before more is asked for, in the order in which it was published."""
        while not self.walking and self._chunks:
            chunk = self._chunks.pop()
            if chunk.messages is None:
                until_s = max(stored_s(newest) for newest, _ in chunk.spans.values())
                self._walk(until_s, chunk.count, chunk.start, chunk.spans)
                return
            yield from filter(self._is_given, reversed(chunk.messages))

    def _asked(self) -> int:
        if self._unproven is not None:
            return 1
        witness = self._start is not None and self._start.witness is not None
        # Beside the witness something else has to be in the page.
        most = max(self._page_messages, 2) if witness else self._page_messages
        if self._missing is None or len(self.processes) > 1:
            return most
        known = len(self._known) if self._start is None else witness
        return min(most, max(1, self._missing - len(self._open)) + known)

    def _wanted_of(self, messages: Iterable[StoredMessage]) -> list[StoredMessage]:
        return _sorted(each for each in messages if self._is_wanted(each.id))

    def _is_wanted(self, id_: bytes) -> bool:
        if self._since_s is not None and stored_s(id_) < self._since_s:
            return False
        if self._spans is not None:
            newest, _ = self._spans.get(process_of(id_), (None, None))
            if newest is None or age(id_) < age(newest):
                return False
        elif self._newest_id is not None and stored_s(id_) >= stored_s(self._newest_id):
            newest = self._newest.get(process_of(id_))
            if stored_s(id_) > stored_s(self._newest_id) or (newest is not None and age(id_) < age(newest)):
                return False
        return not self._is_too_old(id_)

    def _is_too_old(self, id_: bytes) -> bool:
        """Return whether this, and all that its process stored before it, is not wanted."""
        if self._spans is not None and process_of(id_) in self._spans:
            _, oldest = self._spans[process_of(id_)]
            if age(id_) > age(oldest):
                return True
        return not self._is_above_floor(id_)

    def _is_above_floor(self, id_: bytes) -> bool:
        floor = self._floors.get(process_of(id_))
        return (self._floor is None or age(id_) < age(self._floor)) and (floor is None or age(id_) < age(floor))

    def _close(self, messages: list[StoredMessage], start: Start | None = None) -> list[StoredMessage]:
        """Make a chunk of what is complete, and return what is more than is wanted."""
        messages, rest = self._wanted_of(messages), []
        if self._missing is not None:
            if not self._keep_found or len(self.processes) == 1:
                messages, rest = messages[: self._missing], messages[self._missing :]
            # Who has to know what is stored knows all of a second in which nothing tells what is newer.
            self._missing -= min(self._missing, len(messages))
            self._walking = self._missing > 0
        if not messages:
            return rest
        self._chunks.add(messages, start, tuple(map(self._entry, messages)) if self._keep_found else ())
        return rest

    def _is_given(self, message: StoredMessage) -> bool:
        accepted = self._accepts is None or self._accepts(message.channel)
        return accepted and message.id not in self._left_out

    def _entry(self, message: StoredMessage) -> tuple[bytes, Fingerprint | None]:
        return message.id, fingerprint(message.channel, message.payload) if self._is_given(message) else None

    def _message(self, item: object) -> StoredMessage:
        id_: bytes = getattr(item, self._fields.item_id)
        channel: str = getattr(item, self._fields.item_channel)
        payload: bytes = getattr(item, self._fields.item_payload)
        if len(id_) < ID_BYTES:
            raise Undecodable(f"the id of a stored message has {len(id_)} bytes", channel=channel, raw=id_)
        return StoredMessage(channel, payload, payload, id=id_, stored_at=datetime.fromtimestamp(stored_s(id_), UTC))


def _sorted(messages: Iterable[StoredMessage]) -> list[StoredMessage]:
    """Sort messages, the newest first."""
    return sorted(messages, key=lambda message: age(message.id))


def _stored_bytes(message: StoredMessage) -> int:
    return len(message.id) + len(message.channel) + len(message.payload)


def _reply_bytes(message: StoredMessage) -> int:
    return _ITEM_BYTES + len(message.channel) + _base64_bytes(message.id) + _base64_bytes(message.payload)


def _base64_bytes(data: bytes) -> int:
    return (len(data) + 2) // 3 * 4
