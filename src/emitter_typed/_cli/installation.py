"""What is installed: packages and extras, as their metadata tells, and whether they can be imported."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

NAME: Final = "emitter-typed"

GIVES: Final[Mapping[str, str]] = {
    "codegen": "code from schemas: generate, check, diff",
    "broker": "the embedded broker and the pytest fixtures",
    "cli": "colour, tables and progress on a terminal",
    "hypothesis": "strategies for tests: generate --testing",
    "fast": "faster reading and writing of payloads",
}
"""What each extra is for."""

_IMPORTED = {"paho-mqtt": "paho.mqtt.client", "pyyaml": "yaml"}
"""What a package is imported as, where its name does not say it."""

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*([^;]*)(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_LIMIT = re.compile(r"(>=|<=|==|!=|~=|<|>)\s*([0-9]+(?:\.[0-9]+)*)")
_LIMIT_S = 60.0

# Prints what cannot be imported, and why. In a process of its own: what breaks there breaks nothing here.
_PROGRAM = """
import importlib, json, sys
failed = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
sys.stdout.write("\\n" + json.dumps(failed))
"""

State = Literal["ok", "missing", "too old or too new", "broken"]


class Package(NamedTuple):
    """A package that another one needs."""

    name: str
    version: str | None
    """What is installed; None: nothing."""
    needed: str
    """The versions that fit, such as `>=2.1,<3`."""
    state: State
    problem: str
    """What is wrong; empty: nothing."""


class Extra(NamedTuple):
    """An extra of this package."""

    name: str
    gives: str
    packages: tuple[Package, ...]

    @property
    def present(self) -> bool:
        """Whether all that it installs is there."""
        return all(one.state == "ok" for one in self.packages)

    @property
    def damaged(self) -> bool:
        """Whether a part of it is there, but does not work, or not all of it."""
        states = {one.state for one in self.packages}
        return states not in ({"ok"}, {"missing"})


class Installation(NamedTuple):
    """What is installed of this package, and of what it needs."""

    version: str | None
    """The version that the installer knows; None: it was not installed."""
    needed: tuple[Package, ...]
    extras: tuple[Extra, ...]


def installation() -> Installation:
    """Look at what is installed."""
    wanted: dict[str | None, dict[str, str]] = {None: {}}
    version = _version(NAME)
    for written in importlib.metadata.requires(NAME) or () if version is not None else ():
        found = _REQUIREMENT.match(written)
        if found is not None:
            marker = _EXTRA.search(found[3] or "")
            wanted.setdefault(marker[1] if marker else None, {})[found[1].lower()] = found[2].strip()
    wanted.pop("all", None)
    names = {name for packages in wanted.values() for name in packages if _version(name) is not None}
    failed = import_failures(names)
    looked = {
        extra: tuple(_package(name, limits, failed) for name, limits in packages.items())
        for extra, packages in wanted.items()
    }
    extras = (Extra(name, GIVES.get(name, ""), looked[name]) for name in looked if name is not None)
    return Installation(version, looked[None], tuple(sorted(extras)))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package(name: str, limits: str, failed: Mapping[str, str]) -> Package:
    version = _version(name)
    if version is None:
        return Package(name, None, limits, "missing", "is not installed")
    if not fits(version, limits):
        return Package(name, version, limits, "too old or too new", f"{version} is installed, {limits} is needed")
    if name in failed:
        return Package(name, version, limits, "broken", f"cannot be imported: {failed[name]}")
    return Package(name, version, limits, "ok", "")


def import_failures(names: Iterable[str]) -> dict[str, str]:
    """Return why packages cannot be imported, by their names."""
    modules = {_IMPORTED.get(name, name.replace("-", "_")): name for name in sorted(names)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *modules],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
        failed: dict[str, str] = json.loads(done.stdout.rpartition("\n")[2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        # Nothing is known then, and what uses them will say more.
        return {}
    return {modules[module]: why for module, why in failed.items()}


def fits(version: str, limits: str) -> bool:
    """Tell whether a version is among those that fit; what cannot be compared does."""
    numbers = _numbers(version)
    for sign, limit in _LIMIT.findall(limits):
        bound = _numbers(limit)
        width = max(len(numbers), len(bound))
        one, other = (each + (0,) * (width - len(each)) for each in (numbers, bound))
        holds = {">=": one >= other, "<=": one <= other, ">": one > other, "<": one < other, "!=": one != other}
        holds |= {"==": one == other, "~=": one >= other and numbers[: len(bound) - 1] == bound[:-1]}
        if not holds[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(int(one) for one in found[0].split(".")) if found else ()
