"""A protocol that shares no name with Emitter's: the compiler and both clients know none by heart."""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import pytest

from emitter_typed._async.lifecycle import AsyncLifecycle
from emitter_typed._sync.lifecycle import SyncLifecycle
from emitter_typed.errors import BrokerError, InvalidArgument
from tests.behaviour.conftest import Generated
from tests.helpers.flavours import Flavour, as_awaited, both_flavours
from tests.helpers.listeners import listener, read_packet
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.packets import Sent, decode_all, encode

HARBOUR = """
    name: Harbour
    envelope:
      reserved: port/
      errors: port/alarm/
      correlation: seq
      status: verdict
      message: because
      max_packet_bytes: 2000
    types:
      Pass: {alias: string, secret: true}
      Duty: {flags: {g: {name: goods}, h: {name: helm}}}
      Docked: {fields: {berth: string, ship: string}}
      Sailed: {fields: {berth: string, ship: string}}
      Sighting: {union: [Docked, Sailed], tag: what, values: [in, out]}
      Crate: {fields: {mark: {type: bytes, wire: m}, berth: string, cargo: {type: bytes, default: "", blank: [null]}}}
    requests:
      enrol:
        topic: port/enrol/
        request: {fields: {master: Pass, berth: {type: filter, max_segments: 2}, duties: {type: Duty, wire: d}}}
        response: {fields: {pass: Pass}}
        errors: [Adrift]
      nickname:
        topic: port/nick/
        request: {fields: {berth: channel, nick: {type: string, pattern: "[a-z]{3}"}}}
        response: {fields: {berth: string}}
        options_in: berth
      roll_call: {topic: port/roll/, request: {fields: {}}, response: {fields: {crew: "[string]"}}, event: muster}
      lookout:
        topic: port/lookout/
        request: {fields: {berth: channel}}
        response: {fields: {ships: int}}
        event: lookout
      archive:
        topic: port/archive/
        internal: true
        request: {fields: {query: {type: string, wire: q}, before: {type: bytes?, wire: b}}}
        response: {fields: {crates: "[Crate]"}}
    events:
      muster: {doc: Each answer to a roll call.}
      lookout: {topic: port/lookout/, payload: Sighting, channel: berth}
    operations:
      ship: {verb: publish, topic: "{pass}/{berth}", params: {pass: Pass, berth: channel}, errors: [Adrift]}
      ship_by_nick: {verb: publish, topic: "{nick}", params: {nick: {type: string, pattern: "[a-z]{3}"}}}
      unload: {verb: subscribe, topic: "{pass}/{berth}", params: {pass: Pass, berth: filter}, errors: [Adrift]}
      walk_away: {verb: unsubscribe, topic: "{pass}/{berth}", params: {pass: Pass, berth: filter}}
      archive:
        verb: fetch
        topic: "{pass}/{berth}"
        params: {pass: Pass, berth: filter}
        pages: {request: archive, topic: query, after: before, items: crates, size: most, id: mark, channel: berth, payload: cargo}
    options:
      shelf: {type: duration, format: seconds, wire: s, minimum: 0, applies: [ship, nickname], classic: on_shelf}
      certainty: {type: int, wire: qos, values: [0, 1], carrier: header, applies: [ship, ship_by_nick]}
      most: {type: int, wire: n, minimum: 0, applies: [archive]}
    errors:
      Adrift: {status: 444, doc: Nobody holds the rope.}
"""  # noqa: E501  # a schema has lines of its own

Fields = dict[str, Any]


def mark(number: int) -> bytes:
    """Return the id of the n-th message of one second: later ones sort first."""
    return b"tree" + (2**32 - 1 - 1000).to_bytes(4) + (2**32 - 1 - number).to_bytes(4)


