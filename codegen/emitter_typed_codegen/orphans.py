"""Generated packages that nothing generates any more: their job or their schema is gone."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

from emitter_typed_codegen.baseline import ignored_by_git
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.jobs import PROJECT_COMMAND
from emitter_typed_codegen.ownership import MANIFEST, is_manifest
from emitter_typed_codegen.paths import real_path, reason

# What other tools make: copies of packages among it.
_SKIPPED = {"__pycache__", "build", "dist", "node_modules", "site-packages"}


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
    packages = ((one, _why(one, project)) for one in packages_below(project.parent) if real_path(one) not in known)
    found = [Orphan(folder, why) for folder, why in packages if why is not None]
    ignored = ignored_by_git(project.parent, [one.folder for one in found])
    return [one for one in found if one.folder not in ignored]


@frozen
class Made:
    """What the manifest of a generated package says of how it was made."""

    command: str | None = None
    version: str | None = None
    contract: int | None = None
    schema: str | None = None
    """The name of the schema's file."""
    digest: str | None = None
    """The digest of what the schema meant then."""
    problem: str = ""
    """Why it cannot be told; empty: it can."""


def read_manifest(folder: Path) -> Made:
    """Read what the manifest of a generated package says, whatever it holds."""
    try:
        text = (folder / MANIFEST).read_text("utf-8")
        document: object = json.loads(text)
    except FileNotFoundError:
        return Made(problem="is not generated yet")
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is not JSON, as after a merge with conflicts"
        return Made(problem=f"its {MANIFEST} cannot be read: {why}")
    held = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    schema = held.get("schema")
    source = cast("dict[str, object]", schema) if isinstance(schema, dict) else {}
    file, meant = (said if isinstance(said, str) else None for said in map(source.get, ("file", "sha256")))
    command, version, contract = (held.get(key) for key in ("command", "version", "contract"))
    if not (isinstance(command, str) and isinstance(version, str) and isinstance(contract, int)):
        return Made(problem=f"its {MANIFEST} does not say how it was made")
    return Made(command, version, contract, file, meant)


def packages_below(root: Path) -> Iterator[Path]:
    """Yield the folders that hold a manifest of ours, but not those of other projects and those that tools copied."""
    for place, folders, files in os.walk(root):
        here = Path(place)
        if here != root and ("pyproject.toml" in files or "pyvenv.cfg" in files):
            folders.clear()
            continue
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        if MANIFEST in files and _is_ours(here / MANIFEST):
            yield here


def _is_ours(manifest: Path) -> bool:
    try:
        return is_manifest(manifest.read_text("utf-8", "replace"))
    except OSError:
        return False


def _why(folder: Path, project: Path) -> str | None:
    """Return what is gone that made a package; None if nothing is, or it was not made by a known command."""
    made_by = read_manifest(folder).command
    if made_by is None:
        return None
    if made_by == PROJECT_COMMAND:
        return f"no job of {project.name} generates it any more"
    schema = schema_of(made_by, folder)
    return None if schema is None or schema.exists() else f"its schema {schema.name} does not exist any more"


def schema_of(made_by: str, folder: Path) -> Path | None:
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
