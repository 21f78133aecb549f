"""paho works with the embedded broker, whatever it carries MQTT in and whichever MQTT it speaks."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from emitter_typed.broker import Broker
from tests.conformance.foreign.pahos import LIMIT_S, Acknowledged, Message, Paho, Way, connected

pytestmark = pytest.mark.foreign


@pytest.fixture(params=["tcp", "tls", "websocket", "websocket over tls"])
def way(request: pytest.FixtureRequest, authority_file: Path) -> Way:
    kind = str(request.param)
    return Way("websockets" if "websocket" in kind else "tcp", authority_file if "tls" in kind else None)


@pytest.fixture
def ann(broker: Broker, way: Way) -> Iterator[Paho]:
    """A client, each way that there is."""
    with connected(broker, Paho(way, username="ann")) as one:
        yield one


@pytest.fixture
def bob(broker: Broker) -> Iterator[Paho]:
    """Another client, over TCP."""
    with connected(broker) as one:
        yield one


@pytest.fixture
def key(broker: Broker) -> str:
    return broker.keygen("#/", "rwslp").reveal()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_is_acknowledged_and_comes_at_qos_0(ann: Paho, bob: Paho, key: str, qos: int) -> None:
    # What a subscription asks for is granted in words alone, and a PUBLISH of QoS 2 ends with a PUBACK.
    assert bob.subscribe(f"{key}/chat/", qos=qos) == (qos,)

    ann.publish(f"{key}/chat/", "hello", qos)

    assert bob.message() == Message("chat/", b"hello", qos=0, retain=False)


@pytest.mark.parametrize("size_bytes", [0, 125, 126, 65_000])
def test_messages_of_all_sizes_arrive_whole_and_in_order(ann: Paho, key: str, size_bytes: int) -> None:
    ann.subscribe(f"{key}/chat/")

    for number in range(20):
        ann.client.publish(f"{key}/chat/", bytes([number]) * size_bytes)

    messages: list[Message] = []
    while len(messages) < 20:
        if isinstance(event := ann.event(), Message):
            messages.append(event)
    assert [each.payload for each in messages] == [bytes([number]) * size_bytes for number in range(20)]


def test_a_message_larger_than_emitter_takes_ends_the_connection(ann: Paho, key: str) -> None:
    ann.client.publish(f"{key}/chat/", bytes(70_000))

    assert ann.notes.disconnects.get(timeout=LIMIT_S) is True


def test_a_refused_subscribe_has_an_error_and_a_return_code(ann: Paho, broker: Broker, key: str) -> None:
    writer = broker.keygen("chat/", "w").reveal()

    _, identifier = ann.client.subscribe([(f"{writer}/chat/", 0), (f"{key}/news/", 0)])

    error = ann.message()
    assert error.topic == "emitter/error/"
    assert (error.document()["req"], error.document()["status"]) == (identifier, 401)
    assert ann.event() == Acknowledged(identifier or 0, (0x80, 0))


def test_a_refused_publish_has_an_error_before_its_puback(ann: Paho, broker: Broker) -> None:
    reader = broker.keygen("chat/", "r").reveal()

    identifier = ann.client.publish(f"{reader}/chat/", "hello", 1).mid

    error = ann.message().document()
    assert (error["req"], error["status"]) == (identifier, 401)
    assert ann.event() == Acknowledged(identifier)


def test_requests_are_answered(ann: Paho, broker: Broker) -> None:
    made = ann.request("keygen", {"key": broker.master_key, "channel": "chat/", "type": "rwslp", "ttl": 0})
    assert (made["status"], made["channel"]) == (200, "chat/")
    key = str(made["key"])

    link = ann.request("link", {"name": "a", "key": key, "channel": "chat/?ttl=60", "subscribe": True})
    assert link == {"status": 200, "name": "a", "channel": "chat/?ttl=60"}
    me = ann.request("me", None)
    assert me["links"] == {"a": "chat/?ttl=60"}

    who = ann.request("presence", {"key": key, "channel": "chat/", "status": True})["who"]
    assert who == [{"id": me["id"], "username": "ann"}]

    ann.publish("a", "through the link", 1)
    history = ann.request("history", {"key": key, "channel": f"{key}/chat/?last=5"})
    assert isinstance(history["messages"], list)
    [stored] = history["messages"]
    assert isinstance(stored, dict)
    assert (stored["channel"], base64.b64decode(str(stored["payload"]))) == ("chat/", b"through the link")

    banned = ann.request("keyban", {"secret": broker.master_key, "target": key, "banned": True})
    assert banned == {"status": 200, "banned": True}
    assert ann.subscribe(f"{key}/chat/") == (0x80,)


def test_a_retained_message_is_stored_and_comes_without_the_flag(ann: Paho, bob: Paho, key: str) -> None:
    ann.publish(f"{key}/chat/", "kept", 1, retain=True)

    bob.client.subscribe(f"{key}/chat/")

    assert bob.message() == Message("chat/", b"kept", qos=0, retain=False)
    assert isinstance(bob.event(), Acknowledged)


def test_an_unsubscribed_channel_is_silent(ann: Paho, key: str) -> None:
    ann.subscribe(f"{key}/chat/", f"{key}/news/")
    ann.unsubscribe(f"{key}/chat/")

    ann.client.publish(f"{key}/chat/", "nobody hears it")
    ann.client.publish(f"{key}/news/", "hello")

    heard = [event for event in (ann.event() for _ in range(3)) if isinstance(event, Message)]
    assert heard == [Message("news/", b"hello")]


@pytest.mark.parametrize("clean", [True, False])
def test_a_will_is_sent_whether_its_client_drops_or_says_goodbye(
    way: Way, bob: Paho, broker: Broker, key: str, clean: bool
) -> None:
    bob.subscribe(f"{key}/gone/?last=0")
    ann = Paho(way, username="ann")
    ann.client.will_set(f"{key}/gone/", "ann is gone", qos=1, retain=True)
    with connected(broker, ann):
        if not clean:
            broker.faults.drop_connections("ann")

    assert bob.message() == Message("gone/", b"ann is gone", qos=0, retain=False)
    # It was retained as well.
    bob.client.subscribe(f"{key}/gone/?last=1")
    assert bob.message() == Message("gone/", b"ann is gone", qos=0, retain=False)


def test_after_a_reconnect_there_is_no_session(ann: Paho, bob: Paho, broker: Broker, key: str) -> None:
    ann.subscribe(f"{key}/chat/")

    broker.faults.drop_connections("ann")

    assert ann.notes.disconnects.get(timeout=LIMIT_S) is True
    assert ann.notes.connects.get(timeout=LIMIT_S) == (False, 0)
    bob.publish(f"{key}/chat/", "nobody hears it", 1)
    ann.subscribe(f"{key}/chat/")
    bob.publish(f"{key}/chat/", "hello again", 1)
    assert ann.message() == Message("chat/", b"hello again")


def test_a_restarted_broker_is_found_again(broker: Broker, key: str) -> None:
    with connected(broker) as ann:
        broker.restart()

        assert ann.notes.connects.get(timeout=LIMIT_S) == (False, 0)
        ann.publish(f"{key}/chat/", "hello", 1)


@pytest.mark.parametrize("protocol", [MQTTProtocolVersion.MQTTv31, MQTTProtocolVersion.MQTTv311])
def test_older_clients_are_welcome(way: Way, broker: Broker, key: str, protocol: MQTTProtocolVersion) -> None:
    with connected(broker, Paho(way, protocol=protocol)) as one:
        one.subscribe(f"{key}/chat/", qos=1)
        one.client.publish(f"{key}/chat/", "hello", 1)

        assert one.message() == Message("chat/", b"hello")


@pytest.mark.parametrize("path", ["/", "/mqtt", "/any/path?with=query"])
def test_a_websocket_is_served_on_any_path(broker: Broker, key: str, path: str) -> None:
    with connected(broker, Paho(Way("websockets", path=path))) as one:
        one.subscribe(f"{key}/chat/")
        one.client.publish(f"{key}/chat/", "hello", 1)

        assert one.message() == Message("chat/", b"hello")


def test_a_client_of_mqtt_5_finds_that_the_answer_is_of_another_protocol(broker: Broker) -> None:
    one = Paho(protocol=MQTTProtocolVersion.MQTTv5)
    one.client.connect(broker.host, broker.port)
    outcome = MQTTErrorCode.MQTT_ERR_SUCCESS
    # paho-mqtt 2.1 raises this, where 2.2 returns that the protocol is another.
    with suppress(IndexError):
        while outcome == MQTTErrorCode.MQTT_ERR_SUCCESS:
            outcome = one.client.loop(LIMIT_S)
        assert outcome == MQTTErrorCode.MQTT_ERR_PROTOCOL

    assert one.notes.connects.empty()
