"""A transport over paho-mqtt, driven by a thread of its own. The only importer of paho.

One paho object serves one connection attempt, so that paho's own re-sending, window and retries never come into play.
Only the network thread touches it. paho's logger stays off: its debug lines show topics, and topics hold keys.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import threading
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError
from emitter_typed.protocol.packets import (
    Connack,
    Delivery,
    Inbound,
    Outbound,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed.transport.base import Endpoint, Sink
from emitter_typed.transport.reasons import words

_log = logging.getLogger("emitter_typed")

_MAX_QUEUED_BYTES: Final = 1024 * 1024
_MAX_READS_A_BATCH: Final = 256
_CLOSE_TIMEOUT_S: Final = 2.0
_LARGEST_WAIT_S: Final = 1.0

# Results that say no more than that it works, or that the other side has gone.
_UNTOLD: Final = (
    MQTTErrorCode.MQTT_ERR_SUCCESS,
    MQTTErrorCode.MQTT_ERR_NO_CONN,
    MQTTErrorCode.MQTT_ERR_CONN_LOST,
    MQTTErrorCode.MQTT_ERR_CONN_REFUSED,
)
_PROTOCOL: Final = paho.error_string(MQTTErrorCode.MQTT_ERR_PROTOCOL).rstrip(".").lower()


class _Paho(paho.Client):
    """paho with four changes, for which it has no public way; tests pin them for each version that we support."""

    next_packet_id = 0
    return_code: int | None = None
    """The CONNACK's (MQTT 3.1.1, 3.2.2.3)."""
    tls: ssl.SSLContext | None = None
    """The context of a TLS connection."""

    @property
    def in_gibberish(self) -> bool:
        """Whether the packet that is being read cannot be the beginning of a CONNACK."""
        return self._in_packet["command"] not in (0, 0x20)

    def _mid_generate(self) -> int:
        # The session owns the identifiers: paho's own counter wraps without asking what is in use.
        return self.next_packet_id

    @staticmethod
    def _filter_wildcard_len_check(sub: bytes) -> MQTTErrorCode:
        # paho refuses `key/a/#/` and `key/a/#/?last=1`, which Emitter takes; the session has checked the topic.
        return MQTTErrorCode.MQTT_ERR_SUCCESS if 0 < len(sub) <= 65535 else MQTTErrorCode.MQTT_ERR_INVAL

    def _handle_connack(self) -> MQTTErrorCode:
        # paho calls two of the five refusals a protocol error, and gives the reasons of MQTT 5 for the others.
        packet: bytes | bytearray = self._in_packet["packet"]
        self.return_code = packet[1] if len(packet) == 2 else None
        return super()._handle_connack()

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        # paho leaves a socket open whose handshake failed, paho 2.1 lets it take as long as the keep-alive, and both
        # call a function that Python 3.12 has no more where the context does not check the host's name.
        assert self.tls is not None, "paho asks for this only where it was given a context"
        secure = self.tls.wrap_socket(tcp_sock, server_hostname=self.host, do_handshake_on_connect=False)
        try:
            secure.settimeout(self.connect_timeout)
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure


