"""Types as a schema writes them: `string?`, `[Reading]`, `{string: [int]}`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import chain

from emitter_typed_codegen.language.scalars import ORDINARY, SCALARS, SPECIAL
from emitter_typed_codegen.language.shapes import listed
from emitter_typed_codegen.language.texts import MOST_TYPE_LEVELS
from emitter_typed_codegen.language.users import KINDS
from emitter_typed_codegen.model import AnyOf, List, Map, Named, Optional, Scalar, ScalarName, TypeRef
from emitter_typed_codegen.problems import Rule, did_you_mean, quoted
from emitter_typed_codegen.resolve.nodes import find
from emitter_typed_codegen.resolve.symbol_table import BROKEN, Member, SymbolTable
from emitter_typed_codegen.resolve.synonyms import (
    is_no_member,
    key_advice,
    several_advice,
    several_types,
    type_advice,
    type_meant,
    write_type,
)
from emitter_typed_codegen.source import ListNode, MapNode, Node, Placed, ScalarNode

_PLACES = {
    "channel": "a parameter of a request or an operation",
    "filter": "a parameter of a request or an operation",
    "key_target": "a parameter of a request",
    "text": "the payload of a channel",
}
_TOKEN = re.compile(r"[\[\]{}:?|]|[^\[\]{}:?|\s]+")
_SIGNS = frozenset("[]{}:?|")
_ORDINARY: dict[str, Scalar] = {name: Scalar(name) for name in ORDINARY}


class _Wrong(Exception):
    def __init__(self, start: int, end: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.start, self.end, self.message, self.hint = start, end, message, hint


def read_type(
    symbols: SymbolTable, node: Node, *, allowed: Iterable[ScalarName] = (), described: Node | None = None
) -> TypeRef:
    """Read a type.

    Args:
        symbols: The types that there are.
        node: The text of the type.
        allowed: Which of the special scalars may stand here.
        described: The map whose `type` it is: others say there what a list or a map consists of.

    Returns:
        The type, or BROKEN if there is a problem, which is noted.
    """
    if isinstance(node, ListNode | MapNode):
        if isinstance(node, MapNode) and declares(node):
            message = "a type cannot be declared here: declare it under types, and write its name here"
            symbols.report.add(node, "wrong-shape", message, _declared(node))
            return BROKEN
        written = _written(node)
        hint = write_type(written) if written else _several(node)
        symbols.report.add(node, "unquoted-type", "a list or map type needs quotes", hint)
        return BROKEN
    if not isinstance(node, ScalarNode):
        return BROKEN
    if node.value in _ORDINARY:
        # As most are.
        return _ORDINARY[node.value]
    if not node.value.strip():
        symbols.report.add(node, "wrong-shape", "the type is missing", _missing(node))
        return BROKEN
    reader = _Reader(symbols, node, frozenset(allowed), _container(node, described))
    try:
        return reader.whole()
    except _Wrong as wrong:
        place: Placed = node.part(wrong.start, wrong.end)
        dotted = re.sub(r"::?", ".", node.value)
        meant = dotted if symbols.find(dotted) is not None else type_meant(node.value)
        # A type that nests too deep is what was meant.
        hint = write_type(meant) if meant not in ("", node.value) else several_advice(node.value)
        hint = hint or wrong.hint or f"write a type, {_AS_IN}"
        symbols.report.add(place, "type-syntax", wrong.message, hint)
        return BROKEN


def looks_like_type(node: MapNode) -> bool:
    """Tell whether a map was meant as a map type, as in `{string: int}` without quotes."""
    return len(node.pairs) == 1 and node.pairs[0][0].value in (*SCALARS, *_TEXT_KEYS)


def is_inline_record(node: Node, known: Collection[str]) -> bool:
    """Tell whether a map was meant as a record with these fields, where a map with known keys is expected."""
    if not isinstance(node, MapNode) or not node.pairs or looks_like_type(node):
        return False
    for key, value in node.pairs:
        if key.value in known or key_advice(key.value, known) or did_you_mean(key.value, known):
            return False
        if not isinstance(value, ScalarNode | ListNode | MapNode):
            return False
    first = node.pairs[0][1]
    return isinstance(first, ScalarNode) and first.value.removesuffix("?") in SCALARS


_TEXT_KEYS = ("str", "String")
_NAMING = ("type", "$ref", "ref")
_DECLARING = {shape.kind: shape.kind for shape in KINDS} | {"properties": "fields", "oneOf": "union", "anyOf": "union"}
_DECLARED = {
    "enum": "Mode: {enum: [auto, manual]}",
    "flags": "Rights: {flags: {r: Read.}}",
    "alias": "Percent: {alias: int, minimum: 0, maximum: 100}",
    "fields": "Place: {fields: {x: float, y: float}}",
    "union": "Command: {union: [Start, Stop], tag: kind}",
}
_AS_IN = 'as in string?, float | string, "[T]" or "{string: T}"'


def declares(node: MapNode) -> bool:
    """Tell whether a map says what a type is, where the name of one is expected."""
    return not {key.value for key, _ in node.pairs}.isdisjoint(_DECLARING) or is_inline_record(node, _NAMING)


def _declared(node: MapNode) -> str:
    several = next((value for key, value in node.pairs if key.value in ("oneOf", "anyOf")), None)
    written = _written(several) if isinstance(several, ListNode) else ""
    # Records need a union with a tag.
    if any(one.strip("[]?") in SCALARS for one in written.split(" | ")):
        return write_type(written)
    kind = next((_DECLARING[key.value] for key, _ in node.pairs if key.value in _DECLARING), "fields")
    example = _DECLARED[kind]
    return f"write {example} under types, and {example.partition(':')[0]} here"


def _missing(node: ScalarNode) -> str:
    """Return what to write where a type is missing: the colon before it may have no space."""
    before = node.text.lines[node.line - 1][: node.column - 1]
    glued = re.search(r"([\w-]+):([\w-]+\??)[\s}\],]*$", before)
    if glued is not None:
        return f"write a space after the colon: {glued[1]}: {glued[2]}"
    apart = re.search(r"[{,]\s*([\w-]+)\s+([\w-]+\??)[\s}\],]*$", before)
    return f"write {apart[1]}: {apart[2]}" if apart else "write one, as in string or Reading"


def _several(node: ListNode | MapNode) -> str:
    """Return what to do about a list or map that is no type as it would be with quotes."""
    if isinstance(node, ListNode) and len(node.items) > 1:
        return several_advice(" | ".join(one.value for one in node.items if isinstance(one, ScalarNode)) + " | it")
    return f"write it as a text, {_AS_IN}"


def _written(node: Node, level: int = 0) -> str:
    if isinstance(node, ScalarNode):
        return type_meant(node.value) or node.value
    if isinstance(node, MapNode) and node.pairs and node.pairs[0][0].value in _NAMING:
        named = node.pairs[0][1]
        if isinstance(named, ScalarNode) and named.value.casefold() in (*_LISTS, *_MAPS):
            return _container(named, node)
        return _written(node.pairs[0][1], level + 1) if level < MOST_TYPE_LEVELS else ""
    members = node.items if isinstance(node, ListNode) else []
    rest = [one for one in members if not (isinstance(one, ScalarNode) and one.value in ("null", "None"))]
    if rest and len(members) > 1:
        several = [_written(one, level + 1) for one in rest] if level < MOST_TYPE_LEVELS else [""]
        meant = several_types(several) if all(several) else ""
        return f"{meant.removesuffix('?')}?" if meant and len(rest) < len(members) else meant
    if level < MOST_TYPE_LEVELS and isinstance(node, ListNode) and len(node.items) == 1:
        inner = _written(node.items[0], level + 1)
        return f"[{inner}]" if inner else ""
    if level < MOST_TYPE_LEVELS and isinstance(node, MapNode) and len(node.pairs) == 1:
        inner = _written(node.pairs[0][1], level + 1)
        return f"{{string: {inner}}}" if inner else ""
    return ""


_ITEMS = ("items", "item", "of", "elements")
_VALUES = ("values", "additionalProperties", "of")


def _container(node: ScalarNode, described: Node | None) -> str:
    """Return the type of a list or map whose items are described beside it, as in `{type: array, items: int}`."""
    for words, keys, form in ((_LISTS, _ITEMS, "[{}]"), (_MAPS, _VALUES, "{{string: {}}}")):
        if node.value.casefold() in words:
            inner = next((value for key in keys if (value := find(described, key)) is not None), None)
            meant = "" if inner is None else _written(inner)
            return meant and form.format(meant)
    return ""


_LISTS = ("array", "list", "set", "sequence")
_MAPS = ("map", "dict", "object")


class _Reader:
    """Reads one type by recursive descent."""

    def __init__(self, symbols: SymbolTable, node: ScalarNode, allowed: frozenset[ScalarName], meant: str) -> None:
        self._symbols = symbols
        self._node = node
        self._allowed = allowed
        self._meant = meant
        self._tokens = [(found.group(), *found.span()) for found in _TOKEN.finditer(node.value)]
        self._next = 0
        self._broken = False
        # What is no type as a whole has one problem, whatever its words are.
        self._found: list[tuple[Placed, Rule, str, str]] = []
        self._several: list[tuple[Member, ...]] = []

    def whole(self) -> TypeRef:
        ref = self._type(0)
        token, start, end = self._peek()
        if token:
            raise _Wrong(
                start, end, f"{quoted(token)} cannot follow the type {quoted(self._node.value[:start].strip())}"
            )
        for problem in self._found:
            self._symbols.report.add(*problem)
        if self._broken:
            return BROKEN
        self._symbols.several.extend(self._several)
        return ref

    def _type(self, level: int) -> TypeRef:
        if level > MOST_TYPE_LEVELS:
            _, start, end = self._peek()
            message = f"the type nests lists and maps more than {MOST_TYPE_LEVELS} deep"
            raise _Wrong(start, end, message, "declare an alias for the inner part under types")
        members = [self._member(level)]
        while self._peek()[0] == "|":
            self._next += 1
            members.append(self._member(level))
        (ref, _, _), *others = members
        if others:
            self._several.append(tuple(members))
            ref = AnyOf(tuple(member for member, _, _ in members))
        if self._peek()[0] != "?":
            return ref
        self._next += 1
        token, start, end = self._peek()
        if token == "?":
            raise _Wrong(start, end, "the type has two question marks", "remove one of them")
        if token == "|":
            message = "a ? is for all types beside |, so it stands behind the last one"
            raise _Wrong(start - 1, end, message, "write it at the end, as in float | string?")
        return Optional(ref)

    def _member(self, level: int) -> Member:
        """Read a type without a `?`, and say where it stands."""
        _, start, _ = self._peek()
        ref = self._base(level)
        end = self._tokens[self._next - 1][2]
        return ref, self._node.part(start, end), self._node.value[start:end]

    def _base(self, level: int) -> TypeRef:
        token, start, end = self._take()
        if token == "[":
            item = self._type(level + 1)
            self._expect("]")
            return List(item)
        if token == "{":
            key, key_start, key_end = self._take()
            if key != "string":
                raise _Wrong(
                    key_start,
                    key_end,
                    f"the keys of a map type are always string, not {quoted(key) if key else 'missing'}",
                    'write "{string: T}", where T is the type of the values',
                )
            self._expect(":")
            value = self._type(level + 1)
            self._expect("}")
            return Map(value)
        if not token or token in _SIGNS:
            found = quoted(token) if token else "the end of the text"
            raise _Wrong(start, end, f"a type is expected here, not {found}")
        return self._name(token, start, end)

    def _name(self, name: str, start: int, end: int) -> TypeRef:
        for scalar in SCALARS:
            if scalar == name:
                if scalar in SPECIAL and scalar not in self._allowed:
                    message = f"{quoted(name)} can only be {_PLACES[scalar]}"
                    place = self._node.part(start, end)
                    self._found.append((place, "misplaced-type", message, "write string"))
                return Scalar(scalar)
        found = self._symbols.find(name)
        if found == BROKEN.name:
            self._broken = True
            return BROKEN
        if found is not None:
            return Named(found)
        if name.startswith("(") or ("|" in self._node.value and is_no_member(name)):
            raise _Wrong(start, end, f"there is no type {quoted(name)}")
        known = [scalar for scalar in SCALARS if scalar not in SPECIAL or scalar in self._allowed]
        hint = write_type(self._meant).replace("write", "write type:", 1) if self._meant else type_advice(name)
        hint = hint or ("" if name.isprintable() else "delete the character that is not visible")
        hint = hint or self._symbols.imported(name)
        hint = hint or self._symbols.report.meant(name, chain(known, self._symbols.names))
        hint = hint or self._symbols.beyond(name) or f"declare it under types, or write one of {listed(known, 'or')}"
        place = self._node.part(start, end)
        self._found.append((place, "unknown-type", f"there is no type {quoted(name)}", hint))
        self._broken = True
        return BROKEN

    def _peek(self) -> tuple[str, int, int]:
        if self._next < len(self._tokens):
            return self._tokens[self._next]
        last = len(self._node.value)
        return "", max(last - 1, 0), last

    def _take(self) -> tuple[str, int, int]:
        found = self._peek()
        self._next += 1
        return found

    def _expect(self, sign: str) -> None:
        token, start, end = self._take()
        if token != sign:
            found = quoted(token) if token else "the end of the text"
            raise _Wrong(start, end, f"{quoted(sign)} is expected here, not {found}")
