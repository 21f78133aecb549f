"""What `types:` declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from emitter_typed_codegen.language.limits import LIMITS
from emitter_typed_codegen.language.scalars import SCALARS
from emitter_typed_codegen.language.users import KINDS
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Declaration,
    Enum,
    Field,
    Record,
    Scalar,
    Secret,
    TypeRef,
    Union,
)
from emitter_typed_codegen.names import constant_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.choices import expect_text, read_enum, read_flags
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.constraints import read_constraints
from emitter_typed_codegen.resolve.cycles import refuse_alias_cycle, refuse_endless_records, refuse_wide_aliases
from emitter_typed_codegen.resolve.fields import read_record
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.symbol_table import BROKEN, SymbolTable
from emitter_typed_codegen.resolve.synonyms import key_advice, key_called, type_meant, write_type
from emitter_typed_codegen.resolve.typerefs import is_inline_record, read_type
from emitter_typed_codegen.resolve.values import is_number, whole_meant, whole_number
from emitter_typed_codegen.source import ListNode, MapNode, Node, Placed, ScalarNode

_KINDS = {shape.kind: shape for shape in KINDS}
_TYPE_NAME = re.compile(r"[^\W\d][\w-]*").fullmatch


def read_types(symbols: SymbolTable, node: Node | None) -> tuple[Declaration, ...]:
    """Read all types into the symbol table, and return them in the author's order."""
    kinds: dict[str, list[tuple[ScalarNode, MapNode]]] = {kind: [] for kind in _KINDS}
    for key, described in symbols.report.named(node, "'types'"):
        if not _is_type_name(symbols, key):
            continue
        symbols.names.add(key.value)
        kind = _kind(symbols, key, described)
        if kind is not None and isinstance(described, MapNode):
            kinds[kind].append((key, described))
    # Records may be used before they are read: that they are records is all that is asked of them until then.
    symbols.types |= {key.value: Record(name=key.value) for key, _ in kinds["fields"]}
    symbols.types |= {key.value: Union(name=key.value, tag="", members=()) for key, _ in kinds["union"]}
    places: dict[str, Placed] = {}
    for kind, described_types in kinds.items():
        opened = [(key, _open(symbols, key, described, kind)) for key, described in described_types]
        if kind == "alias":
            _read_aliases(symbols, opened)
        else:
            read = _READERS[kind]
            for key, entries in opened:
                declared = read(symbols, key, entries)
                if declared is not None:
                    symbols.types[key.value] = declared
        places |= {key.value: key for key, _ in opened}
    refuse_endless_records(symbols, places)
    return tuple(symbols.types[name] for name in _order(node) if name in symbols.types)


def _order(node: Node | None) -> Iterator[str]:
    if isinstance(node, MapNode):
        yield from (key.value for key, _ in node.pairs)


def _is_type_name(symbols: SymbolTable, key: ScalarNode) -> bool:
    if key.value in SCALARS:
        message = f"{quoted(key.value)} is a type of the language, so no other type can have this name"
        symbols.report.add(key, "reserved-name", message, "choose another name")
        return False
    if _TYPE_NAME(key.value) is None:
        message = f"{quoted(key.value)} cannot be the name of a type"
        meant = re.search(
            r"[^\W\d]\w*", re.sub(r"^(?:interface|message|class|struct|type|enum|record)\s+", "", key.value)
        )
        hint = "write a letter, then letters, digits, _ and -" + (f", as in {meant[0]}" if meant else "")
        symbols.report.add(key, "bad-name", message, hint)
        return False
    return True


