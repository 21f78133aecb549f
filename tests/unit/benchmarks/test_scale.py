"""The benchmark of large schemas measures what it says."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_each_size_is_generated_imported_used_and_compared() -> None:
    command = [sys.executable, "-m", "benchmarks.scale", "--sizes", "2,20", "--rounds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)

    sizes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [size.pop("types") for size in sizes] == [2, 20]
    for size in sizes:
        assert {*size} == {"generate", "import", "use", "all", "by hand"}
        assert all(seconds > 0 for seconds, _ in size.values())
        assert size["import"][0] < size["all"][0]
