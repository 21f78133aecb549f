"""The library's own requests for pages: few at a time, for the broker rations its answers, and calls wait."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Protocol

from emitter_typed._protocol.counters import ClientCounters, ending_of
from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._types.values import Record
from emitter_typed.errors import Closed, EmitterError

MAX_UNDER_WAY: Final = 8
"""How many are under way at most. At its slowest the broker answers 30 a second (docs: Emitter protocol, transport)."""


class PageReader(Protocol):
    """Who reads the pages that are fetched."""

    def page_requested(self) -> None:
        """Learn that the request for a page is on its way."""

    def page_arrived(self) -> None:
        """Learn that a page is here, so that no live message from now on is in it. Its answer follows."""

    def page_answered(self, response: object, /) -> None:
        """Take a page, once the broker has acknowledged the request for it."""

    def page_failed(self, error: EmitterError, /) -> None:
        """Learn that no page comes, and why."""


class Fetch:
    """A page to ask for, and the result of the call that asks. It ends once; what comes later is ignored."""

    __slots__ = ("_fetches", "_reader", "definition", "ended", "request", "sent")

    def __init__(self, definition: RequestDefinition[Any], request: Record, reader: PageReader) -> None:
        """Say what is to be asked for, and who reads it."""
        self.definition: RequestDefinition[Any] = definition
        self.request: Record = request
        self.sent: bool = False
        """Whether its turn has come."""
        self.ended: bool = False
        self._reader = reader
        self._fetches: Fetches | None = None

    def begin(self, fetches: Fetches) -> None:
        """Learn among which others it takes its turn, and tell these of its end."""
        self._fetches = fetches

    def requested(self) -> None:
        """Learn that its turn has come."""
        self.sent = True
        self._reader.page_requested()

    def page_arrived(self) -> None:
        """Learn that the page is here; its acknowledgement is to follow."""
        if not self.ended:
            self._reader.page_arrived()

    def resolve(self, response: object, /) -> None:
        """End with a page."""
        if self._end(None):
            self._reader.page_answered(response)

    def reject(self, error: EmitterError, /) -> bool:
        """End with an error."""
        if self._end(error):
            self._reader.page_failed(error)
        return True

    def fail(self, error: EmitterError) -> None:
        """End with the error of its turn."""
        self._reader.page_failed(error)

    def _end(self, error: EmitterError | None) -> bool:
        if self.ended:
            return False
        self.ended = True
        if self._fetches is not None:
            self._fetches.ended(self, error)
        return True


class Send(Protocol):
    """Sends the request of a fetch. Raises what a request raises."""

    def __call__(self, fetch: Fetch, /) -> None:
        """Send it."""


class Fetches:
    """Lets each fetch have its turn, in the order in which they were asked for."""

    def __init__(self, send: Send, counters: ClientCounters) -> None:
        """Begin with none; the end of each that was sent is counted, unless whoever wanted it has gone."""
        self._send = send
        self._counters = counters
        self._waiting: deque[Fetch] = deque()
        self._under_way = 0

    def add(self, fetch: Fetch) -> None:
        """Ask for a page, now or when its turn comes. Raises what a request raises, if its turn is now."""
        if fetch.ended:
            # Whoever wanted it has gone.
            return
        fetch.begin(self)
        if self._under_way < MAX_UNDER_WAY:
            self._begin(fetch)
        else:
            self._waiting.append(fetch)

    def ended(self, fetch: Fetch, error: EmitterError | None) -> None:
        """Learn that a fetch has ended, and let others have their turn before it leads to more of its own."""
        if fetch.sent:
            self._under_way -= 1
            if not isinstance(error, Closed):
                self._counters.count(fetch.definition.name, ending_of(error))
        elif fetch in self._waiting:
            self._waiting.remove(fetch)
        while self._waiting and self._under_way < MAX_UNDER_WAY:
            turn = self._waiting.popleft()
            try:
                self._begin(turn)
            except EmitterError as problem:
                turn.fail(problem)

    def _begin(self, fetch: Fetch) -> None:
        try:
            self._send(fetch)
        except EmitterError:
            fetch.ended = True
            raise
        fetch.requested()
        self._under_way += 1
