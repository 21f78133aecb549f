"""What becomes of packets on their way to a connection: they pass, unless a fault holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Protocol

Later = Callable[[float, Callable[[], None]], object]
"""Calls a function after some seconds."""


class Recipient(Protocol):
    """Whom packets go to: a connection."""

    def queue_held(self, packets: Iterable[bytes], /) -> None:
        """Queue packets that were held."""


class Gate:
    """Lets what is sent to all connections of one broker pass, or holds it. What comes together stays together."""

    def __init__(self) -> None:
        """Let everything pass."""
        self.passing: bool = True
        self._held: dict[int, tuple[Recipient, tuple[bytes, ...]]] = {}
        self._tickets = count()
        self._on_hold: Callable[[Recipient, int], None] | None = None

    def hold(self, recipient: Recipient, packets: tuple[bytes, ...]) -> None:
        """Take packets that do not pass."""
        ticket = next(self._tickets)
        self._held[ticket] = recipient, packets
        if self._on_hold is not None:
            self._on_hold(recipient, ticket)

    def withhold(self) -> None:
        """Hold everything from now on, what a delay would release too."""
        self.passing, self._on_hold = False, None
        # Releases that are to come find nothing under the old tickets.
        self._held = {next(self._tickets): held for held in self._held.values()}

    def delay(self, seconds: float, later: Later, sent: Callable[[], None]) -> None:
        """Hold everything from now on for some seconds, and call `sent` after each release."""

        def release_later(recipient: Recipient, ticket: int) -> None:
            def release() -> None:
                self._release(ticket)
                sent()

            later(seconds, release)

        self.passing, self._on_hold = False, release_later

    def reorder(self, size: int) -> None:
        """Hold from now on what goes to a connection until it is so much; then the last of it comes first."""

        def release_when_full(recipient: Recipient, ticket: int) -> None:
            own = [ticket for ticket, (owner, _) in self._held.items() if owner is recipient]
            if len(own) >= size:
                for each in reversed(own):
                    self._release(each)

        self.passing, self._on_hold = False, release_when_full

    def let_pass(self) -> None:
        """Release what is held, in order, and let all that follows pass."""
        self.passing, self._on_hold = True, None
        for ticket in list(self._held):
            self._release(ticket)

    def forget(self, recipient: Recipient) -> None:
        """Drop what is held for a connection that is gone."""
        if self._held:
            self._held = {ticket: held for ticket, held in self._held.items() if held[0] is not recipient}

    def _release(self, ticket: int) -> None:
        recipient, packets = self._held.pop(ticket, (None, ()))
        if recipient is not None:
            recipient.queue_held(packets)
