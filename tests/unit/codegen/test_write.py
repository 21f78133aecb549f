"""Writing is all or nothing, and nobody's work is lost by it."""

import json
import os
import py_compile
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from emitter_typed_codegen.ownership import ATTRIBUTES, CHECKSUMS, MANIFEST
from emitter_typed_codegen.write import Plan, Refused

FACTS = {"version": "1"}


def write(out: Path, files: dict[str, str]) -> int:
    plan = Plan()
    plan.folder(out, files, FACTS)
    plan.write()
    return len(plan.changes)


def held(folder: Path) -> dict[str, str]:
    own = {MANIFEST, CHECKSUMS, ATTRIBUTES}
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.name not in own}


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_a_new_folder_holds_the_files_and_a_manifest(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", {"x.py": "1\n", "y.py": "2\n"})

    assert held(tmp_path / "a" / "b") == {"x.py": "1\n", "y.py": "2\n"}
    manifest = json.loads((tmp_path / "a" / "b" / MANIFEST).read_text("utf-8"))
    assert manifest["version"] == "1"
    assert list(manifest["files"]) == [CHECKSUMS, "x.py", "y.py"]


def test_the_same_again_touches_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n"})
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))

    assert write(tmp_path, {"x.py": "1\n"}) == 0
    assert {path.stat().st_mtime for path in tmp_path.iterdir()} == {1.0}


