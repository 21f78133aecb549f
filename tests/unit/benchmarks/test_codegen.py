"""The benchmark of generators says who failed, and measures what is there."""

import subprocess
import sys
from pathlib import Path

from benchmarks.processes import CONTESTANT_FAILED

ROOT = Path(__file__).parents[3]


def test_a_peer_that_is_missing_has_failed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.codegen", "--peers", str(tmp_path), "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    head, _, _, _, ours, *others = done.stdout.partition("\n\nWhere we are slower")[0].splitlines()
    assert head.startswith("80 types with 6 fields, 50 channels; ")
    assert "datamodel-code-generator 0." in head
    assert ours.startswith("| emitter-typed | ")
    assert len(others) == 2
    assert others[0].startswith("| datamodel-code-generator | FAILED: ")
    assert others[1].startswith("| openapi-python-client | FAILED: ")
    assert all("No such file" in line for line in others)
    assert done.returncode == CONTESTANT_FAILED
