"""paho as what carries packets: made for an endpoint, fed with our packets, read as our packets.

One paho object serves one connection attempt, so that paho's own re-sending, window and retries never come into play.
It is given a socket that is connected, and told when that is ready. It never waits, and its keep-alive is not used.
Only the reactor touches it. paho's logger stays off: its debug lines show topics, and topics hold keys.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from emitter_typed._guards import Log
from emitter_typed._protocol.packets import (
    Connack,
    Delivery,
    InboundPacket,
    OutboundPacket,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed._transport.base import Endpoint
from emitter_typed._transport.frames import PacketTooLarge
from emitter_typed._transport.websocket import WebSocket

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

_log = Log("emitter_typed")

_MAX_READS_A_BATCH: Final = 256

# Results that say no more than that it works, or that the other side has gone.
_UNTOLD: Final = (
    MQTTErrorCode.MQTT_ERR_SUCCESS,
    MQTTErrorCode.MQTT_ERR_NO_CONN,
    MQTTErrorCode.MQTT_ERR_CONN_LOST,
    MQTTErrorCode.MQTT_ERR_CONN_REFUSED,
)
_CONNACK: Final = 0x20


class PahoClient(paho.Client):
    """paho with changes, for which it has no public way; tests pin them for each version that we support."""

    def __init__(self, endpoint: Endpoint, unwatch: Callable[[], None]) -> None:
        """Prepare for an endpoint; `open` sends the CONNECT. `unwatch` is called before the socket is closed."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id="",
            clean_session=True,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        self.endpoint = endpoint
        self.arrived: list[InboundPacket] = []
        """What has arrived, for the transport to take."""
        self.return_code: int | None = None
        """The CONNACK's (MQTT 3.1.1, 3.2.2.3)."""
        self.accepted: bool = False
        """Whether the broker has accepted the connection."""
        self.gibberish: bool = False
        """Whether what answers does not speak MQTT."""
        self.lost_because: str | None = None
        """Why the connection ended, if there is anything to say about it."""
        self.bytes_in: int = 0
        """How many bytes the socket has given."""
        self.bytes_out: int = 0
        """How many bytes the socket has taken."""
        self._connected_socket: socket.socket | WebSocket | None = None
        self._unwatch = unwatch
        self._process = os.getpid()
        self._next_packet_id = 0
        self._unacknowledged = 0
        self.max_inflight_messages_set(0)
        self.on_connect = self._connected
        self.on_message = self._delivered
        self.on_subscribe = self._subscribed
        self.on_unsubscribe = self._unsubscribed
        if endpoint.username is not None:
            self.username_pw_set(endpoint.username)
        if endpoint.will is not None:
            self.will_set(endpoint.will.topic, endpoint.will.payload, 0, endpoint.will.retain)
        self.on_socket_close = self._closing_socket

    # What the transport calls

    def open(self, sock: socket.socket | WebSocket) -> None:
        """Send the CONNECT on a socket that is connected and does not block."""
        self._connected_socket = sock
        self.connect(self.endpoint.host, self.endpoint.port, self.endpoint.keepalive_s)

    def receive(self) -> None:
        """Read what the socket has to give, up to a bound, into `arrived`."""
        for _ in range(_MAX_READS_A_BATCH):
            before = self.bytes_in
            self._read_packet()
            if self.bytes_in == before or self.socket() is None:
                return

    def _read_packet(self) -> None:
        self.note(self.loop_read())
        # A packet that was cut off may have been a CONNACK, or tell that this is no broker.
        if self.socket() is None and not self.accepted and self._in_packet["command"] not in (0, _CONNACK):
            self.gibberish = True

    def holds_more(self) -> bool:
        """Tell whether bytes wait that a selector does not see, as TLS may hold."""
        pending = getattr(self.socket(), "pending", None)
        return pending is not None and pending() > 0

    def encoded(self, packet: OutboundPacket) -> OutboundPacket | bytes:
        """Return what `send` is to be given of a packet. May be called from any thread."""
        return packet

    def send(self, packets: Iterable[OutboundPacket | bytes]) -> None:
        """Send packets; what the socket does not take waits in paho, and `want_write` tells so."""
        for packet in packets:
            if self.socket() is None:
                return
            assert not isinstance(packet, bytes), "nothing is encoded here"
            self._next_packet_id = packet.packet_id
            match packet:
                case Publish(topic, payload, qos, retain, _):
                    if qos and not self._unacknowledged:
                        self.on_publish = self._published
                    self._unacknowledged += qos
                    self.note(self.publish(topic, payload, qos, retain).rc)
                case Subscribe(topics, _):
                    self.note(self.subscribe([(topic, 0) for topic in topics])[0])
                case Unsubscribe(topic, _):
                    self.note(self.unsubscribe(topic)[0])

    def plain_socket(self) -> socket.socket | None:
        """Return the socket, for who writes frames to it; None: only paho can, be it for TLS, or by its public ways."""
        return None

    def ping(self) -> None:
        """Send a PINGREQ."""
        self.note(self._send_pingreq())

    def note(self, rc: MQTTErrorCode) -> None:
        """Keep the reason that a call of paho's gives for the end of the connection."""
        if rc == MQTTErrorCode.MQTT_ERR_PROTOCOL and not self.accepted:
            self.gibberish = True
        if rc not in _UNTOLD and self.lost_because is None:
            self.lost_because = paho.error_string(rc).rstrip(".").lower()

    def drop(self) -> None:
        """Leave without a DISCONNECT."""
        sock = self.socket()
        if sock is not None:
            # For the other side too, where a process that was forked holds the socket open; never in such a process.
            if os.getpid() == self._process:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]  # paho does not name it
            self._sock_close()

    # The changes

    def _mid_generate(self) -> int:
        # The session owns the identifiers: paho's own counter wraps without asking what is in use.
        return self._next_packet_id

    @staticmethod
    def _filter_wildcard_len_check(sub: bytes) -> MQTTErrorCode:
        # paho refuses `key/a/#/` and `key/a/#/?last=1`, which Emitter takes; the session has checked the topic.
        return MQTTErrorCode.MQTT_ERR_SUCCESS if 0 < len(sub) <= 65535 else MQTTErrorCode.MQTT_ERR_INVAL

    def _handle_connack(self) -> MQTTErrorCode:
        # paho calls two of the five refusals a protocol error, and gives the reasons of MQTT 5 for the others.
        packet: bytes | bytearray = self._in_packet["packet"]
        self.return_code = packet[1] if len(packet) == 2 else None
        return super()._handle_connack()

    def _create_socket(self) -> SocketLike:
        # paho connects, and agrees on TLS and on a WebSocket, while everything else waits.
        assert self._connected_socket is not None, "open gives it a socket first"
        return self._connected_socket  # pyright: ignore[reportReturnType]  # sockets do not name their parameters

    def _sock_recv(self, bufsize: int) -> bytes:
        # paho believes whatever size is announced, and asks for all of it at once.
        size_bytes: int = self._in_packet["to_process"]
        if size_bytes > self.endpoint.max_packet_bytes:
            self.lost_because = str(PacketTooLarge(size_bytes, self.endpoint.max_packet_bytes))
            raise ConnectionError
        data = super()._sock_recv(bufsize)
        self.bytes_in += len(data)
        return data

    def _sock_send(self, buf: bytes | bytearray) -> int:
        sent = super()._sock_send(buf)
        self.bytes_out += sent
        return sent

    # paho's callbacks

    def _closing_socket(self, client: paho.Client, userdata: object, sock: object) -> None:
        self._unwatch()

    def _connected(
        self,
        client: paho.Client,
        userdata: object,
        flags: object,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            self.accepted = True
            self.arrived.append(Connack(0))

    def _delivered(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            _log.warning("transport.bad_topic bytes=%d", len(message.payload))
            return
        self.arrived.append(Delivery(topic, bytes(message.payload)))

    def _published(
        self, client: paho.Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        # paho calls this for QoS 0 too, when it is written; those have no identifier.
        if mid:
            self.arrived.append(Puback(mid))
            self._unacknowledged -= 1
            if not self._unacknowledged:
                # paho builds objects of MQTT 5 for every call of this, which is most of what a QoS 0 publish costs.
                client.on_publish = None

    def _subscribed(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        reasons: Sequence[ReasonCode],
        properties: Properties | None,
    ) -> None:
        self.arrived.append(Suback(mid, tuple(reason.value for reason in reasons)))

    def _unsubscribed(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        reasons: Sequence[ReasonCode],
        properties: Properties | None,
    ) -> None:
        self.arrived.append(Unsuback(mid))
