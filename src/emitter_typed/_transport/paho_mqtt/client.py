"""paho as what carries packets: made for an endpoint, fed with our packets, read as our packets.

One paho object serves one connection attempt, so that paho's own re-sending, window and retries never come into play.
Only the network thread touches it. paho's logger stays off: its debug lines show topics, and topics hold keys.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Final

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
    """paho with six changes, for which it has no public way; tests pin them for each version that we support."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Prepare for an endpoint; `open` connects."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id="",
            clean_session=True,
            protocol=paho.MQTTv311,
            transport="tcp" if endpoint.websocket_path is None else "websockets",
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
        self._opened: socket.socket | None = None
        self._next_packet_id = 0
        self._unacknowledged = 0
        self.max_inflight_messages_set(0)
        self.connect_timeout = endpoint.connect_timeout_s
        self.on_connect = self._connected
        self.on_message = self._delivered
        self.on_subscribe = self._subscribed
        self.on_unsubscribe = self._unsubscribed
        if endpoint.username is not None:
            self.username_pw_set(endpoint.username)
        if endpoint.tls is not None:
            self.tls_set_context(endpoint.tls)  # pyright: ignore[reportUnknownMemberType]  # paho does not type it
        if endpoint.websocket_path is not None:
            self.ws_set_options(endpoint.websocket_path)
        if endpoint.will is not None:
            self.will_set(endpoint.will.topic, endpoint.will.payload, 0, endpoint.will.retain)
        if endpoint.proxy is not None:
            proxy = endpoint.proxy
            self.proxy_set(  # pyright: ignore[reportUnknownMemberType]  # paho does not type it
                proxy_type=proxy.kind.value,
                proxy_addr=proxy.host,
                proxy_port=proxy.port,
                proxy_username=proxy.username,
                proxy_password=proxy.password,
            )

    # What the transport calls

    def open(self) -> None:
        """Connect and send the CONNECT. Raises OSError or ValueError, with no socket left."""
        try:
            self.connect(self.endpoint.host, self.endpoint.port, self.endpoint.keepalive_s)
        except (OSError, ValueError):
            self.drop()
            if self._opened is not None:
                self._opened.close()
            raise
        sock = self.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self) -> None:
        """Read what the socket has to give, up to a bound, into `arrived`."""
        for _ in range(_MAX_READS_A_BATCH):
            self._read_packet()
            if not self.holds_more():
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

    def send(self, packets: Iterable[OutboundPacket]) -> None:
        """Send packets; what the socket does not take waits in paho, and `want_write` tells so."""
        for packet in packets:
            if self.socket() is None:
                return
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

    def note(self, rc: MQTTErrorCode) -> None:
        """Keep the reason that a call of paho's gives for the end of the connection."""
        if rc == MQTTErrorCode.MQTT_ERR_PROTOCOL and not self.accepted:
            self.gibberish = True
        if rc == MQTTErrorCode.MQTT_ERR_KEEPALIVE:
            self.lost_because = "no answer to a ping"
        elif rc not in _UNTOLD and self.lost_because is None:
            self.lost_because = paho.error_string(rc).rstrip(".").lower()

    def drop(self) -> None:
        """Leave without a DISCONNECT."""
        if self.socket() is not None:
            self._sock_close()

    # The changes

    def _sock_recv(self, bufsize: int) -> bytes:
        # paho believes whatever size is announced, and asks for all of it at once.
        size_bytes: int = self._in_packet["to_process"]
        if size_bytes > self.endpoint.max_packet_bytes:
            self.lost_because = str(PacketTooLarge(size_bytes, self.endpoint.max_packet_bytes))
            raise ConnectionError
        return super()._sock_recv(bufsize)

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

    def _create_socket_connection(self) -> socket.socket:
        # paho leaves a socket open whose handshake failed.
        self._opened = super()._create_socket_connection()
        return self._opened

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        # paho 2.1 lets the handshake take as long as the keep-alive, and both call a function that Python 3.12 has no
        # more where the context does not check the host's name.
        assert self.endpoint.tls is not None, "paho asks for this only where it was given a context"
        secure = self.endpoint.tls.wrap_socket(tcp_sock, server_hostname=self.host, do_handshake_on_connect=False)
        self._opened = secure
        secure.settimeout(self.connect_timeout)
        secure.do_handshake()
        return secure

    # paho's callbacks

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
