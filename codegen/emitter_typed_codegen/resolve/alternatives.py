"""The types beside `|`, which a message has to tell apart."""

from __future__ import annotations

from collections.abc import Iterable

from emitter_typed_codegen.model import Enum, JsonKind, List, Map, Record, Scalar, TypeRef, json_kinds
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.synonyms import several_types, write_type

_PLURALS: dict[JsonKind, str] = {
    "boolean": "true or false",
    "number": "numbers",
    "text": "texts",
    "list": "lists",
    "object": "objects",
}


def refuse_alike(symbols: SymbolTable) -> None:
    """Note the types beside `|` that are of one kind in JSON, and those that may be null, once all are resolved."""
    for members in symbols.several:
        taken: dict[JsonKind, tuple[TypeRef, str]] = {}
        for ref, place, name in members:
            if symbols.base(ref) is None:
                break
            if symbols.optional(ref):
                message = f"{quoted(name)} may be null, which only a ? behind the last type may say"
                hint = "remove the ? in the alias, and write it at the end of the whole type"
                symbols.report.add(place, "several-types", message, hint)
                break
            kinds = json_kinds(ref, symbols.types)
            alike: list[JsonKind] = [kind for kind in kinds if kind in taken]
            if symbols.scalar(ref) == "json" or "json" in [symbols.scalar(one) for one, _ in taken.values()]:
                message = "json is every JSON, so no other type can stand beside it"
                symbols.report.add(place, "several-types", message, "write json alone, or remove it")
                break
            if alike:
                other, other_name = taken[alike[0]]
                message = (
                    f"a message does not tell {quoted(name)} from {quoted(other_name)}: both are {_PLURALS[alike[0]]}"
                )
                if other == ref:
                    message = f"{quoted(name)} stands there twice"
                hint = _advice(symbols, alike[0], (other, other_name), (ref, name))
                symbols.report.add(place, "several-types", message, hint)
                break
            for kind in kinds:
                taken[kind] = ref, name


def _enum(bases: Iterable[object]) -> Enum | None:
    return next((base for base in bases if isinstance(base, Enum)), None)


def _advice(symbols: SymbolTable, kind: JsonKind, one: tuple[TypeRef, str], other: tuple[TypeRef, str]) -> str:
    """Return what to write instead of two types of one kind."""
    if one[0] == other[0]:
        return "remove one of them"
    bases = symbols.base(one[0]), symbols.base(other[0])
    scalars = {base.name for base in bases if isinstance(base, Scalar)}
    match kind:
        case "number" if scalars <= {"int", "float"} and len(scalars) == 2:
            return "write float, which takes integers too"
        case "number" | "text" if all(isinstance(base, Enum) for base in bases):
            return "declare one enum with the values of both"
        case "number" | "text" if scalars & {"int", "string"} and (enum := _enum(bases)) is not None:
            return f"write {enum.name} alone; with open: true it keeps other {_PLURALS[kind]}"
        case "text" if "string" in scalars:
            return "write string, and convert the text in the program"
        case "text":
            return "write string for both, and convert the text in the program"
        case "list" if isinstance(one[0], List) and isinstance(other[0], List):
            inner = several_types(name.strip()[1:-1].strip() for _, name in (one, other))
            return f"for one list of both, {write_type(f'[{inner}]')}"
        case "object" if all(isinstance(base, Record) for base in bases):
            return (
                f"declare a union under types, as in Either: {{union: [{one[1]}, {other[1]}], tag: kind}}, or with a "
                "field of each, as in present: [result, error], and write its name"
            )
        case "object" if not any(isinstance(base, Map) for base in bases):
            return "declare one union that has all of the records"
        case _:
            return "keep one of them, or write json for both"