def _kind(symbols: SymbolTable, key: ScalarNode, node: Node) -> str | None:
    if not isinstance(node, MapNode):
        shape = "a map with fields, enum, flags, union or alias"
        hint = f"indent what belongs to it further, or write {key.value}: {{fields: {{}}}}"
        if isinstance(node, ScalarNode) and node.value and not node.is_null:
            written = write_type(type_meant(node.value) or node.value).removeprefix("write ")
            words = node.value.split(" | ")
            # The names of types are seldom in small letters.
            is_enum = len(words) > 1 and all(word.islower() and word not in SCALARS for word in words)
            meant = f"enum: [{', '.join(words)}]" if is_enum else f"alias: {written}"
            hint = f"write {key.value}: {{{meant}}}"
        elif isinstance(node, ListNode) and (values := _texts(node)):
            is_type = values in SCALARS or values in symbols.names
            meant = f'{{alias: "[{values}]"}}' if is_type else f"{{enum: [{values}]}}"
            hint = f"write {key.value}: {meant}"
        elif isinstance(node, ListNode):
            hint = f"write {key.value}: {{fields: …}}, and each field without a dash"
        symbols.report.expect(node, f"the type {quoted(key.value)}", shape, hint)
        return None
    kinds = [inner for inner, _ in node.pairs if inner.value in _KINDS]
    if not kinds:
        message = f"the type {quoted(key.value)} lacks the key that says what kind of type it is"
        # What `type` says is told by the other keys, if there are any.
        keys = sorted((inner.value for inner, _ in node.pairs), key=lambda name: name == "type")
        advice = (_kind_meant(symbols, name) for name in keys if name != "doc")
        limited = any(name in LIMITS for name in keys)
        example = ", ".join(
            f"{name.value}: {inner.value}" for name, inner in node.pairs if isinstance(inner, ScalarNode)
        )
        record = f"write {key.value}: {{fields: {{{example[:_LONGEST_SHOWN]}}}}}"
        hint = (
            record
            if is_inline_record(node, tuple(_KINDS))
            else next(filter(None, advice), _LIMITED if limited else _ONE_KIND)
        )
        symbols.report.add(key, "missing-key", message, hint)
        return None
    for second in kinds[1:]:
        message = f"the type {quoted(key.value)} cannot have both {quoted(kinds[0].value)} and {quoted(second.value)}"
        symbols.report.add(second, "wrong-shape", message, "remove one of them")
    return kinds[0].value


_LONGEST_SHOWN = 60
_ONE_KIND = "write one of fields, enum, flags, union and alias"
_LIMITED = "write the type that is limited beside it, as in alias: string"


def _texts(node: ListNode) -> str:
    texts = [item.value for item in node.items if isinstance(item, ScalarNode) and item.value.isprintable()]
    written = ", ".join(texts)
    return written if len(texts) == len(node.items) and len(written) <= _LONGEST_SHOWN else ""


def _kind_meant(symbols: SymbolTable, key: str) -> str:
    if key.casefold() in ("list", "array", "tuple", "set"):
        return 'write alias: "[T]", where T is the type of the items'
    if key.casefold() in ("map", "dict"):
        return 'write alias: "{string: T}", where T is the type of the values'
    if key_called(key, _KINDS) or key.casefold() in ("allof", "extends"):
        return key_advice(key, _KINDS)
    return symbols.report.meant(key, _KINDS)


def _open(symbols: SymbolTable, key: ScalarNode, node: MapNode, kind: str) -> Entries:
    shape = _KINDS[kind]
    # A second kind has its problem already.
    others = tuple(other for other in _KINDS if other != kind)
    return symbols.report.entries(node, shape, f"the {shape.name} {quoted(key.value)}", at=key, ignored=others)


def _read_aliases(symbols: SymbolTable, opened: list[tuple[ScalarNode, Entries]]) -> None:
    aliases: dict[str, tuple[ScalarNode, Entries]] = {}
    for key, entries in opened:
        node = entries.get("alias")
        ref = BROKEN if node is None else read_type(symbols, node)
        if entries.flag("secret"):
            _secret(symbols, key, entries, ref)
        else:
            aliases[key.value] = (key, entries)
            symbols.types[key.value] = Alias(name=key.value, type=ref)
    broken = {name for name, (key, _) in aliases.items() if refuse_alias_cycle(symbols, name, key)}
    broken |= refuse_wide_aliases(symbols, {name: key for name, (key, _) in aliases.items() if name not in broken})
    for name, (_, entries) in aliases.items():
        declared = symbols.types[name]
        ref = declared.type if isinstance(declared, Alias) and name not in broken else BROKEN
        symbols.types[name] = Alias(
            name=name,
            doc=entries.text("doc"),
            type=ref,
            constraints=read_constraints(symbols, entries, ref),
            distinct=entries.flag("distinct") and _can_be_distinct(symbols, entries, ref),
        )


