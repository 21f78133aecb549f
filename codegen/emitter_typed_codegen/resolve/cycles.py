"""Types that lead back to themselves where nothing ends the circle: aliases, and records that hold one another."""

from __future__ import annotations

from collections.abc import Iterator

from emitter_typed_codegen.model import Alias, Declaration, List, Map, Named, Optional, Record, TypeRef
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.symbol_table import MOST_ALIASES, SymbolTable
from emitter_typed_codegen.source import Placed, ScalarNode


def refuse_alias_cycle(symbols: SymbolTable, name: str, key: ScalarNode) -> None:
    """Note an alias that leads back to itself, or through too many others."""
    declared = symbols.types[name]
    for _ in range(MOST_ALIASES):
        found = _named(declared.type) if isinstance(declared, Alias) else None
        if found is None or found not in symbols.types:
            return
        if found == name:
            message = f"the alias {quoted(name)} leads back to itself"
            symbols.report.add(key, "alias-cycle", message, "a record may hold itself, an alias may not")
            return
        declared = symbols.types[found]
    message = f"the alias {quoted(name)} does not end within {MOST_ALIASES} other aliases"
    symbols.report.add(key, "alias-cycle", message, "name the type itself")


def _named(ref: TypeRef) -> str | None:
    while isinstance(ref, Optional | List | Map):
        ref = ref.value if isinstance(ref, Map) else ref.item
    return ref.name if isinstance(ref, Named) else None


def refuse_endless_records(symbols: SymbolTable, places: dict[str, Placed]) -> None:
    """Note the records that cannot be made, since each would need another one inside: one for each circle."""
    finished: set[str] = set()
    for start in symbols.types:
        way: dict[str, Iterator[str]] = {}
        name: str | None = start
        while name is not None:
            if name in way:
                message = f"no {quoted(name)} can ever be made: each needs another one inside"
                hint = "make a field on the way optional, with ?, or a list"
                symbols.report.add(places[name], "endless-record", message, hint)
            elif name not in finished:
                way[name] = _needed(symbols, symbols.types[name])
            name = _next(way, finished)


def _next(way: dict[str, Iterator[str]], finished: set[str]) -> str | None:
    while way:
        last = next(reversed(way))
        found = next(way[last], None)
        if found is not None:
            return found
        finished.add(last)
        del way[last]
    return None


def _needed(symbols: SymbolTable, declared: Declaration) -> Iterator[str]:
    for field in declared.fields if isinstance(declared, Record) else ():
        base = symbols.base(field.type)
        if isinstance(base, Record) and not field.has_default and not symbols.optional(field.type):
            yield base.name
