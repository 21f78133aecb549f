"""From an endpoint to a socket that carries MQTT: name look-up, TCP, proxy, TLS, WebSocket, none of which waits here.

Each step is a generator. Where it would have to wait, it yields what for, and whoever drives it comes back then. So one
piece of code serves threads and event loops, and can be left in the middle.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
from collections.abc import Callable, Generator
from http import HTTPStatus
from selectors import EVENT_READ, EVENT_WRITE
from typing import Final, NamedTuple, TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._transport.base import Endpoint
from emitter_typed._transport.lookups import Address, look_up
from emitter_typed._transport.proxy import Proxy, ProxyKind, proxy_from_environment
from emitter_typed._transport.reasons import HandshakeRefused, system_words, words
from emitter_typed._transport.websocket import WebSocket

_MAX_RESPONSE_BYTES: Final = 16 * 1024
# After so long without an answer of one address another one is tried.
_NEXT_ADDRESS_S: Final = 2.0
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# A proxy answers so while the broker behind it is away, or too busy.
_PASSING: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


class Wait(NamedTuple):
    """What somebody waits for."""

    fd: int
    """The file descriptor of a socket; -1: none."""
    events: int
    """What the socket is to be ready for, in `selectors` terms."""
    until_s: float | None
    """When to come back at the latest, on the clock of time limits."""
    again: bool = False
    """Whether to come back soon in any case."""


ResultT = TypeVar("ResultT")
Steps = Generator[Wait, int, ResultT]
"""Yields what is waited for, is sent what the socket is ready for or 0, and returns a result."""


class Route(NamedTuple):
    """One way to a broker."""

    proxy: Proxy | None
    """The proxy to go through; None: none."""
    address: Address
    """The address of the proxy, or of the broker if there is none."""


def find_routes(endpoint: Endpoint, deadline_s: float, wake: Callable[[], None]) -> Steps[list[Route]]:
    """Find the ways to a broker: one for each address of its name, or of its proxy's.

    Args:
        endpoint: Where to.
        deadline_s: Until when, on the clock of time limits.
        wake: Makes the driver come back; called from any thread.

    Returns:
        The ways, best first; at least one.

    Raises:
        OSError: There is none; TimeoutError: none was found in time.
        ValueError: The host cannot be one.
        RuntimeError: There is no thread for a look-up.
    """
    proxy = endpoint.proxy or proxy_from_environment(endpoint.host)
    host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    lookup = look_up(host)
    if not lookup.done:
        lookup.wait(wake)
        try:
            while not lookup.done:
                if monotonic() >= deadline_s:
                    raise TimeoutError("its name was not resolved in time")
                yield Wait(-1, 0, deadline_s)
        finally:
            lookup.forget(wake)
    try:
        return [Route(proxy, address) for address in lookup.addresses(port)]
    except OSError as error:
        raise error if proxy is None else _of_proxy(proxy, error) from None


def share(deadline_s: float, others: int) -> float:
    """Return until when to try one of several ways: its share of the time that is left for it and so many others."""
    now_s = monotonic()
    return now_s + (deadline_s - now_s) / (others + 1)


def connect(
    endpoint: Endpoint, route: Route, deadline_s: float, unwatch: Callable[[], None], *, hurry: bool
) -> Steps[socket.socket | WebSocket]:
    """Make a connection, as far as MQTT's CONNECT.

    Args:
        endpoint: Where to.
        route: Which way.
        deadline_s: Until when, on the clock of time limits.
        unwatch: Is called before a socket that was waited for is closed.
        hurry: Whether there is another way, which is tried if TCP has no answer after a while.

    Returns:
        What carries MQTT, and does not block.

    Raises:
        OSError: It could not be made; also as TimeoutError, and as HandshakeRefused.
        ValueError: The host cannot be one.
    """
    dialled_by_s = min(deadline_s, monotonic() + _NEXT_ADDRESS_S) if hurry else deadline_s
    try:
        sock = yield from _dial(route.address, dialled_by_s, unwatch)
    except OSError as error:
        raise error if route.proxy is None else _of_proxy(route.proxy, error) from None
    try:
        wire = _Wire(sock, deadline_s)
        if route.proxy is not None:
            yield from _through(route.proxy, endpoint, wire)
        if endpoint.tls is not None:
            sock = wire.sock = endpoint.tls.wrap_socket(
                sock, server_hostname=endpoint.host, do_handshake_on_connect=False
            )
            yield from wire.agree_on_tls(sock)
        if endpoint.websocket_path is None:
            return sock
        return (yield from _shake_hands(endpoint, endpoint.websocket_path, wire))
    except BaseException:
        unwatch()
        sock.close()
        raise


def _of_proxy(proxy: Proxy, error: OSError) -> OSError:
    """Return an error of the way to a proxy that names the proxy: the broker was not reached."""
    text = f"the proxy {proxy.host}:{proxy.port} cannot be reached ({words(error)})"
    return TimeoutError(text) if isinstance(error, TimeoutError) else OSError(error.errno, text)


def _dial(address: Address, deadline_s: float, unwatch: Callable[[], None]) -> Steps[socket.socket]:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock.connect(where)
        except BlockingIOError:
            yield from _until_ready(sock.fileno(), EVENT_WRITE, deadline_s)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, system_words(code)) from None
    except BaseException:
        unwatch()
        sock.close()
        raise
    return sock


def _until_ready(fd: int, events: int, deadline_s: float) -> Steps[None]:
    while not (yield Wait(fd, events, deadline_s)):
        if monotonic() >= deadline_s:
            raise TimeoutError


class _Wire:
    """Says things to whoever is between us and the broker, and reads what they answer."""

    def __init__(self, sock: socket.socket, deadline_s: float) -> None:
        self.sock = sock
        self._deadline_s = deadline_s

    def _wait(self, events: int) -> Steps[None]:
        return _until_ready(self.sock.fileno(), events, self._deadline_s)

    def agree_on_tls(self, sock: ssl.SSLSocket) -> Steps[None]:
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                yield from self._wait(EVENT_READ)
            except ssl.SSLWantWriteError:
                yield from self._wait(EVENT_WRITE)
            else:
                return

    def say(self, data: bytes) -> Steps[None]:
        while data:
            try:
                data = data[self.sock.send(data) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                yield from self._wait(EVENT_WRITE)
            except ssl.SSLWantReadError:
                yield from self._wait(EVENT_READ)

    def _more(self, size: int) -> Steps[bytes]:
        while True:
            try:
                return self.sock.recv(size)
            except (BlockingIOError, ssl.SSLWantReadError):
                yield from self._wait(EVENT_READ)
            except ssl.SSLWantWriteError:
                yield from self._wait(EVENT_WRITE)

    def hear(self, size: int) -> Steps[bytes]:
        """Read so many bytes. Raises ConnectionError at the end."""
        data = b""
        while len(data) < size:
            part = yield from self._more(size - len(data))
            if not part:
                raise ConnectionError("it closed the connection")
            data += part
        return data

    def hear_http(self, who: str) -> Steps[tuple[int, dict[str, str], bytes]]:
        """Read an HTTP response, and return its status, its headers, and what follows them."""
        response = b""
        while b"\r\n\r\n" not in response:
            part = yield from self._more(4096)
            if not part and not response:
                raise ConnectionError(f"the connection was closed before {who} answered")
            response += part
            if not part or len(response) > _MAX_RESPONSE_BYTES or not b"HTTP/1.".startswith(response[:7]):
                raise HandshakeRefused(f"the peer is not {who}", permanent=True)
        head, _, rest = response.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) < 2 or not (parts[1].isascii() and parts[1].isdecimal()):
            raise HandshakeRefused(f"the peer is not {who}", permanent=True)
        pairs = (line.partition(":") for line in lines)
        return int(parts[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, rest


def _shake_hands(endpoint: Endpoint, path: str, wire: _Wire) -> Steps[WebSocket]:
    """Become a WebSocket (RFC 6455, 4.1)."""
    secure = endpoint.tls is not None
    where = _bracketed(endpoint.host)
    where = where if endpoint.port == (443 if secure else 80) else f"{where}:{endpoint.port}"
    key = base64.b64encode(os.urandom(16))
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {where}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Origin: {'https' if secure else 'http'}://{where}",
        f"Sec-WebSocket-Key: {key.decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: mqtt",
    )
    yield from wire.say("\r\n".join((*lines, "", "")).encode())
    status, headers, rest = yield from wire.hear_http("a WebSocket server")
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
    if status != HTTPStatus.SWITCHING_PROTOCOLS:
        raise HandshakeRefused(
            f"it answered the WebSocket handshake with HTTP {status}", permanent=status not in _PASSING
        )
    if headers.get("sec-websocket-accept") != accept:
        raise HandshakeRefused("its answer to the WebSocket handshake is not valid", permanent=True)
    return WebSocket(wire.sock, rest)


def _through(proxy: Proxy, endpoint: Endpoint, wire: _Wire) -> Steps[None]:
    """Have a proxy connect to the broker, whose name it looks up itself."""
    speak = {ProxyKind.SOCKS4: _socks4, ProxyKind.SOCKS5: _socks5, ProxyKind.HTTP: _http}[proxy.kind]
    try:
        yield from speak(proxy, endpoint, wire)
    except TimeoutError:
        raise TimeoutError("the proxy did not answer in time") from None


def _http(proxy: Proxy, endpoint: Endpoint, wire: _Wire) -> Steps[None]:
    where = f"{_bracketed(endpoint.host)}:{endpoint.port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if proxy.username is not None:
        login = f"{proxy.username}:{proxy.password or ''}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login).decode()}")
    yield from wire.say("\r\n".join((*lines, "", "")).encode())
    status, _, _ = yield from wire.hear_http("an HTTP proxy")
    if not 200 <= status < 300:
        raise HandshakeRefused(f"the proxy answered with HTTP {status}", permanent=status not in _PASSING)


def _socks4(proxy: Proxy, endpoint: Endpoint, wire: _Wire) -> Steps[None]:
    """Speak SOCKS 4A, the one that takes names."""
    user = (proxy.username or "").encode()
    request = b"\x04\x01" + endpoint.port.to_bytes(2, "big") + b"\x00\x00\x00\x01" + user + b"\x00"
    yield from wire.say(request + endpoint.host.encode("idna") + b"\x00")
    answer = yield from wire.hear(8)
    if answer[0] != 0 or answer[1] != 0x5A:
        raise HandshakeRefused(f"the proxy answered with SOCKS code {answer[1]}", permanent=answer[1] in (0x5C, 0x5D))


def _socks5(proxy: Proxy, endpoint: Endpoint, wire: _Wire) -> Steps[None]:
    """Speak SOCKS 5 (RFC 1928), with a username and a password if there are any (RFC 1929)."""
    login = proxy.username is not None
    yield from wire.say(b"\x05\x02\x00\x02" if login else b"\x05\x01\x00")
    version, method = yield from wire.hear(2)
    if version != 5:
        raise HandshakeRefused("the peer is not a SOCKS proxy", permanent=True)
    if method == 2 and login:
        user, password = (proxy.username or "").encode(), (proxy.password or "").encode()
        yield from wire.say(b"\x01" + bytes((len(user),)) + user + bytes((len(password),)) + password)
        _, status = yield from wire.hear(2)
        if status:
            raise HandshakeRefused("the proxy does not accept the username and the password", permanent=True)
    elif method:
        raise HandshakeRefused("the proxy asks for another way to log in", permanent=True)
    yield from wire.say(b"\x05\x01\x00" + _socks5_address(endpoint.host) + endpoint.port.to_bytes(2, "big"))
    _, code, _, kind = yield from wire.hear(4)
    if code:
        # The network behind it, and what listens there, may be back later; its own rules will not change.
        raise HandshakeRefused(f"the proxy answered with SOCKS code {code}", permanent=code in (2, 7, 8))
    size = {1: 4, 4: 16}.get(kind) or (yield from wire.hear(1))[0]
    yield from wire.hear(size + 2)


def _socks5_address(host: str) -> bytes:
    for kind, family in ((b"\x01", socket.AF_INET), (b"\x04", socket.AF_INET6)):
        try:
            return kind + socket.inet_pton(family, host)
        except OSError:
            continue
    name = host.encode("idna")
    return b"\x03" + bytes((len(name),)) + name


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
