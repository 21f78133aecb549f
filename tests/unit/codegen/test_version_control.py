"""Packages under version control: real merges, and what `generate` makes of what they leave."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

PLAIN = {"one": "float", "two": "int"}
FIELDS = {
    "bounded": "{type: float, minimum: 0, unit: volts}",
    "called": "{type: string, max_length: 10, doc: How it is called.}",
    "day": "{type: date, doc: A day.}",
    "id": "{type: uuid?, doc: An id.}",
    "names": "{type: '{string: string}', default: {}}",
    "prices": "{type: '[decimal]', max_items: 3}",
    "pause": "{type: duration, format: seconds, default: 5}",
}
PAIRS = [("bounded", "called"), ("day", "id"), ("names", "prices"), ("pause", "day"), ("called", "names")]

Types = Mapping[str, Mapping[str, str]]


def schema(types: Types, channels: Mapping[str, str]) -> str:
    lines = ["emitter-typed: 1", "name: Home", "types:"]
    for name, fields in types.items():
        lines += [f"  {name}:", "    fields:", *(f"      {field}: {type_}" for field, type_ in fields.items())]
    lines += [
        "channels:",
        *(f'  {name}: {{address: "{name}/{{room}}/", payload: {of}}}' for name, of in channels.items()),
    ]
    return "\n".join(lines) + "\n"


class Repository:
    """A repository with a schema and its package."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "home_api"
        self.manifest = self.package / "manifest.json"
        self.schema = folder / "home.yaml"

    def git(self, *arguments: str) -> str:
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = {f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **settings, **who},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        # A merge with conflicts ends with 1.
        assert done.returncode == 0 or arguments[0] in ("merge", "checkout"), done.stderr
        return done.stdout

    def generate(self, *options: str) -> int:
        return main(["generate", str(self.schema), "--out", str(self.package), *options])

    def commit(self, text: str) -> None:
        """Write a schema, generate, and commit both."""
        self.schema.write_text(text, "utf-8")
        assert self.generate() == 0
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")

    def merge(self, base: str, ours: str, theirs: str) -> set[str]:
        """Commit a schema, and two others on two branches; merge these. Return the files with conflicts."""
        self.commit(base)
        self.git("branch", "ours")
        self.git("checkout", "-q", "-b", "theirs")
        self.commit(theirs)
        self.git("checkout", "-q", "ours")
        self.commit(ours)
        self.git("merge", "-q", "theirs")
        return set(self.git("diff", "--name-only", "--diff-filter=U").split())

    def held(self) -> dict[str, str]:
        return texts(self.package)

    def is_as_if_made_anew(self) -> bool:
        """Generate what the schema says in another place, and compare."""
        anew = Repository(self.folder.parent / "anew")
        shutil.rmtree(anew.folder, ignore_errors=True)
        anew.folder.mkdir()
        shutil.copy(self.schema, anew.schema)
        assert anew.generate() == 0
        return self.held() == anew.held()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "repository").mkdir()
    made = Repository(tmp_path / "repository")
    made.git("init", "-q", "-b", "main")
    return made


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def nothing(_: Repository) -> None:
    """The marks of the conflict stand in the manifest."""


def taken(side: str) -> Callable[[Repository], None]:
    def take(repository: Repository) -> None:
        repository.git("checkout", f"--{side}", "home_api/manifest.json")

    return take


def deleted(repository: Repository) -> None:
    repository.manifest.unlink()


RESOLVED = pytest.mark.parametrize(
    "resolve", [nothing, taken("ours"), taken("theirs"), deleted], ids=["marks", "ours", "theirs", "deleted"]
)


def with_field(field: str, *, of: str, first: bool) -> str:
    added = {field: FIELDS[field]}
    fields = {**added, **PLAIN} if first else {**PLAIN, **added}
    return schema({"Reading": PLAIN, "Status": PLAIN, of: fields}, {"readings": "Reading"})


BASE = schema({"Reading": PLAIN, "Status": PLAIN}, {"readings": "Reading"})


@RESOLVED
@pytest.mark.parametrize("of", ["Reading", "Status"], ids=["one type", "two types"])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_fields_of_two_branches_merge(
    repository: Repository, resolve: Callable[[Repository], None], one: str, other: str, of: str
) -> None:
    found = repository.merge(BASE, with_field(one, of="Reading", first=True), with_field(other, of=of, first=False))
    assert found == {"home_api/manifest.json"}
    resolve(repository)

    assert repository.generate("--check") == 1
    assert repository.generate() == 0
    assert repository.is_as_if_made_anew()


def with_type(name: str, channel: str) -> str:
    return schema(
        {"Reading": PLAIN, name: PLAIN, "Status": PLAIN}, {"readings": "Reading", channel: name, "states": "Status"}
    )


@RESOLVED
def test_types_and_channels_of_two_branches_merge(
    repository: Repository, resolve: Callable[[Repository], None]
) -> None:
    """The text of the schema has conflicts, which somebody resolves; the package has one, in its manifest."""
    base = schema({"Reading": PLAIN, "Status": PLAIN}, {"readings": "Reading", "states": "Status"})
    found = repository.merge(base, with_type("Room", "rooms"), with_type("Sensor", "sensors"))
    assert found == {"home.yaml", "home_api/manifest.json"}
    resolve(repository)
    types = {"Reading": PLAIN, "Room": PLAIN, "Sensor": PLAIN, "Status": PLAIN}
    channels = {"readings": "Reading", "rooms": "Room", "sensors": "Sensor", "states": "Status"}
    repository.schema.write_text(schema(types, channels), "utf-8")

    assert repository.generate() == 0
    assert repository.is_as_if_made_anew()


