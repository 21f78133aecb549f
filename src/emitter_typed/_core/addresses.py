"""Addresses of brokers as URLs."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from attrs import frozen

from emitter_typed.errors import InvalidArgument, hide_keys, kind_of

_PORTS = {"mqtt": 8080, "mqtts": 443, "ws": 8080, "wss": 443}
_SECURE = {"mqtts", "wss"}
_WEBSOCKET = {"ws", "wss"}
_is_path = re.compile(r"[!-~]*").fullmatch

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


def parse_url(url: str | None) -> BrokerAddress:
    """Read the URL of a broker.

    Args:
        url: `mqtt://host:port` or `mqtts://host:port`, and `ws://host:port/path` or `wss://host:port/path` for
            WebSocket; without a port, 8080, and 443 for TLS; without a path, `/`. None: what the environment variable
            EMITTER_URL says.

    Returns:
        The parts.

    Raises:
        InvalidArgument: There is none, or it is no such URL.
    """
    if url is None:
        url = os.environ.get(URL_VARIABLE)
        if not url:
            raise InvalidArgument(
                f"no URL of a broker: give one, or set {URL_VARIABLE}, such as mqtt://localhost:8080",
                argument="url",
                value=None,
            )
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker give anything
        raise InvalidArgument(f"url: expected a text, got {kind_of(url)}", argument="url", value=None)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = 0
        parts = None
    # What a URL holds besides host and port may be a password, so that no error shows it.
    if parts is None or port == 0:
        raise InvalidArgument(
            "this is no URL of a broker: write mqtt://host:port, with a port of 1 to 65535",
            argument="url",
            value=None,
        ) from None
    if parts.scheme not in _PORTS:
        raise InvalidArgument(
            "the URL must begin with mqtt://, mqtts://, ws:// or wss://, as in mqtt://localhost:8080",
            argument="url",
            value=None,
        )
    websocket = parts.scheme in _WEBSOCKET
    path_fits = _is_path(parts.path) if websocket else not parts.path.strip("/")
    if not parts.hostname or parts.username is not None or not path_fits or parts.query or parts.fragment:
        form = f"{parts.scheme}://host:port{'/path, in ASCII without spaces,' if websocket else ''}"
        raise InvalidArgument(f"the URL must be {form} and no more", argument="url", value=None)
    return BrokerAddress(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme in _SECURE,
        (parts.path or "/") if websocket else None,
    )
