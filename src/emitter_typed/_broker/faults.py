"""Faults on purpose: what networks and brokers do to a client in production, whenever a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol, get_args

from emitter_typed._broker.arguments import check_kind
from emitter_typed._broker.connection import Connection
from emitter_typed._broker.disorder import Disorder
from emitter_typed._broker.switches import Switches
from emitter_typed.errors import InvalidArgument

SentPacket = Literal["CONNACK", "PUBLISH", "PUBACK", "SUBACK", "UNSUBACK", "PINGRESP"]
"""The packets that a broker sends (MQTT 3.1.1, 2.2.1)."""

_TYPES: dict[SentPacket, int] = {
    "CONNACK": 2,
    "PUBLISH": 3,
    "PUBACK": 4,
    "SUBACK": 9,
    "UNSUBACK": 11,
    "PINGRESP": 13,
}


class Controls(Protocol):
    """What the faults ask of the broker that they happen to."""

    def connections(self) -> Collection[Connection]:
        """Return the connections that are open."""
        ...

    def drop(self, connection: Connection) -> None:
        """End a connection at once, and forget it, unless it has ended."""
        ...

    def read(self, *, on: bool) -> None:
        """Go on or stop to read what clients send."""
        ...

    def flush(self) -> None:
        """Send what waits."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> object:
        """Call a function after some seconds."""
        ...


