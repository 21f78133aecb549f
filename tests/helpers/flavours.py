"""One test for both flavours: the client for threads, spoken to as if it were the one for asyncio."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar, cast

import pytest

from emitter_typed import AsyncClient, AsyncPending, AsyncSubscription, Client, Message, Pending, Subscription
from emitter_typed._core.settings import WhileOffline
from emitter_typed._protocol.topics import Matcher
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S

T = TypeVar("T")

Flavour: TypeAlias = Literal["threads", "asyncio"]

both_flavours = pytest.mark.parametrize("flavour", ["threads", "asyncio"])


class Settings(TypedDict):
    timeout_s: float
    username: str
    reconnect_max_s: float
    while_offline: WhileOffline
    outbox_max_messages: int
    outbox_max_bytes: int
    matcher: Matcher
    retry_connect: bool


class _Awaited:
    """What is for threads, with the methods of its counterpart for asyncio. A call blocks the loop for its time."""

    def __init__(self, inner: object, counterpart: type) -> None:
        self.__dict__.update(inner=inner, counterpart=counterpart)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.__dict__["inner"], name, value)

    def __getattr__(self, name: str) -> Any:  # Any: whatever the counterpart has there
        found = getattr(self.__dict__["inner"], name)
        if not inspect.iscoroutinefunction(getattr(self.__dict__["counterpart"], name)):
            return _given(found) if callable(found) else found

        async def called(*arguments: object, **named: object) -> object:
            return _result(found(*arguments, **named))

        return called


def _given(function: Callable[..., object]) -> Callable[..., object]:
    return lambda *arguments, **named: _result(function(*arguments, **named))


def _result(result: object) -> object:
    if isinstance(result, Subscription):
        return _Awaited(cast("Subscription[Message]", result), AsyncSubscription)
    if isinstance(result, Pending):
        return _Awaited(result, AsyncPending)
    return _items(cast("Iterator[object]", result)) if isinstance(result, Iterator) else result


async def _items(items: Iterator[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


def as_awaited(client: object, counterpart: type[T]) -> T:
    """Return a client for threads as its counterpart for asyncio looks."""
    return cast("T", _Awaited(client, counterpart))


@asynccontextmanager
async def connected(
    flavour: Flavour,
    broker: Broker,
    while_offline: WhileOffline = "wait",
    outbox_max_messages: int = 1000,
    outbox_max_bytes: int = 16 * 1024 * 1024,
    matcher: Matcher = "emitter",
    url: str | None = None,
    retry_connect: bool = False,
) -> AsyncGenerator[AsyncClient]:
    """A connected client of a flavour, which comes back at once; url: another way to the broker."""
    url = url or broker.url
    settings: Settings = {
        "timeout_s": LIMIT_S,
        "username": flavour,
        "reconnect_max_s": 0.02,
        "while_offline": while_offline,
        "outbox_max_messages": outbox_max_messages,
        "outbox_max_bytes": outbox_max_bytes,
        "matcher": matcher,
        "retry_connect": retry_connect,
    }
    if flavour == "threads":
        with Client.from_url(url, **settings) as client:
            yield as_awaited(client, AsyncClient)
    else:
        async with AsyncClient.from_url(url, **settings) as client:
            yield client


async def called(call: Callable[[Any], Any], client: object) -> object:
    """Call a method of a client, whether or not it is to be awaited."""
    result = call(client)
    return await result if inspect.isawaitable(result) else result


async def received(subscription: AsyncSubscription) -> Message:
    """Return the next message of a subscription."""
    message = await subscription.get(timeout_s=LIMIT_S)
    assert message is not None, "no message came in time"
    return message


async def texts(subscription: AsyncSubscription, count: int) -> list[str]:
    """Return the next messages of a subscription as texts."""
    return [(await received(subscription)).as_string() for _ in range(count)]
