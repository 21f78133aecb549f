"""All benchmarks, one after the other, and what is written of them: `make bench`, `make bench-quick`.

    python -m benchmarks.everything [--quick] [--only codec,load] [--render]

What a program prints is kept in `results.json` beside this file as soon as it has ended. `RESULTS.md`, the figures in
`docs/figures` and the tables in `docs/explanation/performance.md` are made of that, and never edited. Where a program
fails or is interrupted, its last results stay, and `RESULTS.md` says so. `--quick` takes fewer rounds of less, and
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
from benchmarks.load import CLASSES, MEASURED, MESSAGE, TITLES
from benchmarks.load import report as load_report
from benchmarks.processes import CONTESTANT_FAILED

ROOT = Path(__file__).resolve().parents[1]
DATA = Path("benchmarks/results.json")
RESULTS = Path("benchmarks/RESULTS.md")
PAGE = Path("docs/explanation/performance.md")
FIGURES = Path("docs/figures")
LIMIT_S = 3600
"""How long one program may take."""
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

Known = dict[str, dict[str, Any]]
"""Of each section: `text`, what its program printed; `taken`, when, where and with what; `failed`, why the last run has
given nothing, where it has not."""


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
        "The client, compared with others",
        "The client and the server are fresh processes for each figure. They talk over loopback.",
        ("--rounds", "5"),
        ("--rounds", "1", "--scale", "0.2"),
        "bench-client",
    ),
    Section(
        "one_message",
        "Where the time of one message goes",
        "The stack of an `AsyncClient` is sampled. [The page](../docs/explanation/performance.md) explains the parts.",
        ("--rounds", "5"),
        ("--rounds", "1"),
    ),
    Section(
        "codec",
        "Payloads, compared with others",
        "Reading and writing one payload: `emitter_typed[fast]` is with the extra `fast` (msgspec), `emitter_typed` "
        "without it.",
        ("--rounds", "5"),
        ("--rounds", "1"),
        "bench-codec",
    ),
    Section(
        "load",
        "How the cost grows",
        "CPU time of the client's process: median (lowest-highest); then the time on the clock.",
        ("--rounds", "3", "--json"),
        ("--rounds", "1", "--json", "--cases", "subscriptions,payload"),
        form="json",
    ),
    Section(
        "starting",
        "Importing, and checking types",
        "Each figure comes from a fresh process.",
        ("--rounds", "15"),
        ("--rounds", "3"),
    ),
    Section(
        "codegen",
        "Generating code, compared with others",
        "Each generator is called as its users call it, and writes into an empty folder.",
        ("--rounds", "15", "--peers", "build/bench-codegen/bin"),
        ("--rounds", "3", "--peers", "build/bench-codegen/bin"),
    ),
    Section(
        "scale",
        "Large schemas",
        "Seconds of CPU time (the lowest of all rounds), and memory of the process. Schemas have as many channels as "
        "types.",
        ("--rounds", "1", "--json"),
        ("--rounds", "1", "--json", "--sizes", "10,100"),
        form="json",
    ),
    Section(
        "broker",
        "The embedded broker, compared with mosquitto",
        "",
        ("--rounds", "5"),
        ("--rounds", "1"),
        form="text",
    ),
)


def run(section: Section, *, quick: bool) -> tuple[str, str]:
    """Run a program.

    Returns:
        What it printed, and why that is not to be used; one of the two is empty.
    """
    python = ROOT / "build" / section.environment / "bin/python" if section.environment else Path(sys.executable)
    command = [str(python), "-m", f"benchmarks.{section.name}", *(section.quick if quick else section.full)]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=LIMIT_S)
    except OSError as error:
        return "", f"it could not be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return "", f"it took more than {LIMIT_S} s"
    if done.returncode not in (0, CONTESTANT_FAILED):
        return "", f"it ended with exit code {done.returncode}"
    return (done.stdout, "") if done.stdout.strip() else ("", "it printed nothing")


def measure(section: Section, before: Mapping[str, Any] | None, *, quick: bool) -> dict[str, Any]:
    """Run a program, and return what is known of its section afterwards."""
    load, started_s = os.getloadavg()[0], time.perf_counter()
    text, failed = run(section, quick=quick)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    print(f"{section.name}: {failed or 'measured'}, {time.perf_counter() - started_s:.0f} s", file=sys.stderr)
    if failed:
        return {**(before or {}), "failed": f"{today}: {failed}"}
    packages = ", ".join(installed(each) for each in ("emitter-typed", "paho-mqtt", "attrs", "cattrs", "msgspec"))
    return {
        "taken": f"{today}, Python {platform.python_version()}, {packages}, on {machine()}, with a load of {load:.1f} "
        f"before and {os.getloadavg()[0]:.1f} after",
        "text": text,
    }


def missing(known: Known) -> list[str]:
    """Return what is not as a whole run would leave it, a line each."""
    found: list[str] = []
    for section in SECTIONS:
        each = known.get(section.name, {})
        if "failed" in each:
            rest = f"the figures are those of {each['taken'].partition(',')[0]}" if "text" in each else "no figures"
            found.append(f"{section.title}: the last run failed ({each['failed']}); {rest}.")
        elif "text" not in each:
            found.append(f"{section.title}: not measured yet.")
        elif re.search(r"FAILED|\b(failed|missing|not installed)\b", each["text"]):
            found.append(f"{section.title}: a contestant failed or is not installed; its row says so.")
    return found


def tables(known: Known) -> dict[str, str]:
    """Return the text of each section in Markdown."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        text: str | None = known.get(section.name, {}).get("text")
        if text is None:
            found[section.name] = "Not measured."
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


