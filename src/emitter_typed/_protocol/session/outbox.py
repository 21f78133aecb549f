"""Messages that wait for a connection: published while there was none, or not acknowledged when it was lost."""

from __future__ import annotations

from collections.abc import Iterable

from emitter_typed._protocol.session.inflight import CallResult, Publication
from emitter_typed.errors import Congested


class Outbox:
    """Messages in the order in which they are to be sent, at most so many and so many bytes of payload."""

    def __init__(self, *, max_messages: int, max_bytes: int) -> None:
        """Begin empty."""
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self.waiting: dict[CallResult[None], Publication] = {}
        """The messages that wait, by who waits for their end. Only to look at."""
        self._bytes = 0

    def __len__(self) -> int:
        """Count the messages that wait."""
        return len(self.waiting)

    def add(self, publication: Publication) -> None:
        """Take a message in. Raises Congested if there is no room for it."""
        size = len(publication.payload)
        if len(self.waiting) >= self._max_messages or self._bytes + size > self._max_bytes:
            raise Congested(
                publication.operation,
                f"{len(self.waiting)} messages of {self._bytes} bytes already wait for a connection",
            )
        self.waiting[publication.call_result] = publication
        self._bytes += size

    def put_back(self, publications: Iterable[Publication]) -> None:
        """Take in what was sent and not acknowledged, before what has not been sent; it has no bound of its own."""
        unsent, self.waiting, self._bytes = self.waiting, {}, 0
        for publication in (*publications, *unsent.values()):
            self.waiting[publication.call_result] = publication
            self._bytes += len(publication.payload)

    def withdraw(self, call_result: CallResult[None]) -> bool:
        """Take out the message that somebody waits for, if it has never been sent, and tell whether it was there."""
        publication = self.waiting.get(call_result)
        if publication is None or publication.sent:
            return False
        del self.waiting[call_result]
        self._bytes -= len(publication.payload)
        return True

    def take(self) -> Publication:
        """Return the first message, and forget it."""
        call_result = next(iter(self.waiting))
        publication = self.waiting.pop(call_result)
        self._bytes -= len(publication.payload)
        return publication

    def take_all(self) -> list[Publication]:
        """Return the messages, and forget them."""
        publications, self.waiting, self._bytes = list(self.waiting.values()), {}, 0
        return publications
