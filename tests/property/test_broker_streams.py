"""Thousands of streams of random and mutated packets leave the broker answering, with nothing left behind.

Each chunk is made from a seed of its own, which its test is named after; a stream that does harm is shown as bytes.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import random
import socket
import sys
from collections.abc import Iterator

import pytest

from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.keys import KeyRing, Permission
from emitter_typed.broker import Broker, Limits, ManualClock
from tests.helpers.certificates import server_context
from tests.helpers.dialling import CONNECT, greeted
from tests.helpers.examples import share
from tests.helpers.packets import Sent, Will, encode
from tests.helpers.peer import Peer

# Each is so long that one block left behind by every stream is seen.
STREAMS_PER_CHUNK = 12_500
CHUNKS = share(8)
OVER_SOCKETS = share(600)
WARM_UP = 2_000
# Caches of topics and keys are filled by then; what still comes and goes is far less than one block a stream.
MOST_BLOCKS = 4_000

MASTER_KEY = "0123456789abcdefghijklmnopqrstuv"
CLOCK = ManualClock(1_700_000_000)
KEYS = KeyRing(MASTER_KEY, CLOCK)
KEY = KEYS.seal(~Permission.MASTER & ~Permission.EXTEND, "#/")
EXTEND_KEY = KEYS.seal(Permission.EXTEND | Permission.READ, "a/#/")

TOPICS = (
    f"{KEY}/a/",
    f"{KEY}/a/b/?ttl=60&last=5",
    f"{KEY}/a/+/",
    f"{KEY}/a/#/",
    f"{KEY}/a/#",
    f"{KEY}/$share/g/a/",
    f"{KEY}/emitter/keygen/",
    f"{EXTEND_KEY}/a/",
    f"{KEY}//",
    "l",
    "",
    "emitter/",
    *(f"emitter/{request}/" for request in ("me", "keygen", "keyban", "link", "presence", "history", "foo")),
)
PAYLOADS = (
    b"",
    b"text",
    b"null",
    b"{}",
    b"[" * 3000,
    f'{{"key":"{MASTER_KEY}","channel":"a/","type":"rw","ttl":5}}'.encode(),
    f'{{"key":"{EXTEND_KEY}","channel":"a/","type":"r"}}'.encode(),
    f'{{"name":"l","key":"{KEY}","channel":"a/?ttl=5","subscribe":true}}'.encode(),
    f'{{"key":"{KEY}","channel":"a/","status":true,"changes":true}}'.encode(),
    f'{{"channel":"{KEY}/a/?last=9"}}'.encode(),
    f'{{"secret":"{MASTER_KEY}","target":"{EXTEND_KEY}","banned":false}}'.encode(),
)


def new_core() -> BrokerCore:
    limits = Limits(max_stored_messages=100, max_published_messages=100)
    return BrokerCore(keys=KEYS, matcher="emitter", clock=CLOCK, limits=limits)


class Streams:
    """Makes streams of bytes, nearly all of them nearly MQTT, from one seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def pieces(self) -> Iterator[bytes]:
        """Yield the next stream in pieces of any size."""
        stream = self.stream()
        while stream:
            size = self.random.choice((1, 2, 5, 50, len(stream)))
            yield stream[:size]
            stream = stream[size:]

    def stream(self) -> bytes:
        if self.random.random() < 0.1:
            return self.random.randbytes(self.random.randrange(200))
        packets = b"".join(self._packet() for _ in range(self.random.randrange(6)))
        stream = bytearray(CONNECT + packets if self.random.random() < 0.7 else packets)
        for _ in range(self.random.choice((0, 0, 1, 2, 6))):
            self._mutate(stream)
        return bytes(stream)

    def _packet(self) -> bytes:
        pick = self.random.choice
        topic, identifier = pick(TOPICS), self.random.randrange(1 << 16)
        match pick(("PUBLISH", "PUBLISH", "SUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE", "CONNECT", "PINGREQ", "DISCONNECT")):
            case "PUBLISH":
                qos, retain = self.random.randrange(3), pick((True, False))
                return encode(
                    Sent("PUBLISH", id=identifier, qos=qos, retain=retain, topic=topic, payload=pick(PAYLOADS))
                )
            case "CONNECT":
                will = pick((None, Will(topic, pick(PAYLOADS))))
                return encode(Sent("CONNECT", username=pick((None, "", "ann")), will=will))
            case "SUBSCRIBE" | "UNSUBSCRIBE" as kind:
                filters = tuple((pick(TOPICS), self.random.randrange(4)) for _ in range(self.random.randrange(4)))
                return encode(Sent(kind, id=identifier, filters=filters))
            case kind:
                return encode(Sent(kind))

    def _mutate(self, stream: bytearray) -> None:
        place, size = self.random.randrange(len(stream) + 1), self.random.randrange(1, 5)
        match self.random.randrange(4):
            case 0:
                stream[place : place + size] = self.random.randbytes(size)
            case 1:
                stream[place:place] = self.random.randbytes(size)
            case 2:
                del stream[place : place + size]
            case _:
                del stream[place:]


