"""How fast the client is, beside others that do the same. `make bench-client` runs it.

Each figure comes from a fresh process of the client and a fresh one of the server, on loopback. Rounds are interleaved,
so that a busy minute of the machine hurts everybody alike. A client that loses a message has failed, however fast.
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

from benchmarks.client_contestants import CONTESTANTS, MISSING

# Name of the method, what it measures, how many messages: a second or so for the slower ones.
ROWS = (
    ("counted", "messages in, counted", 60_000),
    ("decoded", "messages in, decoded to an attrs class", 40_000),
    ("qos0", "QoS 0 out", 40_000),
    ("qos1", "QoS 1 out, acknowledged, 100 in flight", 10_000),
    ("request", "requests, one by one", 2_000),
    ("requests", "requests, 100 in flight", 5_000),
)
OURS = "emitter_typed"
CEILING = "a bare socket"
LIMIT_S = 90
RESULTS = Path(__file__).with_name("RESULTS.md")

Results = dict[tuple[str, str], list[float | str]]
"""Of each contestant and row, the figure of each round, or why there is none."""


def run(name: str, row: str, count: int) -> float | str:
    """Run a contestant once: thousands a second, or why there are none."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.client_server", str(count)], stdout=subprocess.PIPE, text=True
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
    return count / float(done.stdout) / 1000


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


def ratio(results: Results, row: str, ours: str, theirs: str) -> float | None:
    """Return how many times as fast we are: the median over rounds, each of which one minute hurt alike."""
    pairs = [
        (our, their)
        for our, their in zip(results[ours, row], results[theirs, row], strict=True)
        if isinstance(our, float) and isinstance(their, float)
    ]
    return median(our / their for our, their in pairs) if len(pairs) == len(results[ours, row]) else None


def report(results: Results, names: list[str], rows: list[tuple[str, str, int]]) -> str:
    """Return medians with their spread, how many times as fast we are as each, and where we are slower."""
    lines = ["| thousands a second | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    others = [name for name in names if not name.startswith(OURS)]
    ratios = ["| times as fast as | " + " | ".join(others) + " |", "| --- |" + " --- |" * len(others)]
    slower: list[str] = []
    for row, title, _ in rows:
        cells: list[str] = []
        for name in names:
            figures = [each for each in results[name, row] if isinstance(each, float)]
            if len(figures) < len(results[name, row]):
                cells.append(next(each for each in results[name, row] if isinstance(each, str)))
            else:
                cells.append(f"{median(figures):.3g} ({min(figures):.3g}-{max(figures):.3g})")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
        for ours in (name for name in names if name.startswith(OURS)):
            times = {theirs: ratio(results, row, ours, theirs) for theirs in others}
            shown = ["-" if each is None else f"{each:.2f}" for each in times.values()]
            ratios.append(f"| {title}: {ours} | " + " | ".join(shown) + " |")
            slower += [
                f"- {title}: {ours} is {each:.2f} times as fast as {theirs}."
                for theirs, each in times.items()
                if each is not None and each < 1 and theirs != CEILING
            ]
    return "\n".join([*lines, "", *ratios, "", "Where we are slower:", "", *(slower or ["- nowhere."])])


def main() -> None:
    """Run all rounds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default 5)")
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    parser.add_argument("--names", default="", help="only these contestants, with semicolons between")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many messages (default 1)")
    parser.add_argument("--write", action="store_true", help=f"write the results to {RESULTS.name} too")
    options = parser.parse_args()
    if options.write and (options.only or options.names):
        parser.error("--write is for all rows and all contestants")
    load_before = os.getloadavg()[0]
    names = [name for name in CONTESTANTS if not options.names or name in options.names.split(";")]
    rows = [(row, title, int(count * options.scale)) for row, title, count in ROWS if options.only in row]
    results: Results = {(name, row): [] for name in names for row, _, _ in rows}
    for number in range(options.rounds):
        for row, _, count in rows:
            for name in names:
                print(f"round {number + 1} of {options.rounds}: {row}, {name}", file=sys.stderr)
                results[name, row].append(run(name, row, count))
    packages = ", ".join(map(installed, ("emitter-typed", "emitter-io", "paho-mqtt", "aiomqtt", "gmqtt")))
    taken = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {packages}, on {machine()} with a load of "
        f"{load_before:.1f} before and {os.getloadavg()[0]:.1f} after; medians of {options.rounds} rounds "
        "(lowest-highest), ratios as medians of each round's."
    )
    text = f"{taken}\n\n{report(results, names, rows)}\n"
    print(text)
    if options.write:
        RESULTS.write_text(f"# How fast the client is\n\n`make bench-client BENCH=--write` wrote this.\n\n{text}")


if __name__ == "__main__":
    main()
