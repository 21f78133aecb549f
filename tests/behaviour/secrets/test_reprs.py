"""What a program prints while it is looked into says what a thing is and how it stands, and shows no secret."""

from __future__ import annotations

import pytest

from emitter_typed import AsyncClient, AsyncPending, Client, Unauthorized
from emitter_typed.broker import Broker
from tests.codegen.golden.channels.expected import AsyncHome, Floor, Home
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import in_loop
from tests.helpers.losing import lose, return_

NAMES: dict[Flavour, tuple[str, str]] = {"threads": ("Client", "Pending"), "asyncio": ("AsyncClient", "AsyncPending")}


def shown(of: AsyncClient | AsyncPending) -> str:
    """Return the repr, of what is for threads as well."""
    return repr(getattr(of, "__dict__", {}).get("inner", of))


@both_flavours
@in_loop
async def test_a_client_shows_where_it_connects_to_and_how_that_stands(flavour: Flavour, broker: Broker) -> None:
    start = f"<{NAMES[flavour][0]} {broker.url}"
    async with connected(flavour, broker) as client:
        assert shown(client) == f"{start} connected>"
        await lose(client, broker)
        assert shown(client) == f"{start} reconnecting>"
        await return_(client, broker)
    assert shown(client) == f"{start} closed>"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_that_never_connected_shows_its_url_without_what_may_be_secret(
    kind: type[Client] | type[AsyncClient],
) -> None:
    name = kind.__name__
    assert repr(kind()) == f"<{name} closed>"
    urls = {
        "mqtts://broker.example": "mqtts://broker.example:443",
        "ws://[::1]:80/token": "ws://[::1]:80",
        "wss://broker.example:8443/token": "wss://broker.example:8443",
    }
    for url, place in urls.items():
        assert repr(kind.from_url(url, username="ann")) == f"<{name} {place} closed>"


def test_a_client_shows_where_it_was_told_to_connect_to(broker: Broker) -> None:
    client = Client.from_url("mqtt://elsewhere.example")
    client.connect(broker.host, broker.port, False)
    assert repr(client) == f"<Client {broker.url} connected>"
    client.close()


@both_flavours
@in_loop
async def test_a_pending_message_shows_whether_and_how_it_has_ended(flavour: Flavour, broker: Broker) -> None:
    key = broker.keygen("a/", "w")
    start = f"<{NAMES[flavour][1]} publish_nowait"
    async with connected(flavour, broker) as client:
        broker.faults.withhold_replies()
        pending = client.publish_nowait(key, "a/", "x")
        assert shown(pending) == f"{start} under way>"
        broker.faults.release_replies()
        await pending.wait()
        assert shown(pending) == f"{start} done>"
        refused = client.publish_nowait(key, "b/", "x")
        with pytest.raises(Unauthorized):
            await refused.wait()
        assert shown(refused) == f"{start} failed with Unauthorized>"


def test_a_facade_shows_its_channels_and_no_key() -> None:
    assert repr(Home(Client(), "k" * 32)) == "<Home status, temperature>"
    assert repr(AsyncHome(AsyncClient(), lambda _: "k" * 32)) == "<AsyncHome status, temperature>"


def test_a_typed_channel_shows_its_address_and_no_key() -> None:
    key = "k" * 32
    home = Home(Client(), key)
    assert repr(home.status) == "<StatusChannel home/status/>"
    assert repr(home.temperature) == "<TemperatureChannels home/{floor}/{room}/temperature/>"
    hall = home.temperature(floor=Floor.GROUND, room="hall")
    assert repr(hall) == "<TemperatureChannel home/{floor}/{room}/temperature/ floor=ground room=hall>"
    assert key not in repr(home.temperature(floor=Floor.GROUND, room=key))
