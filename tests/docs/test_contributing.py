"""A new option is one line of the schema: the one that CONTRIBUTING.md walks through."""

import asyncio
import importlib
import inspect
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from emitter_typed import InvalidArgument
from emitter_typed._async.driver import AsyncDriver
from emitter_typed._sync.driver import SyncDriver
from emitter_typed.cli import main
from tests.helpers.pages import ROOT, blocks

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
(LINE,) = (each for each in blocks(CONTRIBUTING, "yaml") if "priority" in each)
(CALL,) = (each for each in blocks(CONTRIBUTING, "python") if "priority" in each)
PACKAGE = "emitter_with_priority"
# How long a test that has failed already may take to end.
PATIENCE_S = 10


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Generates and imports Emitter's protocol with that line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    schema = (ROOT / "schema" / "emitter.yaml").read_text("utf-8")
    before, heading, after = schema.partition("\noptions:\n")
    Path("emitter.yaml").write_text(f"{before}{heading}  {LINE.strip()}\n{after}", "utf-8")
    assert main(["generate", "emitter.yaml", "--out", PACKAGE]) == 0
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


def test_a_checker_knows_it(api: ModuleType, tmp_path: Path) -> None:
    program = f"""
        from {api.__name__}.async_api import AsyncApi
        from {api.__name__}.sync_api import SyncApi
        from {api.__name__}.types import Key

        def good(client: SyncApi, key: Key) -> None:
            {CALL.strip()}

        async def good_later(client: AsyncApi, key: Key) -> None:
            await {CALL.strip()}

        def bad(client: SyncApi, key: Key) -> None:
            client.publish(key, "chat/", "hello", priority="x")

        async def bad_later(client: AsyncApi, key: Key) -> None:
            await client.publish(key, "chat/", "hello", priority="x")
    """
    Path("program.py").write_text(inspect.cleandoc(program), "utf-8")
    cache = ROOT / ".mypy_cache" / "new-option"

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), "program.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("MYPY")},
        capture_output=True,
        text=True,
        check=False,
    )

    words = '"publish" of "{}" has incompatible type "str"; expected "int | None"  [arg-type]'
    assert done.stdout.splitlines() == [
        'program.py:12: error: Argument "priority" to ' + words.format("SyncApi"),
        'program.py:15: error: Argument "priority" to ' + words.format("AsyncApi"),
        "Found 2 errors in 1 file (checked 1 source file)",
    ], done.stderr


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
    client = type("Client", (SyncDriver, api.sync_api.SyncApi), members)()

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
    facade = type("AsyncClient", (AsyncDriver, api.async_api.AsyncApi), members)

    async def run(port: int) -> None:
        client = facade()
        await client.connect("127.0.0.1", port, secure=False)
        await client.publish("key", "chat/", "hello", priority=3)
        await client.close()

    with Peer() as peer:
        asyncio.run(run(peer.port))

    assert b"key/chat/?priority=3hello" in peer.heard
