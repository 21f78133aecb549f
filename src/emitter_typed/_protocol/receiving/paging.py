"""Fetching stored messages page by page, and putting them back into the order in which they were published.

A page holds the newest messages before its start, at most as many as were asked for and as fit a packet, in an order
that is wrong within a second (docs: Emitter protocol, history). An id restores it: bytes 4 to 7 are the seconds before
the end of Emitter's clock, and bytes 8 to 11 count down with every message, so that of two ids the larger is the older.

A page starts behind an id, and what is stored meanwhile moves nothing. But where that message is gone, having expired,
the broker leaves out another in its place. So a page is asked for from one message earlier, and the oldest message that
is known must be in it: the witness. Where it is missing, all begins again from the newest message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, field, frozen

from emitter_typed._protocol.definition import OperationDefinition, PagesDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.operations import explicit_options, prepare
from emitter_typed._protocol.receiving.merge import Fingerprint, fingerprint
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.errors import ReplyMissing, Undecodable

MAX_HELD_BYTES: Final = 8 * 1024 * 1024
"""How much a pager holds in memory, unless it is told otherwise."""

# No more are asked for at once than if each took so much of a reply.
_SMALLEST_MESSAGE_BYTES: Final = 256
# A payload that takes more of a reply than this does not fit one: it is written there as base64.
_MAX_PAYLOAD_SHARE: Final = 3 / 4
# What a message takes in a reply besides its channel and payload: its id and the names of its fields.
_ITEM_BYTES: Final = 80
# What a message takes in memory besides its channel and payload (measured, CPython 3.11).
_MESSAGE_BYTES: Final = 272
_MAX_RESTARTS: Final = 3
_CLOCK_BEGINS_S: Final = 1_514_764_800
_CLOCK_ENDS: Final = 0xFFFF_FFFF
_ID_BYTES: Final = 12


Found = tuple[bytes, Fingerprint]
"""The id of a stored message, and what it is known by."""

_Entry = tuple[bytes, Fingerprint | None]


@frozen
class _Start:
    """Where a page begins. The default is the newest message."""

    after: bytes | None = None
    witness: bytes | None = None
    """The id of the newest message that the page holds, unless it or the start is gone."""
    known: int = 0
    """How many of the page's messages were found before: 1 if the witness was."""


@define
class _Page:
    """The messages of a page, the newest first, or what it takes to ask for them again."""

    start: _Start
    oldest: bytes
    count: int
    size_bytes: int
    messages: list[StoredMessage] | None = field(repr=False)
    entries: tuple[_Entry, ...] = ()
    """Their ids and what they are known by, if that is kept; None where a message is not to be given."""

    def forget(self) -> None:
        """Let go of the messages, and keep what it takes to know them again."""
        if self.messages is not None and self.start.witness is None:
            self.start = _Start(self.start.after, self.messages[0].id)
        self.messages = None


