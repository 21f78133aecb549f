"""A connection is lost, and comes back."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue
from typing import TypeVar

from emitter_typed import AsyncClient, ConnectionStatus
from emitter_typed.broker import Broker
from tests.helpers.flavours import called
from tests.helpers.loops import LIMIT_S

T = TypeVar("T")


async def until(client: AsyncClient, *statuses: ConnectionStatus) -> None:
    assert await called(lambda each: each.connection.wait(*statuses, timeout_s=LIMIT_S), client)


async def came(queue: SimpleQueue[T]) -> T:
    return await asyncio.to_thread(queue.get, timeout=LIMIT_S)


async def lose(client: AsyncClient, broker: Broker, username: str | None = None) -> None:
    """Drop the connections, of all or of one user, and return once the client has noticed."""
    broker.faults.refuse_connections()
    broker.faults.drop_connections(username)
    await until(client, "reconnecting")


async def return_(client: AsyncClient, broker: Broker) -> None:
    broker.faults.accept_connections()
    await until(client, "connected")
