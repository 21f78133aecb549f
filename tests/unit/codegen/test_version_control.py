"""Packages under version control: real merges, and what `generate` makes of what they leave."""

import itertools
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main

HEAD = "emitter-typed: 1\nname: Home\n"
FIELDS = {
    "alpha": "{type: float, minimum: 0, unit: volts}",
    "bravo": "{type: string, max_length: 10, doc: How it is called.}",
    "delta": "{type: date, doc: A day.}",
    "hotel": "{type: uuid?, doc: An id.}",
    "kilo": "{type: '{string: string}', default: {}}",
    "lima": "{type: '[decimal]', max_items: 3}",
    "zulu": "{type: duration, format: seconds, default: 5}",
}


class Repository:
    """A repository with a schema and its package."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "home_api"
        self.schema = folder / "home.yaml"
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, check: bool = True) -> str:
        settings = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *settings, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
        )
        return done.stdout

    def generate(self, *options: str) -> int:
        return main(["generate", str(self.schema), "--out", str(self.package), *options])

    def commit(self, schema: str) -> None:
        """Write a schema, generate, and commit both."""
        self.schema.write_text(schema, "utf-8")
        assert self.generate() == 0
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")

    def merge(self, base: str, ours: str, theirs: str) -> set[str]:
        """Commit a schema, and two others on two branches; merge these. Return the files with conflicts."""
        self.commit(base)
        self.git("checkout", "-q", "-b", "theirs")
        self.commit(theirs)
        self.git("checkout", "-q", "main")
        self.commit(ours)
        self.git("merge", "-q", "theirs", check=False)
        return set(self.git("diff", "--name-only", "--diff-filter=U").split())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "repository").mkdir()
    return Repository(tmp_path / "repository")


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def fresh(repository: Repository, folder: Path) -> dict[str, str]:
    """Return the package of the schema as it would be if there had never been another one."""
    shutil.copy(repository.schema, folder / "home.yaml")
    assert main(["generate", str(folder / "home.yaml"), "--out", str(folder / "home_api")]) == 0
    return texts(folder / "home_api")


def with_fields(reading: str, status: str = "") -> str:
    return (
        HEAD
        + "types:\n  Reading:\n    fields:\n"
        + reading
        + "  Status:\n    fields:\n      code: int\n      text: string\n"
        + status
        + 'channels:\n  readings: {address: "r/{room}/", payload: Reading}\n'
    )


def field(name: str) -> str:
    return f"      {name}: {FIELDS[name]}\n"


OWN = "      one: float\n      two: int\n"


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(FIELDS, 2)))
def test_tmp(repository: Repository, tmp_path: Path, first: str, second: str) -> None:
    found = repository.merge(with_fields(OWN), with_fields(field(first) + OWN), with_fields(OWN + field(second)))
    print(repository.git("status", "--short"))
    assert found == {"home_api/manifest.json"}
    assert repository.generate("--check") == 1
    assert repository.generate() == 0
    assert texts(repository.package) == fresh(repository, tmp_path)