def _can_be_distinct(symbols: SymbolTable, entries: Entries, ref: TypeRef) -> bool:
    """Tell whether a type is one class in Python: of nothing else can a checker make another type."""
    base = symbols.base(ref)
    if symbols.optional(ref):
        what, hint = "a type with ?", "remove the ? here, and write it where the alias is used"
    elif isinstance(base, Union):
        what, hint = "a union", f"{_UNDISTINCT}, or use its members as separate types"
    elif isinstance(base, AnyOf):
        what, hint = "a type with |", f"{_UNDISTINCT}, or declare one of its types as a distinct alias"
    elif isinstance(base, Enum) and base.open:
        what, hint = "an open enum", _UNDISTINCT
    elif isinstance(base, Scalar) and base.name == "json":
        what, hint = "json", f"{_UNDISTINCT}, or wrap it in a record with one field"
    else:
        return True
    message = f"{what} cannot be distinct, since it is several classes in Python"
    symbols.report.add(entries.key("distinct"), "distinct-type", message, hint)
    return False


_UNDISTINCT = "remove 'distinct'"


def _secret(symbols: SymbolTable, key: ScalarNode, entries: Entries, ref: TypeRef) -> None:
    if ref is not BROKEN and symbols.scalar(ref) != "string":
        place = entries.get("alias") or key
        symbols.report.add(place, "secret-type", "a secret must be a string", "write alias: string")
    for other in ("distinct", *LIMITS):
        if other in entries:
            symbols.report.add(entries.key(other), "secret-type", f"a secret cannot have {quoted(other)}", "remove it")
    symbols.types[key.value] = Secret(name=key.value, doc=entries.text("doc"))


def _record(symbols: SymbolTable, key: ScalarNode, entries: Entries) -> Record:
    return read_record(symbols, key.value, entries)


def _union(symbols: SymbolTable, key: ScalarNode, entries: Entries) -> Union | None:
    tag = entries.scalar("tag")
    inline = "declare the record under types, and write its name here"
    listed = entries.get("union")
    hint = _as_members(symbols, listed, tag) if isinstance(listed, MapNode) else ""
    members = symbols.report.texts(listed, "'union'", inline=inline, hint=hint)
    if isinstance(listed, ListNode) and not listed.items:
        symbols.report.add(
            entries.key("union"), "union-member", "the union has no members", "write the names of its records"
        )
    known: dict[int, str] = {}
    taken = Names(symbols.report, "union-member", f"a member of {key.value}")
    for number, member in enumerate(members):
        name = _member(symbols, member, tag)
        if name is not None:
            taken.take(name, member.value, member)
            known[number] = name
    tags = _present(symbols, entries, members, known) if "present" in entries else _tags(symbols, entries, members)
    if len(tags) != len(members) or (tag is None and "present" not in entries):
        return None
    if tag is not None and not symbols.report.is_name(tag):
        return None
    return Union(
        name=key.value,
        doc=entries.text("doc"),
        tag=None if tag is None else tag.value,
        members=tuple((tags[number], name) for number, name in known.items()),
        open=entries.flag("open"),
    )


def _as_members(symbols: SymbolTable, node: MapNode, tag: ScalarNode | None) -> str:
    """Return how a map of members and their values, or fields, is written; empty for any other map."""
    pairs = [(key, value) for key, value in node.pairs if isinstance(value, ScalarNode)]
    if not pairs or len(pairs) != len(node.pairs):
        return ""
    keys, described = [key for key, _ in pairs], [value for _, value in pairs]
    for members, values in ((keys, described), (described, keys)):
        if all(symbols.find(member.value) for member in members):
            names, tags = (", ".join(one.value for one in many) for many in (members, values))
            telling = tag is None and all(map(partial(_has_field, symbols), members, values))
            key = "present" if telling else "values"
            return f"write union: [{names}], and beside it {key}: [{tags}]"
    return ""


def _has_field(symbols: SymbolTable, member: ScalarNode, name: ScalarNode) -> bool:
    record = symbols.types.get(symbols.find(member.value) or "")
    return isinstance(record, Record) and any(field.name == name.value for field in record.fields)


def _member(symbols: SymbolTable, member: ScalarNode, tag: ScalarNode | None) -> str | None:
    """Return the name of a member; None if it has a problem, which is noted."""
    name = symbols.find(member.value)
    if member.value.rstrip("?") in SCALARS:
        message = f"{quoted(member.value)} is not a record: the members of a union must be records"
        hint = (
            "declare a record with one field for it, and write its name; for values of several types, declare an alias"
        )
        symbols.report.add(member, "union-member", message, f"{hint}, as in Value: {{alias: float | string}}")
        return None
    if name is None:
        symbols.report.unknown(member, "unknown-type", "type", member.value, symbols.names)
        return None
    declared = symbols.types.get(name)
    if declared is not None and not isinstance(declared, Record):
        message = f"{quoted(member.value)} is not a record: the members of a union must be records"
        symbols.report.add(
            member, "union-member", message, "declare a record with one field for it, and write its name"
        )
        return None
    names = [] if declared is None else [name for field in declared.fields for name in (field.wire, *field.also_read)]
    if tag is not None and tag.value in names:
        message = f"{quoted(member.value)} has a field {quoted(tag.value)} on the wire, which is the tag of the union"
        symbols.report.add(member, "union-tag", message, "remove the field: the union writes and reads the tag")
    return name if declared is not None else None


