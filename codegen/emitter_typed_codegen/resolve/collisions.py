"""Names that end up the same in generated code, or that are taken there already."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from attrs import field

from emitter_typed_codegen.data import define
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.names import RESERVED_TYPES, channel_classes, class_name
from emitter_typed_codegen.problems import Rule, quoted
from emitter_typed_codegen.resolve.nodes import Entries, Report
from emitter_typed_codegen.source import MapNode, Placed

_PLAIN = r"(?i)(?!(?:true|false|null)$)[^\W\d][\w-]*(?: [\w-]+)*"


@define(eq=False)
class Names:
    """The names of one place of generated code, or of one place on the wire."""

    report: Report
    rule: Rule
    what: str
    """What has the names, as in "a field"."""
    reserved: Collection[str] = ()
    """Names that are taken already."""
    way_out: str = ""
    """How to choose another name in Python, with `{}` for the name in the schema, if messages need it as it is."""
    taken: dict[str, tuple[str, Placed]] = field(factory=dict[str, tuple[str, Placed]])

    def take(self, name: str, written: str, place: Placed) -> bool:
        """Take a name; if it is not free, the problem names both that want it.

        Args:
            name: The name as it will stand.
            written: The name in the schema, from which it was made.
            place: Where the schema has it.

        Returns:
            Whether the name was free.
        """
        if name in self.reserved:
            message = f"{self.what} cannot be called {quoted(written)}: {name} is reserved"
            self.report.add(place, "reserved-name", message, "choose another name")
        elif name in self.taken:
            other, first = self.taken[name]
            if written == other:
                message = f"{quoted(written)} occurs twice as {self.what}, first in line {first.line}"
            else:
                message = f"{quoted(written)} and {quoted(other)} (line {first.line}) both become {name} as {self.what}"
            hint = "remove or rename one of the two" if written == other else "rename one of the two"
            if self.way_out and written != other:
                hint = self.way_out.replace(
                    "{}", written if re.fullmatch(_PLAIN, written) else json.dumps(written, ensure_ascii=False)
                )
            self.report.add(place, self.rule, message, hint)
        else:
            self.taken[name] = (written, place)
            return True
        return False


_RENAME = "give the schema another name, as in name: MyHome"


def _classes(section: str, name: str) -> list[str]:
    """Return the classes that are made of one entry of a section."""
    match section:
        case "channels":
            return channel_classes(name)
        case "requests":
            return [f"{class_name(name)}Request", f"{class_name(name)}Response"]
        case _:
            return [class_name(name)]


def check_classes(report: Report, entries: Entries, schema: Schema, place: Placed) -> None:
    """Note the classes whose names are taken.

    Args:
        report: Where problems are noted.
        entries: The schema as it is written.
        schema: The schema as it was read.
        place: Where it says its name, which is the facade's.
    """
    options = {class_name(f"{one.verb}_option") for one in schema.operations if schema.options}
    options |= {class_name("request_option") for one in schema.requests if one.options_in is not None}
    reserved = RESERVED_TYPES | options
    names = Names(report, "name-collision", "a class", reserved)
    facade = class_name(schema.name)
    facades = (facade, f"Async{facade}") if "channels" in entries else ()
    origin = f"'name' (line {place.line})" if "name" in entries else "the file's name"
    if not reserved.isdisjoint(facades):
        message = f"{origin} gives the class of the facade the name {facade}, which is reserved"
        report.add(place, "reserved-name", message, _RENAME)
    for section in ("types", "errors", "requests", "channels"):
        node = entries.get(section)
        for key, _ in node.pairs if isinstance(node, MapNode) else ():
            for name in _classes(section, key.value):
                if name in facades:
                    message = f"{quoted(key.value)} needs the class name {name}, which {origin} gives to the facade"
                    report.add(key, "name-collision", message, _RENAME)
                    break
                if not names.take(name, key.value, key):
                    break
