"""How fast the client is, beside others that do the same. `make bench-client` runs it.

Each figure comes from a fresh process of the client and a fresh one of the server, on loopback. Rounds are interleaved,
so that a busy minute of the machine hurts everybody alike. A client that loses a message has failed, however fast.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
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
LIMIT_S = 90


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


def table(results: dict[tuple[str, str], list[float | str]], names: list[str], rows: list[tuple[str, str, int]]) -> str:
    """Return medians with their spread, and how many times as fast we are as each."""
    lines = ["| thousands a second | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    ratios: list[str] = []
    for row, title, _ in rows:
        cells: list[str] = []
        middles: dict[str, float] = {}
        for name in names:
            figures = [each for each in results[name, row] if isinstance(each, float)]
            if len(figures) < len(results[name, row]):
                cells.append(next(each for each in results[name, row] if isinstance(each, str)))
                continue
            middles[name] = median(figures)
            cells.append(f"{median(figures):.3g} ({min(figures):.3g}-{max(figures):.3g})")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
        for ours in (name for name in names if name.startswith(OURS) and name in middles):
            times = [
                f"{middles[ours] / middles[name]:.2f}" if name in middles else "-"
                for name in names
                if not name.startswith(OURS)
            ]
            ratios.append(f"| {title}: {ours} | " + " | ".join(times) + " |")
    others = [name for name in names if not name.startswith(OURS)]
    head = ["| times as fast as | " + " | ".join(others) + " |", "| --- |" + " --- |" * len(others)]
    return "\n".join([*lines, "", *head, *ratios])


def main() -> None:
    """Run all rounds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default 5)")
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    parser.add_argument("--names", default="", help="only these contestants, with semicolons between")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many messages (default 1)")
    options = parser.parse_args()
    names = [name for name in CONTESTANTS if not options.names or name in options.names.split(";")]
    rows = [(row, title, int(count * options.scale)) for row, title, count in ROWS if options.only in row]
    results: dict[tuple[str, str], list[float | str]] = {(name, row): [] for name in names for row, _, _ in rows}
    for number in range(options.rounds):
        for row, _, count in rows:
            for name in names:
                print(f"round {number + 1} of {options.rounds}: {row}, {name}", file=sys.stderr)
                results[name, row].append(run(name, row, count))
    packages = ", ".join(map(installed, ("emitter-io", "paho-mqtt", "aiomqtt", "gmqtt")))
    print(f"Python {platform.python_version()}, {packages}; medians of {options.rounds} rounds (lowest-highest)\n")
    print(table(results, names, rows))


if __name__ == "__main__":
    main()