def _tags(symbols: SymbolTable, entries: Entries, members: list[ScalarNode]) -> list[str] | list[int]:
    if "values" not in entries:
        return [constant_name(member.value.rpartition(".")[2]).lower() for member in members]
    values = symbols.report.texts(entries.get("values"), "'values'", empty=True)
    if len(values) != len(members) and isinstance(entries.get("values"), ListNode):
        message = f"the number of values ({len(values)}) differs from the number of members ({len(members)})"
        symbols.report.add(entries.key("values"), "union-values", message, "write one value for each member, in order")
    taken = Names(symbols.report, "union-values", "a tag's value")
    if any(map(is_number, values)):
        return [_number(symbols, value, taken) for value in values]
    for value in values:
        expect_text(symbols, value, "a tag's value")
        taken.take(value.value, value.value, value)
    return [value.value for value in values]


def _present(symbols: SymbolTable, entries: Entries, members: list[ScalarNode], known: Mapping[int, str]) -> list[str]:
    """Return the field on the wire that tells each member; fewer than there are members where one has a problem."""
    report = symbols.report
    if "values" in entries:
        message = "a union with 'present' has no values: no tag is written"
        report.add(entries.key("values"), "union-values", message, "remove 'values'")
    listed = entries.get("present")
    names = report.texts(listed, "'present'")
    if len(names) != len(members) and isinstance(listed, ListNode):
        message = f"the number of fields ({len(names)}) differs from the number of members ({len(members)})"
        report.add(entries.key("present"), "union-present", message, "write one field for each member, in order")
    records = {number: one for number, name in known.items() if isinstance(one := symbols.types[name], Record)}
    found: list[str] = []
    for number, name in enumerate(names):
        record = records.get(number)
        if record is None:
            # A member that has its problem, or one too many.
            found.append(name.value)
            continue
        field = next((one for one in record.fields if one.name == name.value), None)
        others = [one for other, one in records.items() if other != number and one is not record]
        if field is None:
            known_fields = [one.name for one in record.fields]
            report.unknown(name, "union-present", f"field of {record.name} called", name.value, known_fields)
        elif wrong := _not_telling(field, record, others):
            report.add(name, "union-present", *wrong)
        else:
            found.append(field.wire)
    return found


def _not_telling(field: Field, record: Record, others: list[Record]) -> tuple[str, str] | None:
    """Return why the presence of a field does not tell its record from others, and what to do; None if it does."""
    name = quoted(field.name)
    if field.also_read:
        return f"{name} of {record.name} has other names on the wire", "remove its 'also_read', or choose another field"
    if not field.is_required:
        why = "has a default" if field.has_default and field.default is not None else "may be absent"
        return f"{name} of {record.name} {why}", f"choose a field that each {record.name} has, or make it required"
    for other in others:
        if any(field.wire in (one.wire, *one.also_read) for one in other.fields):
            what = f"the field {quoted(field.wire)} on the wire, so it does not tell {record.name} from {other.name}"
            return f"{other.name} has {what}", "choose a field that only one of them has, or declare a tag"
    return None


def _number(symbols: SymbolTable, value: ScalarNode, taken: Names) -> int:
    """Return the number of a member; any if it has none, which is noted."""
    found = whole_number(value.value) if value.plain else None
    if found is not None:
        taken.take(str(found), str(found), value)
        return found
    shown = quoted(value.value) if value.plain else f"the text {quoted(value.value)}"
    message = f"a tag's value must be an integer of at most 64 bits, since others are numbers, not {shown}"
    meant = whole_meant(value.value)
    hint = f"write {meant}" if meant else "write integers, or all values in quotes"
    symbols.report.add(value, "union-values", message, hint)
    return 0


_READERS: dict[str, Callable[[SymbolTable, ScalarNode, Entries], Declaration | None]] = {
    "fields": _record,
    "enum": read_enum,
    "flags": read_flags,
    "union": _union,
}