_DRAWN = {"generate": "generate", "all": "load all", "by hand": "load all, by hand", "use": "load 50"}


def _scale_table(sizes: list[dict[str, Any]]) -> str:
    lines = ["| types, and channels | " + " | ".join(_SCALE.values()) + " |", "| --- |" + " --- |" * len(_SCALE)]
    for size in sizes:
        cells = [f"{size[each][0]:.2f} s" + (f", {size[each][1]:.0f} MiB" if size[each][1] else "") for each in _SCALE]
        lines.append(f"| {size['types']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def figures(known: Known) -> dict[Path, str]:
    """Return the figures by their paths."""
    found: dict[Path, str] = {}
    load, scale = (known.get(name, {}).get("text") for name in ("load", "scale"))
    for case, flavours in json.loads(load or "{}").items():
        lines = [
            Line(CLASSES[flavour], [(size, median(each[0] for each in rounds)) for size, rounds in points])
            for flavour, points in flavours.items()
        ]
        title = MEASURED.get(case, MESSAGE)
        found[FIGURES / f"{case}.svg"] = chart(title, TITLES[case], lines, log_y=case in ("handlers", "payload"))
    if scale is not None:
        sizes = [json.loads(line) for line in scale.splitlines()]
        lines = [Line(name, [(each["types"], each[key][0]) for each in sizes]) for key, name in _DRAWN.items()]
        title = "CPU time of generating and loading a package, in seconds"
        found[FIGURES / "codegen.svg"] = chart(title, "types, and as many channels", lines, log_y=True)
    return found


def results(known: Known) -> str:
    """Return the text of RESULTS.md."""
    parts = ["# Results of the benchmarks", "`make bench` wrote this file. Do not edit it."]
    lacks = missing(known)
    parts.append("\n".join(["Missing:", "", *(f"- {each}" for each in lacks)]) if lacks else "Nothing is missing.")
    found, drawn = tables(known), figures(known)
    for section in SECTIONS:
        taken = known.get(section.name, {}).get("taken")
        parts += [
            f"## {section.title}",
            section.intro,
            "" if taken is None else f"Measured {taken}.",
            found[section.name],
        ]
        for path in drawn:
            if path.stem in (TITLES if section.name == "load" else ["codegen"] if section.name == "scale" else []):
                parts.append(f"![{TITLES.get(path.stem, 'large schemas')}](../{path.as_posix()})")
    return "\n\n".join(part for part in parts if part) + "\n"


def page(text: str, known: Known) -> str:
    """Return a page with its blocks made anew: what stands between `<!-- measured: NAME -->` and `<!-- end -->`."""
    taken = known.get("one_message", {}).get("taken")
    found = {**tables(known), "taken": f"Measured {taken}." if taken else "Not measured."}

    def block(match: re.Match[str]) -> str:
        return f"<!-- measured: {match[1]} -->\n\n{found[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- measured: (\w+) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def rendered(known: Known) -> dict[Path, str]:
    """Return all that is made of the results, by path."""
    before = (ROOT / PAGE).read_text("utf-8")
    return {RESULTS: results(known), PAGE: page(before, known), **figures(known)}


def keep(path: Path, text: str) -> None:
    """Write a file as a whole, or leave it as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def main() -> int:
    """Measure and write; 1 if a program or a contestant failed, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(description="Runs all benchmarks, and writes what they found.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds of less, into build/bench-quick")
    parser.add_argument("--only", default=",".join(each.name for each in SECTIONS), help="which, with commas between")
    parser.add_argument("--render", action="store_true", help="measure nothing; write again what is known")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := {*names} - {each.name for each in SECTIONS}:
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there is {parser.get_default('only')}")
    folder = ROOT / "build/bench-quick" if options.quick else ROOT
    data = folder / DATA
    known: Known = json.loads(data.read_text("utf-8")) if data.exists() else {}
    todo = [] if options.render else [each for each in SECTIONS if each.name in names]
    code = 0
    try:
        while todo:
            known[todo[0].name] = measure(todo[0], known.get(todo[0].name), quick=options.quick)
            keep(data, json.dumps(known, indent=1, ensure_ascii=False) + "\n")
            todo.pop(0)
    except KeyboardInterrupt:
        print(f"interrupted: {', '.join(each.name for each in todo)} not measured", file=sys.stderr)
        code = INTERRUPTED
    for path, text in rendered(known).items():
        keep(folder / path, text)
        print(f"wrote {(folder / path).relative_to(ROOT)}")
    for line in missing(known):
        print(f"missing: {line}", file=sys.stderr)
    ran = [known.get(name, {}) for name in names]
    return code or int(any("failed" in each or "FAILED" in each.get("text", "") for each in ran))


if __name__ == "__main__":
    sys.exit(main())
