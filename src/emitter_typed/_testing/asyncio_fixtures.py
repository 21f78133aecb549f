"""The asyncio client for tests that pytest-asyncio runs: one fixture for each scope that its loops may have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal

import pytest_asyncio

from emitter_typed._testing.clients import client_of
from emitter_typed._testing.loops import asyncio_fixture
from emitter_typed._testing.sockets import real_sockets

if TYPE_CHECKING:
    from emitter_typed._async.client import AsyncClient
    from emitter_typed.broker import Broker


def _living_in(loop_scope: Literal["session", "package", "module", "class", "function"]) -> object:
    @pytest_asyncio.fixture(loop_scope=loop_scope, name=asyncio_fixture(loop_scope))
    async def connected(emitter_broker: Broker) -> AsyncIterator[AsyncClient]:
        from emitter_typed._async.client import AsyncClient

        client = client_of(AsyncClient, emitter_broker)
        with real_sockets():
            await client.connect()
        async with client:
            yield client

    return connected


_session = _living_in("session")
_package = _living_in("package")
_module = _living_in("module")
_class = _living_in("class")
_function = _living_in("function")
