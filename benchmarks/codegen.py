"""How long code generators take for the same content: 80 types with 6 fields each, 50 channels.

`make bench-codegen` runs it. Each generator is a fresh process that writes into an empty folder, called as its users
would call it, with everything that it does by default (formatting included). The rounds are interleaved, so that a busy
moment of the machine hits all of them. What is compared is the CPU time of a generator and all that it starts, which
other work on the machine hardly changes; wall time stands beside it. A peer that is missing or fails is said to have
failed, and the exit code is 3.

The same content is a schema of ours, a JSON Schema for datamodel-code-generator, and an OpenAPI document with one
operation for each channel for openapi-python-client.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import installed, machine
from benchmarks.processes import CONTESTANT_FAILED, cpu_s

TYPES, FIELDS, CHANNELS = 80, 6, 50
SCALARS = ("string", "int", "float", "bool", "datetime", "uuid")
JSON_TYPES: dict[str, dict[str, object]] = {
    "string": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
}
LIMIT_S = 120.0
OURS = "emitter-typed"
GOAL = 5.0
"""How many times as fast we mean to be."""


@dataclass
class Generator:
    """One program that is measured."""

    name: str
    command: Sequence[str]
    output: str
    """What it writes, in the folder that it runs in; it must be there afterwards."""
    took_s: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Of each round, the CPU time and the time on the clock."""
    failure: str = ""


def scalar(number: int, position: int) -> str:
    """Return the scalar of a field, so that all of them take turns."""
    return SCALARS[(number + position) % len(SCALARS)]


def pinned() -> list[str]:
    """Return the peers with their versions, as they are installed for this."""
    lines = Path(__file__).with_name("codegen-requirements.txt").read_text("utf-8").splitlines()
    wanted = ("datamodel-code-generator", "openapi-python-client")
    found = dict(line.split("==") for line in lines if line.count("==") == 1)
    return [f"{name} {found[name].split()[0]}" for name in wanted]


def our_schema() -> str:
    """Return the content in our language."""
    lines = ["emitter-typed: 1", "name: Plant", "types:"]
    for number in range(TYPES):
        lines += [f"  Type{number}:", f"    doc: Record number {number}.", "    fields:"]
        lines += [
            f"      field_{position}: {{type: {scalar(number, position)}, doc: Field {position} of record {number}.}}"
            for position in range(FIELDS)
        ]
    lines.append("channels:")
    for number in range(CHANNELS):
        lines += [
            f"  channel{number}:",
            f"    address: plant/{{room}}/channel{number}/",
            f"    payload: Type{number}",
            f"    doc: Channel number {number}.",
        ]
    return "\n".join(lines) + "\n"


def json_types() -> dict[str, object]:
    """Return the types as JSON Schema."""
    return {
        f"Type{number}": {
            "type": "object",
            "description": f"Record number {number}.",
            "properties": {
                f"field_{position}": {
                    **JSON_TYPES[scalar(number, position)],
                    "description": f"Field {position} of record {number}.",
                }
                for position in range(FIELDS)
            },
            "required": [f"field_{position}" for position in range(FIELDS)],
        }
        for number in range(TYPES)
    }


def json_schema() -> str:
    """Return the types as one JSON Schema document."""
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": json_types()}, indent=1)


