"""One connection in each colour: a transport, the session whose packets it carries, and what guards the session."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

from emitter_typed.errors import Closed, Congested, EmitterError
from emitter_typed.protocol.packets import Inbound
from emitter_typed.protocol.session import Session
from emitter_typed.transport.base import Transport

_log = logging.getLogger("emitter_typed")


class ThreadConnection:
    """One connection: its transport, its session and the lock that guards the session. It is the transport's sink."""

    def __init__(self, transport: Transport, session: Session) -> None:
        """Join a transport and the session whose packets it carries."""
        self.lock = threading.Lock()
        self.transport = transport
        self.session = session
        self._room_to_send = threading.Event()

    def received(self, packets: Sequence[Inbound]) -> None:
        """Take in what the transport brings."""
        with self.lock:
            self.session.received(packets)

    def drained(self) -> None:
        """Let those who wait for room go on."""
        self._room_to_send.set()

    def ended(self, error: EmitterError | None) -> None:
        """Learn that the connection is over."""
        with self.lock:
            self.session.ended(error)

    def wait_for_room(self, operation: str, timeout_s: float) -> None:
        """Wait until the transport is not congested any more. Raises Congested."""
        deadline = monotonic() + timeout_s
        while True:
            # Cleared before the look, so that room made after it is not missed.
            self._room_to_send.clear()
            if not self.transport.congested:
                return
            if not self._room_to_send.wait(deadline - monotonic()):
                raise Congested(operation, f"the network has taken too little for {timeout_s:g} s")


class TaskConnection:
    """One connection: its transport and its session, which only the event loop touches. It is the transport's sink."""

    def __init__(self, transport: Transport, session: Session) -> None:
        """Join a transport and the session whose packets it carries."""
        self.transport = transport
        self.session = session
        self.over = asyncio.Event()
        self._room_to_send = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = False

    # Called by the network thread: one wake-up of the loop for all that has come since the last.

    def received(self, packets: Sequence[Inbound]) -> None:
        """Take in what the transport brings."""
        self._hand_over(partial(self.session.received, packets))

    def check_loop(self, operation: str) -> None:
        """Raise Closed in any other place than the event loop that connected: no answer would reach it."""
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if not here:
            raise Closed(
                f"{operation} was called outside the event loop that connected this client",
                "use it in the loop that connected it, or make another client",
            )

    def orphaned(self) -> bool:
        """Tell whether the event loop that connected is closed, so that nothing can reach the session any more."""
        return self._loop.is_closed()

    def drained(self) -> None:
        """Let those who wait for room go on."""
        self._hand_over(self._room_to_send.set)

    def ended(self, error: EmitterError | None) -> None:
        """Learn that the connection is over."""
        self._hand_over(partial(self.end, error))

    def _hand_over(self, call: Callable[[], None]) -> None:
        self._inbox.append(call)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._take_over)
            except RuntimeError:
                _log.warning("connection.loop_closed calls=%d", len(self._inbox))
                self.transport.abort()

    # Called by the event loop

    def _take_over(self) -> None:
        # Before the calls are taken out: one that comes after the last is taken must wake the loop again.
        self._woken = False
        while self._inbox:
            self._inbox.popleft()()

    def end(self, error: EmitterError | None) -> None:
        """Learn that the connection is over."""
        self.session.ended(error)
        self.over.set()

    async def wait_for_room(self, operation: str, timeout_s: float) -> None:
        """Wait until the transport is not congested any more. Raises Congested."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    # Cleared before the look, so that room made after it is not missed.
                    self._room_to_send.clear()
                    if not self.transport.congested:
                        return
                    await self._room_to_send.wait()
        except TimeoutError:
            raise Congested(operation, f"the network has taken too little for {timeout_s:g} s") from None
