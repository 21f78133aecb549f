"""`doctor` tells what is installed, what generated what and what to run, whatever is broken."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from emitter_typed._cli import installation
from emitter_typed._cli.installation import Extra, Package
from emitter_typed.broker import Broker
from emitter_typed.cli import main
from emitter_typed_codegen.version import CONTRACT, VERSION

KEY = "kR7-_m3Qd9Zb1Xv5Tn8Wc2Lp4Sg6Hj0f"
HOME = "emitter-typed: 1\nname: Home\ntypes:\n  Reading: {fields: {celsius: float}}\n"
PROJECT = '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "home_api"\n'


def _nothing(names: Iterable[str]) -> dict[str, str]:
    return {}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project whose package is generated, on a machine without profiles."""
    for variable in ("EMITTER_URL", "EMITTER_KEY", "EMITTER_MASTER_KEY", "EMITTER_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    # To import all of it takes a process; one test does.
    monkeypatch.setattr(installation, "import_failures", _nothing)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "home.yaml").write_text(HOME)
    (folder / "pyproject.toml").write_text(PROJECT)
    assert main(["generate"]) == 0
    capsys.readouterr()
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> Any:
    assert main(["doctor", *arguments, "--json"]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def rewrite(manifest: Path, **changes: object) -> None:
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changes))


def test_a_project_in_which_all_is_well_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, code=0)

    assert (found["ok"], found["to_do"]) == (True, [])
    assert (found["installed"]["version"], found["installed"]["contract"]) == (VERSION, CONTRACT)
    assert {one["name"] for one in found["installed"]["needed"]} == {"attrs", "cattrs", "paho-mqtt"}
    assert found["project"]["packages"] == [
        {
            "folder": "home_api",
            "schema": "home.yaml",
            "version": VERSION,
            "contract": CONTRACT,
            "command": "emitter-typed generate",
            "fits": True,
        }
    ]
    assert found["connection"] == {
        "url": "mqtt://127.0.0.1:8080",
        "from": "the default",
        "key": False,
        "master_key": False,
        "answers": None,
    }


def test_people_get_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0

    out = capsys.readouterr().out
    assert out.startswith(f"emitter-typed {VERSION}, contract {CONTRACT}, in ")
    assert out.endswith("nothing to do\n")


