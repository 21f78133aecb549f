"""What comes before the first message: importing the client, and type-checking what was generated.

    python -m benchmarks.starting [--rounds 15] [--folder DIR]

CPU time of fresh processes, interleaved; medians, with the lowest and the highest. The import of `Client` is compared
with that of paho-mqtt, which every client for threads needs in the end. `mypy --strict` reads 100 generated types, and
the same classes as a person would write them; it knows what both of them import.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

from benchmarks.imports import by_hand, schema
from benchmarks.processes import cpu_s
from emitter_typed_codegen.cli import main as emitter_typed

TYPES = 100
OVER_PAHO_MS = 60.0
"""What the import of the client may take beyond that of paho-mqtt."""
CHECKED = 1.5
"""How many times as long mypy may take for generated types as for those by hand."""

IMPORTS = {
    "nothing": "pass",
    "paho-mqtt": "import paho.mqtt.client",
    "Client": "from emitter_typed import Client",
    "Client, and one made": "from emitter_typed import Client; Client()",
    "Client, made and ready to connect": "import paho.mqtt.client; from emitter_typed import Client; Client()",
    "AsyncClient": "from emitter_typed import AsyncClient",
}

COLUMNS = "CPU ms, median (lowest-highest) | ms on the clock"

Figure = tuple[float, float]
"""Milliseconds of CPU time, and on the clock."""


def run(command: list[str], folder: Path | None = None) -> Figure:
    """Run a program, which has to succeed."""
    before, before_s = cpu_s(), time.perf_counter()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return 1e3 * (cpu_s() - before), 1e3 * (time.perf_counter() - before_s)


def shown(figures: list[Figure]) -> str:
    """Return the median with its spread, and that of the clock."""
    cpu = [each[0] for each in figures]
    return f"{median(cpu):.0f} ({min(cpu):.0f}-{max(cpu):.0f}) | {median(each[1] for each in figures):.0f}"


def imports(rounds: int) -> None:
    """Measure and print what imports cost."""
    figures: dict[str, list[Figure]] = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, statement in IMPORTS.items():
            figure = run([sys.executable, "-c", statement])
            # The first round compiles what lies on the disk.
            if number:
                figures[name].append(figure)
    print(f"| import of | {COLUMNS} | CPU ms more than paho-mqtt |\n| --- | --- | --- | --- |")
    for name, each in figures.items():
        beyond = median(our[0] - their[0] for our, their in zip(each, figures["paho-mqtt"], strict=True))
        print(f"| {name} | {shown(each)} | {f'{beyond:.0f}' if 'Client' in name else ''} |")
    beyond = median(our[0] - their[0] for our, their in zip(figures["Client"], figures["paho-mqtt"], strict=True))
    if beyond > OVER_PAHO_MS:
        print(
            f"\nThe import of `Client` takes {beyond:.0f} ms more than that of paho-mqtt. The goal: {OVER_PAHO_MS:.0f}."
        )


def checking(rounds: int, folder: Path) -> None:
    """Measure and print what mypy takes."""
    (folder / "big.yaml").write_text(schema(TYPES, channels=0), "utf-8")
    with redirect_stdout(sys.stderr):
        assert emitter_typed(["generate", str(folder / "big.yaml"), "--out", str(folder / "big_api")]) == 0
    (folder / "by_hand.py").write_text(by_hand(TYPES), "utf-8")
    (folder / "both.py").write_text("import attrs, datetime, emitter_typed.contract, typing\n", "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir"]
    # What both of them import is known before.
    run([*mypy, "known", "both.py"], folder)
    figures: dict[str, list[Figure]] = {name: [] for name in ("big_api", "by_hand.py")}
    for _ in range(rounds):
        for name, each in figures.items():
            shutil.rmtree(folder / "cache", ignore_errors=True)
            shutil.copytree(folder / "known", folder / "cache")
            each.append(run([*mypy, "cache", name], folder))
    ratio = median(our[0] / their[0] for our, their in zip(*figures.values(), strict=True))
    print(f"\n| `mypy --strict`, {TYPES} types | {COLUMNS} |\n| --- | --- | --- |")
    for name, each in figures.items():
        print(f"| {'generated' if name == 'big_api' else 'by hand'} | {shown(each)} |")
    goal = "" if ratio <= CHECKED else f" The goal is {CHECKED} at most."
    print(f"\nGenerated types take {ratio:.2f} times as long to check as those by hand.{goal}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What comes before the first message.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each figure is taken (default 15)")
    rounds: int = parser.parse_args().rounds
    imports(rounds)
    with tempfile.TemporaryDirectory(prefix="bench-starting-") as folder:
        checking(max(1, rounds // 3), Path(folder))


if __name__ == "__main__":
    main()