class Pager:
    """Asks for pages, from the newest to the oldest, and gives their messages from the oldest to the newest.

    It does no I/O: until `done`, a driver sends `request`, gives the response to `take`, or ReplyMissing to `shrink`,
    and reads what is `ready`. Every message that is stored when the first page comes, and still when its turn comes,
    is given once. What is too much to be held is forgotten on the way back, the newest first, and asked for again on
    the way forward.
    """

    def __init__(
        self,
        definition: OperationDefinition,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        newer_than: bytes | None = None,
        max_held_bytes: int = MAX_HELD_BYTES,
        keep_found: bool = False,
        accepts: Callable[[str], bool] | None = None,
        max_packet_bytes: int = 65_536,
    ) -> None:
        """Check the call.

        Args:
            definition: The operation, one that fetches.
            arguments: The values of its parameters, in their order.
            options: Options made by `with_…` functions.
            options_given: Options given as keywords; None means not given.
            newer_than: The id of a stored message: only what was stored after it is wanted.
            max_held_bytes: How much is held in memory, besides the newest page and the page that just arrived.
            keep_found: Whether to keep what every message is known by, for `found` and `narrow`.
            accepts: Tells from its channel whether a message is to be given; it counts as one all the same. Default:
                every message is.
            max_packet_bytes: How much of it a reply may hold.

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
        self._wanted = wanted if isinstance(wanted, int) else None
        self.definition: RequestDefinition[Any] = definition.pages.request
        """The request for a page."""
        self.done: bool = self._wanted == 0
        """Whether nothing is left to ask for."""
        self._max_held_bytes = max_held_bytes
        self._keep_found = keep_found
        self._accepts = accepts
        self._max_packet_bytes = max_packet_bytes
        self._left_out: frozenset[bytes] = frozenset()
        self._held_bytes = 0
        self._pages: list[_Page] = []
        # The index of the page to forget next; the newest has no start to ask from again.
        self._forget = 1
        self._max_page_messages = max(1, max_packet_bytes // _SMALLEST_MESSAGE_BYTES)
        self._page_messages = self._max_page_messages
        # The newest message that is wanted, once it is known; what is stored later is not.
        self._newest: bytes | None = None
        # Only what is newer than this is wanted: it was given already, or the caller has it.
        self._floor = newer_than
        # Only what is older than this is wanted; the newest may be no longer.
        self._ceiling: bytes | None = None
        self._restarts = 0
        self._walk(_Start(), self._wanted)

    def _walk(self, start: _Start, missing: int | None) -> None:
        """Begin to page back: from a start, until so many messages are found or the floor is reached."""
        self._start = start
        self._missing = missing
        self._walking = True

    @property
    def walking(self) -> bool:
        """Whether it pages back; False: what was wanted is found, or nothing is left."""
        return self._walking

    @property
    def exhausted(self) -> bool:
        """Whether nothing more can be found further back."""
        return not self._walking and self._missing != 0

    @property
    def newest(self) -> bytes | None:
        """The id of the newest message that was stored when the first page came; None if none was."""
        return self._newest

    def found(self) -> list[Found]:
        """Return what was found so far and is to be given, oldest first."""
        entries = [entry for page in reversed(self._pages) for entry in reversed(page.entries)]
        return [(id_, known_by) for id_, known_by in entries if known_by is not None]

    def stop(self) -> None:
        """Look no further back, and be content with what was found."""
        self._walking = False
        self._missing = None
        self.done = not self._pages

    def extend(self, count: int | None) -> None:
        """Want so many more messages, further back than all that were found; None: all that there are."""
        if self._missing == 0 and count != 0:
            self._missing = count
            self._wanted = None if count is None or self._wanted is None else self._wanted + count
            self._walking = True
            self.done = False

    def narrow(
        self,
        *,
        newer_than: bytes | None = None,
        older_than: bytes | None = None,
        leave_out: frozenset[bytes] = frozenset(),
    ) -> None:
        """Want no more than what lies between two ids, of what was found and of what an extension will find.

        Args:
            newer_than: The id before the first message; None: from the oldest one on.
            older_than: The id behind the last message; None: to the newest one.
            leave_out: The ids of messages between them that are not to be given.
        """
        self._left_out = leave_out
        self._floor = newer_than if newer_than is not None else self._floor
        self._ceiling = older_than
        pages, self._pages, self._held_bytes = self._pages, [], 0
        for page in pages:
            inside = tuple(entry for entry in page.entries if self._is_within(entry[0]))
            if not inside:
                continue
            page.oldest, page.entries = inside[-1][0], inside
            if page.messages is not None:
                page.messages = [each for each in page.messages if self._is_within(each.id)]
                page.count, page.size_bytes = len(page.messages), _held(page.messages)
                self._held_bytes += page.size_bytes
            self._pages.append(page)
        forgotten = sum(page.messages is None for page in self._pages)
        self._forget = max(1, forgotten + (forgotten < len(self._pages) and self._pages[0].messages is not None))
        if self._wanted is not None:
            self._wanted = sum(page.count for page in self._pages) + (self._missing or 0)
        self.done = not self._walking and not self._pages

    def request(self) -> Record:
        """Return the request for the next page."""
        prepared = prepare(self._operation, self._arguments, (), {**self._given, self._fields.size: self._asked()})
        return self._fields.record(**{self._fields.topic: prepared.topic, self._fields.after: self._start.after})

    def take(self, response: object) -> None:
        """Take a page in. Raises Undecodable if an id in it has another form than Emitter's."""
        items = [self._message(item) for item in getattr(response, self._fields.items)]
        page = sorted(items, key=lambda message: _age(message.id))
        start = self._start
        if page and start.after is not None and _age(page[0].id) <= _age(start.after):
            # A broker that does not know how to go on gives the same page for ever.
            self._walking = False
            return
        lost = start.witness is not None and all(message.id != start.witness for message in page)
        if lost and self._restarts < _MAX_RESTARTS:
            self._restart()
            return
        if page:
            self._start = self._next_start(page)
            self._keep(start, [message for message in page if self._is_wanted(message.id)])
        passed = bool(page) and self._floor is not None and _age(page[-1].id) >= _age(self._floor)
        self._walking = bool(page) and not passed and self._missing != 0

    def shrink(self, error: ReplyMissing) -> None:
        """Ask for less at once, for a page did not fit a packet. Raises the error if it was a single message."""
        asked = self._asked()
        if asked == 2 and self._start.known:
            # The witness and the next one do not fit together.
            self._start = _Start(self._start.witness)
        elif asked == 1:
            raise error
        self._page_messages = asked // 2

    def ready(self) -> Iterator[StoredMessage]:
        """Give what can be given before more is asked for, in the order in which it was published."""
        while not self._walking and self._pages:
            page = self._pages[-1]
            if page.messages is None:
                del self._pages[-1]
                self._forget = min(self._forget, len(self._pages))
                self._walk(page.start, page.count)
                return
            del self._pages[-1]
            self._held_bytes -= page.size_bytes
            # From now on the floor bounds what is wanted, also where all begins again.
            self._floor, self._wanted = page.messages[0].id, None
            self._restarts = 0
            yield from filter(self._is_given, reversed(page.messages))
        self.done = not self._walking

    def _asked(self) -> int:
        if self._missing is None:
            return self._page_messages
        return min(self._page_messages, self._missing + self._start.known)

    def _next_start(self, page: list[StoredMessage]) -> _Start:
        size_bytes = sum(len(message.payload) for message in page)
        reply_bytes = sum(len(message.channel) + _ITEM_BYTES for message in page) + size_bytes * 4 // 3
        # Behind a short page of few bytes nothing is left, but for a message that no reply can hold.
        room = self._max_packet_bytes * (1 - _MAX_PAYLOAD_SHARE)
        is_last = len(page) < self._asked() and size_bytes <= room
        # As many as these would be in a full packet: a page that did not fit must not make all others small.
        fitting = self._max_packet_bytes * len(page) // reply_bytes
        self._page_messages = max(1, min(self._max_page_messages, fitting))
        if len(page) == 1 or is_last or self._page_messages == 1:
            return _Start(page[-1].id)
        return _Start(page[-2].id, page[-1].id, known=1)

    def _is_wanted(self, id_: bytes) -> bool:
        if self._newest is None:
            self._newest = id_
        if self._pages and _age(id_) <= _age(self._pages[-1].oldest):
            return False
        return self._is_within(id_)

    def _is_within(self, id_: bytes) -> bool:
        age = _age(id_)
        return (
            (self._newest is None or age >= _age(self._newest))
            and (self._ceiling is None or age > _age(self._ceiling))
            and (self._floor is None or age < _age(self._floor))
        )

    def _keep(self, start: _Start, messages: list[StoredMessage]) -> None:
        if not messages:
            return
        if self._missing is not None:
            messages = messages[: self._missing]
            self._missing -= len(messages)
        size_bytes = _held(messages)
        page = _Page(start, messages[-1].id, len(messages), size_bytes, messages)
        if self._keep_found:
            page.entries = tuple(self._entry(each) for each in messages)
        self._pages.append(page)
        self._held_bytes += size_bytes
        # The oldest page is needed first.
        while self._held_bytes > self._max_held_bytes and self._forget < len(self._pages) - 1:
            self._pages[self._forget].forget()
            self._held_bytes -= self._pages[self._forget].size_bytes
            self._forget += 1

    def _is_given(self, message: StoredMessage) -> bool:
        accepted = self._accepts is None or self._accepts(message.channel)
        return accepted and message.id not in self._left_out

    def _entry(self, message: StoredMessage) -> _Entry:
        return message.id, fingerprint(message.channel, message.payload) if self._is_given(message) else None

    def _restart(self) -> None:
        self._restarts += 1
        self._pages.clear()
        self._held_bytes = 0
        self._forget = 1
        self._walk(_Start(), self._wanted)

    def _message(self, item: object) -> StoredMessage:
        id_: bytes = getattr(item, self._fields.item_id)
        channel: str = getattr(item, self._fields.item_channel)
        payload: bytes = getattr(item, self._fields.item_payload)
        if len(id_) < _ID_BYTES:
            raise Undecodable(f"the id of a stored message has {len(id_)} bytes", channel=channel, raw=id_)
        stored_at = datetime.fromtimestamp(_CLOCK_BEGINS_S + _CLOCK_ENDS - int.from_bytes(id_[4:8]), UTC)
        return StoredMessage(channel, payload, payload, id=id_, stored_at=stored_at)


def _age(id_: bytes) -> bytes:
    return id_[4:]


def _held(messages: list[StoredMessage]) -> int:
    return sum(len(each.channel) + len(each.payload) + _MESSAGE_BYTES for each in messages)
