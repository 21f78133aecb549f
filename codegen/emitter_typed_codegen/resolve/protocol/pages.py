"""What an operation's `pages:` declares: how stored messages are fetched, page by page."""

from __future__ import annotations

from collections.abc import Mapping

from emitter_typed_codegen.language.protocol import PAGES
from emitter_typed_codegen.model import Field, List, Option, Record, ScalarName
from emitter_typed_codegen.model.protocol import Operation, Pages, Request
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.nodes import Entries, find
from emitter_typed_codegen.resolve.symbol_table import BROKEN, SymbolTable
from emitter_typed_codegen.source import Node, ScalarNode

_OF_A_MESSAGE: Mapping[str, ScalarName] = {"id": "bytes", "channel": "string", "payload": "bytes"}


def read_pages(
    symbols: SymbolTable,
    node: Node | None,
    operation: Operation,
    requests: tuple[Request, ...],
    options: tuple[Option, ...],
) -> Pages | None:
    """Read how an operation fetches; None if it does not fetch, or does not say how.

    Args:
        symbols: The types that there are.
        node: All operations.
        operation: The operation, which takes its options.
        requests: The requests that there are.
        options: The options that there are.
    """
    described = find(node, operation.name, "pages")
    if operation.verb != "fetch" or described is None:
        return None
    entries = symbols.report.entries(described, PAGES, "'pages'", at=described)
    named = entries.scalar("request")
    request = next((one for one in requests if named is not None and one.name == named.value), None)
    if request is not None and named is not None:
        _check_request(symbols, entries, named, request)
    elif named is not None:
        symbols.report.unknown(named, "fetch-pages", "request", named.value, [one.name for one in requests])
    _check_size(symbols, entries, operation, options)
    texts = {key: entries.scalar(key) for key in PAGES.required}
    return Pages(**{key: "" if text is None else text.value for key, text in texts.items()})


def _check_request(symbols: SymbolTable, entries: Entries, named: ScalarNode, request: Request) -> None:
    topic = _field(symbols, entries, "topic", request.request)
    if topic is not None and not _is(symbols, topic, "string"):
        _wrong(symbols, entries, "topic", "is a string that is always there")
    after = _field(symbols, entries, "after", request.request)
    if after is not None and not _is(symbols, after, "bytes", optional=True):
        _wrong(symbols, entries, "after", "is bytes that may be absent")
    for one in request.request.fields if topic is not None and after is not None else ():
        if one not in (topic, after) and not one.has_default and not symbols.optional(one.type):
            message = f"nothing gives the request {quoted(request.name)} its field {quoted(one.name)}"
            symbols.report.add(named, "fetch-pages", message, "write its type with a ?, or add a default")
    items = _field(symbols, entries, "items", request.response)
    base = None if items is None else symbols.base(items.type)
    if items is None or base is None:
        return
    message_type = symbols.base(base.item) if isinstance(base, List) else None
    if isinstance(message_type, Record) and not symbols.optional(items.type):
        for key, scalar in _OF_A_MESSAGE.items():
            found = _field(symbols, entries, key, message_type)
            if found is not None and not _is(symbols, found, scalar):
                _wrong(symbols, entries, key, f"is {scalar}, and always there")
    elif not isinstance(base, List) or base.item != BROKEN:
        _wrong(symbols, entries, "items", "is a list of records")


def _check_size(symbols: SymbolTable, entries: Entries, operation: Operation, options: tuple[Option, ...]) -> None:
    size = entries.scalar("size")
    if size is None:
        return
    taken = {one.name: one for one in options if operation.name in one.applies}
    option = taken.get(size.value)
    if option is None:
        symbols.report.unknown(size, "fetch-pages", f"option of {quoted(operation.name)} called", size.value, taken)
    elif symbols.base(option.type) is not None and symbols.scalar(option.type) != "int":
        _wrong(symbols, entries, "size", "is an int")


def _field(symbols: SymbolTable, entries: Entries, key: str, record: Record) -> Field | None:
    node = entries.scalar(key)
    if node is None:
        return None
    found = next((one for one in record.fields if one.name == node.value), None)
    if found is None:
        message = f"{quoted(record.name)} has no field {quoted(node.value)}"
        hint = symbols.report.meant(node.value, [one.name for one in record.fields])
        symbols.report.add(node, "fetch-pages", message, hint)
    return found


def _is(symbols: SymbolTable, field: Field, scalar: ScalarName, *, optional: bool = False) -> bool:
    broken = symbols.base(field.type) is None
    return broken or (symbols.scalar(field.type) == scalar and symbols.optional(field.type) is optional)


def _wrong(symbols: SymbolTable, entries: Entries, key: str, rule: str) -> None:
    node = entries.scalar(key)
    assert node is not None, "what is of the wrong type was named"
    symbols.report.add(node, "fetch-pages", f"{quoted(key)} {rule}, but {quoted(node.value)} is not")
