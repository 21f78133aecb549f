"""What reading and writing a payload costs, beside others that do the same. `make bench-codec` runs it.

What is compared is CPU time, which other programs on the machine disturb far less than the time on the clock; that
stands beside it. Each figure comes from a fresh process, and rounds are interleaved. Ours reads into the classes that
the compiler makes of a schema, with the extra `fast` and without it; cattrs gets the same classes, written by hand.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any  # what JSON holds

from benchmarks.client import installed, machine
from benchmarks.codec_cases import SCHEMA, TITLES, WRONG, raw
from benchmarks.codec_contestants import CONTESTANTS, MISSING
from emitter_typed_codegen.cli import main as emitter_typed

OURS = ("emitter_typed", "emitter_typed[fast]")
GOALS = {"emitter_typed": "cattrs by hand", "emitter_typed[fast]": "pydantic"}
"""Whom each of ours is to be at least as fast as."""
SIDES = ("read", "write")
LIMIT_S = 90

Figure = tuple[float, float]
"""Microseconds of CPU time, and on the clock."""

Figures = dict[tuple[str, str, str], list[Figure | str]]
"""Of each contestant, case and side, the figure of each round, or why there is none."""


def run(name: str, case: str, folder: str) -> dict[str, Any] | str:
    """Run a contestant once: its figures, or why there are none."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.codec_contestants", name, case, folder],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return "failed"
    if done.returncode:
        print(f"{name}, {case}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return "missing" if done.returncode == MISSING else "failed"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cell(figures: list[Figure | str]) -> str:
    """Return the median with its spread, and that of the clock; or why there is none."""
    known = [each for each in figures if not isinstance(each, str)]
    if len(known) < len(figures):
        return next(each for each in figures if isinstance(each, str))
    cpu = [each[0] for each in known]
    return f"{median(cpu):.3g} ({min(cpu):.3g}-{max(cpu):.3g}), {median(each[1] for each in known):.3g}"


def ratio(figures: Figures, row: tuple[str, str], ours: str, other: str) -> float | None:
    """Return our share of another's CPU time: the median over rounds, each of which one minute hurt alike."""
    pairs = [
        (our[0], their[0])
        for our, their in zip(figures[ours, *row], figures[other, *row], strict=True)
        if not isinstance(our, str) and not isinstance(their, str)
    ]
    return median(our / their for our, their in pairs) if len(pairs) == len(figures[ours, *row]) else None


def report(figures: Figures, names: list[str], cases: list[str]) -> str:
    """Return medians with their spread, our share of each other's time, and where we miss the goal or are slower."""
    others = [name for name in names if name not in OURS]
    lines = [
        "| µs of CPU time: median (lowest-highest); then µs on the clock | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * len(names),
    ]
    shares = ["| Our CPU time, divided by that of | " + " | ".join(others) + " |", "| --- |" + " --- |" * len(others)]
    slower: list[str] = []
    for case, side in ((case, side) for case in cases for side in SIDES):
        title = f"{TITLES[case]}, {side}"
        lines.append(f"| {title} | " + " | ".join(cell(figures[name, case, side]) for name in names) + " |")
        for ours in (name for name in names if name in OURS):
            found = {name: ratio(figures, (case, side), ours, name) for name in others}
            shown = " | ".join("-" if x is None else f"{x:.2f}" for x in found.values())
            shares.append(f"| {title}: {ours} | {shown} |")
            slower += [
                f"- {title}: {ours} takes {x:.2f} times the CPU time of {name}"
                f"{', and is to be as fast' if GOALS[ours] == name else ''}."
                for name, x in found.items()
                if x and x > 1
            ]
    return "\n".join([*lines, "", *shares, "", "Where we are slower:", "", *(slower or ["- nowhere."])])


def main() -> None:
    """Run all rounds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default 5)")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--names", default="", help="only ours and these, with semicolons between")
    options = parser.parse_args()
    names = [name for name in CONTESTANTS if not options.names or name in (*OURS, *options.names.split(";"))]
    cases = [case for case in TITLES if options.only in case]
    figures: Figures = {(name, case, side): [] for name in names for case in cases for side in SIDES}
    refused: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="bench-codec-") as folder:
        Path(folder, "station.yaml").write_text(SCHEMA, "utf-8")
        with redirect_stdout(sys.stderr):
            assert emitter_typed(["generate", f"{folder}/station.yaml", "--out", f"{folder}/station_api"]) == 0
        for number in range(options.rounds):
            for case in cases:
                for name in names:
                    print(f"round {number + 1} of {options.rounds}: {case}, {name}", file=sys.stderr)
                    found = run(name, case, folder)
                    for side in SIDES:
                        figures[name, case, side].append(found if isinstance(found, str) else tuple(found[side]))
                    if case == "nested" and not isinstance(found, str):
                        refused[name] = found["refused"]
    packages = ", ".join(map(installed, ("emitter-typed", "attrs", "cattrs", "pydantic", "msgspec")))
    sizes = ", ".join(f"{TITLES[case]}: {len(raw(case)):,} bytes" for case in cases)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {packages}, on {machine()}; medians of "
        f"{options.rounds} rounds; each ratio is the median of the ratios of the rounds. {sizes}.\n"
    )
    print(report(figures, names, cases))
    print(
        f"\nOf {len(WRONG)} wrong documents refused: " + ", ".join(f"{name} {n}" for name, n in refused.items()) + "."
    )


if __name__ == "__main__":
    main()
