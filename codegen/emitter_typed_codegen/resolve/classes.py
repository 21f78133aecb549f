"""The classes that come of a schema: no two may have one name."""

from __future__ import annotations

from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.names import RESERVED_TYPES, class_name, constant_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.nodes import Entries, Report
from emitter_typed_codegen.source import MapNode, Placed

_RENAME = "give the schema another `name:`"
_MADE_OF = {
    "types": ("{}",),
    "errors": ("{}",),
    "requests": ("{}Request", "{}Response"),
    "channels": ("{}Params", "{}Channel", "{}Channels", "{}ChannelMessage", "Async{}Channel", "Async{}Channels"),
}


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
    # A channel's constant stands in one module with the types of payloads.
    constants = Names(report, "name-collision", "a constant")
    facade = class_name(schema.name)
    facades = (facade, f"Async{facade}") if "channels" in entries else ()
    origin = f"'name' (line {place.line})" if "name" in entries else "the file's name"
    if not reserved.isdisjoint(facades):
        message = f"{origin} makes a class {facade} for the facade, and that has a meaning already"
        report.add(place, "reserved-name", message, _RENAME)
    for section, forms in _MADE_OF.items():
        node = entries.get(section)
        for key, _ in node.pairs if isinstance(node, MapNode) else ():
            for form in forms:
                name = form.format(class_name(key.value))
                if name in facades:
                    message = f"{quoted(key.value)} makes a class {name}, as {origin} does for the facade"
                    report.add(key, "name-collision", message, _RENAME)
                    break
                if not names.take(name, key.value, key):
                    break
            else:
                if section in ("types", "channels"):
                    name = class_name(key.value) if section == "types" else constant_name(key.value)
                    constants.take(name, key.value, key)
