"""What schemas of 10 to 5,000 types and channels cost: to generate, to import, to use in part, and to load in full.

    python -m benchmarks.scale [--sizes 10,100,1000,5000] [--rounds 3]

Each figure is the CPU time, the least of some rounds, each in a process of its own, with bytecode that an earlier one
has left. A type has four scalar fields, an optional field of a type that lies far away, and one with an enum's value as
default; every tenth type is an enum. Each channel has a parameter. Beside it: the same attrs classes, those of the
channels' parameters included, in modules of 100 that a person would write. What is used in part are 50 types, written
and read, and 50 channels of a facade; the import of the runtime's client is counted.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.processes import cpu_s

SCALARS = ("string", "int", "float", "bool", "datetime", "uuid")
PER_MODULE = 100
USED = 50
FAR = 500

IMPORTS = """\
from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

from attrs import field, frozen
"""

# Each prints seconds and MiB. What it prepares for the measuring itself is loaded before.
MEASURED = {
    "import": "import plant_api",
    "use": (
        "from emitter_typed import Client\n"
        "from emitter_typed._protocol.payloads import codec\n"
        "from plant_api import Plant\n"
        "plant = Plant(Client(), 'key')\n"
        "for number in numbers:\n"
        "    kind = getattr(plant_api, f'Type{number}')\n"
        "    value = kind(**{name: VALUES[(number + place) % 6] for place, name in enumerate(NAMES)})\n"
        "    codec.decode(codec.encode(value, kind), kind, channel='x')\n"
        "    getattr(plant, f'channel{number}')(room='x')"
    ),
    "all": "for name in plant_api.__all__: getattr(plant_api, name)",
    "by hand": "import plant_by_hand",
}
PROGRAM = """\
import resource, sys, time
from datetime import UTC, datetime
from uuid import UUID
VALUES = ("x", 1, 0.5, True, datetime(2020, 1, 1, tzinfo=UTC), UUID(int=1))
NAMES = ("f0", "f1", "f2", "f3")
numbers = [number for number in range({count}) if number % 10 != 9][:{used}]
before = time.process_time()
{first}{work}
took = time.process_time() - before
unit = 1024 if sys.platform != "darwin" else 1024 * 1024
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
"""


def schema(count: int) -> str:
    """Return a schema of so many types and channels."""
    lines = ["emitter-typed: 1", "name: Plant", "types:"]
    for number in range(count):
        if number % 10 == 9:
            lines.append(f"  Mode{number}: {{enum: [a, b, c]}}")
            continue
        fields = [f"f{place}: {SCALARS[(number + place) % len(SCALARS)]}" for place in range(4)]
        if number >= 10:
            far = number - FAR if number >= FAR else number - 10
            fields += [f"other: Type{far}?", f"mode: {{type: Mode{number - number % 10 - 1}, default: c}}"]
        lines.append(f"  Type{number}: {{fields: {{{', '.join(fields)}}}}}")
    lines.append("channels:")
    for number in range(count):
        payload = number - 1 if number % 10 == 9 else number
        lines.append(f"  channel{number}: {{address: 'p/{{room}}/c{number}/', payload: Type{payload}}}")
    return "\n".join(lines) + "\n"


def by_hand(generated: Path, written: Path) -> None:
    """Write the attrs classes and enums of a package as one would by hand."""
    classes = {node.name: node for path in sorted(generated.glob("*.py")) for node in held(path)}
    types = sorted((name for name in classes if name.startswith(("Type", "Mode"))), key=_number)
    params = sorted((name for name in classes if name.endswith("Params")), key=_number)
    written.mkdir()
    modules: list[str] = []
    homes: dict[str, str] = {}
    for kind, names in (("types", types), ("params", params)):
        for start in range(0, len(names), PER_MODULE):
            chosen = names[start : start + PER_MODULE]
            module = f"{kind}_{start // PER_MODULE}"
            body = "\n\n".join(ast.unparse(classes[name]) for name in chosen)
            body = body.replace("(Record)", "").replace("types.", "")
            # Only what a default needs has to be there.
            needed = {name for name in homes if f" = {name}." in body and homes[name] != module}
            imports = "".join(f"from .{homes[name]} import {name}\n" for name in sorted(needed))
            (written / f"{module}.py").write_text(f"{IMPORTS}{imports}\n{body}\n", "utf-8")
            homes |= dict.fromkeys(chosen, module)
            modules.append(module)
    (written / "__init__.py").write_text("".join(f"from . import {module}\n" for module in modules), "utf-8")


def held(path: Path) -> Iterator[ast.ClassDef]:
    """Yield the attrs classes and enums of a module."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and (node.decorator_list or "Enum" in map(ast.unparse, node.bases)):
            yield node


def _number(name: str) -> int:
    return int("".join(filter(str.isdigit, name)))


def generated(folder: Path, count: int, rounds: int) -> float:
    """Generate the package of a schema, and return how long that took."""
    (folder / "plant.yaml").write_text(schema(count), "utf-8")
    command = [sys.executable, "-m", "emitter_typed_codegen", "generate", "plant.yaml", "--out", "plant_api"]
    took: list[float] = []
    for _ in range(rounds):
        # What is there already need not be written.
        for path in folder.glob("plant_api/*.*"):
            path.unlink()
        before = cpu_s()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        took.append(cpu_s() - before)
    return min(took)


def measured(folder: Path, name: str, count: int, rounds: int) -> tuple[float, float]:
    """Run one of the programs, and return the least seconds and MiB that it took."""
    first = "" if name in ("import", "by hand") else "import plant_api\n"
    program = PROGRAM.format(count=count, used=USED, first=first, work=MEASURED[name])
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    runs: list[tuple[float, float]] = []
    # The first one leaves bytecode.
    for _ in range(rounds + 1):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
        seconds, size = done.stdout.split()
        runs.append((float(seconds), float(size)))
    return min(runs[1:])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measures what large schemas cost.")
    parser.add_argument("--sizes", default="10,100,1000,5000", help="how many types, and channels")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each size")
    parser.add_argument("--by-hand", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.by_hand is not None:
        by_hand(arguments.by_hand / "plant_api", arguments.by_hand / "plant_by_hand")
        return
    if not arguments.json:
        sys.stdout.write(f"{'types':>6} {'generate':>9} {'import':>8} {'use 50':>8} {'all':>16} {'by hand':>16}\n")
    for count in map(int, arguments.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
            folder = Path(name)
            figures = {"generate": (generated(folder, count, arguments.rounds), 0.0)}
            # A process that begins in a large one is told to have been as large.
            subprocess.run([sys.executable, "-m", "benchmarks.scale", "--by-hand", name], check=True)
            figures |= {one: measured(folder, one, count, arguments.rounds) for one in MEASURED}
        if arguments.json:
            sys.stdout.write(json.dumps({"types": count, **figures}) + "\n")
            continue
        cells = [f"{figures[one][0]:.2f} s" for one in ("generate", "import", "use")]
        sizes = [f"{figures[one][0]:.2f} s {figures[one][1]:.0f} MiB" for one in ("all", "by hand")]
        sys.stdout.write(f"{count:>6} {cells[0]:>9} {cells[1]:>8} {cells[2]:>8} {sizes[0]:>16} {sizes[1]:>16}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
