"""What a request's `lasting:` and `watch:` declare: what it begins, and the method that iterates over it."""

from __future__ import annotations

from emitter_typed_codegen.language.protocol import LASTING, WATCH
from emitter_typed_codegen.model import Literal_, Record
from emitter_typed_codegen.model.protocol import Event, Lasting, Watch
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.values import UNFIT, read_value


def read_lasting(symbols: SymbolTable, entries: Entries, record: Record) -> Lasting | None:
    """Read the key `lasting` of a request.

    Args:
        symbols: The types that there are.
        entries: The request's.
        record: The request's fields.

    Returns:
        What it says; None if it says nothing.
    """
    node = entries.get("lasting")
    if node is None:
        return None
    inner = symbols.report.entries(node, LASTING, "'lasting'", at=entries.key("lasting"))
    by = inner.scalar("by")
    if by is not None and by.value not in {field.name for field in record.fields}:
        message = f"{quoted(record.name)} has no field {quoted(by.value)}"
        hint = symbols.report.meant(by.value, [field.name for field in record.fields])
        symbols.report.add(by, "lasting-request", message, hint)
    return Lasting(
        by="" if by is None else by.value,
        begins=_values(symbols, inner, "begins", record),
        ends=_values(symbols, inner, "ends", record),
        again=_values(symbols, inner, "again", record),
    )


def read_watch(
    symbols: SymbolTable, entries: Entries, record: Record, lasting: Lasting | None, event: Event | None
) -> Watch | None:
    """Read the key `watch` of a request: the method that iterates over the events that it begins.

    Args:
        symbols: The types that there are.
        entries: The request's.
        record: The request's fields.
        lasting: What the request begins.
        event: The event that its reply counts as.

    Returns:
        What it says; None if it says nothing.
    """
    node = entries.get("watch")
    if node is None:
        return None
    at = entries.key("watch")
    inner = symbols.report.entries(node, WATCH, "'watch'", at=at)
    name = inner.scalar("name")
    if event is None or event.channel is None:
        message = "only a request with an event that names its channel can be watched"
        symbols.report.add(at, "watch-request", message, "add event to the request, and channel to that event")
    if lasting is None or not lasting.begins or not lasting.ends:
        message = "only what a request begins and ends can be watched"
        symbols.report.add(at, "watch-request", message, "add begins and ends under lasting")
        return None
    by = next((field for field in record.fields if field.name == lasting.by), None)
    if by is not None and symbols.base(by.type) is not None and symbols.scalar(by.type) not in ("channel", "filter"):
        message = f"the field {quoted(by.name)} under 'by' must be a channel or a filter"
        symbols.report.add(at, "watch-request", message, "name another field under by")
    return None if name is None else Watch(name=name.value, doc=inner.text("doc"))


def _values(symbols: SymbolTable, entries: Entries, key: str, record: Record) -> tuple[tuple[str, Literal_], ...]:
    known = {field.name: field for field in record.fields}
    found: list[tuple[str, Literal_]] = []
    for name, written in symbols.report.named(entries.get(key), f"'{key}'"):
        if name.value not in known:
            message = f"{quoted(record.name)} has no field {quoted(name.value)}"
            symbols.report.add(name, "lasting-request", message, symbols.report.meant(name.value, list(known)))
            continue
        value = read_value(symbols, written, known[name.value].type, "bad-value", "the value")
        if value is not UNFIT:
            found.append((name.value, value))
    return tuple(found)
