"""A key that is given for any argument of a public call, in any form, shows in no frame of the failure.

Nobody can tell which text is a key, so nothing of what a failed call was given may stay there.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emitter_typed import AsyncClient, Client, InvalidArgument, Will
from emitter_typed.broker import AsyncBroker, AsyncCluster, Broker, Cluster
from tests.behaviour.secrets.frames import shown
from tests.codegen.golden.channels.expected import AsyncHome, Floor, Home
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import in_loop

KEY = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"


FORMS: dict[str, object] = {
    "a text": KEY,
    "bytes": KEY.encode(),
    "a bytearray": bytearray(KEY.encode()),
    "a list": [KEY],
    "a dict": {KEY: KEY},
    "a channel": f"{KEY}/",
    "a channel with a space": f"a b/{KEY}/",
}
# What stands in the place of the other parameters, by their names; those that have a default keep it.
OTHERS: dict[str, object] = {
    "key": "k",
    "master_key": "k",
    "target_key": "k",
    "channel": "a/",
    "message": "x",
    "payload": "x",
    "name": "a1",
    "share_group": "group",
    "permissions": "r",
    "ban": True,
    "timeout": 0.0,
    "floor": Floor.GROUND,
    "room": "hall",
    "client": None,
}


def public(cls: type) -> list[str]:
    """Return the names of the methods of a class that programs call with arguments."""
    named = [name for name in dir(cls) if not name.startswith("_") or name == "__call__"]
    return [name for name in named if inspect.isfunction(getattr(cls, name)) and list(parameters(getattr(cls, name)))]


def parameters(function: Callable[..., object]) -> Iterator[inspect.Parameter]:
    for each in inspect.signature(function).parameters.values():
        if each.name != "self":
            yield each


def calls(function: Callable[..., object]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield a call for each parameter and each form of a key in its place, and what that is."""
    for wrong in parameters(function):
        for form, value in FORMS.items():
            positional: list[object] = []
            named: dict[str, object] = {}
            for one in parameters(function):
                given = value if one is wrong or one.name == wrong.name else OTHERS.get(one.name, "x")
                if one.kind in (one.POSITIONAL_ONLY, one.VAR_POSITIONAL):
                    positional += [given] if one.name == wrong.name else []
                elif one.name == wrong.name or one.default is one.empty:
                    named[one.name] = given

            def call(positional: list[object] = positional, named: dict[str, object] = named) -> object:
                return function(*positional, **named)

            yield f"{wrong.name}={form}", call


async def failure(call: Callable[[], Any]) -> Exception | None:  # Any: whatever the call gives
    """Carry out a call and what it returns, and return what that raised."""
    try:
        result = call()
        if inspect.isawaitable(result):
            result = await result
        if hasattr(result, "__anext__"):
            [each async for each in result]
        elif hasattr(result, "__next__"):
            list(result)
    except Exception as error:
        return error
    return None


async def assert_nothing_shows(function: Callable[..., object]) -> None:
    failed = 0
    leaks: list[str] = []
    for what, call in calls(function):
        async with asyncio.timeout(20):
            error = await failure(call)
        if error is not None:
            failed += 1
            places = [*shown(error, KEY), *(["its text"] if KEY in f"{error} {vars(error)}" else [])]
            leaks += [f"{what}: {type(error).__name__}: {place}" for place in places]
    assert failed, "nothing failed"
    assert leaks == []


# What makes options checks nothing, and what connects needs a client of its own.
METHODS = [name for name in public(Client) if not name.startswith("with_") and name != "connect"]


@both_flavours
@pytest.mark.parametrize("name", METHODS)
@in_loop
async def test_of_a_client(broker: Broker, flavour: Flavour, name: str) -> None:
    async with connected(flavour, broker) as client:
        if hasattr(client, name):
            client.on_error = lambda _: None
            await assert_nothing_shows(real(client, name))


