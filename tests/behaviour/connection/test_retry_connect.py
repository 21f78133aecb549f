"""A client that was told to goes on trying to connect, until its broker is there or its time is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypedDict

import pytest

from emitter_typed import AsyncClient, Client, ConnectionRefused
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, as_awaited, both_flavours
from tests.helpers.loops import LIMIT_S, in_loop, with_enough_time
from tests.helpers.losing import until


class Settings(TypedDict):
    timeout_s: float
    reconnect: bool
    reconnect_max_s: float
    retry_connect: bool


def trying(flavour: Flavour, broker: Broker, *, timeout_s: float = LIMIT_S, reconnect: bool = True) -> AsyncClient:
    """A client of a flavour that goes on trying, and is not connected yet."""
    settings: Settings = {
        "timeout_s": timeout_s,
        "reconnect": reconnect,
        "reconnect_max_s": 0.02,
        "retry_connect": True,
    }
    if flavour == "threads":
        return as_awaited(Client.from_url(broker.url, **settings), AsyncClient)
    return AsyncClient.from_url(broker.url, **settings)


class Attempts(logging.Handler):
    """Calls a function when the second attempt has failed, and counts those after which another follows."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self.failed = 0
        self._call = call

    def emit(self, record: logging.LogRecord) -> None:
        if "delay_s=" in record.msg:
            self.failed += 1
            if self.failed == 2:
                self._call()


@contextmanager
def attempts(call: Callable[[], object] = lambda: None) -> Generator[Attempts]:
    handler, logger = Attempts(call), logging.getLogger("emitter_typed")
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


@both_flavours
@in_loop
async def test_connecting_goes_on_until_the_broker_is_there(flavour: Flavour, emitter_broker: Broker) -> None:
    client = trying(flavour, emitter_broker)
    emitter_broker.stop()
    with attempts(emitter_broker.start):
        await client.connect()
    assert (client.connection.status, client.connection.error, client.connection.connects) == ("connected", None, 1)
    assert (await client.me()).id
    await client.close()


@both_flavours
@in_loop
async def test_after_the_time_limit_the_last_refusal_is_raised_and_nothing_goes_on(
    flavour: Flavour, emitter_broker: Broker
) -> None:
    emitter_broker.stop()

    async def connect(timeout_s: float) -> None:
        client = trying(flavour, emitter_broker, timeout_s=timeout_s)
        with attempts() as made, pytest.raises(ConnectionRefused) as caught:
            await client.connect()
        assert made.failed >= 1
        assert caught.value.port == emitter_broker.port
        assert (client.connection.status, client.connection.error) == ("closed", caught.value)

    await with_enough_time(connect)


@both_flavours
@in_loop
async def test_a_refusal_that_would_come_again_is_raised_at_once(flavour: Flavour, emitter_broker: Broker) -> None:
    emitter_broker.faults.refuse_connections(return_code=5)
    with attempts() as made, pytest.raises(ConnectionRefused, match="not authorised"):
        await trying(flavour, emitter_broker).connect()
    assert made.failed == 0


@both_flavours
@in_loop
async def test_who_goes_on_trying_need_not_connect_again_later(flavour: Flavour, emitter_broker: Broker) -> None:
    client = trying(flavour, emitter_broker, reconnect=False)
    emitter_broker.stop()
    with attempts(emitter_broker.start) as made:
        await client.connect()
        failed = made.failed
        emitter_broker.faults.drop_connections()
        await until(client, "closed")
    assert (client.connection.connects, made.failed) == (1, failed)
    await client.close()
