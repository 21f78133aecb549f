"""A client with threads and a key for it; and a schema in a test that becomes a package, which the test imports.

With EMITTER_URL, tests run against the broker there.
"""

from __future__ import annotations

import importlib
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType

import pytest

from emitter_typed import Client, EmitterError, Key
from emitter_typed._async import driver as async_driver
from emitter_typed._sync import driver as sync_driver
from emitter_typed.broker import Broker
from emitter_typed_codegen.cli import main
from tests.helpers.loops import FOR_EVER_S, LIMIT_S
from tests.helpers.real import URL, RealBroker

Generated = Callable[[str], ModuleType]
_NUMBERS = count()


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Broker:
    """The embedded broker, or the one that EMITTER_URL and EMITTER_MASTER_KEY tell of."""
    if URL is not None:
        real = RealBroker()
        if real.matcher == "mqtt" and request.node.get_closest_marker("prefix_matching") is not None:
            pytest.skip("the broker matches as MQTT does (EMITTER_MATCHER)")
        return real
    embedded: Broker = request.getfixturevalue("emitter_broker")
    return embedded


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Generated]:
    """Generates the package of a schema, of which the first line may be left out, and imports it."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def package(schema: str) -> ModuleType:
        name = f"generated_{next(_NUMBERS)}"
        path = tmp_path / f"{name}.yaml"
        path.write_text("emitter-typed: 1\n" + textwrap.dedent(schema), "utf-8")
        assert main(["generate", str(path), "--out", str(tmp_path / name)]) == 0
        # The folder has been looked into for the package before: what lies there is remembered by the folder's time,
        # which is coarse on some file systems.
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield package
    # Those of imported files too, whose names are those of other tests' packages.
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(f"{tmp_path}{os.sep}"):
            del sys.modules[name]


@pytest.fixture
def client(broker: Broker) -> Iterator[Client]:
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as connected:
        yield connected


@pytest.fixture
def once(broker: Broker) -> Iterator[Client]:
    """A client that does not connect again."""
    with Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect=False) as connected:
        yield connected


@pytest.fixture
def key(client: Client, broker: Broker) -> Key:
    return client.keygen(broker.master_key, "a/#/", "rwp").key


@pytest.fixture
def errors(client: Client) -> SimpleQueue[EmitterError]:
    """What reaches on_error."""
    queue: SimpleQueue[EmitterError] = SimpleQueue()
    client.on_error = queue.put
    return queue


@pytest.fixture
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `close` and `abort` wait for ever where they wait at all, so that no clock tells that they did."""
    for driver in (async_driver, sync_driver):
        monkeypatch.setattr(driver, "CLOSE_TIMEOUT_S", FOR_EVER_S)
        monkeypatch.setattr(driver, "HANDLERS_TIMEOUT_S", FOR_EVER_S)