@RESOLVED
@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_conflicts_in_every_file_are_no_edits(
    repository: Repository, resolve: Callable[[Repository], None], style: str
) -> None:
    """Git has conflicts there where it is told to leave the package's own attributes alone."""
    (repository.folder / ".git/info/attributes").write_text("* !merge\n")
    repository.git("config", "merge.conflictStyle", style)
    found = repository.merge(BASE, with_type("Room", "rooms"), with_type("Sensor", "sensors"))
    assert {"home_api/__init__.py", "home_api/types.py", "home_api/facade.py"} < found
    resolve(repository)
    repository.schema.write_text(with_type("Room", "halls"), "utf-8")

    assert repository.generate() == 0
    assert repository.is_as_if_made_anew()


@RESOLVED
@pytest.mark.parametrize("attributes", ["", "* !merge\n"], ids=["merged", "with conflicts"])
def test_an_edit_is_refused_after_a_merge_too(
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    resolve: Callable[[Repository], None],
    attributes: str,
) -> None:
    (repository.folder / ".git/info/attributes").write_text(attributes)
    repository.merge(BASE, with_type("Room", "rooms"), with_type("Sensor", "sensors"))
    resolve(repository)
    repository.schema.write_text(with_type("Room", "rooms"), "utf-8")
    types = repository.package / "types.py"
    merged = types.read_text("utf-8")

    for edited in (
        f"{merged}# mine\n",
        merged.replace("    two: int\n", "    two: int | None\n", 1),
        merged.replace("    two: int\n", "", 1),
        merged.replace("class Room", "class Hall"),
        merged.replace("\nclass", "\n\nclass", 1),
    ):
        types.write_text(edited, "utf-8")
        before = repository.held()
        capsys.readouterr()

        assert repository.generate() == 1
        assert "types.py was edited: move your change elsewhere" in capsys.readouterr().err
        assert repository.held() == before

    types.write_text(merged, "utf-8")
    assert repository.generate() == 0


@RESOLVED
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "taken away"])
def test_what_one_branch_takes_away_and_the_other_changes_is_no_edit(
    repository: Repository, resolve: Callable[[Repository], None], kept: bool
) -> None:
    without = BASE.partition("channels:")[0]
    found = repository.merge(BASE, without, with_type("Room", "rooms"))
    assert "home_api/facade.py" in found
    resolve(repository)
    repository.schema.write_text(with_type("Room", "halls") if kept else without, "utf-8")

    assert repository.generate() == 0
    assert repository.is_as_if_made_anew()


def test_files_know_themselves_without_a_manifest(repository: Repository) -> None:
    repository.commit(BASE)
    deleted(repository)
    repository.schema.write_text(with_type("Room", "rooms"), "utf-8")

    assert repository.generate() == 0
    assert repository.is_as_if_made_anew()


def test_other_line_ends_of_a_checkout_are_no_edit(repository: Repository) -> None:
    """As Git for Windows gives them."""
    repository.git("config", "core.autocrlf", "true")
    repository.commit(BASE)
    for path in repository.git("ls-files").split():
        (repository.folder / path).unlink()
    repository.git("checkout", "-q", ".")
    assert b"\r\n" in (repository.package / "types.py").read_bytes()
    assert b"\r\n" in (repository.package / "checksums.txt").read_bytes()

    assert repository.generate("--check") == 0
    repository.schema.write_bytes(with_type("Room", "rooms").replace("\n", "\r\n").encode())
    assert repository.generate() == 0
    assert repository.is_as_if_made_anew()


def test_a_merge_of_a_checkout_with_other_line_ends_is_no_edit(repository: Repository) -> None:
    repository.git("config", "core.autocrlf", "true")
    found = repository.merge(
        BASE, with_field("day", of="Reading", first=True), with_field("id", of="Reading", first=False)
    )
    assert found == {"home_api/manifest.json"}
    assert b"\r\n" in (repository.package / "types.py").read_bytes()

    assert repository.generate() == 0
    assert repository.generate("--check") == 0


def test_attributes_of_ones_own_are_left_alone(repository: Repository) -> None:
    repository.package.mkdir()
    mine = repository.package / ".gitattributes"
    mine.write_text("* text\n")

    repository.commit(BASE)

    assert mine.read_text() == "* text\n"


def test_attributes_that_nobody_committed_are_no_reason_to_write(repository: Repository) -> None:
    repository.commit(BASE)
    (repository.package / ".gitattributes").unlink()

    assert repository.generate("--check") == 0


def test_the_digest_stands_in_the_manifest_only(repository: Repository) -> None:
    repository.commit(BASE)

    digest = json.loads(repository.manifest.read_text("utf-8"))["schema"]["sha256"]
    assert [name for name, text in repository.held().items() if digest[:8] in text] == ["manifest.json"]
