"""Enums and flags: one of a few texts or numbers, and a set of letters."""

from __future__ import annotations

import re

from emitter_typed_codegen.language.users import LETTER, VALUE
from emitter_typed_codegen.model import Enum, EnumValue, Flags
from emitter_typed_codegen.names import constant_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.nodes import Entries, find
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.synonyms import key_called
from emitter_typed_codegen.resolve.values import is_number, is_text, whole_meant, whole_number
from emitter_typed_codegen.source import ListNode, MapNode, Node, ScalarNode

_KEYS = tuple(key.name for key in VALUE.keys)
_LONGEST_SHOWN = 40
# `ON = on`, `ON=1`; `charset=utf8` is a text.
_ASSIGNED = r"(\w+)(?: *= +| += *|=(?=-?[0-9]+$))(\S+)"


def read_enum(symbols: SymbolTable, key: ScalarNode, entries: Entries) -> Enum | None:
    """Read an enum; None if it has no values that could be read."""
    node = entries.get("enum")
    if isinstance(node, MapNode) and any(_has_number(value) for _, value in node.pairs):
        values = _numbers(symbols, key.value, node)
    else:
        values = _texts(symbols, entries, "enum", f"a value of {key.value}")
    if not values:
        return None
    return Enum(name=key.value, doc=entries.text("doc"), values=values, open=entries.flag("open"))


def read_flags(symbols: SymbolTable, key: ScalarNode, entries: Entries) -> Flags | None:
    """Read flags; None if they have no letters that could be read."""
    values = _texts(symbols, entries, "flags", f"a flag of {key.value}")
    return Flags(name=key.value, doc=entries.text("doc"), values=values) if values else None


def expect_text(symbols: SymbolTable, node: ScalarNode, what: str, advice: str = "") -> None:
    """Note what its author may have meant as a number, true, false or null; the advice is for a number."""
    if not is_text(node):
        hint = f'write "{node.value}"' + (f"; {advice}" if advice and is_number(node) else "")
        symbols.report.add(node, "bad-value", f"{what} must be a text, but {quoted(node.value)} has no quotes", hint)


# Numbers.


def _has_number(node: Node) -> bool:
    """Tell whether what stands behind the name of a value gives it a number, even one that cannot be one."""
    if isinstance(node, MapNode):
        return any(key.value == "value" or key_called(key.value, _KEYS) == "value" for key, _ in node.pairs)
    return isinstance(node, ScalarNode) and is_number(node)


def _numbers(symbols: SymbolTable, enum: str, node: MapNode) -> tuple[EnumValue, ...]:
    """Read the values of an enum of numbers."""
    names = Names(symbols.report, "name-collision", f"a value of {enum}")
    taken: dict[int, ScalarNode] = {}
    values: list[EnumValue] = []
    for key, described in node.pairs:
        if not symbols.report.is_name(key):
            continue
        expect_text(symbols, key, f"the name of a number of {enum}")
        number, doc, deprecated = _number(symbols, enum, key, described, node)
        names.take(constant_name(key.value), key.value, key)
        if number is None:
            continue
        if number in taken:
            other = taken[number]
            message = f"{quoted(key.value)} and {quoted(other.value)} (line {other.line}) have the same number {number}"
            symbols.report.add(key, "duplicate-value", message, "give each its own number, or remove one of the two")
            continue
        taken[number] = key
        values.append(EnumValue(wire=number, name=key.value, doc=doc, deprecated=deprecated))
    return tuple(values)


def _number(
    symbols: SymbolTable, enum: str, key: ScalarNode, node: Node, others: MapNode
) -> tuple[int | None, str, str | None]:
    """Return the number and the docs of a value; no number if it has none, which is noted."""
    doc, deprecated = "", None
    written: Node | None = node
    if isinstance(node, MapNode):
        entries = symbols.report.entries(node, VALUE, f"the value {quoted(key.value)}", at=key)
        doc, deprecated, written = entries.text("doc"), entries.deprecated(), entries.get("value")
        called = entries.scalar("name")
        if called is not None and written is not None:
            message = f"'name' is for texts: the name of this number is {quoted(key.value)}"
            symbols.report.add(entries.key("name"), "enum-number", message, f"remove it, or write {called.value}: …")
        if written is None and _has_number(node):
            # It has another word for the key, or what cannot be read, which is noted.
            return None, doc, deprecated
    found = whole_number(written.value) if isinstance(written, ScalarNode) and written.plain else None
    if found is not None:
        return found, doc, deprecated
    if not _has_number(node):
        message = f"{quoted(key.value)} has no number, but other values of {enum} have one"
        symbols.report.add(key, "enum-number", message, _with_number(key, node, doc, others))
        return None, doc, deprecated
    what = f"the number of {quoted(key.value)}"
    shape = "an integer of at most 64 bits"
    if not isinstance(written, ScalarNode):
        symbols.report.expect(written or node, what, shape)
    else:
        meant = whole_meant(written.value)
        shown = quoted(written.value) if written.plain else f"the text {quoted(written.value)}"
        shown = shown if written.value or not written.plain else "nothing"
        hint = f"write {meant}" if meant else "write an integer"
        symbols.report.add(written, "enum-number", f"{what} must be {shape}, not {shown}", hint)
    return None, doc, deprecated


def _with_number(key: ScalarNode, node: Node, doc: str, others: MapNode) -> str:
    """Return how a value is written with a number that is free."""
    text = node.value if isinstance(node, ScalarNode) and is_text(node) else doc
    stated = [find(value, "value") or value for _, value in others.pairs]
    numbers = [whole_number(one.value) for one in stated if isinstance(one, ScalarNode)]
    free = max((number for number in numbers if number is not None), default=-1) + 1
    meant = whole_meant(text)
    if meant:
        return f"write {key.value}: {meant}"
    if not text or len(text) > _LONGEST_SHOWN or not text.isprintable():
        return f"write its number, as in {key.value}: {free}"
    return f"write its number, as in {key.value}: {{value: {free}, doc: {text}}}"


