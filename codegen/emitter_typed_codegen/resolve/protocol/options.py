"""What `options:` declares."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from emitter_typed_codegen.language.protocol import CARRIER, OPTION
from emitter_typed_codegen.language.scalars import FORMATS
from emitter_typed_codegen.model import Enum, Literal_, Option, Scalar, ScalarName, TypeRef
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.addresses import is_word
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.constraints import read_constraints
from emitter_typed_codegen.resolve.fields import read_format
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.option_values import read_option_value
from emitter_typed_codegen.resolve.symbol_table import BROKEN, SymbolTable
from emitter_typed_codegen.resolve.typerefs import read_type
from emitter_typed_codegen.resolve.values import UNFIT, read_value
from emitter_typed_codegen.source import MapNode, Node, Placed, ScalarNode

_IN_TOPIC: frozenset[ScalarName] = frozenset({"string", "int", "bool", "datetime", "duration"})
_ORDERED: frozenset[ScalarName] = frozenset({"int", "datetime", "duration"})
_HEADERS: dict[str, ScalarName] = {"qos": "int", "retain": "bool"}
_QUALITIES = (0, 1)


def read_options(symbols: SymbolTable, node: Node | None, callables: Mapping[str, str | None]) -> tuple[Option, ...]:
    """Read all options.

    Args:
        symbols: The types that there are.
        node: What the schema says.
        callables: By the name of each operation its verb, by that of each request "request", or None if it takes no
            options.

    Returns:
        The options, in the author's order.
    """
    options: list[Option] = []
    ordered: list[tuple[Option, ScalarNode]] = []
    wires = Names(symbols.report, "wire-collision", "an option on the wire")
    for key, described in symbols.report.named(node, "'options'"):
        entries = symbols.report.entries(described, OPTION, f"the option {quoted(key.value)}", at=key)
        type_node = entries.get("type")
        ref = BROKEN if type_node is None else read_type(symbols, type_node)
        wire = entries.scalar("wire")
        option = Option(
            name=key.value,
            wire=key.value if wire is None else wire.value,
            type=ref,
            doc=entries.text("doc"),
            unit=entries.text("unit"),
            format=read_format(symbols, entries, ref),
            carrier=entries.choice("carrier", CARRIER),
            encode=_encode(symbols, entries, ref),
            values=_values(symbols, entries, ref),
            constraints=read_constraints(symbols, entries, ref),
            not_after=None if (later := entries.scalar("not_after")) is None else later.value,
            applies=_applies(symbols, entries, callables),
        )
        wires.take(option.wire, option.wire, key if wire is None else wire)
        if option.carrier == "header":
            _check_header(symbols, option, key if wire is None else wire, callables)
        else:
            _check_topic(symbols, entries, option, key if wire is None else wire)
        options.append(_with_classic(symbols, entries, option))
        if later is not None:
            ordered.append((option, later))
    for option, node in ordered:
        _check_order(symbols, option, node, options)
    return tuple(options)


def _encode(symbols: SymbolTable, entries: Entries, ref: TypeRef) -> tuple[tuple[bool | int | str, str | None], ...]:
    node = entries.get("encode")
    if node is None:
        return ()
    if not isinstance(node, MapNode):
        symbols.report.expect(node, "'encode'", "a map of values to what stands on the wire for them")
        return ()
    found: list[tuple[bool | int | str, str | None]] = []
    for key, written in node.pairs:
        value = read_value(symbols, key, ref, "bad-option", "the value")
        if not isinstance(written, ScalarNode):
            symbols.report.expect(written, "what stands on the wire", "a text, or null for nothing")
        elif not written.is_null and not is_word(written.value):
            message = f"the value {quoted(written.value)} cannot be part of a topic"
            symbols.report.add(written, "bad-option", message, "write only A-Z, a-z and 0-9")
        elif isinstance(value, bool | int | str):
            found.append((value, None if written.is_null else written.value))
    return tuple(found)


def _values(symbols: SymbolTable, entries: Entries, ref: TypeRef) -> tuple[int | str, ...]:
    found: list[int | str] = []
    for node in symbols.report.texts(entries.get("values"), "'values'"):
        value = read_value(symbols, node, ref, "bad-option", "the value")
        if isinstance(value, int | str) and not isinstance(value, bool):
            if value in found:
                symbols.report.add(node, "duplicate-value", f"the value {quoted(node.value)} occurs twice", "remove it")
            found.append(value)
        elif value is not UNFIT and symbols.base(ref) is not None:
            symbols.report.add(node, "bad-option", "'values' is only for int and string", "remove it")
    return tuple(found)


def _applies(symbols: SymbolTable, entries: Entries, callables: Mapping[str, str | None]) -> tuple[str, ...]:
    found: list[str] = []
    for node in symbols.report.texts(entries.get("applies"), "'applies'"):
        if node.value not in callables:
            symbols.report.unknown(node, "unknown-operation", "operation or request", node.value, callables)
        elif callables[node.value] is None:
            message = f"the request {quoted(node.value)} cannot have options, since it lacks 'options_in'"
            hint = "add options_in to the request, with the name of the field of its channel"
            symbols.report.add(node, "request-options", message, hint)
        elif node.value in found:
            symbols.report.add(node, "duplicate-value", f"{quoted(node.value)} occurs twice", "remove it")
        else:
            found.append(node.value)
    return tuple(found)


def _check_header(symbols: SymbolTable, option: Option, place: Placed, callables: Mapping[str, str | None]) -> None:
    scalar = _HEADERS.get(option.wire)
    if scalar is None:
        message = f"MQTT's header has no field {quoted(option.wire)}"
        hint = symbols.report.meant(option.wire, _HEADERS) or "write qos or retain"
        symbols.report.add(place, "header-option", message, hint)
    elif symbols.base(option.type) is not None and symbols.scalar(option.type) != scalar:
        symbols.report.add(place, "header-option", f"the header field {quoted(option.wire)} must be of type {scalar}")
    elif option.wire == "qos" and not (option.values and set(option.values) <= set(_QUALITIES)):
        symbols.report.add(
            place, "header-option", "qos must be limited to 0 and 1: Emitter refuses 2", "add values: [0, 1]"
        )
    if any(callables[name] != "publish" for name in option.applies):
        symbols.report.add(
            place, "header-option", "only a publish can have options of the header", "remove the others from applies"
        )
    if option.encode:
        symbols.report.add(place, "header-option", "an option of the header cannot have 'encode'", "remove it")


def _check_topic(symbols: SymbolTable, entries: Entries, option: Option, place: Placed) -> None:
    if not is_word(option.wire):
        message = f"{quoted(option.wire)} cannot be the name of an option in a topic"
        symbols.report.add(place, "bad-option", message, "add wire: with a name of A-Z, a-z and 0-9")
    base = symbols.base(option.type)
    if base is None:
        return
    if symbols.optional(option.type):
        symbols.report.add(
            entries.key("type"),
            "bad-option",
            "the type of an option cannot have a ?",
            "remove it: every option may be omitted",
        )
    elif isinstance(base, Enum):
        return
    elif not isinstance(base, Scalar) or base.name not in _IN_TOPIC:
        hint = "use string, int, bool, datetime, duration or an enum"
        symbols.report.add(entries.key("type"), "bad-option", "a value of this type cannot be part of a topic", hint)
    elif base.name in FORMATS and option.format != (known := FORMATS[base.name][0]):
        message = f"a {base.name} in a topic has whole seconds"
        symbols.report.add(entries.key("type"), "bad-option", message, f"add format: {known}")


def _check_order(symbols: SymbolTable, option: Option, node: ScalarNode, options: list[Option]) -> None:
    """Check that an option and the one that it may not exceed can be compared."""
    found = next((one for one in options if one.name == node.value), None)
    bases = symbols.base(option.type), None if found is None else symbols.base(found.type)
    if found is None:
        symbols.report.unknown(node, "unknown-option", "option", node.value, [one.name for one in options])
    elif None not in bases and not (
        bases[0] == bases[1] and isinstance(bases[0], Scalar) and bases[0].name in _ORDERED
    ):
        message = f"{quoted(option.name)} and {quoted(found.name)} cannot be compared"
        symbols.report.add(node, "bad-option", message, "both must be int, datetime or duration, and the same")


def _with_classic(symbols: SymbolTable, entries: Entries, option: Option) -> Option:
    node = entries.get("classic")
    found: list[tuple[str, bool, Literal_]] = []
    if isinstance(node, ScalarNode):
        if node.value and symbols.report.is_name(node):
            found.append((node.value, False, None))
    else:
        for key, fixed in symbols.report.named(node, "'classic'"):
            value = read_option_value(symbols, fixed, option)
            if value is not UNFIT:
                found.append((key.value, True, value))
    return evolve(option, classic=tuple(found))