def openapi() -> str:
    """Return the content as an OpenAPI document: a channel is an operation with a parameter and a body."""
    paths = {
        f"/plant/{{room}}/channel{number}/": {
            "post": {
                "operationId": f"publish_channel{number}",
                "summary": f"Channel number {number}.",
                "parameters": [{"name": "room", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/Type{number}"}}},
                },
                "responses": {"204": {"description": "Published."}},
            }
        }
        for number in range(CHANNELS)
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Plant", "version": "1"},
        "paths": paths,
        "components": {"schemas": json_types()},
    }
    return json.dumps(document, indent=1)


CONTENT: dict[str, Callable[[], str]] = {
    "plant.yaml": our_schema,
    "plant.schema.json": json_schema,
    "plant.openapi.json": openapi,
}


def generators(peers: Path, content: Path) -> list[Generator]:
    """Return what is measured.

    Args:
        peers: The folder of the peers' programs.
        content: The folder of the content.
    """
    datamodel = [
        str(peers / "datamodel-codegen"),
        *("--input", str(content / "plant.schema.json"), "--input-file-type", "jsonschema"),
        *("--output", "plant_models.py", "--output-model-type", "pydantic_v2.BaseModel"),
    ]
    client = [
        str(peers / "openapi-python-client"),
        *("generate", "--path", str(content / "plant.openapi.json"), "--output-path", "plant_client"),
    ]
    ours = [str(Path(sys.executable).with_name("emitter-typed")), "generate", str(content / "plant.yaml")]
    return [
        Generator(OURS, [*ours, "--out", "plant_api"], "plant_api/channels.py"),
        Generator("datamodel-code-generator", datamodel, "plant_models.py"),
        Generator("openapi-python-client", client, "plant_client/plant_client/models/type_0.py"),
    ]


def run_once(generator: Generator, path: str) -> None:
    """Run a generator in an empty folder, and note how long it took or what went wrong."""
    # As an installed program runs, whatever the caller's shell has set.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PATH"] = path + os.pathsep + environment.get("PATH", "")
    with tempfile.TemporaryDirectory(prefix="bench-codegen-") as folder:
        before, before_s = cpu_s(), time.perf_counter()
        try:
            done = subprocess.run(
                generator.command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            generator.failure = str(error)
            return
        took_s = cpu_s() - before, time.perf_counter() - before_s
        if done.returncode != 0:
            generator.failure = f"it ended with {done.returncode}: {(done.stdout.strip() or 'no word')[-300:]}"
        elif not Path(folder, generator.output).is_file():
            generator.failure = f"it did not write {generator.output}"
        else:
            generator.took_s.append(took_s)


def measure(measured: Sequence[Generator], rounds: int, path: str) -> None:
    """Run all generators in turns; the first round warms the caches of the disk and is not counted."""
    for number in range(rounds + 1):
        # Whoever comes first meets another machine than whoever comes last.
        turn = number % len(measured)
        for generator in [*measured[turn:], *measured[:turn]]:
            if not generator.failure:
                run_once(generator, path)
                if number == 0:
                    generator.took_s.clear()


def report(measured: Sequence[Generator]) -> bool:
    """Print the figures; return whether there are any for everybody."""
    ours = next(generator for generator in measured if generator.name == OURS)
    print("| generator | CPU ms, median (lowest-highest) | ms on the clock | times our CPU time |")
    print("| --- | --- | --- | --- |")
    ratios: dict[str, float] = {}
    for generator in measured:
        if generator.failure:
            print(f"| {generator.name} | FAILED: {generator.failure} | | |")
            continue
        cpu_ms, wall_ms = ([1e3 * took[clock] for took in generator.took_s] for clock in (0, 1))
        shown = f"{statistics.median(cpu_ms):.0f} ({min(cpu_ms):.0f}-{max(cpu_ms):.0f})"
        beside = ""
        if generator is not ours and not ours.failure:
            pairs = zip(generator.took_s, ours.took_s, strict=True)
            ratios[generator.name] = statistics.median(their[0] / our[0] for their, our in pairs)
            beside = f"{ratios[generator.name]:.1f}"
        print(f"| {generator.name} | {shown} | {statistics.median(wall_ms):.0f} | {beside} |")
    print("\nWhere we are slower, or miss the goal:\n")
    missed = [
        f"- {name} takes {ratio:.1f} times our CPU time; the goal is {GOAL:.0f}."
        for name, ratio in ratios.items()
        if ratio < GOAL
    ]
    print("\n".join(missed or ["- nowhere."]))
    return not any(generator.failure for generator in measured)


def main() -> int:
    """Measure and print; 3 if somebody failed."""
    parser = argparse.ArgumentParser(description="Compares the speed of code generators on the same content.")
    parser.add_argument("--peers", type=Path, required=True, help="the folder of the peers' programs")
    parser.add_argument("--rounds", type=int, default=15, help="how often each of them runs")
    arguments = parser.parse_args()
    peers = arguments.peers.resolve()
    with tempfile.TemporaryDirectory(prefix="bench-codegen-content-") as folder:
        for name, text in CONTENT.items():
            Path(folder, name).write_text(text(), "utf-8")
        measured = generators(peers, Path(folder))
        print(
            f"{TYPES} types with {FIELDS} fields, {CHANNELS} channels; a fresh process for each run, "
            f"{arguments.rounds} interleaved rounds. Python {sys.version.split()[0]}, {installed('emitter-typed')}, "
            f"{', '.join(pinned())}, on {machine()}.\n",
            flush=True,
        )
        # openapi-python-client looks for its formatter on the path.
        measure(measured, arguments.rounds, str(peers))
    return 0 if report(measured) else CONTESTANT_FAILED


if __name__ == "__main__":
    sys.exit(main())
