"""The methods that come of a protocol, and their parameters: no two may have one name."""

from __future__ import annotations

from collections.abc import Iterator

from emitter_typed_codegen.model import Operation, Option
from emitter_typed_codegen.names import (
    RESERVED_METHODS,
    RESERVED_PARAMETERS,
    attribute_name,
    constant_name,
    method_name,
)
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.reading import Entries, Report
from emitter_typed_codegen.source import MapNode, Node, ScalarNode


def check_methods(
    report: Report, entries: Entries, operations: tuple[Operation, ...], options: tuple[Option, ...]
) -> None:
    """Note the methods and the parameters whose names are taken.

    Args:
        report: Where problems are noted.
        entries: The schema.
        operations: Its operations.
        options: Its options.
    """
    methods = Names(report, "name-collision", "a method", RESERVED_METHODS)
    constants = Names(report, "name-collision", "a constant", {"PROTOCOL"})
    for section in ("requests", "operations", "events"):
        for key, _ in _pairs(entries.get(section)):
            said = f"on_{key.value}" if section == "events" else key.value
            if methods.take(method_name(said), said, key):
                constants.take(constant_name(said), said, key)
    constants = Names(report, "name-collision", "a constant")
    parameters = Names(report, "name-collision", "an option", RESERVED_PARAMETERS)
    known = {option.name: option for option in options}
    for key, described in _pairs(entries.get("options")):
        for name in _classic_names(described):
            methods.take(method_name(name.value), name.value, name)
        if parameters.take(attribute_name(key.value), key.value, key):
            constants.take(constant_name(key.value), key.value, key)
        if key.value in known:
            _check_option(report, key, known[key.value], operations)


def _check_option(report: Report, key: ScalarNode, option: Option, operations: tuple[Operation, ...]) -> None:
    for operation in operations:
        taken = {attribute_name(param.name) for param in operation.params}
        if operation.name in option.applies and attribute_name(option.name) in taken:
            message = f"{quoted(option.name)} is a parameter of {quoted(operation.name)} already"
            report.add(key, "name-collision", message, "change one of them")


def _pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    return node.pairs if isinstance(node, MapNode) else []


def _classic_names(option: Node) -> Iterator[ScalarNode]:
    for key, value in _pairs(option):
        if key.value == "classic":
            if isinstance(value, ScalarNode):
                yield value
            yield from (name for name, _ in _pairs(value))
