"""How fast the client is, beside others that do the same. `make bench-client` runs it.

Each figure comes from a fresh process of the client and a fresh one of the server, on loopback. Rounds are interleaved,
so that a busy minute of the machine hurts everybody alike. A client that loses a message has failed, however fast.

What is compared is the CPU time of the client's process: other work on the machine hardly changes it. Wall time
stands beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.client_contestants import CONTESTANTS, MISSING

# Name of the method, what it measures, how many messages: a second or so for the slower ones.
ROWS = (
    ("counted", "received, counted", 100_000),
    ("decoded", "received, decoded: 4 fields", 60_000),
    ("rich", "received, decoded: date, enum, list", 20_000),
    ("qos0", "published, QoS 0", 60_000),
    ("qos1", "published, QoS 1, 100 in flight", 20_000),
    ("request", "requests, one by one", 2_000),
    ("requests", "requests, 100 in flight", 10_000),
)
OURS = "emitter_typed"
CEILING = "a bare socket"
LIMIT_S = 90


class Figure(NamedTuple):
    """What one message or request took, in microseconds."""

    cpu_us: float
    wall_us: float


Results = dict[tuple[str, str], list[Figure | str]]
"""Of each contestant and row that it has, the figure of each round, or why there is none."""


def run(name: str, row: str, count: int) -> Figure | str:
    """Run a contestant once; return the figure, or why there is none."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.client_server", str(count), row], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "benchmarks.client_contestants", name, row, port, str(count)],
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            return "failed"
        finally:
            server.kill()
    if done.returncode == MISSING:
        return "missing"
    if done.returncode:
        print(f"{name}, {row}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return "failed"
    wall_s, cpu_s = map(float, done.stdout.split())
    return Figure(cpu_s / count * 1e6, wall_s / count * 1e6)


def installed(package: str) -> str:
    """Return a package with its version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (missing)"


def machine() -> str:
    """Return what the figures were taken on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def ratios(results: Results, row: str, ours: str, theirs: str) -> Figure | None:
    """Return our time as a multiple of theirs: medians over rounds, each of which one minute hurt alike."""
    pairs = [
        (our, their)
        for our, their in zip(results[ours, row], results[theirs, row], strict=True)
        if isinstance(our, Figure) and isinstance(their, Figure)
    ]
    if len(pairs) < len(results[ours, row]):
        return None
    return Figure(*(median(our[clock] / their[clock] for our, their in pairs) for clock in (0, 1)))


def _cell(figures: list[Figure | str]) -> str:
    if not all(isinstance(each, Figure) for each in figures):
        return next(each for each in figures if isinstance(each, str))
    cpu = [each.cpu_us for each in figures if isinstance(each, Figure)]
    wall = median(each.wall_us for each in figures if isinstance(each, Figure))
    return f"{median(cpu):.3g} ({min(cpu):.3g}-{max(cpu):.3g}), {wall:.3g}"


def report(results: Results, names: list[str], rows: list[tuple[str, str, int]]) -> str:
    """Return medians with their spread, our times as multiples of each one's, and where we are slower."""
    titles = [title for _, title, _ in rows]
    lines = [f"| µs of CPU time: median (lowest-highest); then µs on the clock | {' | '.join(titles)} |"]
    lines.append("| --- |" + " --- |" * len(rows))
    for name in names:
        shown = [_cell(results[name, row]) if (name, row) in results else "" for row, _, _ in rows]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    others = [name for name in names if not name.startswith(OURS)]
    lines += ["", "| Our CPU time (time on the clock), divided by that of | " + " | ".join(others) + " |"]
    lines.append("| --- |" + " --- |" * len(others))
    longer: list[str] = []
    for row, title, _ in rows:
        for ours in (name for name in names if name.startswith(OURS) and (name, row) in results):
            cells: list[str] = []
            for theirs in others:
                times = ratios(results, row, ours, theirs)
                cells.append("-" if times is None else f"{times.cpu_us:.2f} ({times.wall_us:.2f})")
                if times is not None and times.cpu_us > 1 and theirs != CEILING:
                    longer.append(f"- {title}: {ours} takes {times.cpu_us:.2f} times the CPU time of {theirs}.")
            lines.append(f"| {title}: {ours} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "Where we are slower:", "", *(longer or ["- nowhere."])])


def main() -> None:
    """Run all rounds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default 5)")
    parser.add_argument("--only", default="", help="only these rows, with semicolons between")
    parser.add_argument("--names", default="", help="only these contestants, with semicolons between")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many messages (default 1)")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    names = [name for name in CONTESTANTS if not options.names or name in options.names.split(";")]
    wanted = options.only.split(";") if options.only else [row for row, _, _ in ROWS]
    rows = [(row, title, int(count * options.scale)) for row, title, count in ROWS if row in wanted]
    results: Results = {(name, row): [] for row, _, _ in rows for name in names if hasattr(CONTESTANTS[name], row)}
    for number in range(options.rounds):
        for row, _, count in rows:
            for name in (name for name in names if (name, row) in results):
                print(f"round {number + 1} of {options.rounds}: {row}, {name}", file=sys.stderr)
                results[name, row].append(run(name, row, count))
    packages = ", ".join(map(installed, ("emitter-typed", "emitter-io", "paho-mqtt", "aiomqtt", "gmqtt")))
    taken = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {packages}, on {machine()} with a load of "
        f"{load_before:.1f} before and {os.getloadavg()[0]:.1f} after; medians of {options.rounds} rounds; "
        "each ratio is the median of the ratios of the rounds."
    )
    print(f"{taken}\n\n{report(results, names, rows)}")


if __name__ == "__main__":
    main()
