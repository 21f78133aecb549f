"""Schemas as they were: files, and those that a revision of Git holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from attrs import evolve

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model import Protocol, Schema, reached
from emitter_typed_codegen.paths import inside_here, shown_path
from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.source import Node, read, written_imports

GIT = "git:"
"""What `git:REV:path` begins with."""

_GIT_TIMEOUT_S = 60


class NoBaseline(Exception):
    """There is no such revision, no such file in it, no Git, or a text is no `git:REV:path`."""


@frozen
class Version:
    """One version of a schema, and what its files are, for places in them."""

    name: str
    """What it is called: the path as it was given, or `git:REV:path`."""
    schema: Schema
    roots: dict[str, tuple[str, Node | None]]
    """The name and the content of each file, by the way of imports that leads there; the schema's own has none."""


def is_git(written: str) -> bool:
    """Tell whether a schema is named by a revision."""
    return written.startswith(GIT)


def in_git(path: Path, revision: str) -> bool:
    """Tell whether a revision holds a file. Raises NoBaseline for no such revision."""
    folder, inside = _place(path)
    _revision(folder, revision)
    return _show(folder, revision, inside) is not None


def text_in_git(path: Path, revision: str) -> str | None:
    """Return the text of a file in a revision that is there; None if the revision lacks it, or it is no text."""
    folder, inside = _place(path)
    content = _show(folder, revision, inside)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def ignored_by_git(folder: Path, paths: Sequence[Path]) -> set[Path]:
    """Return those of some paths that Git ignores; none where there is no Git."""
    if not paths:
        return set()
    names = {os.fsencode(path): path for path in paths}
    try:
        done = _run(folder, "check-ignore", "-z", "--stdin", given=b"\0".join(names))
    except NoBaseline:
        return set()
    return {names[one] for one in done.stdout.split(b"\0") if one in names}


def branched_off(folder: Path, revision: str) -> str:
    """Return the commit that the current one and a revision have in common, shortened.

    What has happened to the revision since then is no change of the current one's.

    Raises:
        NoBaseline: There is no such revision, no Git, or no common commit, as in a clone that is shallow.
    """
    _revision(folder, revision)
    done = _run(folder, "merge-base", "--end-of-options", revision, "HEAD")
    commit = done.stdout.decode("ascii", "replace").strip()
    if done.returncode != 0 or not commit:
        raise NoBaseline(f"HEAD and {revision} have no commit in common in {folder.as_posix()}{_shallow(folder)}")
    return _git(folder, "rev-parse", "--short=12", commit).strip()


def absent(path: Path, revision: str) -> NoBaseline:
    """Return the error for a file that a revision lacks, with what to do."""
    folder, inside = _place(path)
    # A submodule that is not here is an empty folder, or none.
    for parent in (folder, *(folder / one for one in PurePosixPath(inside).parents[:-1])):
        above = folder.parent if parent == folder else folder
        if _run(above, "ls-tree", revision, "--", str(parent)).stdout.startswith(b"160000"):
            what = f"{shown_path(parent).as_posix()} is a Git submodule that is not here"
            return NoBaseline(f"{path.as_posix()} cannot be read: {what}: run git submodule update --init")
    return NoBaseline(
        f"{path.as_posix()} does not exist in the revision {revision}: if it was called otherwise, "
        f"name both, as in emitter-typed diff {GIT}{revision}:OLD {path.as_posix()}"
    )


def existing_revision(folder: Path, revision: str) -> str:
    """Return a revision that is there. Raises NoBaseline."""
    _revision(folder, revision)
    return revision


def open_version(written: str, protocol: Protocol | None) -> Version:
    """Read a schema.

    Args:
        written: A file, or `git:REV:path`; the path is one from the current folder.
        protocol: What its channels run on.

    Raises:
        NoBaseline: There is no such revision, or no such file in it.
        SchemaProblems: The schema breaks rules of the language.
    """
    written = written.replace(os.sep, "/")
    if not is_git(written):
        path = Path(written)
        return _version(written, path, load(path, protocol), lambda file: inside_here(Path(file)))
    revision, colon, name = written.removeprefix(GIT).partition(":")
    if not (revision and colon and name) or revision.startswith("-") or "\0" in written:
        raise NoBaseline(f"{written} does not name a file in a revision: write git:REV:PATH, as in git:v1.0:home.yaml")
    with _checked_out(Path(name), revision) as (root, path):

        def shown(file: str) -> str:
            inside = Path(file)
            return f"{GIT}{revision}:{inside.relative_to(root).as_posix()}" if inside.is_relative_to(root) else file

        try:
            return _version(written, path, load(path, protocol), shown)
        except SchemaProblems as found:
            raise SchemaProblems(evolve(one, file=shown(one.file)) for one in found.problems) from None


def _version(name: str, path: Path, schema: Schema, shown: Callable[[str], str]) -> Version:
    files = {"": path} | {way: one.path for way, one in reached(schema.imports).items()}
    roots = {way: (shown(file.as_posix()) if way else name, read(file).root) for way, file in files.items()}
    return Version(name, schema, roots)


