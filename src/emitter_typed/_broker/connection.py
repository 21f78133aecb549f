"""The state of one connection: who it is, what it set up, and what waits to be sent to it."""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Iterable

from emitter_typed._broker.gate import Gate
from emitter_typed._broker.held_filters import HeldFilters
from emitter_typed._broker.limits import Budget, weight_bytes
from emitter_typed._broker.switches import Switches
from emitter_typed._broker.wire import Decoder, Will
from emitter_typed._protocol.topics import Topic


def new_connection_id() -> str:
    """Return the id of a connection: 26 characters that a channel may hold."""
    return b32encode(secrets.token_bytes(16)).decode().rstrip("=")


class Connection:
    """One connection, from when it is made to when it is gone. It knows nothing of sockets."""

    def __init__(
        self, waiting: dict[Connection, None], switches: Switches, budget: Budget, *, max_unsent_bytes: int
    ) -> None:
        """Make a connection that has said nothing yet.

        Args:
            waiting: Where the connection puts itself when it has something to be sent.
            switches: The faults that are on.
            budget: What its subscriptions, links and watches may take.
            max_unsent_bytes: The bound of what waits to be sent; beyond it the connection is cut off.
        """
        self.id: str = new_connection_id()
        self.decoder: Decoder = Decoder()
        self.username: str | None = None
        self.will: Will | None = None
        self._introduction_bytes = 0
        self.links: dict[str, Topic] = {}
        self.held: HeldFilters = HeldFilters()
        """Its subscriptions and watches."""
        self.budget = budget
        self.closing: bool = False
        """Nothing more is read; the connection ends when what is queued has been sent."""
        self.overrun: bool = False
        """Its reader is too slow: the connection ends now."""
        self.receivable_bytes: int | None = None
        """After how many more bytes that it sends the connection is cut; None: it is not."""
        self._sendable_bytes: int | None = None
        self._waiting = waiting
        self._switches = switches
        self._max_unsent_bytes = max_unsent_bytes
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        self._answer: list[bytes] = []
        self._held_bytes = 0

    def introduce(self, username: str | None, will: Will | None) -> None:
        """Learn who it is, and what to publish when it is gone; what was known before is forgotten.

        Raises:
            Refused: that is more than the connection may make the broker keep in mind.
        """
        weight = len(username or "") + (len(will.topic) + len(will.payload) if will is not None else 0)
        self.budget.take(weight)
        self.budget.give_back(self._introduction_bytes)
        self._introduction_bytes = weight
        self.username = username
        self.will = will

    def set_link(self, name: str, topic: Topic) -> None:
        """Make a link, in the place of an earlier one of that name.

        Raises:
            Refused: the connection has as many as it may.
        """
        earlier = self.links.get(name)
        self.budget.take(weight_bytes(topic.without_key()))
        if earlier is not None:
            self.budget.give_back(weight_bytes(earlier.without_key()))
        self.links[name] = topic

    def queue(self, packet: bytes) -> None:
        """Add a packet to what waits to be sent, in order."""
        if self.overrun or self._sendable_bytes == 0:
            return
        self._queue.append(packet)
        self._queued_bytes += len(packet)
        if self._sendable_bytes is not None:
            self.cut(sent_bytes=self._sendable_bytes)
        elif (cut_inside := self._switches.cut_inside) is not None and packet[0] >> 4 == cut_inside:
            self._switches.cut_inside = None
            self.cut(sent_bytes=self._queued_bytes - len(packet) + len(packet) // 2)
        if self._queued_bytes + self._held_bytes > self._max_unsent_bytes:
            self._overrun()
        self._waiting[self] = None

    def answer(self, packet: bytes) -> None:
        """Queue a packet that is a part of the answer to what the connection has just sent."""
        if self._switches.answers.passing:
            self.queue(packet)
        else:
            self._answer.append(packet)

    def answered(self) -> None:
        """Learn that the answer to what the connection has just sent is complete."""
        if self._answer:
            packets, self._answer = tuple(self._answer), []
            self._hold(packets, self._switches.answers)

    def deliver(self, packet: bytes) -> None:
        """Queue a message that was published."""
        if self._switches.messages.passing:
            self.queue(packet)
        else:
            self._hold((packet,), self._switches.messages)

    def queue_held(self, packets: Iterable[bytes]) -> None:
        """Queue packets that were held."""
        for packet in packets:
            self._held_bytes -= len(packet)
            self.queue(packet)

    def cut(self, *, sent_bytes: int) -> None:
        """End the connection when so many more bytes have been sent to it, wherever in a packet that is."""
        self._sendable_bytes = sent_bytes
        if self._queued_bytes >= sent_bytes:
            self._queue = [b"".join(self._queue)[:sent_bytes]]
            self._queued_bytes = sent_bytes
            self.close()
            # Nothing more is queued.
            self._sendable_bytes = 0

    def spare(self) -> None:
        """Do not cut the connection after all, unless that has happened."""
        self.receivable_bytes = None
        if self._sendable_bytes:
            self._sendable_bytes = None

    def close(self) -> None:
        """End the connection when what is queued has been sent."""
        self.closing = True
        self._waiting[self] = None

    def take(self) -> list[bytes]:
        """Return the packets that wait to be sent, and forget them. The last one may be cut on purpose."""
        output, self._queue = self._queue, []
        if self._sendable_bytes:
            self._sendable_bytes -= self._queued_bytes
        self._queued_bytes = 0
        return output

    def who(self) -> dict[str, object]:
        """Return the connection as presence shows it."""
        return {"id": self.id} if not self.username else {"id": self.id, "username": self.username}

    def _hold(self, packets: tuple[bytes, ...], gate: Gate) -> None:
        self._held_bytes += sum(map(len, packets))
        if self._queued_bytes + self._held_bytes > self._max_unsent_bytes:
            self._overrun()
        else:
            gate.hold(self, packets)

    def _overrun(self) -> None:
        self.overrun = self.closing = True
        self._queue.clear()
        self._queued_bytes = 0
        self._waiting[self] = None
