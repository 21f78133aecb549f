"""What the README shows is what happens."""

import importlib
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed.broker import Broker
from emitter_typed.cli import main
from tests.helpers.pages import README, blocks

(FIRST, TYPED) = blocks(README, "python")
(SCHEMA,) = blocks(README, "yaml")


@pytest.fixture
def home_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Makes the README's own package of the README's own schema with the README's own command."""
    command = re.search(r"`emitter-typed (generate [^`]+)`", README)
    assert command is not None
    *_, schema, _, out = arguments = command[1].split()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    Path(schema).write_text(SCHEMA, "utf-8")
    assert main(arguments) == 0
    yield out
    for module in [name for name in sys.modules if name.partition(".")[0] == out]:
        del sys.modules[module]


def test_the_first_program_runs_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(FIRST, "README.md", "exec"), {"__name__": "__main__"})

    key, message, person, refusal = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Key\(…[\w-]{4}\)", key)
    assert message == "chat/ann/ hello"
    assert person == "ann is there"
    assert refusal.startswith("401 ")


def test_the_typed_channels_run_on_the_schema_above_them(broker: Broker, home_api: str) -> None:
    shown: list[tuple[object, ...]] = []
    with Client.from_url(broker.url) as client:

        def show_one_and_leave(*values: object) -> None:
            shown.append(values)
            client.close()  # The program listens for ever: its loop ends when its client is closed.

        context = {
            "client": client,
            "key": client.keygen(broker.master_key, "home/#/", "rwsl").key,
            "now": datetime.now(UTC),
            "print": show_one_and_leave,
        }
        exec(compile(TYPED, "README.md", "exec"), context)

    assert shown == [("kitchen", 21.5)]
    assert home_api in sys.modules