def test_a_file_that_stays_as_it_is_keeps_its_time(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n", "y.py": "2\n"})
    os.utime(tmp_path / "x.py", (1, 1))

    write(tmp_path, {"x.py": "1\n", "y.py": "3\n"})

    assert (tmp_path / "x.py").stat().st_mtime == 1
    assert held(tmp_path)["y.py"] == "3\n"


def test_what_python_has_compiled_of_a_file_goes_with_its_text(tmp_path: Path) -> None:
    """It would be taken for current, if the new text has the size of the old one and is written in the same second."""
    write(tmp_path, {"x.py": "1\n", "y.py": "2\n", "old.py": "3\n"})
    compiled = {name: Path(cache_from_source(tmp_path / name)) for name in ("x.py", "y.py", "old.py")}
    for name in compiled:
        py_compile.compile(str(tmp_path / name), doraise=True)

    write(tmp_path, {"x.py": "9\n", "y.py": "2\n"})

    assert {name: path.exists() for name, path in compiled.items()} == {"x.py": False, "y.py": True, "old.py": False}


def test_what_is_no_longer_generated_goes(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n", "old.py": "2\n"})
    write(tmp_path, {"x.py": "1\n"})

    assert held(tmp_path) == {"x.py": "1\n"}


def test_an_edited_file_is_not_overwritten(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n", "y.py": "2\n"})
    (tmp_path / "x.py").write_text("mine\n")

    with pytest.raises(Refused, match=r"x\.py was edited: .* delete the file"):
        write(tmp_path, {"x.py": "3\n", "y.py": "4\n"})

    assert held(tmp_path) == {"x.py": "mine\n", "y.py": "2\n"}


def test_an_edited_file_that_is_no_longer_generated_stays(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n", "old.py": "2\n"})
    (tmp_path / "old.py").write_text("mine\n")

    with pytest.raises(Refused, match=r"old\.py was edited"):
        write(tmp_path, {"x.py": "1\n"})

    assert held(tmp_path)["old.py"] == "mine\n"


def test_a_strangers_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("mine\n")

    with pytest.raises(Refused, match=r"x\.py was not written by emitter-typed"):
        write(tmp_path, {"x.py": "1\n", "y.py": "2\n"})

    assert held(tmp_path) == {"x.py": "mine\n"}


def test_strangers_beside_the_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n"})
    (tmp_path / "mine.py").write_text("mine\n")
    write(tmp_path, {})

    assert held(tmp_path) == {"mine.py": "mine\n"}


@pytest.mark.parametrize("name", ["pyproject.toml", "mine.py", ".git/config"])
def test_a_package_is_not_written_among_files_of_others(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine\n")

    with pytest.raises(Refused, match="contains other files, such as") as caught:
        write(tmp_path, {"x.py": "1\n"})

    assert "name a folder that is new or empty" in str(caught.value)
    assert not (tmp_path / "x.py").exists()


def test_a_strangers_manifest_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"name": "an extension of a browser"}')

    with pytest.raises(Refused, match="manifest"):
        write(tmp_path, {"x.py": "1\n"})

    assert not (tmp_path / "x.py").exists()


@pytest.mark.parametrize("text", ["", "[]", "no json", '{"tool": "other", "files": {"x.py": ""}}'])
def test_what_is_no_manifest_of_ours_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)

    with pytest.raises(Refused, match="manifest"):
        write(tmp_path, {})


def test_a_manifest_with_conflicts_is_written_anew(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n"})
    text = (tmp_path / MANIFEST).read_text("utf-8")
    (tmp_path / MANIFEST).write_text(text.replace('  "version"', '<<<<<<< HEAD\n  "version"'))

    write(tmp_path, {"x.py": "2\n"})

    assert held(tmp_path) == {"x.py": "2\n"}
    assert json.loads((tmp_path / MANIFEST).read_text("utf-8"))["version"] == "1"


@pytest.mark.parametrize("left", [MANIFEST, CHECKSUMS])
def test_one_of_two_files_is_enough_to_know_the_others(tmp_path: Path, left: str) -> None:
    write(tmp_path, {"x.py": "1\n", "old.py": "2\n"})
    (tmp_path / ({MANIFEST, CHECKSUMS} - {left}).pop()).unlink()

    write(tmp_path, {"x.py": "3\n"})

    assert held(tmp_path) == {"x.py": "3\n"}


def test_a_generated_file_of_which_nothing_is_known_is_to_be_deleted(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "# @generated by emitter-typed\n1\n"})
    (tmp_path / MANIFEST).unlink()
    (tmp_path / CHECKSUMS).unlink()

    with pytest.raises(
        Refused,
        match=r"x\.py was generated, but may have been edited, since checksums\.txt is missing .* delete the file",
    ):
        write(tmp_path, {"x.py": "# @generated by emitter-typed\n2\n"})

    assert held(tmp_path) == {"x.py": "# @generated by emitter-typed\n1\n"}


def test_files_of_which_nothing_is_known_and_that_are_right_stay(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n"})
    before = contents(tmp_path)
    (tmp_path / MANIFEST).unlink()
    (tmp_path / CHECKSUMS).unlink()

    write(tmp_path, {"x.py": "1\n"})

    assert contents(tmp_path) == before


def test_the_package_of_another_schema_is_not_replaced(tmp_path: Path) -> None:
    def planned(schema: str) -> Plan:
        plan = Plan()
        plan.folder(tmp_path, {"x.py": schema}, {"schema": {"file": schema}})
        return plan

    planned("home.yaml").write()

    with pytest.raises(Refused) as refused:
        planned("work.yaml").write()
    (refusal,) = refused.value.refusals
    assert refusal.why == (
        "holds the package of home.yaml, not of work.yaml: choose another folder; "
        f"or, if home.yaml was renamed to work.yaml, delete {(tmp_path / MANIFEST).as_posix()} and run this again"
    )

    assert held(tmp_path) == {"x.py": "home.yaml"}
    again = planned("home.yaml")
    again.compare()
    assert again.changes == []


def _of_schema(folder: Path, file: str, digest: str, text: str) -> Plan:
    plan = Plan()
    plan.folder(folder, {"x.py": text}, {"schema": {"file": file, "sha256": digest * 64}})
    return plan


def test_a_schema_that_is_only_renamed_keeps_its_package(tmp_path: Path) -> None:
    _of_schema(tmp_path, "home.yaml", "a", "of home.yaml\n").write()

    _of_schema(tmp_path, "house.yaml", "a", "of house.yaml\n").write()

    assert held(tmp_path) == {"x.py": "of house.yaml\n"}


def test_what_to_do_for_a_schema_that_is_renamed_and_changed_does_it(tmp_path: Path) -> None:
    _of_schema(tmp_path, "home.yaml", "a", "1\n").write()
    changed = _of_schema(tmp_path, "house.yaml", "b", "2\n")
    with pytest.raises(Refused):
        changed.write()

    (tmp_path / MANIFEST).unlink()
    changed.write()

    assert held(tmp_path) == {"x.py": "2\n"}


def test_an_edited_file_of_a_renamed_schema_is_still_refused(tmp_path: Path) -> None:
    _of_schema(tmp_path, "home.yaml", "a", "1\n").write()
    (tmp_path / "x.py").write_text("mine\n", "utf-8")

    with pytest.raises(Refused, match="was edited"):
        _of_schema(tmp_path, "house.yaml", "a", "2\n").write()


def test_a_manifest_cannot_reach_out_of_its_folder(tmp_path: Path) -> None:
    victim = tmp_path / "victim.py"
    victim.write_text("")
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    out = tmp_path / "out"
    write(out, {"x.py": "1\n"})
    manifest = json.loads((out / MANIFEST).read_text("utf-8"))
    manifest["files"]["../victim.py"] = digest
    (out / MANIFEST).write_text(json.dumps(manifest))

    write(out, {"x.py": "1\n"})

    assert victim.exists()


def test_a_link_is_a_strangers(tmp_path: Path) -> None:
    (tmp_path / "target.txt").write_text("mine\n")
    out = tmp_path / "out"
    out.mkdir()
    (out / "x.py").symlink_to(tmp_path / "target.txt")

    with pytest.raises(Refused, match=r"x\.py is not a file"):
        write(out, {"x.py": "1\n"})

    assert (tmp_path / "target.txt").read_text() == "mine\n"


def test_line_ends_that_git_changed_are_no_edit(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n2\n"})
    (tmp_path / "x.py").write_bytes(b"1\r\n2\r\n")

    assert write(tmp_path, {"x.py": "1\n2\n"}) == 0


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine\n")

    with pytest.raises(Refused, match="is a file"):
        write(tmp_path / "out" / "deeper", {"x.py": "1\n"})


@pytest.mark.parametrize("name", ["out", "out/deeper"])
def test_a_link_that_leads_nowhere_is_no_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("gone")

    with pytest.raises(Refused, match="out is a link that leads nowhere: move it away"):
        write(tmp_path / name, {"x.py": "1\n"})

    assert (tmp_path / "out").is_symlink()


@pytest.mark.parametrize("name", ["a.html", "out/x.py", f"out/{MANIFEST}", f"out/{CHECKSUMS}"])
def test_a_link_that_leads_nowhere_is_somebodys(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    link = tmp_path / name
    link.symlink_to("gone")
    plan = Plan()
    plan.folder(tmp_path / "out", {"x.py": "1\n"}, FACTS)
    plan.single(tmp_path / "a.html", "<!-- @generated by emitter-typed -->\n")

    with pytest.raises(Refused, match="move it away"):
        plan.write()

    assert link.is_symlink()
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_a_disk_that_is_full_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"x.py": "1\n", "y.py": "2\n"})
    original = Path.write_text

    def full(self: Path, data: str, *arguments: str, **named: str) -> int:
        if "y.py" in self.name:
            raise OSError(28, "No space left on device", str(self))
        return original(self, data, *arguments, **named)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Refused, match=r"[/\\]y\.py cannot be written: No space left"):
        write(tmp_path, {"x.py": "3\n", "y.py": "4\n"})

    assert held(tmp_path) == {"x.py": "1\n", "y.py": "2\n"}


class Failing:
    """Stands for `os.replace`, and fails at a certain call: before it does anything, or late, when it is done."""

    def __init__(self, good_calls: int, error: BaseException, *, late: bool = False) -> None:
        self._late = late
        self._calls = iter([None] * good_calls + [error])
        self._replace = os.replace

    def __call__(self, old: Path, new: Path) -> None:
        error = next(self._calls, None)
        if error is None or self._late:
            self._replace(old, new)
        if error is not None:
            raise error


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("good_calls", range(7))
@pytest.mark.parametrize("error", [PermissionError(1, "Operation not permitted"), KeyboardInterrupt()])
def test_whatever_fails_half_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_calls: int, error: BaseException, late: bool
) -> None:
    write(tmp_path, {"x.py": "1\n", "old.py": "2\n", "older.py": "3\n"})
    before = contents(tmp_path)

    # Two that go, two that are new or changed, the manifest, and the checksums.
    monkeypatch.setattr(os, "replace", Failing(good_calls, error, late=late))
    with pytest.raises((Refused, KeyboardInterrupt)):
        write(tmp_path, {"x.py": "4\n", "new.py": "5\n"})

    assert contents(tmp_path) == before


def test_what_cannot_be_removed_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"old.py": "2\n"})

    monkeypatch.setattr(os, "replace", Failing(0, PermissionError(13, "Permission denied")))
    with pytest.raises(Refused, match=r"old\.py cannot be removed: Permission denied"):
        write(tmp_path, {})

    assert held(tmp_path) == {"old.py": "2\n"}


