"""Proxies between a client and its broker."""

from __future__ import annotations

from enum import Enum
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from emitter_typed.errors import InvalidArgument, kind_of


class ProxyKind(Enum):
    """The protocols of proxies; the values are PySocks' own."""

    SOCKS4 = 1
    """SOCKS version 4."""
    SOCKS5 = 2
    """SOCKS version 5, which may ask for a username and a password."""
    HTTP = 3
    """HTTP with CONNECT."""


@frozen(kw_only=True)
class Proxy:
    """A proxy, which looks the broker's name up itself. Its repr does not show the password."""

    kind: ProxyKind
    """What it speaks."""
    host: str
    """Its name or address."""
    port: int
    """Its port."""
    username: str | None = field(default=None, repr=False)
    """The username that it asks for; None: none."""
    password: str | None = field(default=None, repr=False)
    """The password that it asks for; None: none."""


_KINDS = {"socks4": ProxyKind.SOCKS4, "socks5": ProxyKind.SOCKS5, "http": ProxyKind.HTTP}
_PORTS = {ProxyKind.SOCKS4: 1080, ProxyKind.SOCKS5: 1080, ProxyKind.HTTP: 8080}


def parse_proxy(url: str) -> Proxy:
    """Read the URL of a proxy.

    Args:
        url: `socks5://host:port`, `socks4://host:port` or `http://host:port`, with `user:password@` before the host if
            the proxy asks for them. Without a port, 1080 for SOCKS and 8080 for HTTP.

    Returns:
        The proxy.

    Raises:
        InvalidArgument: It is no such URL, or PySocks, which speaks to proxies, is not installed.
    """
    # What a URL holds may be a password, so that no error shows it.
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise InvalidArgument(f"proxy: expected a text, got {kind_of(url)}", argument="proxy", value=None)
    try:
        parts = urlsplit(url)
        port = parts.port
        kind = _KINDS[parts.scheme]
    except (ValueError, KeyError):
        parts, port, kind = None, None, None
    if (
        parts is None
        or kind is None
        or not parts.hostname
        or port == 0
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise InvalidArgument(
            "this is no URL of a proxy: write socks5://host:port, socks4://host:port or http://host:port",
            argument="proxy",
            value=None,
        ) from None
    if find_spec("socks") is None:
        raise InvalidArgument(
            'a proxy needs PySocks, which is not installed: pip install "emitter-typed[proxy]"',
            argument="proxy",
            value=None,
        )
    return Proxy(
        kind=kind,
        host=parts.hostname,
        port=port or _PORTS[kind],
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
