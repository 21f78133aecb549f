"""Types that lead back to themselves where nothing ends the circle, or too far: aliases, and records in one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Declaration,
    List,
    Map,
    Named,
    Optional,
    Record,
    TypeRef,
    mentioned,
    named,
)
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.symbol_table import MOST_ALIASES, MOST_TYPES, SymbolTable
from emitter_typed_codegen.source import Placed, ScalarNode


def refuse_alias_cycle(symbols: SymbolTable, name: str, key: ScalarNode) -> bool:
    """Note an alias that leads back to itself, or that begins too long a row; tell whether it does."""
    reached = {name}
    for _ in range(MOST_ALIASES):
        aliases = [one for each in reached if isinstance(one := symbols.types.get(each), Alias)]
        reached = {inner for one in aliases for inner in named(one.type)}
        if not reached:
            return False
        if name in reached:
            message = f"the alias {quoted(name)} stands for itself"
            symbols.report.add(key, "alias-cycle", message, "use a record: a record can contain itself")
            return True
    message = f"the alias {quoted(name)} is the first of more than {MOST_ALIASES} in a row"
    symbols.report.add(key, "alias-cycle", message, "write the type at the end of the row instead")
    return True


def refuse_wide_aliases(symbols: SymbolTable, aliases: Mapping[str, ScalarNode]) -> set[str]:
    """Note the aliases that are too many types once their aliases are written out, and return their names.

    Generated limits, and what reads a message, are as large as that. Of aliases in one another, the innermost is told.
    """
    known: dict[str, int] = {}
    wide = {name for name in aliases if _width(symbols, Named(name), known) > MOST_TYPES}
    for name in wide:
        if wide.isdisjoint(mentioned(symbols.types[name])):
            message = f"the alias {quoted(name)} is more than {MOST_TYPES} types with all aliases in it written out"
            symbols.report.add(aliases[name], "alias-cycle", message, "use a record for one of the types in it")
    return wide


def _width(symbols: SymbolTable, ref: TypeRef, known: dict[str, int]) -> int:
    """Return how many types a type is with all aliases written out, and keep that of each alias."""
    match ref:
        case Optional(inner) | List(inner) | Map(inner):
            return _width(symbols, inner, known)
        case AnyOf(members):
            return sum(_width(symbols, member, known) for member in members)
        case Named(name) if isinstance(alias := symbols.types.get(name), Alias):
            if name not in known:
                # Until it is counted, for one that leads to itself.
                known[name] = 0
                known[name] = _width(symbols, alias.type, known)
            return known[name]
        case _:
            return 1


def refuse_endless_records(symbols: SymbolTable, places: dict[str, Placed]) -> None:
    """Note the records that cannot be made, since each would need another one inside: one for each circle."""
    finished: set[str] = set()
    for start in symbols.types:
        way: dict[str, Iterator[str]] = {}
        name: str | None = start
        while name is not None:
            if name in way:
                message = f"the record {quoted(name)} contains itself without an end, so no object of it can exist"
                hint = "write the type of one of the fields that lead back with a ?, or make it a list"
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