class PahoTransport:
    """Carries packets over TCP or TLS."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Prepare; `start` connects."""
        self._endpoint = endpoint
        self._outgoing: deque[Outbound] = deque()
        self._queued_bytes = 0
        self._was_congested = False
        self._wishes = threading.Condition()
        self._closing = False
        self._aborting = False
        self._woken = False
        self._over = False
        self._batch: list[Inbound] = []
        self._unacknowledged = 0
        self._lost_because: str | None = None
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="emitter-network", daemon=True)
        self._sink: Sink | None = None
        # Not select(): it cannot watch a descriptor of 1024 or more.
        self._selector = selectors.DefaultSelector()

    # What the Transport protocol promises

    def start(self, sink: Sink) -> None:
        """Begin to connect, in a thread."""
        self._sink = sink
        self._thread.start()

    def send(self, packet: Outbound) -> None:
        """Queue a packet for the network thread."""
        with self._wishes:
            if self._over or self._closing:
                return
            self._outgoing.append(packet)
            self._queued_bytes += _size(packet)
            self._wake()

    @property
    def congested(self) -> bool:
        """Whether more than a megabyte waits to be sent."""
        with self._wishes:
            if self._queued_bytes > _MAX_QUEUED_BYTES and not self._over:
                self._was_congested = True
                return True
            return False

    def close(self) -> None:
        """Ask the thread to send what waits and a DISCONNECT."""
        with self._wishes:
            self._closing = True
            self._wake()

    def abort(self) -> None:
        """Ask the thread to end now."""
        with self._wishes:
            self._aborting = True
            self._wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end."""
        if self._thread is threading.current_thread() or self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _wake(self) -> None:
        if self._woken or self._over:
            return
        self._woken = True
        self._wake_writer.send(b"\0")

    # The network thread

    def _run(self) -> None:
        assert self._sink is not None
        error: EmitterError | None
        client: _Paho | None = None
        try:
            client = self._connect()
            error = self._converse(client, self._sink)
        except ConnectionRefused as refusal:
            error = refusal
        except Exception as failure:
            _log.exception("transport.failed")
            error = ConnectionLost(f"the network thread failed with {type(failure).__name__}")
        with self._wishes:
            self._over = True
            self._outgoing.clear()
        if client is not None:
            _drop_socket(client)
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()
        # A caller that waits for room to send must learn that there is nothing to wait for.
        self._sink.drained()
        self._sink.ended(error)

    def _connect(self) -> _Paho:
        endpoint = self._endpoint
        client = _Paho(
            CallbackAPIVersion.VERSION2,
            client_id="",
            clean_session=True,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(0)
        client.connect_timeout = endpoint.connect_timeout_s
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        if endpoint.username is not None:
            client.username_pw_set(endpoint.username)
        if endpoint.tls is not None:
            client.tls = endpoint.tls
            client.tls_set_context(endpoint.tls)  # pyright: ignore[reportUnknownMemberType]  # paho does not type it
        try:
            client.connect(endpoint.host, endpoint.port, endpoint.keepalive_s)
        except (OSError, ValueError) as error:
            _drop_socket(client)
            raise self._refusal(words(error)) from error
        sock = client.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def _refusal(self, message: str, return_code: int | None = None) -> ConnectionRefused:
        return ConnectionRefused(message, host=self._endpoint.host, port=self._endpoint.port, return_code=return_code)

    def _converse(self, client: _Paho, sink: Sink) -> EmitterError | None:
        """Carry packets until the connection ends, and return why it did; None: as was asked for."""
        connected = False
        close_by: float | None = None
        connected_socket = client.socket()
        assert connected_socket is not None, "paho has a socket once connect() returns"
        self._selector.register(connected_socket, selectors.EVENT_READ)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        while True:
            sock = client.socket()
            if sock is not None and not self._aborting:
                ready = self._ready(sock, client.want_write(), 0.0 if _buffered(sock) else _LARGEST_WAIT_S)
                self._forget_wake()
                if ready & selectors.EVENT_READ or _buffered(sock):
                    self._read(client)
                if ready & selectors.EVENT_WRITE and client.socket() is not None:
                    self._note(client.loop_write())
                self._pass_on(client)
                self._note(client.loop_misc())
            batch, self._batch = self._batch, []
            if batch:
                connected = connected or any(isinstance(packet, Connack) for packet in batch)
                sink.received(batch)
            if client.return_code:
                words = paho.connack_string(client.return_code).removeprefix("Connection Refused: ").rstrip(".")
                return self._refusal(f"the broker said: {words}", client.return_code)
            if self._aborting or (self._closing and client.socket() is None):
                return None
            if client.socket() is None:
                reason = self._lost_because or "the broker closed it"
                if connected:
                    return ConnectionLost(reason)
                gibberish = reason == _PROTOCOL or client.in_gibberish
                early = f"{reason} before it accepted the connection"
                return self._refusal("what answered is no MQTT broker" if gibberish else early)
            if self._closing:
                close_by = self._go(client, close_by)

    def _ready(self, sock: paho.SocketLike, want_write: bool, wait_s: float) -> int:
        """Wait until the socket is ready, or somebody wakes us, and return what the socket is ready for."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if want_write else 0)
        if self._selector.get_key(sock).events != events:
            self._selector.modify(sock, events)
        return next((ready for key, ready in self._selector.select(wait_s) if key.fileobj is sock), 0)

    def _go(self, client: _Paho, close_by: float | None) -> float:
        """Send the DISCONNECT once all else has gone; give up on a peer that does not read."""
        now = monotonic()
        close_by = close_by or now + _CLOSE_TIMEOUT_S
        with self._wishes:
            empty = not self._outgoing
        if now >= close_by:
            _drop_socket(client)
        elif empty and not client.want_write():
            # Its last byte makes paho close the socket.
            client.disconnect()
        return close_by

    def _forget_wake(self) -> None:
        with self._wishes:
            self._woken = False
            with contextlib.suppress(BlockingIOError):
                self._wake_reader.recv(64)

    def _read(self, client: _Paho) -> None:
        for _ in range(_MAX_READS_A_BATCH):
            self._note(client.loop_read())
            sock = client.socket()
            if sock is None or not (_buffered(sock) or self._ready(sock, False, 0.0)):
                return

    def _pass_on(self, client: _Paho) -> None:
        """Give paho what waits, as long as the socket takes it."""
        while client.socket() is not None and not client.want_write():
            with self._wishes:
                if not self._outgoing:
                    break
                packet = self._outgoing.popleft()
                self._queued_bytes -= _size(packet)
                drained = self._was_congested and self._queued_bytes <= _MAX_QUEUED_BYTES // 2
                if drained:
                    self._was_congested = False
            client.next_packet_id = packet.packet_id
            match packet:
                case Publish(topic, payload, qos, retain, _):
                    if qos and not self._unacknowledged:
                        client.on_publish = self._on_publish
                    self._unacknowledged += qos
                    self._note(client.publish(topic, payload, qos, retain).rc)
                case Subscribe(topic, _):
                    self._note(client.subscribe(topic, 0)[0])
                case Unsubscribe(topic, _):
                    self._note(client.unsubscribe(topic)[0])
            if drained and self._sink is not None:
                self._sink.drained()

    def _note(self, rc: MQTTErrorCode) -> None:
        if rc == MQTTErrorCode.MQTT_ERR_KEEPALIVE:
            self._lost_because = "no answer to a ping"
        elif rc not in _UNTOLD and self._lost_because is None:
            self._lost_because = paho.error_string(rc).rstrip(".").lower()

    # paho's callbacks, in the network thread

    def _on_connect(
        self,
        client: paho.Client,
        userdata: object,
        flags: object,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            self._batch.append(Connack(0))

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            _log.warning("transport.bad_topic bytes=%d", len(message.payload))
            return
        self._batch.append(Delivery(topic, bytes(message.payload)))

    def _on_publish(
        self, client: paho.Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        # paho calls this for QoS 0 too, when it is written; those have no identifier.
        if mid:
            self._batch.append(Puback(mid))
            self._unacknowledged -= 1
            if not self._unacknowledged:
                # paho builds objects of MQTT 5 for every call of this, which is most of what a QoS 0 publish costs.
                client.on_publish = None

    def _on_subscribe(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        reasons: Sequence[ReasonCode],
        properties: Properties | None,
    ) -> None:
        self._batch.append(Suback(mid, tuple(reason.value for reason in reasons)))

    def _on_unsubscribe(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        reasons: Sequence[ReasonCode],
        properties: Properties | None,
    ) -> None:
        self._batch.append(Unsuback(mid))


def _size(packet: Outbound) -> int:
    return len(packet.topic) + (len(packet.payload) if isinstance(packet, Publish) else 0)


def _buffered(sock: object) -> bool:
    # TLS may hold bytes that select does not see.
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def _drop_socket(client: _Paho) -> None:
    if client.socket() is not None:
        client._sock_close()  # pyright: ignore[reportPrivateUsage]  # paho has no public way to leave without a DISCONNECT
