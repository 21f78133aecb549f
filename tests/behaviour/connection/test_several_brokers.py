"""A client with several brokers finds one that takes it, and goes on at another when it loses the one that it has."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from emitter_typed import AsyncClient, Client, Endpoint, Gap, Transport
from emitter_typed.broker import Broker, Cluster
from emitter_typed.errors import ConnectionRefused, RequestTimeout
from tests.helpers.flavours import Flavour, as_awaited, both_flavours, received
from tests.helpers.listeners import listener
from tests.helpers.loops import LIMIT_S, in_loop, with_enough_time

NOWHERE = "mqtt://127.0.0.1:1"


@pytest.fixture
def brokers() -> Iterator[tuple[Broker, Broker]]:
    with Broker() as one, Broker() as other:
        yield one, other


def client_of(
    flavour: Flavour, urls: str | Sequence[str], *, timeout_s: float = LIMIT_S, retry_connect: bool = False
) -> AsyncClient:
    """A client of a flavour for these brokers, not connected."""
    kind = Client if flavour == "threads" else AsyncClient
    client = kind(urls, timeout_s=timeout_s, reconnect_max_s=0.02, retry_connect=retry_connect)
    return as_awaited(client, AsyncClient) if isinstance(client, Client) else client


@both_flavours
@in_loop
async def test_a_client_goes_on_at_another_node_with_its_subscriptions(
    flavour: Flavour, emitter_cluster: Cluster
) -> None:
    one, other = emitter_cluster.nodes
    key = emitter_cluster.keygen("a/#/", "rwlsp")
    client = client_of(flavour, emitter_cluster.urls)
    await client.connect()
    assert client.connection.url == one.url
    plain = await client.subscribe(key, "a/plain/", last=0)
    recovering = await client.subscribe(key, "a/kept/", last=0, recover=True)
    with Client(other.url, timeout_s=LIMIT_S) as publisher:
        publisher.publish(key, "a/kept/", "before", qos=1, ttl=60)
        events = recovering.events()
        first = await anext(events)
        assert not isinstance(first, Gap)
        emitter_cluster.nodes[0].kill()
        publisher.publish(key, "a/kept/", "meanwhile", qos=1, ttl=60)
        gap = await anext(events)
        missed = await anext(events)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count) == (True, 1)
        assert isinstance(missed, type(first))
        assert getattr(missed, "payload") == b"meanwhile"  # noqa: B009  # events have several types
        assert (client.connection.status, client.connection.url) == ("connected", other.url)
        publisher.publish(key, "a/plain/", "live", qos=1)
        assert (await received(plain)).as_string() == "live"
    one.start()
    other.kill()
    assert isinstance(await anext(events), Gap)
    assert (await client.me()).id
    assert client.connection.url == one.url
    await client.close()


@both_flavours
@in_loop
async def test_the_first_broker_that_accepts_is_taken(flavour: Flavour, brokers: tuple[Broker, Broker]) -> None:
    busy, free = brokers
    busy.faults.refuse_connections(return_code=3)
    client = client_of(flavour, f"{NOWHERE} {busy.url} {free.url}")
    await client.connect()
    assert (client.connection.url, client.connection.connects) == (free.url, 1)
    await client.close()
    assert client.connection.url == free.url


@both_flavours
@in_loop
async def test_a_broker_that_never_answers_takes_only_its_share_of_the_time(flavour: Flavour, broker: Broker) -> None:
    with listener() as silent:

        async def connect(timeout_s: float) -> AsyncClient:
            client = client_of(flavour, [f"mqtt://127.0.0.1:{silent}", broker.url], timeout_s=timeout_s)
            await client.connect()
            return client

        client = await with_enough_time(connect)
        assert client.connection.url == broker.url
        await client.close()


@both_flavours
@in_loop
async def test_no_answer_from_any_broker_is_a_timeout(flavour: Flavour) -> None:
    with listener() as one, listener() as other:
        client = client_of(flavour, [f"mqtt://127.0.0.1:{port}" for port in (one, other)], timeout_s=0.4)
        with pytest.raises(RequestTimeout):
            await client.connect()


@both_flavours
@in_loop
async def test_a_refused_login_is_not_tried_at_another_broker(flavour: Flavour, brokers: tuple[Broker, Broker]) -> None:
    strict, other = brokers
    strict.faults.refuse_connections(return_code=5)
    client = client_of(flavour, (strict.url, other.url), retry_connect=True)
    with pytest.raises(ConnectionRefused) as caught:
        await client.connect()
    assert (caught.value.port, caught.value.permanent, caught.value.others) == (strict.port, True, ())
    assert client.connection.status == "closed"


def _hang_up_rudely(connection: socket.socket) -> None:
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@both_flavours
@pytest.mark.parametrize("permanent", [True, False])
@in_loop
async def test_a_refusal_is_permanent_only_if_it_is_so_for_all(flavour: Flavour, permanent: bool) -> None:
    with ExitStack() as stack:
        ports = [stack.enter_context(listener(_hang_up_rudely)) for _ in range(1 + permanent)]
        urls = [f"mqtt://127.0.0.1:{port}" for port in ports]
        client = client_of(flavour, urls if permanent else [*urls, NOWHERE])
        with pytest.raises(ConnectionRefused, match=r"127\.0\.0\.1:.*127\.0\.0\.1:") as caught:
            await client.connect()
    assert caught.value.permanent is permanent
    assert [each.port for each in caught.value.others] == ports[:1]
    assert client.connection.error == caught.value


@both_flavours
@in_loop
async def test_a_host_given_to_connect_replaces_the_urls(flavour: Flavour, brokers: tuple[Broker, Broker]) -> None:
    one, other = brokers
    client = client_of(flavour, [NOWHERE, one.url])
    await client.connect(other.host, other.port, secure=False)
    assert client.connection.url == other.url
    await client.close()
    await client.connect()
    assert client.connection.url == one.url
    await client.close()


@pytest.mark.parametrize(
    ("urls", "arguments", "places"),
    [
        ((), {}, [("api.emitter.io", 443)]),
        (("mqtt://one", "mqtt://two"), {}, [("one", 8080), ("two", 8080)]),
        (("mqtt://one", "mqtt://two"), {"host": "".join(("api.", "emitter.io"))}, [("api.emitter.io", 443)]),
        (("mqtt://one", "mqtt://two"), {"host": "three", "port": 99}, [("three", 99)]),
        (("mqtt://one", "mqtt://two"), {"username": "ann", "keepalive": 9}, [("one", 8080), ("two", 8080)]),
    ],
)
def test_connect_goes_to_the_hosted_service_only_without_urls_or_where_it_is_named(
    urls: tuple[str, ...], arguments: dict[str, object], places: list[tuple[str, int]]
) -> None:
    tried: list[tuple[str, int]] = []

    def refuse(endpoint: Endpoint) -> Transport:
        tried.append((endpoint.host, endpoint.port))
        raise OSError("not here")

    client = Client(*([urls] if urls else []), transport=refuse, timeout_s=LIMIT_S)
    with pytest.raises(ConnectionRefused):
        client.connect(**arguments)  # type: ignore[arg-type]  # of connect
    assert tried == places
