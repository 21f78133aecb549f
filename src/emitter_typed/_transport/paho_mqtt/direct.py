"""The short ways past paho, for the versions of it that we know from inside."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Final

import paho.mqtt

from emitter_typed._protocol.packets import OutboundPacket, Publish
from emitter_typed._transport.base import Endpoint
from emitter_typed._transport.frames import Frames, PacketTooLarge, publish_frame
from emitter_typed._transport.paho_mqtt.client import PahoClient

_KNOWN: Final = ("2.1.0", "2.2.0")
_READ_BYTES: Final = 64 * 1024
# Those that paho reads, each of which takes it long. A broker sends few of them, if it means well.
_MAX_OTHERS_A_BATCH: Final = 256
_CONNACK: Final = 0x20
_PUBLISH: Final = 0x30


class DirectClient(PahoClient):
    """paho with a buffer between it and its socket, past which the packets that come in numbers go.

    paho alone takes three calls of `recv` and several objects for each packet in, one `send` for each one out, and
    objects of MQTT 5 for each acknowledgement. It still connects, subscribes, pings and closes.
    """

    def __init__(self, endpoint: Endpoint, unwatch: Callable[[], None]) -> None:
        """Prepare for an endpoint; `open` sends the CONNECT."""
        super().__init__(endpoint, unwatch)
        # TLS and WebSocket give one record or frame at a time.
        self._gives_all = endpoint.tls is None and endpoint.websocket_path is None
        self._frames = Frames(endpoint.max_packet_bytes)
        self._handed = b""
        self._at_end = False
        self._is_behind = False
        self._failure: OSError | None = None

    def receive(self) -> None:
        """Read what the socket has to give, up to a bound, into `arrived`."""
        if self._is_behind and not self._take():
            return
        taken = 0
        while taken < _READ_BYTES:
            size = self._read()
            taken += size
            if not size or (size < _READ_BYTES and self._gives_all):
                return

    def holds_more(self) -> bool:
        """Tell whether something has been read, or TLS holds it, that was not taken in yet."""
        return (self._is_behind and self.socket() is not None) or super().holds_more()

    def encoded(self, packet: OutboundPacket) -> OutboundPacket | bytes:
        """Return a PUBLISH as it is sent: bytes take less of what the garbage collector looks at."""
        return publish_frame(packet) if isinstance(packet, Publish) else packet

    def send(self, packets: Iterable[OutboundPacket | bytes]) -> None:
        """Send packets, as many as possible at once; what the socket does not take waits in paho."""
        frames: list[bytes] = []
        for packet in packets:
            if isinstance(packet, bytes):
                frames.append(packet)
            elif isinstance(packet, Publish):
                # It was queued before there was a connection.
                frames.append(publish_frame(packet))
            else:
                self._write(frames)
                frames = []
                super().send((packet,))
        self._write(frames)

    def plain_socket(self) -> socket.socket | None:
        """Return the socket, for who writes frames to it; None: TLS or a WebSocket is between."""
        sock = self._connected_socket
        return sock if isinstance(sock, socket.socket) and self._gives_all and self.socket() is not None else None

    def _read(self) -> int:
        """Read once, and return how many bytes there were."""
        try:
            data = super()._sock_recv(_READ_BYTES)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._failure = error
            data = b""
        if not data:
            self._at_end = True
            self._hand_on(self._frames.rest())
            return 0
        self._frames.feed(data)
        if not self.accepted and not self._frames.begins_with(_CONNACK):
            self.gibberish = True
            self.drop()
            return 0
        return len(data) if self._take() else 0

    def _take(self) -> bool:
        """Take in what was read, up to a bound, and tell whether to read on."""
        try:
            for _ in range(_MAX_OTHERS_A_BATCH):
                other = self._frames.take(self.arrived, known=self.accepted)
                self._is_behind = other is not None
                if other is None:
                    break
                self._hand_on(other)
        except PacketTooLarge as problem:
            self.lost_because = str(problem)
            self.drop()
        return not self._is_behind and self.socket() is not None

    def _hand_on(self, packet: bytes) -> None:
        """Let paho read a packet, the beginning of one, or nothing, and thereby learn of the end."""
        self._handed = packet
        self._read_packet()

    def _sock_recv(self, bufsize: int) -> bytes:
        data, self._handed = self._handed[:bufsize], self._handed[bufsize:]
        if data or (self._at_end and self._failure is None):
            return data
        raise self._failure or BlockingIOError

    def _write(self, frames: list[bytes]) -> None:
        if frames and self.socket() is not None:
            # As a PUBLISH of QoS 1, since paho has nobody to tell when one of those is written.
            self.note(self._packet_queue(_PUBLISH, b"".join(frames), 0, 1))


def make_client(endpoint: Endpoint, unwatch: Callable[[], None]) -> PahoClient:
    """Make the client of one connection: with the short ways if this paho is known, else by its public ways."""
    return (DirectClient if paho.mqtt.__version__ in _KNOWN else PahoClient)(endpoint, unwatch)
