"""What a generated folder holds, compared with what it should hold, and made so: all of it, or nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import cast

from attrs import Factory, field

from emitter_typed_codegen import ownership
from emitter_typed_codegen.data import define, frozen
from emitter_typed_codegen.exclusive import Busy, alone
from emitter_typed_codegen.ownership import ATTRIBUTES, CHECKSUMS, MANIFEST, Ownership
from emitter_typed_codegen.paths import real_path, shown_path

# Its end tells whose it is, wherever somebody finds it.
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.emitter-typed\.tmp").fullmatch

OUTDATED = "is out of date: it differs from what its schema generates"
"""What is said of a file that would change."""

_NOT_OURS = "was not written by emitter-typed: move it away, or generate elsewhere"


@frozen
class Refusal:
    """One thing that speaks against writing."""

    path: Path
    why: str
    """What is the matter with the path, and what to do."""

    def __str__(self) -> str:
        return f"{self.path.as_posix()} {self.why}"


class Refused(Exception):
    """Writing would lose somebody's work, or cannot be done. Nothing was written.

    Attributes:
        refusals: All that speaks against it.
    """

    refusals: tuple[Refusal, ...]

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        """Hold the refusals."""
        self.refusals = tuple(refusals)
        super().__init__("\n".join(map(str, self.refusals)))


@frozen
class Change:
    """One file that is not as it should be."""

    path: Path
    old: str | None
    """Its text; None where there is no file."""
    new: str | None
    """What its text should be; None where there should be no file."""

    def diff(self, root: Path) -> str:
        """Return the change as a unified diff, with the path as seen from a folder."""
        import difflib

        name = _relative(self.path, root)
        lines = difflib.unified_diff(
            (self.old or "").splitlines(keepends=True),
            (self.new or "").splitlines(keepends=True),
            "/dev/null" if self.old is None else f"a/{name}",
            "/dev/null" if self.new is None else f"b/{name}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@frozen
class _Folder:
    """What a folder is to hold."""

    out: Path
    files: Mapping[str, str]
    facts: Mapping[str, object]


@define
class Plan:
    """What folders and files are to hold, and the changes that make it so: all of them are made, or none."""

    changes: list[Change] = Factory(list[Change])
    """What is to be changed, as the files were when they were compared last."""
    refusals: list[Refusal] = Factory(list[Refusal])
    """All that speaks against it, likewise."""
    _impossible: list[Refusal] = field(factory=list[Refusal], init=False)
    """What speaks against it whatever the files hold."""
    _folders: list[_Folder] = field(factory=list[_Folder], init=False)
    _singles: dict[Path, str] = field(factory=dict[Path, str], init=False)
    _claimed: dict[str, Path] = field(factory=dict[str, Path], init=False)
    """Every folder and file that was planned, by its path in lower case: no job writes over another's."""
    _run: str = field(factory=lambda: os.urandom(4).hex(), init=False)
    """What its temporary files have in their names: the number of a process comes again, in a container at once."""

    def folder(self, out: Path, files: Mapping[str, str], facts: Mapping[str, object]) -> None:
        """Plan that a folder holds these files, and none that the compiler wrote there before.

        Args:
            out: The folder; it need not exist.
            files: The text of each file by its path in the folder.
            facts: What the manifest says besides the paths and hashes of the files.
        """
        if self._claim(out, *(out / name for name in (*files, MANIFEST, CHECKSUMS, ATTRIBUTES))):
            self._folders.append(_Folder(out, files, facts))

    def single(self, path: Path, text: str) -> None:
        """Plan that a file that stands alone holds this text; one that is there must begin with the banner.

        Two jobs may plan the same text for one file.
        """
        if any(held == text and real_path(one) == real_path(path) for one, held in self._singles.items()):
            return
        if self._claim(path):
            self._singles[path] = text

    def refuse(self, path: Path, why: str) -> None:
        """Say what speaks against the plan, whatever the files hold."""
        self._impossible.append(Refusal(path, why))

    def compare(self) -> None:
        """See what is to be changed. Nothing is written.

        Raises:
            Refused: Something speaks against a change.
        """
        try:
            with alone(self._places()):
                self._compare()
        except Busy as busy:
            raise Refused([_busy(busy)]) from busy
        if self.refusals:
            raise Refused(self.refusals)

    def write(self) -> None:
        """Compare, and make the changes, all of them or none.

        All new files are written beside their places before the first one is put into its own; what has to go is
        moved aside first and deleted last. A run that is killed leaves files of which each is an old one or a new
        one, and the checksums of both; the next one goes on from there. No two runs do this at once.

        Raises:
            Refused: Something speaks against a change, or a file cannot be written, replaced or removed. Everything
                is as it was.
        """
        if self._impossible:
            raise Refused(self._impossible)
        undo: list[Callable[[], object]] = []
        try:
            # A folder must be there to be held.
            self._make_folders(undo)
            with alone(self._places()):
                try:
                    self._compare()
                    if self.refusals:
                        raise Refused(self.refusals)
                    self._write(undo)
                except BaseException:
                    # Also when somebody interrupts: half a package is worse than an old one.
                    _undo(undo)
                    raise
                undo.clear()
                self._clean()
        except Busy as busy:
            _undo(undo)
            raise Refused([_busy(busy)]) from busy
        except BaseException:
            _undo(undo)
            raise

    def _places(self) -> list[Path]:
        return [*(one.out for one in self._folders), *(path.parent for path in self._singles)]

    def _make_folders(self, undo: list[Callable[[], object]]) -> None:
        for place in self._places():
            # Why one cannot be there is told with everything else.
            with suppress(OSError):
                if _obstacle(place) is None:
                    _make_folder(place, undo)

    def _compare(self) -> None:
        self.changes, self.refusals = [], [*self._impossible]
        for folder in self._folders:
            try:
                self._compare_folder(folder)
            except OSError as error:
                self._refuse(Path(error.filename or folder.out), f"cannot be read: {error.strerror}")
        for path, text in self._singles.items():
            try:
                self._compare_single(path, text)
            except OSError as error:
                self._refuse(path, f"cannot be read: {error.strerror}")

    def _compare_single(self, path: Path, text: str) -> None:
        old = _text(path)
        if old is None and _is_there(path):
            self._refuse(path, "is not a file: move it away")
        elif old is not None and not ownership.marked(old):
            self._refuse(path, _NOT_OURS)
        elif old != text:
            self.changes.append(Change(path, old, text))

    def _compare_folder(self, folder: _Folder) -> None:
        out = folder.out
        obstacle = _obstacle(out)
        if obstacle is not None:
            what = "is a link that leads nowhere" if obstacle.is_symlink() and not obstacle.exists() else "is a file"
            self._refuse(out, f"cannot be a folder: {obstacle.as_posix()} {what}: move it away, or name another folder")
            return
        owned = _owned(out, folder.facts)
        if isinstance(owned, Refusal):
            self.refusals.append(owned)
            return
        if not owned.names:
            foreign = _foreign(out, {*folder.files, MANIFEST, CHECKSUMS, ATTRIBUTES, *_inside(out, folder.facts)})
            if foreign is not None:
                self._refuse(out, f"contains other files, such as {foreign}: name a folder that is new or empty")
                return
        wanted = {**folder.files, CHECKSUMS: ownership.checksums(folder.files)}
        # The checksums come last, so that until then there are both: the old ones in their place, the new ones beside.
        wanted = {**folder.files, MANIFEST: ownership.manifest(wanted, folder.facts), CHECKSUMS: wanted[CHECKSUMS]}
        before = len(self.changes)
        for name in sorted(owned.names - {*wanted}):
            self._compare_file(out, name, None, owned)
        for name, text in wanted.items():
            self._compare_file(out, name, text, owned)
        if len(self.changes) > before:
            self._add_attributes(out, wanted)

    def _compare_file(self, out: Path, name: str, new: str | None, owned: Ownership) -> None:
        path = out / name
        old = _text(path)
        if old is None and _is_there(path):
            self._refuse(path, "is not a file: move it away")
        elif old == new:
            pass
        elif old is None or name in (MANIFEST, CHECKSUMS) or owned.proves(name, old):
            self.changes.append(Change(path, old, new))
        elif name in owned.names:
            self._refuse(path, "was edited: move your change elsewhere (subclass or wrap), then delete the file")
        elif ownership.marked(old):
            why = f"was generated, but may have been edited, since {CHECKSUMS} is missing beside it"
            self._refuse(path, f"{why}: delete the file if you did not edit it")
        else:
            self._refuse(path, _NOT_OURS)

    def _add_attributes(self, out: Path, names: Iterable[str]) -> None:
        """Plan the file for Git, where it may be written. It alone is no reason to write: not everybody commits it."""
        path, new = out / ATTRIBUTES, ownership.attributes(names)
        old = _text(path)
        if (old is None and not _is_there(path)) or (old is not None and ownership.marked(old) and old != new):
            # Before the last change: a run that is killed between the two has something left to do.
            self.changes.insert(-1, Change(path, old, new))

    def _write(self, undo: list[Callable[[], object]]) -> None:
        place, what = Path(), "written"
        try:
            for change in self.changes:
                if change.new is not None:
                    place = change.path.parent
                    _make_folder(place, undo)
                    place = change.path
                    undo.append(self._beside(place).unlink)
                    self._beside(place).write_text(change.new, "utf-8", newline="\n")
            for change in self.changes:
                place = change.path
                # Before and after: a run may be killed between, and the file be imported.
                _forget_compiled(place)
                # Whoever interrupts may do so right after a step: what undoes it is known before.
                if change.new is None:
                    what = "removed"
                    undo.append(partial(os.replace, self._beside(place), place))
                    os.replace(place, self._beside(place))
                else:
                    what = "written"
                    undo.append(self._put_back(place, existed=change.old is not None))
                    os.replace(self._beside(place), place)
        except OSError as error:
            raise Refused([Refusal(place, f"cannot be {what}: {error.strerror}")]) from error

    def _clean(self) -> None:
        """Delete what was moved aside, what runs that were killed left behind, and what Python compiled meanwhile."""
        for change in self.changes:
            _forget_compiled(change.path)
        for place in {*self._places()}:
            for path in _temporary(place):
                # Where it cannot be deleted, it is at least no longer where anybody would import it.
                with suppress(OSError):
                    path.unlink()

    def _beside(self, path: Path) -> Path:
        return path.with_name(f".{path.name}.{self._run}.emitter-typed.tmp")

    def _put_back(self, path: Path, *, existed: bool) -> Callable[[], object]:
        """Return what makes a place again as it is now."""
        if not existed:
            return path.unlink
        held = path.read_bytes()

        def restore() -> None:
            self._beside(path).write_bytes(held)
            os.replace(self._beside(path), path)

        return restore

    def _claim(self, *paths: Path) -> bool:
        for path in paths:
            real = real_path(path)
            other = self._claimed.setdefault(str(real).casefold(), real)
            if other is not real:
                why = "would be written by two jobs: give each one a folder of its own"
                # As texts: two paths of Windows that differ in case are equal.
                if str(other) != str(real):
                    # Also where it would do: whoever gets the project may have another system.
                    first = shown_path(other).as_posix()
                    why = f"differs only in case from {first}: Windows and macOS take both for one; rename one of them"
                self.refuse(path, why)
                return False
        return True

    def _refuse(self, path: Path, why: str) -> None:
        self.refusals.append(Refusal(path, why))


