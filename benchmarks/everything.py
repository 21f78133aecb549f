"""All benchmarks, one after the other, and what is written of them: `make bench`, `make bench-quick`.

    python -m benchmarks.everything [--quick] [--only codec,load] [--render]

What the programs print is kept in `results.json` beside this file. `RESULTS.md`, the figures in `docs/figures` and the
tables in `docs/explanation/performance.md` are made of that, and never edited. `--quick` takes fewer rounds of less and
writes into `build/bench-quick` instead. `--render` measures nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any  # what JSON holds

from attrs import frozen

from benchmarks.charts import Line, chart
from benchmarks.client import installed, machine
from benchmarks.load import TITLES, UNITS
from benchmarks.load import report as load_report

ROOT = Path(__file__).resolve().parents[1]
DATA = Path("benchmarks/results.json")
RESULTS = Path("benchmarks/RESULTS.md")
PAGE = Path("docs/explanation/performance.md")
FIGURES = Path("docs/figures")


@frozen
class Section:
    """One program, and what stands above what it prints."""

    name: str
    title: str
    intro: str
    full: tuple[str, ...]
    quick: tuple[str, ...]
    environment: str = ""
    """The environment of its own that it runs in, in `build`; empty: that of development."""
    form: str = "markdown"
    """What it prints: Markdown, plain text, or JSON in a line or several."""


SECTIONS = (
    Section(
        "client",
        "The client, beside others",
        "Each figure comes from a fresh process of the client and one of the server, on loopback.",
        ("--rounds", "5"),
        ("--rounds", "1", "--scale", "0.2"),
        "bench-client",
    ),
    Section(
        "one_message",
        "Where the time of one message goes",
        "An `AsyncClient`; samples of its stack. [The page](../docs/explanation/performance.md) explains the parts.",
        ("--rounds", "5"),
        ("--rounds", "1"),
    ),
    Section(
        "codec",
        "Payloads",
        "Reading and writing one payload, with the extra `fast` (msgspec) and without it.",
        ("--rounds", "5"),
        ("--rounds", "1"),
        "bench-codec",
    ),
    Section(
        "load",
        "As the work grows",
        "CPU time of the client's process (lowest-highest), then the time on the clock.",
        ("--rounds", "3", "--json"),
        ("--rounds", "1", "--json", "--cases", "subscriptions,payload"),
        form="json",
    ),
    Section(
        "starting",
        "Before the first message",
        "Fresh processes.",
        ("--rounds", "15"),
        ("--rounds", "3"),
    ),
    Section(
        "codegen",
        "Generating, beside others",
        "Each generator as its users call it, into an empty folder.",
        ("--rounds", "15", "--peers", "build/bench-codegen/bin"),
        ("--rounds", "3", "--peers", "build/bench-codegen/bin"),
    ),
    Section(
        "scale",
        "Large schemas",
        "So many types and as many channels; seconds of CPU time, the least of the rounds, and MiB of the process.",
        ("--rounds", "1", "--json"),
        ("--rounds", "1", "--json", "--sizes", "10,100"),
        form="json",
    ),
    Section("broker", "The embedded broker, beside mosquitto", "", ("--rounds", "5"), ("--rounds", "1"), form="text"),
)


def run(section: Section, *, quick: bool) -> str | None:
    """Run a program; return what it prints, or None if it failed."""
    python = ROOT / "build" / section.environment / "bin/python" if section.environment else Path(sys.executable)
    started_s = time.perf_counter()
    done = subprocess.run(
        [python, "-m", f"benchmarks.{section.name}", *(section.quick if quick else section.full)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(f"{section.name}: {time.perf_counter() - started_s:.0f} s", file=sys.stderr)
    # Some say by their exit code that a peer has failed, which their text says too.
    return done.stdout if done.stdout.strip() else None


def measure(names: set[str], before: Mapping[str, Any], *, quick: bool) -> dict[str, Any]:
    """Run the programs, and return what is known afterwards; what is not run stays as it was."""
    texts = dict(before.get("texts", {}))
    load = os.getloadavg()[0]
    for section in SECTIONS:
        if section.name in names:
            text = run(section, quick=quick)
            texts[section.name] = "FAILED" if text is None else text
    packages = ", ".join(installed(each) for each in ("emitter-typed", "paho-mqtt", "attrs", "cattrs", "msgspec"))
    return {
        "taken": f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {packages}, on {machine()}, with "
        f"a load of {load:.1f} before and {os.getloadavg()[0]:.1f} after",
        "texts": texts,
    }


def tables(known: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of each section in Markdown."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        text: str | None = known["texts"].get(section.name)
        if text is None or text == "FAILED":
            found[section.name] = "Not measured." if text is None else "**It failed.**"
        elif section.name == "load":
            found[section.name] = load_report(json.loads(text))
        elif section.name == "scale":
            found[section.name] = _scale_table([json.loads(line) for line in text.splitlines()])
        elif section.form == "text":
            found[section.name] = f"```text\n{text.strip()}\n```"
        else:
            found[section.name] = text.strip()
    return found


_SCALE = {
    "generate": "generate",
    "import": "import the package",
    "use": "use 50 types and channels",
    "all": "load everything",
    "by hand": "the same by hand",
}


def _scale_table(sizes: list[dict[str, Any]]) -> str:
    lines = ["| types, and channels | " + " | ".join(_SCALE.values()) + " |", "| --- |" + " --- |" * len(_SCALE)]
    for size in sizes:
        cells = [f"{size[each][0]:.2f} s" + (f", {size[each][1]:.0f} MiB" if size[each][1] else "") for each in _SCALE]
        lines.append(f"| {size['types']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def figures(known: Mapping[str, Any]) -> dict[Path, str]:
    """Return the figures by their paths."""
    found: dict[Path, str] = {}
    texts = known["texts"]
    if texts.get("load", "FAILED") != "FAILED":
        for case, flavours in json.loads(texts["load"]).items():
            lines = [
                Line(flavour, [(size, median(each[0] for each in rounds)) for size, rounds in points])
                for flavour, points in flavours.items()
            ]
            unit = UNITS.get(case, "CPU µs a message")
            found[FIGURES / f"{case}.svg"] = chart(unit, TITLES[case], lines, log_y=case in ("handlers", "payload"))
    if texts.get("scale", "FAILED") != "FAILED":
        sizes = [json.loads(line) for line in texts["scale"].splitlines()]
        drawn = {name: title for name, title in _SCALE.items() if name in ("generate", "use", "all", "by hand")}
        lines = [
            Line(
                {"use": "use 50", "all": "load all"}.get(name, name), [(each["types"], each[name][0]) for each in sizes]
            )
            for name in drawn
        ]
        found[FIGURES / "codegen.svg"] = chart("CPU seconds", "types, and as many channels", lines, log_y=True)
    return found


def results(known: Mapping[str, Any]) -> str:
    """Return the text of RESULTS.md."""
    parts = ["# Measured", f"`make bench` wrote this: edit nothing here. {known['taken']}."]
    found = tables(known)
    for section in SECTIONS:
        parts.append(f"## {section.title}")
        parts += [each for each in (section.intro, found[section.name]) if each]
        parts += [
            f"![{TITLES.get(path.stem, 'large schemas')}](../{path.as_posix()})"
            for path in figures(known)
            if (section.name == "load" and path.stem in TITLES) or (section.name == "scale" and path.stem == "codegen")
        ]
    return "\n\n".join(parts) + "\n"


def page(text: str, known: Mapping[str, Any]) -> str:
    """Return a page with its blocks made anew: what stands between `<!-- measured: NAME -->` and `<!-- end -->`."""
    found = {**tables(known), "taken": f"Measured {known['taken']}."}

    def block(match: re.Match[str]) -> str:
        return f"<!-- measured: {match[1]} -->\n\n{found[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- measured: (\w+) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def rendered(known: Mapping[str, Any]) -> dict[Path, str]:
    """Return all that is made of the results, by path."""
    before = (ROOT / PAGE).read_text("utf-8")
    return {RESULTS: results(known), PAGE: page(before, known), **figures(known)}


def main() -> int:
    """Measure and write; 1 if a program failed."""
    parser = argparse.ArgumentParser(description="Runs all benchmarks, and writes what they found.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds of less, into build/bench-quick")
    parser.add_argument("--only", default=",".join(each.name for each in SECTIONS), help="which, with commas between")
    parser.add_argument("--render", action="store_true", help="measure nothing; write again what is known")
    options = parser.parse_args()
    folder = ROOT / "build/bench-quick" if options.quick else ROOT
    known: dict[str, Any] = json.loads((ROOT / DATA).read_text("utf-8")) if not options.quick else {}
    if not options.render:
        known = measure(set(options.only.split(",")), known, quick=options.quick)
        (folder / DATA).parent.mkdir(parents=True, exist_ok=True)
        (folder / DATA).write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for path, text in rendered(known).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
        print(f"wrote {(folder / path).relative_to(ROOT)}")
    return int("FAILED" in known["texts"].values())


if __name__ == "__main__":
    sys.exit(main())
