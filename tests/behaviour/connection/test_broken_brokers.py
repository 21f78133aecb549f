"""A broker that breaks the rules of MQTT, or of its own protocol, meets our errors and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from queue import SimpleQueue

import pytest

from emitter_typed import AsyncClient, Client, ConnectionLost, EmitterError, Undecodable
from emitter_typed._protocol.packets import Connack, Delivery, InboundPacket, Puback, Suback, Unsuback
from emitter_typed._protocol.session.session import Session
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, as_awaited, both_flavours, texts
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.rewriting import Rewriter


@pytest.fixture
def rewriter(broker: Broker) -> Rewriter:
    return Rewriter(broker.memory)


@asynccontextmanager
async def opened(flavour: Flavour, rewriter: Rewriter) -> AsyncGenerator[AsyncClient]:
    if flavour == "threads":
        client = Client(transport=rewriter, timeout_s=LIMIT_S, reconnect_max_s=0.02)
        client.connect()
        with client:
            yield as_awaited(client, AsyncClient)
    else:
        async with AsyncClient(transport=rewriter, timeout_s=LIMIT_S, reconnect_max_s=0.02) as asynchronous:
            yield asynchronous


Change = Callable[[InboundPacket], InboundPacket | None]
SUBACKS: dict[str, tuple[Change, str]] = {
    "too few return codes": (
        lambda packet: Suback(packet.packet_id, ()) if isinstance(packet, Suback) else None,
        "1 filters with 0 return codes",
    ),
    "too many return codes": (
        lambda packet: Suback(packet.packet_id, (0, 0)) if isinstance(packet, Suback) else None,
        "1 filters with 2 return codes",
    ),
    "another packet": (
        lambda packet: Puback(packet.packet_id) if isinstance(packet, Suback) else None,
        "a subscribe with a PUBACK",
    ),
    "a second CONNACK": (lambda packet: Connack(0) if isinstance(packet, Suback) else None, "a second CONNACK"),
}


@pytest.mark.parametrize("name", SUBACKS)
@both_flavours
@in_loop
async def test_a_subscribe_that_is_answered_so_loses_the_connection(
    rewriter: Rewriter, broker: Broker, flavour: Flavour, name: str
) -> None:
    change, reason = SUBACKS[name]
    key = broker.keygen("a/", "rw")

    async with opened(flavour, rewriter) as client:
        rewriter.change_once(change)
        with pytest.raises(ConnectionLost, match=reason):
            await client.subscribe(key, "a/")
        subscription = await client.subscribe(key, "a/")
        await client.publish(key, "a/", "after", qos=1)
        assert await texts(subscription, 1) == ["after"]


@pytest.mark.parametrize("name", SUBACKS)
@both_flavours
@in_loop
async def test_readers_go_on_after_a_renewal_that_is_answered_so(
    rewriter: Rewriter, broker: Broker, flavour: Flavour, name: str
) -> None:
    change, _ = SUBACKS[name]
    key = broker.keygen("a/", "rw")

    async with opened(flavour, rewriter) as client:
        subscription = await client.subscribe(key, "a/")
        rewriter.change_once(change)
        broker.faults.drop_connections()
        # It may be published on the connection whose SUBACK is wrong, where nobody receives it, and again after that.
        while await subscription.get(timeout_s=0.01) is None:
            await client.publish(key, "a/", "after", qos=1)
    assert rewriter.connections == 3


def _mistaken(packet: InboundPacket) -> InboundPacket | None:
    return Unsuback(packet.packet_id) if isinstance(packet, Puback) else None


@both_flavours
@in_loop
async def test_a_message_that_is_acknowledged_by_another_packet_is_sent_again(
    rewriter: Rewriter, broker: Broker, flavour: Flavour
) -> None:
    key = broker.keygen("a/", "rw")

    async with opened(flavour, rewriter) as client:
        rewriter.change_once(_mistaken)
        await client.publish(key, "a/", "x", qos=1)

    assert rewriter.connections == 2
    assert [each.payload for each in broker.published] == [b"x", b"x"]


STATUS: dict[str, object] = {"event": "status", "time": 1, "channel": "a/", "who": []}


@pytest.mark.parametrize("event", [[], {}, 5, None, True, "none"])
@both_flavours
@in_loop
async def test_the_kind_of_an_event_may_be_anything(
    rewriter: Rewriter, broker: Broker, flavour: Flavour, event: object
) -> None:
    key = broker.keygen("a/", "rwp")
    reported: SimpleQueue[EmitterError] = SimpleQueue()
    told = json.dumps({**STATUS, "event": event}).encode()

    def add_event(packets: Sequence[InboundPacket]) -> Sequence[InboundPacket]:
        rewriter.rewrite = lambda packets: packets
        return [Delivery("emitter/presence/", told), *packets]

    def change_reply(packet: InboundPacket) -> InboundPacket | None:
        if not isinstance(packet, Delivery) or packet.topic != "emitter/presence/":
            return None
        return Delivery(packet.topic, json.dumps({**json.loads(packet.payload), "event": event}).encode())

    async with opened(flavour, rewriter) as client:
        client.on_error = reported.put
        rewriter.rewrite = add_event
        # What comes in the same batch is not lost.
        await client.publish(key, "a/", "x", qos=1)
        error = reported.get(timeout=LIMIT_S) if flavour == "threads" else None
        rewriter.change_once(change_reply)
        # That it does not fit is an answer, too.
        with suppress(Undecodable):
            assert (await client.presence(key, "a/", status=True)).who == ()
        assert client.connection.status == "connected"

    assert isinstance(error, Undecodable) or flavour == "asyncio"
    assert rewriter.connections == 1


def failing_once(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Let the next call of a method of a session fail as only a fault of our own can."""
    whole: Callable[..., None] = getattr(Session, method)
    failures = iter([ZeroDivisionError("by hand")])

    def fail(session: Session, *args: object) -> None:
        for failure in failures:
            raise failure
        whole(session, *args)

    monkeypatch.setattr(Session, method, fail)


