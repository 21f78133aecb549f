"""One port speaks MQTT, MQTT over WebSocket, HTTP, and TLS around each, however the bytes arrive."""

from __future__ import annotations

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import cast

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect

from emitter_typed.broker import Broker
from tests.helpers.certificates import client_context, server_context
from tests.helpers.dialling import CONNACK, CONNECT, LIMIT_S, PINGRESP, Dialled, ask
from tests.helpers.packets import Sent, encode

PING = encode(Sent("PINGREQ"))


@pytest.fixture
def secure() -> Iterator[Broker]:
    with Broker(tls=server_context()) as running:
        yield running


def contexts() -> tuple[ssl.SSLContext | None, ...]:
    return (None, client_context())


def websocket(broker: Broker, tls: ssl.SSLContext | None) -> ClientConnection:
    scheme = "ws" if tls is None else "wss"
    return connect(f"{scheme}://{broker.host}:{broker.port}/", ssl=tls, subprotocols=None, open_timeout=LIMIT_S)


def test_mqtt_is_spoken_with_and_without_tls(secure: Broker) -> None:
    assert secure.url.startswith("mqtts://")
    for tls in contexts():
        with Dialled(secure, tls) as connection:
            connection.send(Sent("CONNECT"), ask(7))
            assert connection.types(3) == ["CONNACK", "reply 7", "PUBACK 7"]


def test_mqtt_over_websocket_is_spoken_with_and_without_tls(secure: Broker) -> None:
    for tls in contexts():
        with websocket(secure, tls) as connection:
            connection.send(CONNECT + PING[:1])
            assert connection.recv(LIMIT_S) == CONNACK
            connection.send(PING[1:])
            assert connection.recv(LIMIT_S) == PINGRESP


def test_a_page_tells_that_the_broker_is_up_with_and_without_tls(secure: Broker) -> None:
    for tls in contexts():
        scheme = "http" if tls is None else "https"
        url = f"{scheme}://{secure.host}:{secure.port}"
        with urllib.request.urlopen(f"{url}/health", timeout=LIMIT_S, context=tls) as page:
            assert page.status == 200
            assert b"embedded broker" in page.read()
        with pytest.raises(urllib.error.HTTPError, match="404") as missing:
            urllib.request.urlopen(f"{url}/nothing", timeout=LIMIT_S, context=tls)
        missing.value.close()


def test_a_broker_without_tls_takes_no_handshake_for_mqtt(broker: Broker) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError, TimeoutError)), Dialled(broker, client_context()):
        pass


def test_packets_may_come_byte_by_byte(secure: Broker) -> None:
    for tls in contexts():
        with Dialled(secure, tls) as connection:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in CONNECT + encode(ask(7)) + PING:
                connection.socket.sendall(bytes([byte]))
            assert connection.types(4) == ["CONNACK", "reply 7", "PUBACK 7", "PINGRESP"]


def test_a_megabyte_may_come_at_once(secure: Broker) -> None:
    topic = secure.keygen("a/", "w").reveal() + "/a/"
    packets = [Sent("PUBLISH", topic=topic, payload=b"x" * 60_000, qos=1, id=number) for number in range(1, 21)]
    acknowledgements = b"".join(b"\x40\x02" + number.to_bytes(2, "big") for number in range(1, 21))
    for tls in contexts():
        with websocket(secure, tls) as connection:
            connection.send(CONNECT + b"".join(map(encode, packets)))
            assert b"".join(cast("bytes", connection.recv(LIMIT_S)) for _ in range(21)) == CONNACK + acknowledgements
        with Dialled(secure, tls) as connection:
            connection.send(Sent("CONNECT"), *packets)
            assert connection.types(21) == ["CONNACK", *(f"PUBACK {number}" for number in range(1, 21))]
    assert len(secure.published) == 4 * 20


@pytest.mark.parametrize("level", [3, 4, 5])
def test_older_and_newer_clients_get_the_connack_that_emitter_gives(broker: Broker, level: int) -> None:
    name = b"\x00\x06MQIsdp" if level == 3 else b"\x00\x04MQTT"
    properties = b"\x00" if level == 5 else b""
    body = name + bytes([level, 2, 0, 60]) + properties + b"\x00\x02id"
    with Dialled(broker) as connection:
        connection.socket.sendall(bytes([0x10, len(body)]) + body)
        assert connection.types(1) == ["CONNACK"]
        assert connection.silent()


def test_a_broker_that_stops_tells_its_clients() -> None:
    with Broker(tls=server_context()) as broker:
        plain, secured = Dialled(broker), Dialled(broker, client_context())
        over_websocket = websocket(broker, None)
        for each in (plain, secured):
            each.send(Sent("CONNECT"))
            assert each.types(1) == ["CONNACK"]
    with plain, secured, over_websocket:
        # A close_notify, or the end of what TCP brings; without either, reading raises.
        assert plain.next() is None
        assert secured.next() is None
        with pytest.raises(ConnectionClosedOK, match="1001"):
            over_websocket.recv(LIMIT_S)
