"""Bytes of any kind, cut in any way, do a connection of the broker good or harm, and no other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.keys import KeyRing, Permission
from emitter_typed.broker import ManualClock
from tests.helpers.packets import Sent, Will, decode_all, encode
from tests.helpers.peer import Peer

MASTER_KEY = "0123456789abcdefghijklmnopqrstuv"
NOW_S = 1_700_000_000
CLOCK = ManualClock(NOW_S)
KEY = KeyRing(MASTER_KEY, CLOCK).seal(~Permission.MASTER & ~Permission.EXTEND, "#/")

TOPICS = st.sampled_from(
    [
        f"{KEY}/a/",
        f"{KEY}/a/b/?ttl=60&last=5",
        f"{KEY}/a/+/",
        f"{KEY}/a/#/",
        f"{KEY}/$share/g/a/",
        f"{KEY}//",
        "l",
        "",
        *(f"emitter/{request}/" for request in ("me", "keygen", "keyban", "link", "presence", "history", "foo")),
    ]
)
PAYLOADS = st.sampled_from(
    [
        b"",
        b"text",
        b"null",
        b"{}",
        f'{{"key":"{MASTER_KEY}","channel":"a/","type":"rw","ttl":5}}'.encode(),
        f'{{"name":"l","key":"{KEY}","channel":"a/","subscribe":true}}'.encode(),
        f'{{"key":"{KEY}","channel":"a/","status":true,"changes":true}}'.encode(),
        f'{{"channel":"{KEY}/a/?last=9"}}'.encode(),
    ]
) | st.binary(max_size=40)
IDENTIFIERS = st.integers(0, 65535)
FILTERS = st.lists(st.tuples(TOPICS, st.integers(0, 2)), max_size=3).map(tuple)
CONNECTS = st.builds(
    Sent,
    st.just("CONNECT"),
    username=st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
    will=st.none() | st.builds(Will, TOPICS, PAYLOADS),
)
PACKETS = st.one_of(
    CONNECTS,
    st.builds(
        Sent,
        st.just("PUBLISH"),
        id=IDENTIFIERS,
        qos=st.integers(0, 2),
        retain=st.booleans(),
        topic=TOPICS,
        payload=PAYLOADS,
    ),
    st.builds(Sent, st.just("SUBSCRIBE"), id=IDENTIFIERS, filters=FILTERS),
    st.builds(Sent, st.just("UNSUBSCRIBE"), id=IDENTIFIERS, filters=FILTERS),
    st.just(Sent("PINGREQ")),
).map(encode)
STREAMS = st.tuples(CONNECTS.map(encode), st.lists(PACKETS, max_size=8).map(b"".join)).map(b"".join)
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete", "cut"]),
        st.integers(0),
        st.binary(min_size=1, max_size=4),
    ),
    max_size=6,
)


def mutated(stream: bytes, mutations: list[tuple[str, int, bytes]]) -> bytes:
    for kind, where, new in mutations:
        place = where % (len(stream) + 1)
        match kind:
            case "replace":
                stream = stream[:place] + new + stream[place + len(new) :]
            case "insert":
                stream = stream[:place] + new + stream[place:]
            case "delete":
                stream = stream[:place] + stream[place + len(new) :]
            case _:
                stream = stream[:place]
    return stream


def new_core() -> BrokerCore:
    return BrokerCore(keys=KeyRing(MASTER_KEY, CLOCK), matcher="emitter", clock=CLOCK)


def check_answers(peer: Peer) -> None:
    peer.received()
    assert peer.request("me", {}) == {"req": 9, "status": 200, "id": peer.connection.id}


@given(st.binary(max_size=200) | st.builds(mutated, STREAMS, MUTATIONS))
def test_whatever_a_connection_sends_the_others_are_answered(stream: bytes) -> None:
    core = new_core()
    other = Peer(core)
    attacker = core.open()
    core.receive(attacker, stream)
    check_answers(other)
    core.close(attacker)
    check_answers(other)
    assert attacker not in set(core.waiting())


def answers(pieces: list[bytes]) -> tuple[bool, list[object]]:
    """Return whether the connection ended, and what came; of payloads, which hold new keys, only the size."""
    core = new_core()
    connection = core.open()
    for piece in pieces:
        core.receive(connection, piece)
    came = decode_all(bytearray().join(connection.take()))
    return connection.closing, [
        {name: len(value) if isinstance(value, bytes) else value for name, value in packet.items()} for packet in came
    ]


@given(STREAMS, st.lists(st.integers(0), max_size=10))
def test_it_does_not_matter_how_bytes_are_cut(stream: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert answers(pieces) == answers([stream])
