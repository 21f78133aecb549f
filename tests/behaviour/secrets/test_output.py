"""No key is shown by anything, however loud the logging and whatever goes wrong."""

import subprocess
import sys
from pathlib import Path

from tests.helpers.tree import ROOT

PROGRAM = Path(__file__).with_name("program.py")
WRONG = ("Unauthorized", "InvalidArgument", "RequestTimeout", "ConnectionLost", "HandlerFailed", "Undecodable")
LOGGED = ("connection.opened", "connection.closed", "error.unhandled")


def test_no_key_is_in_the_output_of_a_program_that_shows_all_it_has(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", str(PROGRAM), str(tmp_path / "keys")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    output = done.stdout + done.stderr
    keys = (tmp_path / "keys").read_text("utf-8").splitlines()

    # There was something to see.
    assert [word for word in WRONG if f"{word}(" not in output] == []
    assert [event for event in LOGGED if f"emitter_typed {event}" not in output] == []
    assert f"Key(…{keys[-1][-4:]})" in output

    # Eight characters of a key would be too many as well; only its last four may be seen.
    pieces = [key[start : start + 8] for key in keys for start in range(len(key) - 7)]
    assert [piece for piece in pieces if piece in output] == []
