"""What is loaded, and what is not: who only compiles pays for no client, who only names a type for no facade."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TELL = "; import sys; print(*sorted(sys.modules))"


def test_compiling_loads_nothing_of_the_runtime_but_its_command_line(tmp_path: Path) -> None:
    schema = tmp_path / "home.yaml"
    schema.write_text("emitter-typed: 1\nchannels: {hello: {address: hello/, payload: text}}\n", "utf-8")
    arguments = ["generate", str(schema), "--out", str(tmp_path / "home")]

    loaded = _loaded(f"from emitter_typed.cli import main; assert main({arguments!r}) == 0")

    assert "emitter_typed_codegen.view" in loaded
    assert {name for name in loaded if name.startswith("emitter_typed.")} == {
        "emitter_typed.cli",
        "emitter_typed._cli",
        "emitter_typed._cli.compiler",
        "emitter_typed._cli.main",
        "emitter_typed._cli.verbs",
        "emitter_typed._core",
        "emitter_typed._core.extras",
        "emitter_typed._masking",
        "emitter_typed.errors",
    }
    # Half of the time of a small run are imports: those of the other half of the language would be a tenth.
    assert not {name for name in loaded if ".resolve.protocol." in name or ".view.protocol." in name}
    assert not loaded & {
        "emitter_typed_codegen.model.protocol",
        "emitter_typed_codegen.resolve.patterns",
        "emitter_typed_codegen.source.syntax",
        "emitter_typed_codegen.view.strategies",
        *("decimal", "fractions"),
    }


def test_a_generated_name_loads_no_facade() -> None:
    loaded = _loaded("from emitter_typed import Permission")

    assert {name for name in loaded if name.startswith("emitter_typed._generated.")} == {
        f"emitter_typed._generated.{module}" for module in ("errors", "options", "types")
    }
    assert "emitter_typed._sync.client" not in loaded


def test_a_users_package_loads_no_client() -> None:
    loaded = _loaded("import emitter_typed.channels, emitter_typed.contract")

    assert "emitter_typed._generated.channels" in loaded
    assert not loaded & {
        "emitter_typed._sync.client",
        "emitter_typed._async.client",
        "emitter_typed._generated.sync_api",
        "paho",
    }


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_a_client_loads_what_carries_its_calls_when_it_is_made(name: str) -> None:
    """Time to import is part of the product: nothing here may come back unnoticed."""
    # On Python 3.14, logging loads dataclasses by itself.
    loaded = _loaded(f"from emitter_typed import {name}") - _loaded("import logging")

    assert not loaded & {
        *("asyncio", "cattrs", "dataclasses", "msgspec", "paho", "typing_extensions"),
        "emitter_typed._protocol.payloads.conversion",
        "emitter_typed._protocol.session.session",
        "emitter_typed._sync.driver",
        "emitter_typed._async.driver",
    }


def test_a_client_with_threads_has_no_use_for_asyncio() -> None:
    loaded = _loaded("from emitter_typed import Client; Client()")

    assert "emitter_typed._sync.driver" in loaded
    assert not loaded & {"asyncio", "cattrs", "msgspec", "emitter_typed._async.driver"}
    # Outcomes and states of both flavours stand in one module each, and know how a task waits.
    of_the_other = {name for name in loaded if name.startswith("emitter_typed.") and "async" in name}
    assert of_the_other == {"emitter_typed._core.async_waiters"}


def _loaded(program: str) -> set[str]:
    # What measures coverage in a process loads modules of its own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", program + TELL],
        env=environment,
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())