def test_what_was_moved_aside_and_cannot_be_deleted_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"old.py": "2\n"})

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    write(tmp_path, {})

    assert not (tmp_path / "old.py").exists()


def test_two_jobs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    plan = Plan()
    plan.folder(tmp_path / "a", {"x.py": "1\n"}, FACTS)
    plan.folder(tmp_path / "b" / ".." / "a", {"x.py": "1\n"}, FACTS)

    with pytest.raises(Refused, match=r"a would be written by two jobs: give each one a folder of its own"):
        plan.write()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("first", ["folder", "file"])
def test_a_file_that_stands_alone_is_not_one_of_a_folder(tmp_path: Path, first: str) -> None:
    plan = Plan()
    steps: list[Callable[[], None]] = [
        lambda: plan.folder(tmp_path, {"x.py": "1\n"}, FACTS),
        lambda: plan.single(tmp_path / "x.py", "# @generated by emitter-typed\n"),
    ]
    for step in steps if first == "folder" else reversed(steps):
        step()

    with pytest.raises(Refused, match=r"x\.py would be written by two jobs"):
        plan.write()


def test_a_folder_that_could_not_be_filled_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_arguments: str, **_named: str) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Refused, match=r"[/\\]x\.py cannot be written"):
        write(tmp_path / "a" / "b", {"x.py": "1\n"})

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "exists", closed)

    with pytest.raises(Refused, match=r"out cannot be read: Permission denied"):
        write(tmp_path / "out", {"x.py": "1\n"})


def test_one_refusal_stops_every_folder_of_a_plan(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.py").write_text("mine\n")
    plan = Plan()
    plan.folder(tmp_path / "a", {"x.py": "1\n"}, FACTS)
    plan.folder(tmp_path / "b", {"x.py": "1\n"}, FACTS)

    with pytest.raises(Refused):
        plan.write()

    assert not (tmp_path / "a").exists()


def test_a_file_that_stands_alone_must_have_the_banner(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("mine\n")
    plan = Plan()
    plan.single(tmp_path / "x.py", "# @generated by emitter-typed\n")

    with pytest.raises(Refused, match="was not written by emitter-typed"):
        plan.write()


def test_a_diff_tells_old_from_new(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": "1\n", "old.py": "2\n"})
    plan = Plan()
    plan.folder(tmp_path, {"x.py": "3\n", "new.py": "4\n"}, FACTS)
    plan.compare()

    text = "".join(change.diff(tmp_path) for change in plan.changes)

    assert "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-1\n+3\n" in text
    assert "--- /dev/null\n+++ b/new.py\n" in text
    assert "--- a/old.py\n+++ /dev/null\n" in text