def _owned(out: Path, facts: Mapping[str, object]) -> Ownership | Refusal:
    """Return what is known of the files that the compiler wrote into a folder, or why it is not to be touched."""
    owned = Ownership()
    manifest = out / MANIFEST
    text = _text(manifest)
    if text is not None:
        if not ownership.is_manifest(text):
            return Refusal(manifest, _NOT_OURS)
        theirs, ours = ownership.schemas(text), _schema(facts, "file")
        # A schema of the same meaning is the same one under another name: its package loses nothing.
        renamed = _schema(facts, "sha256") in ownership.digests(text)
        if theirs and ours and ours not in theirs and not renamed:
            old = min(theirs)
            return Refusal(
                out,
                f"holds the package of {old}, not of {ours}: choose another folder; "
                f"or, if {old} was renamed to {ours}, delete {manifest.as_posix()} and run this again",
            )
        owned.add_manifest(text)
    elif _is_there(manifest):
        return Refusal(manifest, _NOT_OURS)
    # A run that was killed left the checksums of what it wrote, or was about to write, beside those that were there.
    left = [path for path in _temporary(out) if path.name.startswith(f".{CHECKSUMS}.")]
    for path in (out / CHECKSUMS, *left):
        text = _text(path)
        if text is not None and ownership.marked(text):
            owned.add_checksums(text)
        elif _is_there(path) and path not in left:
            return Refusal(path, _NOT_OURS)
    return owned