# Texts and letters.


def _texts(symbols: SymbolTable, entries: Entries, kind: str, what: str) -> tuple[EnumValue, ...]:
    """Read the values of an enum of texts, or the letters of flags."""
    node = entries.get(kind)
    if node is None:
        return ()
    described: list[tuple[ScalarNode, Node | None]]
    if isinstance(node, MapNode):
        described = [*node.pairs]
    else:
        inline = _as_one_map(node, kind)
        items = symbols.report.texts(node, quoted(kind), empty=kind == "enum", inline=inline)
        described = [(item, None) for item in items]
    if isinstance(node, MapNode | ListNode) and not (node.pairs if isinstance(node, MapNode) else node.items):
        symbols.report.add(
            entries.key(kind), "wrong-shape", f"{quoted(kind)} has no values", "write at least one, as in [a]"
        )
    way_out = "give one of the two another name in Python, as in {}: {name: other}"
    names = Names(symbols.report, "name-collision", what, way_out=way_out)
    wires = Names(symbols.report, "duplicate-value", what)
    values: list[EnumValue] = []
    for key, node in described:
        # What the name is made of is any text where it is made of something else.
        if (kind != "enum" or find(node, "name") is None) and not _names_itself(symbols, key, kind):
            continue
        if kind == "flags" and not (len(key.value) == 1 and key.value.isascii() and key.value.isalpha()):
            message = f"a flag must be one letter from a to z or A to Z, not {quoted(key.value)}"
            begins = key.value[0].isascii() and key.value[0].isalpha()
            hint = f"write {key.value[0]}: {{name: {key.value}}}" if begins else "write a letter, as in r: {name: read}"
            symbols.report.add(key, "flag-letter", message, hint)
            continue
        if kind == "enum":
            expect_text(symbols, key, what, _as_number(key, node))
            _check_assigned(symbols, key)
        value = _text(symbols, key, node, kind)
        if key.value not in wires.taken:
            names.take(constant_name(value.name), value.name, key)
        wires.take(key.value, key.value, key)
        values.append(value)
    return tuple(values)


def _as_one_map(node: Node, kind: str) -> str:
    """Return how values are written of which each is a map in a list."""
    first = node.items[0] if isinstance(node, ListNode) and node.items else None
    name, value = find(first, "name"), find(first, "value")
    if isinstance(first, MapNode) and len(first.pairs) == 1 and name is None:
        name, value = first.pairs[0]
    if isinstance(name, ScalarNode) and isinstance(value, ScalarNode):
        return f"write one map, without dashes and brackets, as in {kind}: {{{name.value}: {value.value}}}"
    return f"write the value alone, or a map of values to what they mean, as in {kind}: {{a: What it means.}}"


def _check_assigned(symbols: SymbolTable, key: ScalarNode) -> None:
    """Note a problem for a name with a `=` and a value, as other languages write them: all of it would be the text."""
    found = re.fullmatch(_ASSIGNED, key.value) if key.plain and "=" in key.value else None
    if found is None:
        return
    name, value = found[1], found[2].strip("\"'")
    hint = f"write {name}: {value}" if whole_number(value) is not None else f"write the text on the wire, as in {value}"
    message = f"{quoted(key.value)} would be one text on the wire"
    symbols.report.add(key, "bad-value", message, f"{hint}; if that text is meant, put it in quotes")


def _as_number(key: ScalarNode, node: Node | None) -> str:
    """Return how a number is written, which stands where a text has to."""
    if whole_number(key.value) is None:
        return ""
    named = find(node, "name") or node
    name = named.value if isinstance(named, ScalarNode) and named.value.isidentifier() else ""
    if name and len(name) <= _LONGEST_SHOWN:
        return f"for the number {key.value}, write {name}: {key.value}"
    return f"for numbers, write a map of names to numbers, as in {{low: {key.value}, …}}"


def _names_itself(symbols: SymbolTable, key: ScalarNode, kind: str) -> bool:
    """Tell whether the name of a value can be made of the value, and note a problem if not."""
    if kind == "enum" and not key.is_null and not key.value.strip():
        message = f"the value {quoted(key.value)} needs a name for Python"
        symbols.report.add(key, "bad-name", message, f'write it with one, as in "{key.value}": {{name: none}}')
        return False
    return symbols.report.is_name(key)


def _text(symbols: SymbolTable, key: ScalarNode, node: Node | None, kind: str) -> EnumValue:
    if isinstance(node, MapNode):
        shape = VALUE if kind == "enum" else LETTER
        entries = symbols.report.entries(node, shape, f"the value {quoted(key.value)}", at=key)
        node = entries.scalar("name")
        name = key.value if node is None or not symbols.report.is_name(node) else node.value
        return EnumValue(wire=key.value, name=name, doc=entries.text("doc"), deprecated=entries.deprecated())
    if node is not None and not isinstance(node, ScalarNode):
        symbols.report.expect(node, f"the value {quoted(key.value)}", "described by a text or by name and doc")
    if isinstance(node, ScalarNode) and not node.is_null and not is_text(node):
        message = f"the value {quoted(key.value)} must be described by a text, not by {quoted(node.value)}"
        hint = f"write what it means, as in {key.value}: The default.; on the wire it is the text {quoted(key.value)}"
        symbols.report.add(node, "bad-value", message, hint)
    return EnumValue(wire=key.value, name=key.value, doc=node.value.strip() if isinstance(node, ScalarNode) else "")