def real(client: object, name: str) -> Callable[..., object]:
    """Return the method of a client, of one for threads as well."""
    method: Callable[..., object] = getattr(getattr(client, "__dict__", {}).get("inner", client), name)
    return method


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@in_loop
async def test_of_connect(monkeypatch: pytest.MonkeyPatch, kind: type[Client] | type[AsyncClient]) -> None:
    def no_such_host(*_: object, **__: object) -> object:
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    await assert_nothing_shows(kind(timeout_s=1).connect)


@both_flavours
@in_loop
async def test_of_what_clients_give(broker: Broker, flavour: Flavour) -> None:
    key = broker.keygen("a/", "rw")

    async with connected(flavour, broker) as client:
        await assert_nothing_shows(real(await client.subscribe(key, "a/"), "get"))
        await assert_nothing_shows(real(client.publish_nowait(key, "a/", "x"), "wait"))
        await assert_nothing_shows(client.connection.wait)


@both_flavours
@in_loop
async def test_of_what_a_client_is_told(broker: Broker, flavour: Flavour) -> None:
    async with connected(flavour, broker) as client:
        for name in ("on_message", "on_error", "on_connect", "on_disconnect", "on_presence", "on_keygen"):

            def tell(handler: object, name: str = name) -> None:
                setattr(client, name, handler)

            await assert_nothing_shows(tell)


@both_flavours
@in_loop
async def test_of_a_channel(broker: Broker, flavour: Flavour) -> None:
    async with connected(flavour, broker) as client:
        client.on_error = lambda _: None
        home = AsyncHome(client, "k") if flavour == "asyncio" else Home(vars(client)["inner"], "k")
        one = home.temperature(floor=Floor.GROUND, room="hall")
        for channel in (home.status, home.temperature, one):
            for name in public(type(channel)):
                await assert_nothing_shows(getattr(channel, name))


MADE = [Client, AsyncClient, Home, AsyncHome, Will, Broker, AsyncBroker, Cluster, AsyncCluster]


@pytest.mark.parametrize("make", MADE)
@in_loop
async def test_of_what_is_made(make: type) -> None:
    await assert_nothing_shows(make)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@in_loop
async def test_of_from_url(kind: type[Client] | type[AsyncClient]) -> None:
    await assert_nothing_shows(kind.from_url)


@pytest.mark.parametrize("make", [Broker, AsyncBroker, Cluster, AsyncCluster])
@in_loop
async def test_of_a_key_that_a_broker_makes(make: Callable[[], Broker]) -> None:
    await assert_nothing_shows(make().keygen)


@pytest.mark.parametrize(
    "call",
    [lambda: Client("no URL"), lambda: Client().publish("k", "a/+/", b"")],
    ids=["wrapped", "by itself"],
)
def test_what_the_caller_was_handling_stays_as_it_is(call: Callable[[], object]) -> None:
    """Only what lies below the call is cleared."""

    def own() -> None:
        mine = "still here"
        raise LookupError(mine)

    def while_handling() -> None:
        try:
            own()
        except LookupError:
            call()

    with pytest.raises(InvalidArgument) as caught:
        while_handling()
    handled = caught.value.__context__
    assert isinstance(handled, LookupError)
    assert handled.__traceback__ is not None
    assert handled.__traceback__.tb_next is not None
    assert handled.__traceback__.tb_next.tb_frame.f_locals == {"mine": "still here"}


@in_loop
async def test_a_caller_that_caught_the_cause_goes_on() -> None:
    """To clear the frame of a coroutine that waits would end it."""
    caught = asyncio.Event()
    goes_on = asyncio.Event()
    errors: list[Exception] = []

    async def waits() -> str:
        try:
            raise LookupError("no key")
        except LookupError as error:
            errors.append(error)
        caught.set()
        await goes_on.wait()
        return "went on"

    def keys(_: str) -> str:
        raise errors[0]

    waiting = asyncio.create_task(waits())
    await caught.wait()
    with pytest.raises(InvalidArgument, match="raised LookupError"):
        Home(Client(), keys).status.history()
    goes_on.set()
    assert await waiting == "went on"
