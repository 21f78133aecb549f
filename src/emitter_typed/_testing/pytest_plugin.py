"""The pytest plugin. Every pytest run loads it, so it loads nothing of ours before one of its fixtures is used."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, TypeVar

import pytest

from emitter_typed._testing.clients import client_of, load_all
from emitter_typed._testing.loops import (
    ALONE_FIXTURE,
    ANYIO_FIXTURE,
    PYTEST_ASYNCIO,
    fixture_for,
    is_active,
    knows_loop_scopes,
)
from emitter_typed._testing.sockets import real_sockets

if TYPE_CHECKING:
    from asyncio import Runner

    from emitter_typed._async.client import AsyncClient
    from emitter_typed._generated.types import Key
    from emitter_typed._sync.client import Client
    from emitter_typed._testing.options import BrokerOptions, ClusterOptions
    from emitter_typed.broker import Broker, Cluster

T = TypeVar("T")

# A key that may extend may neither publish nor subscribe, and what `x` permits, no request asks for.
_EVERYTHING = "rwslp"

_runner: pytest.StashKey[Runner] = pytest.StashKey()


@pytest.fixture(scope="session")
def emitter_broker_options() -> BrokerOptions:
    """Keyword arguments for the broker of the other fixtures. Override it to choose them.

    ```python
    @pytest.fixture
    def emitter_broker_options() -> BrokerOptions:  # from emitter_typed.testing
        return {"matcher": "mqtt", "limits": Limits(max_connections=10)}
    ```

    For the fixtures of the whole session, override it in the topmost conftest.py with `scope="session"`.
    """
    return {}


@pytest.fixture
def emitter_broker(emitter_broker_options: BrokerOptions) -> Iterator[Broker]:
    """An Emitter broker in this process, new for each test, on a loopback port that was free.

    It has `url` and `master_key`; `keygen(channel, permissions)` makes keys; `published` and `wait_published()` tell
    what was published; `clock.advance(60)` lets keys and stored messages expire at once; `faults` breaks connections.
    It needs the extra `broker`: `pip install "emitter-typed[broker]"`.
    """
    yield from _open(lambda: _make_broker(emitter_broker_options))


@pytest.fixture
def emitter_key(emitter_broker: Broker) -> Key:
    """A key of `emitter_broker` for every channel, to publish, subscribe, store, load, and watch presence."""
    return emitter_broker.keygen("#/", _EVERYTHING)


@pytest.fixture
def emitter_client(emitter_broker: Broker) -> Iterator[Client]:
    """A client that is connected to `emitter_broker`, over TCP as programs are."""
    from emitter_typed._sync.client import Client

    yield from _open(lambda: client_of(Client, emitter_broker))


@pytest.fixture
def emitter_async_client(request: pytest.FixtureRequest, emitter_broker: Broker) -> AsyncClient:
    """An asyncio client that is connected to `emitter_broker`, in the event loop of the test.

    pytest-asyncio or anyio run the test if they are there and it is theirs (with anyio: in asyncio). An `async def`
    test that nobody else runs needs neither of them, nor a mark: it runs in a loop of its own.
    """
    # It asks for the broker itself: of what only the inner fixture asks for, pytest finds no parameters.
    client: AsyncClient = request.getfixturevalue(fixture_for(request))
    return client


@pytest.fixture(scope="session")
def emitter_cluster_options() -> ClusterOptions:
    """Keyword arguments for the cluster of `emitter_cluster`. Override it to choose them.

    ```python
    @pytest.fixture
    def emitter_cluster_options() -> ClusterOptions:  # from emitter_typed.testing
        return {"size": 3}
    ```
    """
    return {}


@pytest.fixture
def emitter_cluster(emitter_cluster_options: ClusterOptions) -> Iterator[Cluster]:
    """Emitter brokers in this process that form a cluster, new for each test: two nodes, unless the options say more.

    `one, other = emitter_cluster.nodes` are its brokers, each with `url`, `faults`, `stop()`, `kill()` and `start()`;
    `keygen(channel, permissions)` makes keys for all of them. They share live messages, presence changes and bans; each
    has its own stored messages.
    """
    _need_extra()
    from emitter_typed.broker import Cluster

    yield from _open(lambda: Cluster(**emitter_cluster_options))


@pytest.fixture(scope="session")
def emitter_broker_session(emitter_broker_options: BrokerOptions) -> Iterator[Broker]:
    """A broker for the whole session (with xdist: for each worker). What one test stores, the next one finds."""
    yield from _open(lambda: _make_broker(emitter_broker_options))


@pytest.fixture(scope="session")
def emitter_key_session(emitter_broker_session: Broker) -> Key:
    """A key of `emitter_broker_session` for every channel, to publish, subscribe, store, load, and watch presence."""
    return emitter_broker_session.keygen("#/", _EVERYTHING)


@pytest.fixture(scope="session")
def emitter_client_session(emitter_broker_session: Broker) -> Iterator[Client]:
    """A client that is connected to `emitter_broker_session` for the whole session."""
    from emitter_typed._sync.client import Client

    yield from _open(lambda: client_of(Client, emitter_broker_session))


@pytest.fixture(name=ANYIO_FIXTURE)
async def _client_in_loop_of_anyio(emitter_broker: Broker) -> AsyncIterator[AsyncClient]:
    from emitter_typed._async.client import AsyncClient

    client = client_of(AsyncClient, emitter_broker)
    with real_sockets():
        await client.connect()
    async with client:
        yield client


@pytest.fixture(name=ALONE_FIXTURE)
def _client_in_loop_of_its_own(request: pytest.FixtureRequest, emitter_broker: Broker) -> Iterator[AsyncClient]:
    import asyncio

    from emitter_typed._async.client import AsyncClient

    client = client_of(AsyncClient, emitter_broker)
    with ExitStack() as stack:
        with real_sockets():
            runner = stack.enter_context(asyncio.Runner())
            runner.run(client.connect())
        request.node.stash[_runner] = runner
        yield client
        runner.run(client.close())


def pytest_configure(config: pytest.Config) -> None:
    """Add the fixtures that only pytest-asyncio can serve, if it is there."""
    if is_active(config, PYTEST_ASYNCIO) and knows_loop_scopes(config):
        from emitter_typed._testing import asyncio_fixtures

        config.pluginmanager.register(asyncio_fixtures)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Load what the fixtures need before any test runs, if one of these uses them.

    A test may put another file system in the place of the real one (pyfakefs), where modules cannot be loaded well.
    """
    fixtures = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if any(name.startswith("emitter_") for name in fixtures):
        load_all()


def pytest_pycollect_makeitem(name: str, obj: object) -> list[pytest.Item] | None:
    """Leave out what a schema's alias is another name for, as in `TestRoom = str`: pytest would warn of it."""
    if isinstance(obj, type) and obj.__name__ != name and obj.__module__.partition(".")[0] in sys.stdlib_module_names:
        return []
    return None


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test whose client lives in a loop of its own, unless another plugin has run it."""
    runner = pyfuncitem.stash.get(_runner, None)
    if runner is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: value for name, value in pyfuncitem.funcargs.items() if name in wanted}
    runner.run(pyfuncitem.obj(**arguments))
    return True


def _open(make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    with ExitStack() as stack:
        with real_sockets():
            opened = stack.enter_context(make())
        yield opened


def _make_broker(options: BrokerOptions) -> Broker:
    _need_extra()
    from emitter_typed.broker import Broker

    return Broker(**options)


def _need_extra() -> None:
    from emitter_typed._core.extras import lacking

    advice = lacking("broker", "the embedded broker")
    if advice is not None:
        pytest.fail(advice, pytrace=False)