class Peer:
    """Plays the other side of one connection by a script, and keeps the topics and payloads that it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def __call__(self, connection: socket.socket) -> None:
        while packet := read_packet(connection):
            for answer in self._answers(packet):
                connection.sendall(answer)

    def _answers(self, packet: bytes) -> Iterator[bytes]:
        # MQTT 3.1.1: the type is in the upper half of the first byte.
        match packet[0] >> 4:
            case 1:
                yield b"\x20\x02\x00\x00"
            case 3:
                yield from self._published(packet)
            case 8:
                yield from self._subscribed(packet)
            case 10:
                self.heard.append(("unsubscribe " + packet[6:].decode(), b""))
                yield b"\xb0\x02" + packet[2:4]
            case _:
                return

    def _published(self, packet: bytes) -> Iterator[bytes]:
        (publish,) = decode_all(bytearray(packet))
        topic, payload, number = str(publish["topic"]), publish["payload"], publish.get("id")
        assert isinstance(payload, bytes)
        self.heard.append((topic, payload))
        for where, what in self._script(topic, payload):
            body = what if isinstance(what, bytes) else json.dumps({"seq": number, **what}).encode()
            yield encode(Sent("PUBLISH", topic=where, payload=body))
        if isinstance(number, int):
            yield b"\x40\x02" + number.to_bytes(2)

    def _subscribed(self, packet: bytes) -> Iterator[bytes]:
        topic = packet[6:-1].decode()
        self.heard.append((f"subscribe {topic}", b""))
        refused = topic.startswith("forged/")
        if refused:
            alarm = {"seq": int.from_bytes(packet[2:4]), "verdict": 444, "because": "no such pass"}
            yield encode(Sent("PUBLISH", topic="port/alarm/", payload=json.dumps(alarm).encode()))
        yield b"\x90\x03" + packet[2:4] + (b"\x80" if refused else b"\x00")

    def _script(self, topic: str, payload: bytes) -> Iterator[tuple[str, Fields | bytes]]:
        fields: Fields = json.loads(payload) if topic.startswith("port/") else {}
        match topic:
            case "port/enrol/" if fields["master"] == "captain":
                yield topic, {"pass": "p1"}
            case "port/enrol/":
                yield topic, {"verdict": 444, "because": "not on the list"}
            case "port/nick/":
                yield topic, {"berth": fields["berth"]}
            case "port/roll/":
                yield topic, {"crew": ["ann", "bob"]}
                yield topic, b'{"crew": ["nobody asked"]}'
            case "port/lookout/":
                yield topic, {"ships": 2}
                yield topic, json.dumps({"what": "in", "berth": fields["berth"], "ship": "Ark"}).encode()
                yield topic, json.dumps({"what": "out", "berth": "pier/", "ship": "Bounty"}).encode()
            case "port/archive/":
                yield topic, {"crates": self._crates(fields)}
            case _ if topic.startswith("forged/"):
                yield "port/alarm/", {"verdict": 444, "because": "no such pass"}
            case _:
                yield "quay/", payload

    def _crates(self, fields: Fields) -> list[Fields]:
        pages = {None: (2, 3), _written(mark(2)): (1,), _written(mark(1)): ()}
        # Within a page, the order is not the one of publishing.
        return [
            {"m": _written(mark(number)), "berth": "quay/", "cargo": _written(b"%d" % number) if number > 1 else None}
            for number in reversed(pages[fields.get("b")])
        ]


def _written(raw: bytes) -> str:
    return b64encode(raw).decode()


@pytest.fixture
def harbour(generated: Generated) -> ModuleType:
    made = generated(HARBOUR)
    for module in ("sync_api", "async_api", "protocol", "types", "errors"):
        importlib.import_module(f"{made.__name__}.{module}")
    return made


@asynccontextmanager
async def connected(flavour: Flavour, made: ModuleType, peer: Peer) -> AsyncGenerator[Any]:  # Any: made while testing
    """A client of the invented protocol, connected to a peer."""
    members = {"_protocol": made.protocol.PROTOCOL}
    facade = type("Facade", (AsyncLifecycle, made.async_api.AsyncApi), members)
    threaded = type("Facade", (SyncLifecycle, made.sync_api.SyncApi), members)
    client: Any = facade() if flavour == "asyncio" else as_awaited(threaded(), facade)
    with listener(peer) as port:
        await client.connect("127.0.0.1", port, secure=False)
        try:
            yield client
        finally:
            await client.close()
    said = "".join(f"{topic}{payload!r}" for topic, payload in peer.heard)
    assert not {word for word in ("emitter/", '"req"', '"status"', '"key"', '"channel"', "ttl=") if word in said}


@both_flavours
@in_loop
async def test_requests_have_typed_replies_and_errors_of_their_own(flavour: Flavour, harbour: ModuleType) -> None:
    peer = Peer()
    async with connected(flavour, harbour, peer) as client:
        enrolled = await client.enrol("captain", "quay/+", harbour.Duty("hg"))
        roll = await client.roll_call()
        with pytest.raises(harbour.Adrift) as caught:
            await client.enrol("stowaway", "quay", "g")
        with pytest.raises(InvalidArgument, match="at most 2 segments"):
            await client.enrol("captain", "a/b/c/", "g")

    assert enrolled == harbour.types.EnrolResponse(pass_=harbour.Pass("p1"))
    assert roll.crew == ("ann", "bob")
    assert isinstance(caught.value, BrokerError)
    assert (caught.value.status, caught.value.message, caught.value.operation) == (444, "not on the list", "enrol")
    assert [(topic, json.loads(payload)) for topic, payload in peer.heard] == [
        ("port/enrol/", {"master": "captain", "berth": "quay/+/", "d": "gh"}),
        ("port/roll/", {}),
        ("port/enrol/", {"master": "stowaway", "berth": "quay/", "d": "g"}),
    ]


@both_flavours
@in_loop
async def test_options_stand_where_the_schema_puts_them(flavour: Flavour, harbour: ModuleType) -> None:
    peer = Peer()
    async with connected(flavour, harbour, peer) as client:
        nickname = await client.nickname("quay", "abc", shelf=60)
        await client.ship("p1", "quay", "by option", {client.on_shelf(5)}, certainty=1)
        await client.ship_by_nick("abc", "by nickname", certainty=1)
        with pytest.raises(InvalidArgument, match=r"nick: must match \[a-z\]\{3\}"):
            await client.ship_by_nick("ABCD", "x")
        with pytest.raises(harbour.Adrift):
            await client.ship("forged", "quay", "x", certainty=1)

    assert nickname.berth == "quay/?s=60"
    assert peer.heard[1:] == [
        ("p1/quay/?s=5", b"by option"),
        ("abc", b"by nickname"),
        ("forged/quay/", b"x"),
    ]


@both_flavours
@in_loop
async def test_events_reach_their_handlers(flavour: Flavour, harbour: ModuleType) -> None:
    async with connected(flavour, harbour, Peer()) as client:
        loop = asyncio.get_running_loop()
        seen: asyncio.Queue[object] = asyncio.Queue()

        def told(who: str, sighting: object) -> None:
            loop.call_soon_threadsafe(seen.put_nowait, (who, sighting))

        client.on_lookout = partial(told, "all")
        reply = await client.lookout("quay/", partial(told, "quay"))

        async with asyncio.timeout(LIMIT_S):
            events = {await seen.get(), await seen.get()}
        assert reply.ships == 2
        assert events == {
            ("quay", harbour.Docked(berth="quay/", ship="Ark")),
            ("all", harbour.Sailed(berth="pier/", ship="Bounty")),
        }


@both_flavours
@in_loop
async def test_an_event_may_be_the_replies_of_a_request_and_nothing_else(flavour: Flavour, harbour: ModuleType) -> None:
    async with connected(flavour, harbour, Peer()) as client:
        mustered: SimpleQueue[object] = SimpleQueue()
        errors: SimpleQueue[object] = SimpleQueue()
        client.on_muster, client.on_error = mustered.put, errors.put

        replies = [await client.roll_call(), await client.roll_call()]

        assert [await asyncio.to_thread(mustered.get, timeout=LIMIT_S) for _ in replies] == replies
        assert "no request matches it" in str(await asyncio.to_thread(errors.get, timeout=LIMIT_S))
    assert mustered.empty()


@both_flavours
@in_loop
async def test_a_subscription_begins_delivers_and_ends(flavour: Flavour, harbour: ModuleType) -> None:
    peer = Peer()
    async with connected(flavour, harbour, peer) as client:
        subscription = await client.unload("p1", "quay")
        await client.ship("p1", "quay", "hello", certainty=1)
        message = await subscription.get(timeout_s=LIMIT_S)
        await client.walk_away("p1", "quay")
        with pytest.raises(harbour.Adrift) as caught:
            await client.unload("forged", "quay")
        with pytest.raises(InvalidArgument, match="port/"):
            await client.unload("p1", "port/alarm/")

    assert (message.channel, message.as_string()) == ("quay/", "hello")
    assert caught.value.operation == "unload"
    assert [topic for topic, _ in peer.heard] == [
        "subscribe p1/quay/",
        "p1/quay/",
        "unsubscribe p1/quay/",
        "subscribe forged/quay/",
    ]


@both_flavours
@in_loop
async def test_what_is_stored_is_fetched_page_by_page(flavour: Flavour, harbour: ModuleType) -> None:
    peer = Peer()
    async with connected(flavour, harbour, peer) as client:
        messages = [message async for message in client.archive("p1", "quay/", most=4)]

    assert [(message.id, message.channel, message.payload) for message in messages] == [
        (mark(1), "quay/", b""),
        (mark(2), "quay/", b"2"),
        (mark(3), "quay/", b"3"),
    ]
    assert [json.loads(payload) for _, payload in peer.heard] == [
        {"q": "p1/quay/?n=4"},
        {"q": "p1/quay/?n=2", "b": _written(mark(2))},
        {"q": "p1/quay/?n=1", "b": _written(mark(1))},
    ]


@both_flavours
@in_loop
async def test_a_packet_is_as_large_as_the_schema_says(flavour: Flavour, harbour: ModuleType) -> None:
    async with connected(flavour, harbour, Peer()) as client:
        await client.ship("p1", "quay/", b"x" * (2000 - len("p1/quay/") - 2 - 2), certainty=1)
        with pytest.raises(InvalidArgument, match="at most 1988 fit a packet"):
            await client.ship("p1", "quay/", b"x" * (2000 - len("p1/quay/") - 2 - 1), certainty=1)