def test_each_extra_says_what_it_gives(capsys: pytest.CaptureFixture[str]) -> None:
    extras = told(capsys, code=0)["installed"]["extras"]

    assert {"codegen", "broker", "cli"} <= {one["name"] for one in extras} <= installation.GIVES.keys()
    assert all(one["gives"] for one in extras)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"contract": CONTRACT - 1}, f"was made for contract {CONTRACT - 1}, and contract {CONTRACT} is installed"),
        ({"contract": CONTRACT + 1}, f"was made for contract {CONTRACT + 1}"),
        ({"version": "0.0.9"}, f"was made by emitter-typed 0.0.9, and {VERSION} is installed"),
        ({"version": None}, "its manifest.json does not say how it was made"),
    ],
)
def test_a_package_that_does_not_fit_is_told_with_the_command(
    changes: dict[str, object], problem: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(here / "home_api/manifest.json", **changes)

    (todo,) = told(capsys, code=1)["to_do"]

    assert problem in todo["problem"]
    assert todo["run"] == "emitter-typed generate"


def test_what_is_not_generated_yet_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_text(PROJECT.replace("home_api", "other_api"))

    assert told(capsys, code=1)["to_do"] == [
        {"problem": "other_api: is not generated yet", "run": "emitter-typed generate"}
    ]


def test_a_package_of_a_command_of_its_own_names_that(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").unlink()
    main(["generate", "home.yaml", "--out", "mine_api"])
    rewrite(here / "mine_api/manifest.json", version="0.0.9")
    capsys.readouterr()

    (todo,) = told(capsys, code=1)["to_do"]

    assert todo["run"] == "emitter-typed generate home.yaml --out mine_api"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no toml", "is not valid TOML"),
        ("[tool.emitter-typed]\njobs = [5]\n", "job 1 of [tool.emitter-typed]"),
        ('[tool]\nemitter-typed = "x"\n', "must be a table: write [tool.emitter-typed]"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_broken_pyproject_is_told(
    text: str | bytes, problem: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())

    assert problem in told(capsys, code=1)["to_do"][0]["problem"]


def test_a_project_that_generates_nothing_is_well(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    assert told(capsys, code=0)["project"]["packages"][0]["folder"] == "home_api"


def test_a_manifest_after_a_merge_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "home_api/manifest.json"
    path.write_text(path.read_text().replace('"schema"', '<<<<<<< ours\n"schema"'))

    assert "after a merge with conflicts" in told(capsys, code=1)["to_do"][0]["problem"]


def test_a_folder_in_the_place_of_a_manifest_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home_api/manifest.json").unlink()
    (here / "home_api/manifest.json").mkdir()

    assert "its manifest.json cannot be read: Is a directory" in told(capsys, code=1)["to_do"][0]["problem"]


def test_the_connection_is_told_and_no_key_is_shown(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMITTER_KEY", KEY)
    main(["profile", "set", "there", "--url", "mqtt://broker.example:8080"])
    main(["profile", "use", "there"])
    capsys.readouterr()

    assert told(capsys, code=0)["connection"]["from"] == "the default profile"
    monkeypatch.setenv("EMITTER_URL", "mqtt://127.0.0.1:9")
    found = told(capsys, code=0)

    assert (found["connection"]["from"], found["connection"]["key"]) == ("EMITTER_URL", True)
    assert KEY not in str(found)
    assert main(["doctor"]) == 0
    assert KEY not in "".join(capsys.readouterr())


def test_a_key_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config/emitter-typed").mkdir(parents=True)
    profile = 'default = "a"\n[profiles.a]\nurl = "mqtt://127.0.0.1:1"\nkey = "@nowhere.key"\n'
    (tmp_path / "config/emitter-typed/profiles.toml").write_text(profile)

    assert "nowhere.key: No such file" in told(capsys, code=1)["to_do"][0]["problem"]


def test_a_broken_file_of_profiles_is_told(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config/emitter-typed").mkdir(parents=True)
    (tmp_path / "config/emitter-typed/profiles.toml").write_text("default = ")

    found = told(capsys, code=1)

    assert "profiles.toml: not TOML" in found["to_do"][0]["problem"]
    assert found["connection"] is None


def test_a_broker_that_was_named_is_asked(emitter_broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--url", emitter_broker.url, code=0)["connection"]["answers"] is True

    found = told(capsys, "--url", "mqtt://127.0.0.1:1", code=1)
    assert found["connection"]["answers"] is False
    assert "the broker mqtt://127.0.0.1:1 does not answer" in found["to_do"][0]["problem"]


def test_a_part_of_an_extra_is_damage_and_none_is_not() -> None:
    there = Package("a", "1", ">=1", "ok", "")
    missing = Package("b", None, "", "missing", "is not installed")

    assert not Extra("x", "", (missing,)).damaged
    assert not Extra("x", "", (missing, missing)).present
    assert Extra("x", "", (there, missing)).damaged
    assert Extra("x", "", (there,)).present


@pytest.mark.parametrize(
    ("version", "limits", "fits"),
    [
        ("2.1", ">=2.1,<3", True),
        ("3.0.0", ">=2.1,<3", False),
        ("2.0.9", "<3,>=2.1", False),
        ("24.10", ">=24.2", True),
        ("1.0rc1", ">=1", True),
        ("1.5", "~=1.4", True),
        ("2.0", "~=1.4", False),
        ("1", "==1.0", True),
        ("1", "!=1.0", False),
        ("unknown", "", True),
    ],
)
def test_versions_are_compared_as_installers_do(version: str, limits: str, fits: bool) -> None:
    assert installation.fits(version, limits) == fits


def test_a_package_that_is_missing_or_too_old_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    really = importlib.metadata.version

    def version(name: str) -> str:
        if name == "cattrs":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0" if name == "attrs" else really(name)

    monkeypatch.setattr(importlib.metadata, "version", version)

    problems = {one["problem"].partition(":")[0]: one for one in told(capsys, code=1)["to_do"]}

    assert "1.0 is installed, >=" in problems["attrs"]["problem"]
    assert "is not installed" in problems["cattrs"]["problem"]
    assert "-m pip install --force-reinstall" in problems["cattrs"]["run"]


@pytest.mark.parametrize("broken", ["attr attrs", "paho", "yaml rich"])
def test_no_broken_package_makes_a_traceback(broken: str, tmp_path: Path) -> None:
    for name in broken.split():
        (tmp_path / "first" / name).mkdir(parents=True)
        (tmp_path / "first" / name / "__init__.py").write_text("raise RuntimeError('half an installation')\n")

    done = subprocess.run(
        [sys.executable, "-m", "emitter_typed", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "first")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "cannot be imported: RuntimeError: half an installation" in done.stdout