def is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> bool:
    [record] = [each for each in caplog.records if each.msg == "session.failed"]
    return record.exc_info is not None and isinstance(record.exc_info[1], ZeroDivisionError)


@both_flavours
@in_loop
async def test_an_unexpected_failure_of_the_session_is_logged_and_loses_the_connection(
    rewriter: Rewriter,
    broker: Broker,
    flavour: Flavour,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = broker.keygen("a/", "rw")

    async with opened(flavour, rewriter) as client:
        subscription = await client.subscribe(key, "a/")
        failing_once(monkeypatch, "_acknowledged")
        await client.publish(key, "a/", "x", qos=1)
        while rewriter.connections < 2:
            await asyncio.sleep(0)
        # It waits for the next connection, where the subscription is there again.
        await client.publish(key, "a/", "after", qos=1)
        while await texts(subscription, 1) != ["after"]:
            pass

    assert is_logged_with_its_traceback(caplog)
    assert rewriter.connections == 2


@both_flavours
@in_loop
async def test_a_session_that_cannot_even_be_lost_ends_everything(
    rewriter: Rewriter,
    broker: Broker,
    flavour: Flavour,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = broker.keygen("a/", "rw")

    async with opened(flavour, rewriter) as client:
        subscription = await client.subscribe(key, "a/")
        failing_once(monkeypatch, "lost")
        broker.faults.drop_connections()
        with pytest.raises(ConnectionLost, match="ZeroDivisionError, which is a bug in emitter-typed"):
            await subscription.get(timeout_s=LIMIT_S)
        with pytest.raises(ConnectionLost, match="ZeroDivisionError"):
            await client.me()
        assert client.connection.status == "closed"

    assert is_logged_with_its_traceback(caplog)
    assert rewriter.connections == 1
