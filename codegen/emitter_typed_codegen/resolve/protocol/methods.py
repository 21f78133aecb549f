"""The methods that come of a protocol, and their parameters: no two may have one name."""

from __future__ import annotations

from collections.abc import Iterator

from emitter_typed_codegen.model import Option, Schema
from emitter_typed_codegen.names import (
    RESERVED_METHODS,
    RESERVED_PARAMETERS,
    attribute_name,
    constant_name,
    internal_constant,
    method_name,
)
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.nodes import Entries, Report, find
from emitter_typed_codegen.source import MapNode, Node, ScalarNode


def check_methods(report: Report, entries: Entries, schema: Schema) -> None:
    """Note the methods and the parameters whose names are taken.

    Args:
        report: Where problems are noted.
        entries: The schema as it is written.
        schema: The schema as it was read.
    """
    methods = Names(report, "name-collision", "a method", RESERVED_METHODS)
    constants = Names(report, "name-collision", "a constant", {"PROTOCOL"})
    internal = {one.name for one in schema.requests if one.internal}
    for section in ("requests", "operations", "events"):
        for key, described in _pairs(entries.get(section)):
            written = f"on_{key.value}" if section == "events" else key.value
            if section == "requests" and key.value in internal:
                constants.take(internal_constant(key.value), key.value, key)
            elif methods.take(method_name(written), written, key):
                constants.take(constant_name(written), written, key)
            watch = find(described, "watch", "name") if section == "requests" else None
            if isinstance(watch, ScalarNode):
                methods.take(method_name(watch.value), watch.value, watch)
    constants = Names(report, "name-collision", "a constant")
    parameters = Names(report, "name-collision", "an option", RESERVED_PARAMETERS)
    known = {option.name: option for option in schema.options}
    for key, described in _pairs(entries.get("options")):
        for name in _classic_names(described):
            methods.take(method_name(name.value), name.value, name)
        if parameters.take(attribute_name(key.value), key.value, key):
            constants.take(constant_name(key.value), key.value, key)
        if key.value in known:
            _check_option(report, key, known[key.value], schema)


def check_parameter_names(report: Report, node: Node | None) -> None:
    """Note the fields or parameters whose names methods have for something else."""
    names = Names(report, "name-collision", "a parameter", RESERVED_PARAMETERS)
    for key, _ in node.pairs if isinstance(node, MapNode) else ():
        if attribute_name(key.value) in RESERVED_PARAMETERS:
            names.take(attribute_name(key.value), key.value, key)


def _check_option(report: Report, key: ScalarNode, option: Option, schema: Schema) -> None:
    taking = [(one.name, one.params) for one in schema.operations]
    taking += [(one.name, one.request.fields) for one in schema.requests if not one.internal]
    for name, fields in taking:
        if name in option.applies and attribute_name(option.name) in {attribute_name(one.name) for one in fields}:
            message = f"the option {quoted(option.name)} has the name of a parameter of {quoted(name)}"
            report.add(key, "name-collision", message, "rename one of the two")


def _pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    return node.pairs if isinstance(node, MapNode) else []


def _classic_names(option: Node) -> Iterator[ScalarNode]:
    for key, value in _pairs(option):
        if key.value == "classic":
            if isinstance(value, ScalarNode):
                yield value
            yield from (name for name, _ in _pairs(value))
