"""Fetching stored messages page by page, and putting them back into the order in which they were published.

A page holds the newest messages before its start, at most as many as were asked for and as fit a packet, in an order
that is wrong within a second (docs: Emitter protocol, history). An id restores it: bytes 4 to 7 are the seconds before
the end of Emitter's clock, and bytes 8 to 11 count down with every message, so that of two ids the larger is the older.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from emitter_typed.errors import ReplyMissing, Undecodable
from emitter_typed.protocol.definition import OperationDefinition, PagesDefinition, RequestDefinition
from emitter_typed.protocol.message import StoredMessage
from emitter_typed.protocol.operations import options_said, prepare
from emitter_typed.values import Option, Record, Secret

_MAX_PAGE_MESSAGES: Final = 256
_CLOCK_BEGINS_S: Final = 1_514_764_800
_CLOCK_ENDS: Final = 0xFFFF_FFFF
_ID_BYTES: Final = 12


class Pager:
    """Asks for pages, from the newest to the oldest, until it has what was wanted. It does no I/O.

    A driver sends `request`, and gives the response to `take`, or ReplyMissing to `shrink`, until `done`; then
    `messages` are all there, oldest first.
    """

    def __init__(
        self,
        definition: OperationDefinition,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        given: Mapping[str, object],
    ) -> None:
        """Check the call. Raises InvalidArgument."""
        assert definition.pages is not None, "generated code fetches only with what has pages"
        self._operation = definition
        self._pages: PagesDefinition = definition.pages
        self._arguments = tuple(arguments)
        # Each name once, so that the size of a page can take the place of what was said.
        self._given = options_said(definition, options, given)
        prepare(definition, self._arguments, (), self._given)
        wanted = self._given.get(self._pages.size)
        self._wanted = wanted if isinstance(wanted, int) else None
        self._page_messages = _MAX_PAGE_MESSAGES
        self._after: bytes | None = None
        self._found: list[StoredMessage] = []
        self.definition: RequestDefinition[Any] = definition.pages.request
        """The request for a page."""
        self.done = self._wanted == 0
        """Whether nothing is left to ask for."""

    def request(self) -> Record:
        """Return the request for the next page."""
        prepared = prepare(self._operation, self._arguments, (), {**self._given, self._pages.size: self._asked()})
        return self._pages.record(**{self._pages.topic: prepared.topic, self._pages.after: self._after})

    def take(self, response: object) -> None:
        """Take a page in. Raises Undecodable if an id in it has another form than Emitter's."""
        page = sorted((self._message(item) for item in getattr(response, self._pages.items)), key=_age, reverse=True)
        # A broker that does not know how to go on gives the same page for ever.
        if not page or page[0].id == self._after:
            self.done = True
            return
        self._found[:0] = page
        self._after = page[0].id
        self.done = self._wanted is not None and len(self._found) >= self._wanted

    def shrink(self, error: ReplyMissing) -> None:
        """Ask for less at once, for a page did not fit a packet. Raises the error if it was a single message."""
        if self._asked() == 1:
            raise error
        self._page_messages = self._asked() // 2

    def _asked(self) -> int:
        if self._wanted is None:
            return self._page_messages
        return min(self._page_messages, self._wanted - len(self._found))

    @property
    def messages(self) -> Sequence[StoredMessage]:
        """What was found so far, in the order in which it was published."""
        return self._found

    def _message(self, item: object) -> StoredMessage:
        id_: bytes = getattr(item, self._pages.item_id)
        channel: str = getattr(item, self._pages.item_channel)
        payload: bytes = getattr(item, self._pages.item_payload)
        if len(id_) < _ID_BYTES:
            raise Undecodable(f"the id of a stored message has {len(id_)} bytes", channel=channel, raw=id_)
        stored_at = datetime.fromtimestamp(_CLOCK_BEGINS_S + _CLOCK_ENDS - int.from_bytes(id_[4:8]), UTC)
        return StoredMessage(channel, payload, payload, id_, stored_at)


def _age(message: StoredMessage) -> bytes:
    return message.id[4:12]
