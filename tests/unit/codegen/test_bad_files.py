"""Files that are no schemas, and places that cannot be written: one problem, exit code 1, and the output as it was."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main

SCHEMA = "emitter-typed: 1\nname: Home\ntypes:\n  Reading: {fields: {celsius: float}}\n"
GENERATE = ["generate", "home.yaml", "--out", "home_api"]
LIMIT_S = 60.0
OTHERS = "wrote 6 files to other_api\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a schema and its package."""
    (tmp_path / "home.yaml").write_text(SCHEMA, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(GENERATE) == 0
    return tmp_path


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def empty(path: Path) -> None:
    path.write_text("", "utf-8")


def folder(path: Path) -> None:
    path.mkdir()


def latin_1(path: Path) -> None:
    path.write_bytes("emitter-typed: 1\ndoc: Türen\n".encode("latin-1"))


def utf_16(path: Path) -> None:
    path.write_text(SCHEMA, "utf-16")


def fifty_megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def link_to_nowhere(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


@pytest.mark.parametrize("verb", [["check", "home.yaml"], GENERATE])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (empty, "home.yaml: empty-file: the file is empty\n"),
        (folder, "home.yaml: not-readable: this is a folder, not a file\n"),
        (latin_1, "home.yaml:2:7: encoding: the byte 0xfc is not UTF-8\n"),
        (utf_16, "home.yaml: encoding: the file is UTF-16\n"),
        (fifty_megabytes, "home.yaml: too-large: the file is larger than 1,000,000 bytes\n"),
        pytest.param(
            pipe, "home.yaml: not-readable: this is a pipe or a device, not a file\n", marks=pytest.mark.posix
        ),
        (link_to_itself, "home.yaml: not-readable: the file cannot be read: "),
        (link_to_nowhere, "home.yaml: no-file: this link leads to a file that does not exist\n"),
    ],
)
def test_what_is_no_schema_is_one_problem(
    here: Path, capsys: pytest.CaptureFixture[str], verb: list[str], make: Callable[[Path], None], message: str
) -> None:
    before = contents(here / "home_api")
    (here / "home.yaml").unlink()
    make(here / "home.yaml")
    capsys.readouterr()

    assert main(verb) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(message)
    assert printed.err.count("home.yaml") == 1
    assert contents(here / "home_api") == before


def run(program: str, here: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that may do to its process what must not happen to this one."""
    here.chmod(0o755)
    (here / "other.yaml").write_text(SCHEMA, "utf-8")
    lines = [
        "import os, resource, sys",
        "from emitter_typed_codegen.cli import main",
        # All of Python and of the compiler is loaded by then: another user may not even look into their folders.
        "main(['generate', 'other.yaml', '--out', 'other_api'])",
        program,
        f"sys.exit(main({GENERATE!r}))",
    ]
    command = [sys.executable, "-c", "\n".join(lines)]
    # What is measured writes files when it ends, which this program can no more.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)


# Nobody is kept from reading who is root.
AS_NOBODY = "if os.geteuid() == 0: os.setuid(65534)"


@pytest.mark.posix
def test_a_schema_that_may_not_be_read_is_one_problem(here: Path) -> None:
    (here / "home.yaml").chmod(0)
    before = contents(here / "home_api")

    done = run(AS_NOBODY, here)

    assert done.stderr == "home.yaml: not-readable: the file cannot be read: Permission denied\n\n"
    assert (done.returncode, done.stdout) == (1, OTHERS)
    assert contents(here / "home_api") == before


@pytest.mark.posix
def test_a_folder_that_may_not_be_written_is_one_line(here: Path) -> None:
    (here / "home.yaml").write_text(SCHEMA.replace("celsius", "kelvin"), "utf-8")
    before = contents(here / "home_api")
    (here / "home_api").chmod(0o555)

    done = run(AS_NOBODY, here)

    assert done.stderr.startswith("nothing was written:\nhome_api/")
    assert done.stderr.endswith(" cannot be written: Permission denied\n")
    assert (done.returncode, done.stdout) == (1, OTHERS)
    assert contents(here / "home_api") == before


@pytest.mark.posix
@pytest.mark.parametrize("most_bytes", [0, 100])
def test_a_disk_that_is_full_is_one_line(here: Path, most_bytes: int) -> None:
    """What stands for the disk is the kernel's limit of the size of a file."""
    (here / "home.yaml").write_text(SCHEMA.replace("celsius", "kelvin"), "utf-8")
    before = contents(here / "home_api")

    done = run(f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))", here)

    assert done.stderr.startswith("nothing was written:\nhome_api/")
    assert done.stderr.endswith(" cannot be written: File too large\n")
    assert (done.returncode, done.stdout) == (1, OTHERS)
    assert contents(here / "home_api") == before


@pytest.mark.parametrize("out", ["loop", "loop/home_api"])
def test_an_out_that_leads_in_a_circle_is_one_line(here: Path, capsys: pytest.CaptureFixture[str], out: str) -> None:
    (here / "loop").symlink_to("loop")
    capsys.readouterr()

    assert main(["generate", "home.yaml", "--out", out]) == 1
    assert capsys.readouterr().err.count("\n") == 2