class Faults:
    """Faults to inject into a running broker.

    Each has a method that ends it; `clear()` ends all.

    Call these from any thread. The fault is in effect when the call returns. Each raises Closed if the broker is not
    running. Faults survive a restart.

    >>> from emitter_typed.broker import Broker
    >>> with Broker() as broker:
    ...     broker.faults.refuse_connections()
    ...     broker.faults.clear()
    """

    def __init__(self, switches: Switches, controls: Controls, run: Callable[[Callable[[], None]], None]) -> None:
        """Made by brokers.

        Args:
            switches: Where they are turned on.
            controls: The broker's.
            run: Calls a function where the broker runs, and returns when it is done. Raises Closed if it does not run.
        """
        self._switches = switches
        self._controls = controls
        self._run = run

    def clear(self) -> None:
        """End all faults. Withheld packets are sent now, and unread ones are read.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.clear()
        """
        self._run(self._clear)

    # Connections

    def refuse_connections(self, return_code: int | None = None) -> None:
        """Refuse new connections. Open ones stay open.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.refuse_connections(return_code=5)  # not authorized

        Args:
            return_code: The return code of the CONNACK, 1 to 5 (MQTT 3.1.1, 3.2.2.3). Default: close without a CONNACK.
                To test a port that nobody listens on, `stop()` the broker.

        Raises:
            InvalidArgument: the return code is not an integer from 1 to 5.
        """
        if return_code is not None:
            check_kind("return_code", return_code, int, "an integer")
            if not 1 <= return_code <= 5:
                raise InvalidArgument(
                    f"return_code: must be 1 to 5, not {return_code}", argument="return_code", value=return_code
                )

        def refuse() -> None:
            self._switches.refusing, self._switches.return_code = True, return_code

        self._run(refuse)

    def accept_connections(self) -> None:
        """Accept new connections again.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.accept_connections()
        """
        self._run(self._accept)

    def drop_connections(self, username: str | None = None) -> None:
        """Drop connections now, like a network failure. Unsent data is lost.

        When it returns, the broker has removed them and sent their wills. New connections are accepted.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.drop_connections()

        Args:
            username: Only those with this name. Default: all.

        Raises:
            InvalidArgument: the name is not a text.
        """
        _check_username(username)

        def drop() -> None:
            for connection in self._named(username):
                self._controls.drop(connection)
            self._controls.flush()

        self._run(drop)

    def drop_after(
        self, *, sent_bytes: int | None = None, received_bytes: int | None = None, username: str | None = None
    ) -> None:
        """Drop each open connection after a number of further bytes, even inside a packet.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.drop_after(sent_bytes=100)

        Args:
            sent_bytes: Bytes that the broker sends from now on. Default: no limit.
            received_bytes: Bytes that the client sends from now on. Whole packets among them are handled. Default: no
                limit.
            username: Only connections with this name. Default: all.

        Raises:
            InvalidArgument: a number is not an integer of 1 or more, both are omitted, or the name is not a text.
        """
        _check_username(username)
        if sent_bytes is None and received_bytes is None:
            raise InvalidArgument(
                "sent_bytes, received_bytes: pass at least one of them", argument="sent_bytes", value=None
            )
        for name, number in (("sent_bytes", sent_bytes), ("received_bytes", received_bytes)):
            if number is not None:
                _check_count(name, number, 1)

        def cut() -> None:
            for connection in self._named(username):
                if sent_bytes is not None:
                    connection.cut(sent_bytes=sent_bytes)
                if received_bytes is not None:
                    connection.receivable_bytes = received_bytes

        self._run(cut)

    def drop_inside(self, packet: SentPacket) -> None:
        """Send half of the next packet of a kind, then drop that connection. Happens once.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.drop_inside("PUBACK")

        Args:
            packet: The kind of packet, such as `"PUBACK"`.

        Raises:
            InvalidArgument: the broker never sends that kind of packet.
        """
        if packet not in get_args(SentPacket):
            raise InvalidArgument(
                f"packet: must be one of {', '.join(get_args(SentPacket))}, not {packet!r}",
                argument="packet",
                value=packet,
            )

        def cut() -> None:
            self._switches.cut_inside = _TYPES[packet]

        self._run(cut)

    # Answers

    def withhold_replies(self) -> None:
        """Send no replies, errors and acknowledgements until `release_replies()`.

        Messages are delivered.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.withhold_replies()
        """
        self._run(self._switches.answers.withhold)

    def delay_replies(self, seconds: float) -> None:
        """Send replies, errors and acknowledgements later. Messages are delivered at once.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.delay_replies(0.2)

        Args:
            seconds: The delay, by the system's clock, not the broker's.

        Raises:
            InvalidArgument: `seconds` is not a number, or is negative.
        """
        _check_delay(seconds)
        self._run(lambda: self._switches.answers.delay(seconds, self._controls.later, self._controls.flush))

    def reorder_replies(self, size: int = 2) -> None:
        """Answer packets of a connection in groups of `size`, the last packet first.

        A reply and its PUBACK stay together.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.reorder_replies(3)

        Args:
            size: The number of packets, 2 or more. With fewer, a connection waits until `release_replies()`.
                Default: 2.

        Raises:
            InvalidArgument: `size` is not an integer of 2 or more.
        """
        _check_count("size", size, 2)
        self._run(lambda: self._switches.answers.reorder(size))

    def release_replies(self) -> None:
        """Send withheld answers in order, and later ones at once.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.release_replies()
        """
        self._run(self._release)

    # Messages

    def withhold_messages(self) -> None:
        """Deliver no messages until `release_messages()`.

        They are stored, and requests are answered.

        A stored message is then found before it arrives live, as happens between the nodes of a cluster.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.withhold_messages()
        """
        self._run(self._switches.messages.withhold)

    def delay_messages(self, seconds: float) -> None:
        """Deliver messages later.

        They are stored at once, and requests are answered at once.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.delay_messages(0.2)

        Args:
            seconds: The delay, by the system's clock, not the broker's.

        Raises:
            InvalidArgument: `seconds` is not a number, or is negative.
        """
        _check_delay(seconds)
        self._run(lambda: self._switches.messages.delay(seconds, self._controls.later, self._controls.flush))

    def release_messages(self) -> None:
        """Deliver withheld messages in order, and later ones at once.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.release_messages()
        """
        self._run(self._release_messages)

    def store_out_of_order(self, share: float = 0.1, *, distance: int = 1, seed: int = 0) -> None:
        """Store some messages in another order than they are delivered.

        Emitter does so under load: it serves connections in parallel, so messages of several publishers may be stored
        in one order and delivered in another; 0.1 to 3 % of neighbours differ. Messages of one connection keep their
        order, and so do those of different seconds. Live delivery does not change.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.store_out_of_order(0.1, seed=7)

        Args:
            share: The part of the messages, 0 to 1, that is stored after later messages of other publishers.
                Default: 0.1.
            distance: After how many later messages. Default: 1, so that two neighbours change places.
            seed: The seed of the random choice. The same seed chooses the same messages. Default: 0.

        Raises:
            InvalidArgument: the share is not a number from 0 to 1, the distance is not an integer of 1 or more, or the
                seed is not an integer.
        """
        check_kind("share", share, (int, float), "a number")
        if not 0 <= share <= 1:
            raise InvalidArgument(f"share: must be 0 to 1, not {share}", argument="share", value=share)
        _check_count("distance", distance, 1)
        check_kind("seed", seed, int, "an integer")

        def disorder() -> None:
            self._switches.disorder = Disorder(share=share, distance=distance, seed=seed)

        self._run(disorder)

    def store_in_order(self) -> None:
        """Store messages in the order of delivery again. Stored messages keep their order.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.store_in_order()
        """
        self._run(self._store_in_order)

    # Silence

    def stall_reading(self) -> None:
        """Read nothing until `resume_reading()`. Connections are accepted and stay open.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.stall_reading()
        """
        self._run(lambda: self._read(on=False))

    def resume_reading(self) -> None:
        """Read again, from the first unread byte.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.resume_reading()
        """
        self._run(lambda: self._read(on=True))

    def ignore_pings(self) -> None:
        """Do not answer PINGREQ, like a peer that is gone while its connection looks open.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.ignore_pings()
        """
        self._run(lambda: self._ping(ignoring=True))

    def answer_pings(self) -> None:
        """Answer PINGREQ again.

        >>> from emitter_typed.broker import Broker
        >>> with Broker() as broker: broker.faults.answer_pings()
        """
        self._run(lambda: self._ping(ignoring=False))

    def _clear(self) -> None:
        self._accept()
        self._switches.cut_inside = None
        for connection in self._controls.connections():
            connection.spare()
        self._ping(ignoring=False)
        self._store_in_order()
        self._release_messages()
        self._release()
        self._read(on=True)

    def _accept(self) -> None:
        self._switches.refusing, self._switches.return_code = False, None

    def _release(self) -> None:
        self._switches.answers.let_pass()
        self._controls.flush()

    def _release_messages(self) -> None:
        self._switches.messages.let_pass()
        self._controls.flush()

    def _read(self, *, on: bool) -> None:
        self._switches.stalled = not on
        self._controls.read(on=on)

    def _store_in_order(self) -> None:
        self._switches.disorder = None

    def _ping(self, *, ignoring: bool) -> None:
        self._switches.ignoring_pings = ignoring

    def _named(self, username: str | None) -> list[Connection]:
        return [each for each in self._controls.connections() if username is None or each.username == username]


def _check_username(username: str | None) -> None:
    if username is not None:
        check_kind("username", username, str, "a text")


def _check_count(name: str, number: int, least: int) -> None:
    check_kind(name, number, int, "an integer")
    if number < least:
        raise InvalidArgument(f"{name}: must be {least} or more, not {number}", argument=name, value=number)


def _check_delay(seconds: float) -> None:
    check_kind("seconds", seconds, (int, float), "a number of seconds")
    if not seconds >= 0:
        raise InvalidArgument(f"seconds: must be 0 or more, not {seconds}", argument="seconds", value=seconds)


def through(faults: Faults, run: Callable[[Callable[[], None]], None]) -> Faults:
    """Return the same faults for callers elsewhere than where the broker runs.

    Args:
        faults: The broker's.
        run: Calls a function there, and returns when it is done. Raises Closed if the broker does not run.
    """
    # A function and not a method: it is none of a test's business.
    return Faults(faults._switches, faults._controls, run)  # pyright: ignore[reportPrivateUsage]  # its own module