def harm(core: BrokerCore, witness: Peer, pieces: list[bytes]) -> None:
    """Let somebody send a stream and leave, and see that nobody else notices."""
    attacker = core.open()
    for piece in pieces:
        if attacker.closing:
            break
        core.receive(attacker, piece)
    core.close(attacker)
    # Watches and subscriptions of the stream may have told the witness nothing: it has none.
    assert witness.exchange(Sent("PINGREQ")) == [{"type": "PINGRESP"}]
    assert attacker.budget.taken_bytes == 0


@pytest.mark.parametrize("seed", [f"chunk-{number}" for number in range(CHUNKS)])
def test_streams_of_all_kinds_leave_the_broker_answering_and_no_memory_behind(
    seed: str, caplog: pytest.LogCaptureFixture
) -> None:
    # What is logged, pytest keeps.
    caplog.set_level(logging.WARNING, "emitter_typed.broker")
    streams = Streams(seed)
    core = new_core()
    witness = Peer(core)
    blocks = 0
    for number in range(STREAMS_PER_CHUNK):
        if number == WARM_UP:
            gc.collect()
            blocks = sys.getallocatedblocks()
        pieces = list(streams.pieces())
        try:
            harm(core, witness, pieces)
        except BaseException as error:
            error.add_note(f"stream {number} of {seed}: {b''.join(pieces)!r}")
            raise
    assert set(core.waiting()) <= {witness.connection}
    gc.collect()
    assert sys.getallocatedblocks() - blocks < MOST_BLOCKS
    assert witness.request("me", {})["id"] == witness.connection.id


def test_streams_over_sockets_leave_no_descriptor_behind() -> None:
    streams = Streams("sockets")
    openings = (b"", CONNECT, b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"POST /keygen HTTP/1.1\r\nHost: x\r\n\r\n")
    with Broker(tls=server_context()) as broker, greeted(broker) as witness:
        before = _descriptors()
        for number in range(OVER_SOCKETS):
            stream = openings[number % len(openings)] + streams.stream()
            with contextlib.suppress(ConnectionError), socket.create_connection((broker.host, broker.port)) as attacker:
                attacker.sendall(stream)
                if number % 3:
                    attacker.shutdown(socket.SHUT_WR)
                    while attacker.recv(1 << 16):
                        pass
            if number % 50 == 0:
                assert witness.silent()
        # Who has left is forgotten by the time that a newcomer is answered, or dropped now.
        broker.faults.drop_connections(username=None)
        assert witness.next() is None
        witness.socket.close()
        with greeted(broker) as again:
            assert again.silent()
            assert _descriptors() <= before + 1


def _descriptors() -> int:
    """Count the open descriptors of this process, on systems that show them."""
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0
