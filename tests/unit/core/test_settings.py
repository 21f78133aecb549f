"""What a client takes for its settings, and which addresses are ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from emitter_typed import AsyncClient, Client
from emitter_typed._core.addresses import BrokerAddress, parse_urls
from emitter_typed._core.settings import Settings
from emitter_typed.contract import QueueLimits, duration
from emitter_typed.errors import InvalidArgument


def settings() -> Settings:
    client = Client(timeout_s=1, max_messages=5, max_bytes=50, overflow="fail")
    return client._driver.settings  # pyright: ignore[reportPrivateUsage]  # as a client makes them


@pytest.mark.parametrize(
    ("url", "host", "port", "secure"),
    [
        ("mqtt://localhost", "localhost", 8080, False),
        ("mqtts://api.emitter.io", "api.emitter.io", 443, True),
        ("mqtt://localhost:1883/", "localhost", 1883, False),
        ("MQTT://LocalHost:65535", "localhost", 65535, False),
        ("mqtt://[::1]:8080", "::1", 8080, False),
    ],
)
def test_a_url_names_a_broker(url: str, host: str, port: int, secure: bool) -> None:
    assert parse_urls(url) == (BrokerAddress(host, port, secure),)


@pytest.mark.parametrize(
    ("url", "port", "secure", "path"),
    [
        ("ws://localhost", 8080, False, "/"),
        ("wss://localhost", 443, True, "/"),
        ("ws://localhost:80/mqtt/v1", 80, False, "/mqtt/v1"),
        ("WSS://localhost:8443/", 8443, True, "/"),
    ],
)
def test_a_url_names_a_websocket_and_its_path(url: str, port: int, secure: bool, path: str) -> None:
    assert parse_urls(url) == (BrokerAddress("localhost", port, secure, path),)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8080",
        "http://localhost",
        "ws://localhost?x=1",
        "ws://localhost/a b",
        "wss://localhost/caf\u00e9",
        "wss://",
        "mqtt://",
        "mqtt://localhost:0",
        "mqtt://localhost:65536",
        "mqtt://localhost:port",
        "mqtt://[::1",
        "mqtt://localhost/path",
        "mqtt://localhost?x=1",
        "mqtt://localhost#x",
    ],
)
def test_anything_else_is_no_address(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_urls(url)
    assert caught.value.argument == "url"


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://ann:hunter2@host",
        "mqtt://ann:hunter2@host:99999",
        "x://ann:hunter2@h",
        "mqtt://ann:hunter2",
        "hunter2://h",
        "mqtt://hunter2/x",
    ],
)
def test_no_error_shows_the_password_of_a_url(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_urls(url)
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.value!r} {caught.value.__cause__!r}"


def test_the_environment_names_the_broker_where_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMITTER_URL", "mqtt://there:99")
    assert parse_urls(None) == (BrokerAddress("there", 99, False),)
    assert parse_urls("mqtt://here") == (BrokerAddress("here", 8080, False),)
    monkeypatch.setenv("EMITTER_URL", "")
    with pytest.raises(InvalidArgument, match="EMITTER_URL"):
        Client.from_url()
    monkeypatch.delenv("EMITTER_URL")
    with pytest.raises(InvalidArgument, match="EMITTER_URL"):
        AsyncClient.from_url()


@pytest.mark.parametrize(
    "urls",
    [
        "mqtt://here ws://there:80/x",
        "  mqtt://here\n\tws://there:80/x ",
        ["mqtt://here", "ws://there:80/x"],
        ("mqtt://here", "ws://there:80/x", "mqtt://here:8080"),
        ["mqtt://here ws://there:80/x"],
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_takes_several_urls(
    kind: type[Client] | type[AsyncClient], urls: str | Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parse_urls(urls) == (BrokerAddress("here", 8080, False), BrokerAddress("there", 80, False, "/x"))
    places = f"<{kind.__name__} mqtt://here:8080 ws://there:80 closed>"
    assert repr(kind(urls)) == repr(kind.from_url(urls)) == places
    if isinstance(urls, str):
        monkeypatch.setenv("EMITTER_URL", urls)
        assert repr(kind.from_url()) == places
        assert repr(kind()) == f"<{kind.__name__} closed>"


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("mqtt://ann:pw@host", "username="),
        ("Key(…1f4w)", "masked form of a key"),
        ("mqtt://one,mqtt://other", "spaces between"),
        ([], "empty"),
        (["mqtt://one", ""], "must begin with"),
        (["mqtt://one", 8080], "expected texts"),
        ({"mqtt://one"}, "expected a text or a sequence"),
        (b"mqtt://one", "expected a text or a sequence"),
    ],
)
@pytest.mark.parametrize(
    "make",
    [Client, AsyncClient, Client.from_url, AsyncClient.from_url],
    ids=["Client", "AsyncClient", "Client.from_url", "AsyncClient.from_url"],
)
def test_what_is_no_url_is_told_the_right_way(make: Callable[[Any], object], url: object, advice: str) -> None:
    with pytest.raises(InvalidArgument, match=advice) as caught:
        make(url)
    assert (caught.value.argument, caught.value.value) == ("url", None)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("mqtt://localhost:8080", "pass it to the client"),
        ("mqtt://ann:hunter2@localhost", "pass it to the client"),
        ("ann:hunter2@localhost", "username="),
        ("localhost:8080", "port="),
        ("[::1]:8080", "port="),
        ("[::1]", "such as"),
        ("localhost/", "such as"),
        ("one other", "such as"),
        ("Key(…1f4w)", "masked form of a key"),
        ("", "empty"),
    ],
)
def test_what_is_no_host_is_told_the_right_way(host: str, advice: str) -> None:
    with pytest.raises(InvalidArgument, match=advice) as caught:
        Client().connect(host)
    assert caught.value.argument == "host"
    assert "hunter2" not in f"{caught.value} {caught.value.value}"


WRONG: dict[str, Callable[[], object]] = {
    "timeout_s=0": lambda: Client(timeout_s=0),
    "timeout_s=-1": lambda: Client(timeout_s=-1),
    "timeout_s=nan": lambda: Client(timeout_s=math.nan),
    "timeout_s=inf": lambda: AsyncClient(timeout_s=math.inf),
    "max_messages=0": lambda: Client(max_messages=0),
    "max_bytes=0": lambda: Client(max_bytes=0),
    "matcher=prefix": lambda: Client(matcher="prefix"),  # type: ignore[arg-type]  # on purpose
    "overflow=block": lambda: AsyncClient(overflow="block"),  # type: ignore[arg-type]  # on purpose
}


@pytest.mark.parametrize("case", WRONG)
def test_a_setting_that_makes_no_sense_is_refused_by_name(case: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        WRONG[case]()
    assert caught.value.argument == case.partition("=")[0]


def test_a_subscription_has_the_clients_bounds_but_for_its_own() -> None:
    mailbox = settings().mailbox(QueueLimits(max_bytes=7))
    assert (mailbox.max_messages, mailbox.max_bytes, mailbox.overflow) == (5, 7, "fail")
    with pytest.raises(InvalidArgument, match="max_messages"):
        settings().mailbox(QueueLimits(max_messages=0))


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("host", ("", 1, False, 30, None)),
        ("port", ("h", 0, False, 30, None)),
        ("port", ("h", 65_536, False, 30, None)),
        ("keepalive", ("h", 1, False, 0, None)),
        ("keepalive", ("h", 1, False, 120, None)),
        ("username", ("h", 1, False, 30, "x" * 65_536)),
        # One that a packet has no room for.
        ("username", ("h", 1, False, 30, "x" * 65_530)),
        ("username", ("h", 1, False, 30, "\ud800")),
    ],
)
def test_an_endpoint_that_no_connection_can_have_is_refused(
    argument: str, wrong: tuple[str, int, bool, int, str | None]
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        settings().endpoint(*wrong)
    assert caught.value.argument == argument


def test_tls_is_verified_unless_somebody_says_otherwise() -> None:
    import ssl

    tls = settings().endpoint("h", 1, True, 30, None).tls
    assert tls is not None
    assert tls.check_hostname
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert settings().endpoint("h", 1, False, 30, None).tls is None


@pytest.mark.parametrize("wrong", [math.inf, math.nan, 1e300, "5", None])
def test_a_duration_is_a_number_of_seconds(wrong: float) -> None:
    with pytest.raises(InvalidArgument):
        duration(wrong)
