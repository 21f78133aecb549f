"""Addresses of brokers as URLs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from attrs import frozen

from emitter_typed._masking import hide_keys, kind_of
from emitter_typed._transport.base import Endpoint
from emitter_typed._types.values import is_masked
from emitter_typed.errors import InvalidArgument

_PORTS = {"mqtt": 8080, "mqtts": 443, "ws": 8080, "wss": 443}
_SECURE = {"mqtts", "wss"}
_WEBSOCKET = {"ws", "wss"}
_SCHEMES = "mqtt://, mqtts://, ws:// or wss://"
_MASKED_KEY = "this is the masked form of a key, and pass keys to calls, not to connect"
_is_path = re.compile(r"[!-~]*").fullmatch
# A colon is part of an IPv6 address, which has at least two.
_with_port = re.compile(r"(\[[^\]]*\]|[^:]*):[0-9]+").fullmatch
_find_second = re.compile(r"[,;|]\w+://").search
_find_no_host = re.compile(r"[\s/?#\[\]]").search

URL_VARIABLE = "EMITTER_URL"
"""The environment variable that names a broker where no URL is given."""


@frozen
class BrokerAddress:
    """The host of a URL, its port, whether it is TLS, and the path of its WebSocket if it is one."""

    host: str
    port: int
    secure: bool
    websocket_path: str | None = None

    def __str__(self) -> str:
        """Return the URL without the path, in which proxies are given what is not for everybody's eyes."""
        scheme = ("mqtt", "mqtts", "ws", "wss")[2 * (self.websocket_path is not None) + self.secure]
        host = f"[{self.host}]" if ":" in self.host else hide_keys(self.host)
        return f"{scheme}://{host}:{self.port}"


def address_of(endpoint: Endpoint) -> BrokerAddress:
    """Return the address of an endpoint."""
    return BrokerAddress(endpoint.host, endpoint.port, endpoint.tls is not None, endpoint.websocket_path)


def parse_urls(url: object) -> tuple[BrokerAddress, ...]:
    """Read the URLs of the brokers that a client may connect to.

    Args:
        url: A URL, several with spaces between, or a sequence of them. A URL is `mqtt://host:port` or
            `mqtts://host:port`, and `ws://host:port/path` or `wss://host:port/path` for WebSocket; without a port,
            8080, and 443 for TLS; without a path, `/`. None: what the environment variable EMITTER_URL says.

    Returns:
        The addresses in their order, each once.

    Raises:
        InvalidArgument: There is none, or one is no such URL.
    """
    if url is None:
        url = os.environ.get(URL_VARIABLE)
        if not url:
            raise _invalid(f"url: missing: pass one, or set {URL_VARIABLE}, such as mqtt://localhost:8080")
    texts: list[object]
    if isinstance(url, str):
        texts = [url]
    elif isinstance(url, Sequence) and not isinstance(url, bytes | bytearray):
        texts = list(cast("Sequence[object]", url))
    else:
        raise _invalid(f"url: expected a text or a sequence of texts, got {kind_of(url)}")
    found: dict[BrokerAddress, None] = {}
    for text in texts:
        if not isinstance(text, str):
            raise _invalid(f"url: expected texts, got {kind_of(text)} among them")
        # An empty one in a sequence is a mistake, such as a variable that is not set.
        found.update(dict.fromkeys(map(_parse, text.split() or [text])))
    if not found:
        raise _invalid("url: the sequence is empty: pass at least one URL, such as mqtt://localhost:8080")
    return tuple(found)


def _parse(url: str) -> BrokerAddress:
    if _find_second(url):
        raise _invalid("url: write spaces between several URLs, or pass a sequence of them")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = 0
        parts = None
    # What a URL holds besides host and port may be a password, so that no error shows it.
    if parts is None or port == 0:
        raise _invalid("url: not valid: write mqtt://host:port, with a port of 1 to 65535") from None
    if parts.scheme not in _PORTS:
        if is_masked(url):
            raise _invalid(f"url: {_MASKED_KEY}; the URL must begin with {_SCHEMES}, as in mqtt://localhost:8080")
        raise _invalid(f"url: must begin with {_SCHEMES}, as in mqtt://localhost:8080")
    if parts.username is not None:
        raise _invalid(
            "url: must not contain a username or password: Emitter has no passwords; pass the name that presence shows "
            f'as username=, as in Client("{parts.scheme}://host:port", username="ann"), and a key to each call'
        )
    websocket = parts.scheme in _WEBSOCKET
    path_fits = _is_path(parts.path) if websocket else not parts.path.strip("/")
    if not parts.hostname or not path_fits or parts.query or parts.fragment:
        form = f"{parts.scheme}://host:port{'/path, in ASCII without spaces,' if websocket else ''}"
        raise _invalid(f"url: must be {form} and nothing more")
    return BrokerAddress(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme in _SECURE,
        (parts.path or "/") if websocket else None,
    )


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(message, argument="url", value=None)


def check_host(host: str) -> None:
    """Check that a text may be the name or the address of a host. Raises InvalidArgument, without showing it."""
    problem = None
    if not host:
        problem = "host: must not be empty: pass a name or an address"
    elif "://" in host:
        problem = (
            'host: this is a URL: pass it to the client, as in Client("mqtt://localhost:8080"), and call connect() '
            "without arguments"
        )
    elif is_masked(host):
        problem = f"host: {_MASKED_KEY}; pass the name or the address of a broker"
    elif "@" in host:
        problem = "host: must not contain a username or password: pass the name that presence shows as username="
    elif _with_port(host):
        problem = 'host: must not contain a port: pass it as port=, as in connect("localhost", 8080, secure=False)'
    elif _find_no_host(host):
        problem = "host: expected a name or an address alone, such as localhost, 192.0.2.7 or ::1"
    if problem is not None:
        raise InvalidArgument(problem, argument="host", value=host if not host else None)
