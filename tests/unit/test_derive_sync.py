"""What the sync client has of the async one is made by `tools/derive_sync.py`, line by line."""

import re
from pathlib import Path

import pytest

from tools.derive_sync import MODULES, REPLACEMENTS, ROOT, NotDerivable, derive, derived_name, main

NAME = "src/emitter_typed/_async/waiting.py"

SOURCE = '''\
"""How a client with asyncio waits: each task for itself."""

from collections.abc import AsyncIterator, Awaitable, Callable

from emitter_typed._async.connection import AsyncConnection
from emitter_typed._core.async_waiters import AsyncWaiters
from emitter_typed._core.subscriptions import AsyncSubscription


class AsyncWaiting:
    """Waits. For programs of an `AsyncClient`."""

    def __init__(self, waiters: AsyncWaiters, handler: Callable[[str], Awaitable[None] | None]) -> None:
        self._async_waiters = waiters
        self._handler = handler

    async def __aenter__(self) -> None:
        await self._async_waiters.wait(  # once
            1
        )

    async def texts(self, connection: AsyncConnection, subscription: AsyncSubscription) -> AsyncIterator[str]:
        async with connection:
            async for message in subscription:
                yield message
'''

DERIVED = '''\
# @generated from _async/waiting.py by tools/derive_sync.py. Do not edit: run `make generate`.
"""How a client with threads waits: each thread for itself."""

from collections.abc import Callable, Iterator

from emitter_typed._core.subscriptions import Subscription
from emitter_typed._core.sync_waiters import SyncWaiters
from emitter_typed._sync.connection import SyncConnection


class SyncWaiting:
    """Waits. For programs of a `Client`."""

    def __init__(self, waiters: SyncWaiters, handler: Callable[[str], None]) -> None:
        self._sync_waiters = waiters
        self._handler = handler

    def __enter__(self) -> None:
        self._sync_waiters.wait(  # once
            1
        )

    def texts(self, connection: SyncConnection, subscription: Subscription) -> Iterator[str]:
        with connection:
            yield from subscription
'''


def test_code_docs_imports_and_layout_are_those_of_threads() -> None:
    assert derive(SOURCE, NAME) == DERIVED


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from asyncio import sleep\nsleep(1)\n", "from asyncio import sleep"),
        ("# Cancelled by asyncio.\n", "# Cancelled by asyncio."),
        ("def wait(:\n", "invalid-syntax"),
    ],
)
def test_what_threads_cannot_do_is_refused_with_the_line(line: str, said: str) -> None:
    with pytest.raises(NotDerivable, match=rf"(?s){re.escape(NAME)}: .*{re.escape(said)}"):
        derive(line, NAME)


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in REPLACEMENTS])
def test_each_replacement_is_needed(pattern: str) -> None:
    assert any(re.search(pattern, (ROOT / name).read_text("utf-8")) for name in MODULES)


def test_what_was_edited_is_found_and_then_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in MODULES:
        for each in (name, derived_name(name)):
            (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / each).write_bytes((ROOT / each).read_bytes())
    assert main(["--check"], tmp_path) == 0, "run `make generate`"

    edited = tmp_path / derived_name(MODULES[0])
    as_derived = edited.read_bytes()
    edited.write_bytes(as_derived + b"# by hand\n")
    assert main(["--check"], tmp_path) == 1
    assert edited.read_bytes() != as_derived
    said = capsys.readouterr().err
    assert said == f"{derived_name(MODULES[0])} is not what {MODULES[0]} makes: run `make generate`\n"

    assert main([], tmp_path) == 0
    assert edited.read_bytes() == as_derived


def test_other_arguments_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "usage: python -m tools.derive_sync [--check]" in capsys.readouterr().err
