"""A handler that could never do its work is refused where it is given, and every other is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest

from emitter_typed import EmitterError, HandlerFailed, InvalidArgument, Key, Message
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import LIMIT_S, in_loop


async def waits(_: object) -> None:
    """Handle one message, in an event loop."""


def plain(_: object) -> None:
    """Handle one message."""


def two(_: object, __: object) -> None:
    """Handle two things."""


def none() -> None:
    """Handle nothing."""


def named(*, message: object) -> None:
    """Handle what is given by name."""


def yields(_: object) -> Iterator[None]:
    """Handle nothing, since nobody iterates."""
    yield


async def yields_later(_: object) -> AsyncIterator[None]:
    """Handle nothing, since nobody iterates."""
    yield


class Yielding:
    """A handler with a state, whose code nobody would run."""

    def __call__(self, _: object) -> Iterator[None]:
        """Handle nothing."""
        yield


class Waiting:
    """A handler with a state, for an event loop."""

    async def __call__(self, _: object) -> None:
        """Handle one message."""

    async def handle(self, _: object) -> None:
        """Handle one message."""


# Any: a client of either flavour, and handlers of any kind.
GIVEN: dict[str, Callable[[Any, Any, Any], Any]] = {
    "subscribe": lambda client, key, handler: client.subscribe(key, "a/", handler),
    "subscribe_with_group": lambda client, key, handler: client.subscribe_with_group(key, "b/", "g", handler),
    "presence": lambda client, key, handler: client.presence(key, "a/", optional_handler=handler),
    "on_message": lambda client, _, handler: setattr(client, "on_message", handler),
    "on_error": lambda client, _, handler: setattr(client, "on_error", handler),
    "on_presence": lambda client, _, handler: setattr(client, "on_presence", handler),
}


def given_at(place: str, client: Any, *, key: Key, handler: object) -> Any:
    """Give a handler to a client."""
    return GIVEN[place](client, key, handler)


COROUTINES = [waits, Waiting(), Waiting().handle, partial(waits), partial(partial(Waiting()))]


@pytest.mark.parametrize("place", GIVEN)
@pytest.mark.parametrize("handler", COROUTINES, ids=["function", "object", "method", "partial", "partial of partial"])
@both_flavours
@in_loop
async def test_only_an_asyncio_client_takes_a_coroutine_function(
    flavour: Flavour, broker: Broker, place: str, handler: object
) -> None:
    key = broker.keygen("#/", "rp")
    async with connected(flavour, broker) as client:
        if flavour == "asyncio":
            await called(lambda each: GIVEN[place](each, key, handler), client)
            return
        with pytest.raises(InvalidArgument, match="not an async function") as caught:
            await called(lambda each: GIVEN[place](each, key, handler), client)
        assert caught.value.argument == "handler"


@pytest.mark.parametrize("handler", [yields, yields_later, partial(yields), Yielding()])
@both_flavours
@in_loop
async def test_a_generator_is_refused_for_its_code_would_never_run(
    flavour: Flavour, broker: Broker, handler: object
) -> None:
    key = broker.keygen("#/", "rp")
    async with connected(flavour, broker) as client:
        for place in GIVEN:
            with pytest.raises(InvalidArgument, match="not a generator, which runs nothing"):
                await called(partial(given_at, place, key=key, handler=handler), client)


@pytest.mark.parametrize("place", GIVEN)
@pytest.mark.parametrize("handler", [two, none, named, partial(plain, 1)], ids=["two", "none", "named", "partial"])
@both_flavours
@in_loop
async def test_a_handler_that_cannot_take_its_one_argument_is_refused(
    flavour: Flavour, broker: Broker, place: str, handler: object
) -> None:
    key = broker.keygen("#/", "rp")
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="must be a function of one argument, not one with the parameters"):
            await called(lambda each: GIVEN[place](each, key, handler), client)


@pytest.mark.parametrize("place", ["on_connect", "on_disconnect"])
@both_flavours
@in_loop
async def test_a_handler_that_takes_what_it_is_not_given_is_refused(
    flavour: Flavour, broker: Broker, place: str
) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="must be a function without arguments"):
            setattr(client, place, plain)
        setattr(client, place, none)


@pytest.mark.parametrize("place", GIVEN)
@both_flavours
@in_loop
async def test_whatever_can_be_called_with_a_message_is_taken(flavour: Flavour, broker: Broker, place: str) -> None:
    key = broker.keygen("#/", "rp")
    handlers: list[object] = [
        plain,
        partial(two, 1),
        list[object]().append,
        SimpleQueue[object]().put,
        max,
        dict.fromkeys,
        print,
    ]
    refused: list[InvalidArgument] = []
    async with connected(flavour, broker) as client:
        for handler in handlers:
            try:
                await called(partial(_give, place, key, handler), client)
            except InvalidArgument as error:
                refused.append(error)
    assert refused == []


def _give(place: str, key: object, handler: object, client: Any) -> Any:
    return GIVEN[place](client, key, handler)


@both_flavours
@in_loop
async def test_a_refused_handler_leaves_the_one_before(flavour: Flavour, broker: Broker) -> None:
    key = broker.keygen("a/", "rw")
    received: SimpleQueue[object] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_message = received.put
        with pytest.raises(InvalidArgument):
            client.on_message = two  # type: ignore[assignment]  # on purpose
        await client.subscribe(key, "a/")
        await client.publish(key, "a/", "x", qos=1)
        await client.me()
        await client.drain()
    assert received.get(timeout=LIMIT_S) is not None


@pytest.mark.parametrize(
    ("works", "told"), [(waits, "a coroutine"), (yields, "a generator"), (yields_later, "a generator")]
)
@both_flavours
@in_loop
async def test_a_handler_that_returns_what_has_not_run_is_told(
    flavour: Flavour, broker: Broker, works: Callable[[object], Any], told: str
) -> None:
    """A function around such a one, as many decorators make, does not look like one."""
    key = broker.keygen("a/", "rw")
    errors: SimpleQueue[EmitterError] = SimpleQueue()

    def around(message: Message) -> Any:  # Any: whatever the other returns
        return works(message)

    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        await called(lambda each: each.subscribe(key, "a/", around), client)
        client.on_message = around
        await called(lambda each: each.subscribe(key, "a/"), client)
        await called(lambda each: each.publish(key, "a/", "x", qos=1), client)
        await called(lambda each: each.drain(LIMIT_S), client)

    failures = [errors.get_nowait() for _ in range(errors.qsize())]
    if flavour == "asyncio" and works is waits:
        assert failures == []
        return
    assert [str(each.__cause__).partition(",")[0] for each in failures] == [f"the handler returned {told}"] * 2
    assert all(isinstance(each, HandlerFailed) for each in failures)
