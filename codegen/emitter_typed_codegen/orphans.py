"""Generated packages that nothing generates any more: their job or their schema is gone."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from emitter_typed_codegen.baseline import ignored_by_git
from emitter_typed_codegen.jobs import PROJECT_COMMAND
from emitter_typed_codegen.ownership import MANIFEST, is_manifest
from emitter_typed_codegen.paths import real_path

# What other tools make: copies of packages among it.
_SKIPPED = {"__pycache__", "build", "dist", "node_modules", "site-packages"}
_COMMAND = re.compile(r'"command": ("(?:[^"\\]|\\.)*")')


@frozen
class Orphan:
    """A generated package that nothing generates any more."""

    folder: Path
    why: str
    """What is gone."""


def find_orphans(project: Path, made: Iterable[Path]) -> list[Orphan]:
    """Look for orphans among the packages of a project.

    What another project made, and what Git ignores, is nobody's orphan here.

    Args:
        project: Its pyproject.toml.
        made: The folders that its jobs generate.
    """
    known = {real_path(one) for one in made}
    packages = ((one, _why(one, project)) for one in _packages(project.parent) if real_path(one) not in known)
    found = [Orphan(folder, why) for folder, why in packages if why is not None]
    ignored = ignored_by_git(project.parent, [one.folder for one in found])
    return [one for one in found if one.folder not in ignored]


def _packages(root: Path) -> Iterator[Path]:
    """Yield the folders that hold a manifest of ours."""
    for place, folders, files in os.walk(root):
        here = Path(place)
        if here != root and ("pyproject.toml" in files or "pyvenv.cfg" in files):
            folders.clear()
            continue
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        if MANIFEST in files:
            yield here


def _why(folder: Path, project: Path) -> str | None:
    """Return what is gone that made a package; None if nothing is, or it was not made by a known command."""
    text = ""
    with suppress(OSError):
        text = (folder / MANIFEST).read_text("utf-8", "replace")
    written = _COMMAND.search(text)
    if not is_manifest(text) or written is None:
        return None
    made_by = str(json.loads(written[1]))
    if made_by == PROJECT_COMMAND:
        return f"no job of {project.name} makes it any more"
    schema = _schema(made_by, folder)
    return None if schema is None or schema.exists() else f"its schema is gone: {schema.name}"


def _schema(made_by: str, folder: Path) -> Path | None:
    """Return the schema of a package that a command of its own made; None if the command is none of ours."""
    words: list[str] = []
    with suppress(ValueError):
        words = shlex.split(made_by)
    if words[:2] != ["emitter-typed", "generate"] or len(words) < 5 or words[3] != "--out":
        return None
    # Both paths are from the deepest folder that holds the schema and the package.
    out = Path(words[4]).parts
    parts = folder.absolute().parts
    if parts[len(parts) - len(out) :] != out:
        return None
    return Path(*parts[: len(parts) - len(out)]) / words[2]