@contextmanager
def _checked_out(path: Path, revision: str) -> Generator[tuple[Path, Path]]:
    """Put a file of a revision, and what it imports, into a folder of their own."""
    folder, name = _place(path)
    _revision(folder, revision)
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    inside = PurePosixPath(_git(folder, "rev-parse", "--show-prefix").strip()) / name
    with TemporaryDirectory() as made:
        root = Path(made).resolve()
        if not _take(top, revision, inside, root):
            raise absent(path, revision)
        yield root, root / inside


def _take(top: Path, revision: str, inside: PurePosixPath, root: Path) -> bool:
    """Write a file of a revision, and what it imports, below a folder; False if the revision lacks it."""
    target = root / inside
    if target.exists():
        return True
    content = _show(top, revision, inside.as_posix())
    if content is None:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    for written in written_imports(read(target).root):
        # What leads out of the repository is no part of the revision, and is told as missing.
        other = (target.parent / written).resolve()
        if other.is_relative_to(root):
            _take(top, revision, PurePosixPath(other.relative_to(root).as_posix()), root)
    return True


def _place(path: Path) -> tuple[Path, str]:
    """Return the deepest folder above a path that is there now, for Git to run in, and the way from there."""
    whole = path.absolute()
    # Dots lead through folders that may be gone.
    whole = whole if whole.parent.is_dir() else Path(os.path.normpath(whole))
    folder = next((one for one in whole.parents if one.is_dir()), whole.parent)
    return folder, whole.relative_to(folder).as_posix()


def _revision(folder: Path, revision: str) -> None:
    try:
        _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except NoBaseline:
        _git(folder, "rev-parse", "--git-dir")
        where = f"in the Git repository of {folder.as_posix()}"
        advice = _shallow(folder) or _submodule(folder) or _unborn(folder)
        raise NoBaseline(f"the revision {revision} does not exist {where}{advice}") from None


def _shallow(folder: Path) -> str:
    """Return what to do if a clone lacks its history, for the end of a message."""
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() != "true":
        return ""
    return ": this clone is shallow; get its history with git fetch --unshallow (actions/checkout: fetch-depth: 0)"


def _submodule(folder: Path) -> str:
    """Return what to do if a repository is a submodule, for the end of a message."""
    outer = _git(folder, "rev-parse", "--show-superproject-working-tree").strip()
    if not outer:
        return ""
    return (
        f", which is a submodule of {outer} and has its own revisions: name one of these, "
        'in pyproject.toml as the baseline of the job itself, as in baseline = "git:v1.0"'
    )


def _unborn(folder: Path) -> str:
    """Return what to do if a repository has no commit, for the end of a message."""
    if _run(folder, "rev-parse", "--verify", "--quiet", "HEAD").returncode == 0:
        return ""
    return ", which has no commit yet: commit the schema first, or compare with a file"


def _show(folder: Path, revision: str, inside: str) -> bytes | None:
    """Return a file of a revision, which a symbolic link in it may lead to; None if the revision lacks it.

    Raises:
        NoBaseline: The revision has it, and Git cannot read it; or the link leads to no file of the revision.
    """
    name = f"{revision}:./{inside}"
    if "\n" in name:
        return None
    given = f"{name}\n".encode("utf-8", "surrogateescape")
    done = _run(folder, "cat-file", "--batch", "--follow-symlinks", given=given)
    head, _, rest = done.stdout.partition(b"\n")
    words = head.split()
    if len(words) == 3 and words[1] == b"blob":
        return rest[: int(words[2])]
    if words[:1] in ([b"dangling"], [b"symlink"], [b"loop"]):
        raise NoBaseline(
            f"{inside} in the revision {revision} is a symbolic link that leads to no file of the revision: "
            "compare with a file instead"
        )
    if _run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name).returncode == 0 and not words[2:]:
        raise NoBaseline(
            f"git cannot read {inside} in the revision {revision}: the object is missing or damaged: run git fsck, "
            "and get it with git fetch --refetch"
        )
    return None


def _git(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if why and "not a git repository" in why[0]:
            told = os.environ.get("GIT_DIR") if "GIT_DIR" in _environment() else None
            if told is not None:
                raise NoBaseline(f"GIT_DIR is {told}, which is not a Git repository: unset it")
            raise NoBaseline(
                f"{folder.as_posix()} is not in a Git repository: compare with a file instead of a revision"
            )
        raise NoBaseline(
            f"git cannot read {folder.as_posix()}: {why[0].removeprefix('fatal: ') if why else 'no reason given'}"
        )
    return done.stdout.decode("utf-8")


def _run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=_environment(),
            input=given,
            capture_output=True,
            check=False,
            timeout=_GIT_TIMEOUT_S,
        )
    except FileNotFoundError:
        raise NoBaseline("git is not installed: install it, or compare with a file instead of a revision") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoBaseline(f"git cannot be run in {folder.as_posix()}: {error}") from error


def _environment() -> dict[str, str]:
    """Return the environment without what Git tells its hooks, which is about the folder where it called them."""
    environment = dict(os.environ)
    if "GIT_WORK_TREE" not in environment:
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"):
            environment.pop(name, None)
    return environment
