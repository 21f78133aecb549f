"""Writing is all or nothing, and nobody's work is lost by it."""

import json
import os
from pathlib import Path

import pytest

from emitter_typed_codegen.write import MANIFEST, Plan, Refused

FACTS = {"version": "1"}


def write(out: Path, files: dict[str, str]) -> int:
    plan = Plan()
    plan.folder(out, files, FACTS)
    plan.write()
    return len(plan.changes)


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.name != MANIFEST}


def test_a_new_folder_holds_the_files_and_a_manifest(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", {"x.py": "1\n", "y.py": "2\n"})

    assert held(tmp_path / "a" / "b") == {"x.py": "1\n", "y.py": "2\n"}
    manifest = json.loads((tmp_path / "a" / "b" / MANIFEST).read_text("utf-8"))
    assert manifest["version"] == "1"
    assert list(manifest["files"]) == ["x.py", "y.py"]


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
    (tmp_path / "mine.py").write_text("mine\n")
    write(tmp_path, {"x.py": "1\n"})
    write(tmp_path, {})

    assert held(tmp_path) == {"mine.py": "mine\n"}


def test_a_strangers_manifest_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"name": "an extension of a browser"}')

    with pytest.raises(Refused, match="manifest"):
        write(tmp_path, {"x.py": "1\n"})

    assert not (tmp_path / "x.py").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "no json", '{"tool": "emitter-typed"}', '{"tool": "emitter-typed", "files": 1}']
)
def test_a_broken_manifest_owns_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)

    with pytest.raises(Refused, match="manifest"):
        write(tmp_path, {})


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

    with pytest.raises(Refused, match=r"x\.py is no file"):
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


def test_a_disk_that_is_full_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"x.py": "1\n", "y.py": "2\n"})
    original = Path.write_text

    def full(self: Path, data: str, *arguments: str, **named: str) -> int:
        if "y.py" in self.name:
            raise OSError(28, "No space left on device", str(self))
        return original(self, data, *arguments, **named)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Refused, match="No space left"):
        write(tmp_path, {"x.py": "3\n", "y.py": "4\n"})

    assert held(tmp_path) == {"x.py": "1\n", "y.py": "2\n"}


def test_a_folder_that_could_not_be_filled_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_arguments: str, **_named: str) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Refused):
        write(tmp_path / "a" / "b", {"x.py": "1\n"})

    assert list(tmp_path.iterdir()) == []


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

    text = "".join(change.diff(tmp_path) for change in plan.changes)

    assert "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-1\n+3\n" in text
    assert "--- /dev/null\n+++ b/new.py\n" in text
    assert "--- a/old.py\n+++ /dev/null\n" in text
