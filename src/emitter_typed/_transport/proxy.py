"""Proxies between a client and its broker."""

from __future__ import annotations

from enum import Enum
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from emitter_typed._masking import kind_of
from emitter_typed.errors import InvalidArgument

_MAX_LOGIN_BYTES = 255


class ProxyKind(Enum):
    """The protocol of a proxy. The value is the scheme of its URL."""

    SOCKS4 = "socks4"
    """SOCKS version 4A, which takes names."""
    SOCKS5 = "socks5"
    """SOCKS version 5, which may ask for a username and a password."""
    HTTP = "http"
    """HTTP with CONNECT."""


@frozen(kw_only=True)
class Proxy:
    """A proxy. It resolves the broker's name itself.

    The repr does not show the password.
    """

    kind: ProxyKind
    """The protocol of the proxy."""
    host: str
    """The proxy's name or address."""
    port: int
    """The proxy's port."""
    username: str | None = field(default=None, repr=False)
    """The username for the proxy. None: no login."""
    password: str | None = field(default=None, repr=False)
    """The password for the proxy. None: no password."""


_PORTS = {ProxyKind.SOCKS4: 1080, ProxyKind.SOCKS5: 1080, ProxyKind.HTTP: 8080}


def parse_proxy(url: str) -> Proxy:
    """Read the URL of a proxy.

    Args:
        url: `socks5://host:port`, `socks4://host:port` or `http://host:port`, with `user:password@` before the host if
            the proxy asks for them. Without a port, 1080 for SOCKS and 8080 for HTTP.

    Returns:
        The proxy.

    Raises:
        InvalidArgument: It is no such URL.
    """
    # What a URL holds may be a password, so that no error shows it.
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise InvalidArgument(f"proxy: expected a text, got {kind_of(url)}", argument="proxy", value=None)
    try:
        parts = urlsplit(url)
        port = parts.port
        kind = ProxyKind(parts.scheme)
    except ValueError:
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
            "proxy: not a valid URL: write socks5://host:port, socks4://host:port or http://host:port",
            argument="proxy",
            value=None,
        ) from None
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    if max(len((username or "").encode()), len((password or "").encode())) > _MAX_LOGIN_BYTES:
        raise InvalidArgument(
            f"proxy: username and password must have at most {_MAX_LOGIN_BYTES} bytes each",
            argument="proxy",
            value=None,
        )
    return Proxy(
        kind=kind,
        host=parts.hostname,
        port=port or _PORTS[kind],
        username=username,
        password=password,
    )


def proxy_from_environment(host: str) -> Proxy | None:
    """Return the proxy to a host that the environment variable `mqtt_proxy` names, if it names one."""
    # Here, since few programs need it.
    from urllib.request import getproxies, proxy_bypass

    url = getproxies().get("mqtt")
    if not url or proxy_bypass(host):
        return None
    scheme, border, rest = url.partition("://")
    try:
        return parse_proxy(f"socks5{border}{rest}" if scheme == "socks" else url)
    except InvalidArgument:
        raise ValueError("the environment variable mqtt_proxy is not a valid URL of a proxy") from None
