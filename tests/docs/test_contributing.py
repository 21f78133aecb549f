"""A new option is one line of the schema: the one that CONTRIBUTING.md walks through.

That checkers know it: tests/typing.
"""

import asyncio
import importlib
import inspect
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from emitter_typed import InvalidArgument
from emitter_typed._async.lifecycle import AsyncLifecycle
from emitter_typed._sync.lifecycle import SyncLifecycle
from tests.helpers.new_option import PACKAGE, generate_with_it

# How long a test that has failed already may take to end.
PATIENCE_S = 10


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Generates and imports Emitter's protocol with that line."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    generate_with_it(tmp_path)
    for module in ("sync_api", "async_api", "channels", "protocol"):
        importlib.import_module(f"{PACKAGE}.{module}")
    yield sys.modules[PACKAGE]
    for module in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


@pytest.mark.parametrize(
    "facade",
    ["sync_api.SyncApi", "async_api.AsyncApi", "channels.PublishChannel", "channels.AsyncPublishChannel"],
)
def test_facades_and_channels_take_it_and_tell_it(api: ModuleType, facade: str) -> None:
    module, _, name = facade.partition(".")
    for method in ("publish", "publish_nowait"):
        function = getattr(getattr(getattr(api, module), name), method)
        parameter = inspect.signature(function).parameters["priority"]

        assert (parameter.annotation, parameter.default) == ("int | None", None)
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert "priority: How soon to deliver. At least 0, at most 9." in " ".join(function.__doc__.split())


def test_only_what_it_applies_to_has_it(api: ModuleType) -> None:
    for facade in (api.sync_api.SyncApi, api.async_api.AsyncApi):
        having = {
            name
            for name, method in inspect.getmembers(facade, inspect.isfunction)
            if not name.startswith("_") and "priority" in inspect.signature(method).parameters
        }
        assert having == {"publish", "publish_nowait"}


class Peer:
    """Accepts one connection as a broker would, and keeps what comes."""

    def __init__(self) -> None:
        self.heard = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self._thread = threading.Thread(target=self._listen, name="peer")
        self.port: int = self._listener.getsockname()[1]

    def _listen(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(PATIENCE_S)
            self.heard = connection.recv(4096)
            connection.sendall(b"\x20\x02\x00\x00")  # CONNACK: accepted
            while data := connection.recv(4096):
                self.heard += data

    def __enter__(self) -> "Peer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()


def test_it_reaches_the_wire_from_threads(api: ModuleType) -> None:
    members = {"_protocol": api.protocol.PROTOCOL}
    client = type("Client", (SyncLifecycle, api.sync_api.SyncApi), members)()

    with Peer() as peer:
        client.connect("127.0.0.1", peer.port, secure=False)
        client.publish("key", "chat/", "hello", priority=3)
        with pytest.raises(InvalidArgument, match="priority"):
            client.publish("key", "chat/", "hello", priority=10)
        client.close()

    assert b"key/chat/?priority=3hello" in peer.heard
    assert b"priority=10" not in peer.heard


def test_it_reaches_the_wire_from_asyncio(api: ModuleType) -> None:
    members = {"_protocol": api.protocol.PROTOCOL}
    facade = type("AsyncClient", (AsyncLifecycle, api.async_api.AsyncApi), members)

    async def run(port: int) -> None:
        client = facade()
        await client.connect("127.0.0.1", port, secure=False)
        await client.publish("key", "chat/", "hello", priority=3)
        await client.close()

    with Peer() as peer:
        asyncio.run(run(peer.port))

    assert b"key/chat/?priority=3hello" in peer.heard