def _foreign(folder: Path, wanted: Collection[str]) -> str | None:
    """Return the name of something in a folder that the compiler did not write, and would not; None if there is none.

    A package needs a folder of its own: what it no longer holds is deleted, and what lies beside would be imported as
    part of it.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        ours = path.name in wanted or path.name == "__pycache__" or _TEMPORARY(path.name) is not None
        empty = path.is_dir() and not any(path.iterdir())
        if not ours and not empty and not ownership.marked(_text(path) or ""):
            return path.name
    return None


def _inside(out: Path, facts: Mapping[str, object]) -> tuple[str, ...]:
    """Return the name that a schema has where it lies in its own package: not in a folder where somebody works."""
    here = Path.cwd()
    name = _schema(facts, "file")
    return () if name is None or real_path(out) in (real_path(here), *real_path(here).parents) else (name,)


def _temporary(folder: Path) -> Iterator[Path]:
    """Yield the temporary files in a folder, of whichever run."""
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if _TEMPORARY(path.name))


def _schema(facts: Mapping[str, object], fact: str) -> str | None:
    """Return what the manifest is to say of the schema; None if it does not."""
    held = facts.get("schema")
    found = cast("dict[str, object]", held).get(fact) if isinstance(held, dict) else None
    return found if isinstance(found, str) else None


def _obstacle(folder: Path) -> Path | None:
    """Return what lies where a folder, or one above it, should be."""
    return next((one for one in (folder, *folder.parents) if _is_there(one) and not one.is_dir()), None)


def _busy(busy: Busy) -> Refusal:
    return Refusal(busy.folder, "is being written by another run of emitter-typed: wait until it is done, or end it")


def _undo(steps: list[Callable[[], object]]) -> None:
    while steps:
        with suppress(OSError):
            steps.pop()()


def _is_there(path: Path) -> bool:
    """Tell whether there is anything: also a link that leads nowhere, which is somebody's. Raises OSError."""
    return path.is_symlink() or path.exists()


def _text(path: Path) -> str | None:
    """Return the text of a regular file, with the line ends that it was written with; None if it is none."""
    if path.is_symlink() or not path.is_file():
        return None
    # Git may have given it other line ends on its way.
    return path.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _forget_compiled(path: Path) -> None:
    """Delete what Python has compiled of a file: it takes that for current if the size and the second are the same."""
    from importlib.util import cache_from_source

    with suppress(OSError):
        Path(cache_from_source(path)).unlink()


def _make_folder(folder: Path, undo: list[Callable[[], object]]) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        # Another run may make it at this moment.
        with suppress(FileExistsError):
            one.mkdir()
            undo.append(one.rmdir)


def _relative(path: Path, root: Path) -> str:
    try:
        return real_path(path).relative_to(real_path(root)).as_posix()
    except ValueError:
        return path.as_posix()
