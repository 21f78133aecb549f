"""`emitter-typed init`: a first schema."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from emitter_typed._cli.arguments import Parser
from emitter_typed._cli.terminal import Terminal
from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.arguments import file_path
from emitter_typed_codegen.exit_codes import DONE, FOUND
from emitter_typed_codegen.paths import reason

FILE = "home.yaml"
EDITORS_FILE = "home.schema.json"

SCHEMA = f"""\
# yaml-language-server: $schema=./{EDITORS_FILE}
# The channels of this project, and what is published there.
# `emitter-typed generate` makes a Python package of it.
emitter-typed: 1
name: Home
doc: What the house measures.

types:
  Reading:
    doc: One sample of a sensor.
    fields:
      celsius: {{type: float, minimum: -273.15, unit: degrees Celsius, doc: Air temperature.}}
      taken_at: {{type: datetime, doc: When the sensor was read.}}

channels:
  temperature:
    address: home/{{room}}/temperature/
    params:
      room: {{type: string, doc: "The room, such as `kitchen`."}}
    payload: Reading
    options: {{ttl: 3600}}
    doc: What each room measures.
"""


_EXISTS = "exists, and was not changed: name another DIR, or delete it"


class _Options(argparse.Namespace):
    folder: Path
    json: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(verb, f"Write a first schema, {FILE}, and show which commands to run next.", example="my-project")
    made.add_argument(
        "folder", metavar="DIR", nargs="?", type=file_path, default=Path(), help="where to write it (default: here)"
    )
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Write the schema, and what editors complete it with; a schema that is there is left alone."""
    from emitter_typed_codegen._emitter import PROTOCOL
    from emitter_typed_codegen.editors import text
    from emitter_typed_codegen.write import Plan, Refused

    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    folder = options.folder
    if folder.suffix in {".yaml", ".yml"}:
        raise InvalidArgument(
            f"{folder.as_posix()} is not a folder: name one; {FILE} is written there",
            argument="folder",
            value=str(folder),
        )
    home, beside = folder / FILE, folder / EDITORS_FILE
    name = home.as_posix()
    plan = Plan()
    plan.single(beside, text(PROTOCOL))
    if home.exists():
        plan.refuse(home, _EXISTS)
    elif folder.exists() and not folder.is_dir():
        plan.refuse(folder, "is a file, not a folder: name another DIR")
    try:
        plan.compare()
        folder.mkdir(parents=True, exist_ok=True)
        with home.open("x", encoding="utf-8", newline="\n") as file:
            file.write(SCHEMA)
        plan.write()
    except Refused as refused:
        terminal.note(f"nothing was written: {refused}")
        return FOUND
    except FileExistsError:
        terminal.note(f"nothing was written: {name} {_EXISTS}")
        return FOUND
    except OSError as error:
        terminal.note(f"nothing was written: {name} cannot be written: {reason(error)}")
        return FOUND
    generate = shlex.join(["emitter-typed", "generate", name, "--out", (folder / "home_api").as_posix()])
    check = shlex.join(["emitter-typed", "check", name])
    terminal.line(f"wrote {name}, and {beside.as_posix()} for editors; edit the schema, then run:")
    terminal.line(f"  {check}")
    terminal.line(f"  {generate}")
    terminal.record({"schema": name, "editors": beside.as_posix(), "next": [check, generate]})
    return DONE
