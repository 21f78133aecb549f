"""What `errors:` declares, and which of them a request or an operation may end with."""

from __future__ import annotations

from emitter_typed_codegen.language.protocol import ERROR, STATUSES
from emitter_typed_codegen.model.protocol import Error
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.values import plain_value
from emitter_typed_codegen.source import Node


def read_errors(symbols: SymbolTable, node: Node | None) -> tuple[Error, ...]:
    """Read the classes of statuses."""
    found: list[Error] = []
    statuses = Names(symbols.report, "duplicate-status", "an error's status")
    for key, described in symbols.report.named(node, "'errors'"):
        entries = symbols.report.entries(described, ERROR, f"the error {quoted(key.value)}", at=key)
        status = entries.scalar("status")
        number = 0
        if status is not None:
            value = plain_value(status)
            if isinstance(value, int) and value in STATUSES and not isinstance(value, bool):
                number = value
                statuses.take(status.value, status.value, status)
            else:
                message = f"the status of an error must be a number from 400 to 599, not {quoted(status.value)}"
                symbols.report.add(status, "bad-status", message, "write the number that the broker sends")
        messages = tuple(one.value for one in symbols.report.texts(entries.get("messages"), "'messages'"))
        doc, hint = entries.text("doc"), entries.text("hint")
        found.append(Error(name=key.value, status=number, doc=doc, hint=hint, messages=messages))
    return tuple(found)


def read_error_names(symbols: SymbolTable, entries: Entries, errors: tuple[Error, ...]) -> tuple[str, ...]:
    """Read which errors to expect: the key `errors` of a request or an operation."""
    known = [error.name for error in errors]
    found: list[str] = []
    for node in symbols.report.texts(entries.get("errors"), "'errors'"):
        if node.value not in known:
            symbols.report.unknown(node, "unknown-error", "error", node.value, known)
        elif node.value in found:
            symbols.report.add(node, "duplicate-value", f"the error {quoted(node.value)} occurs twice", "remove it")
        else:
            found.append(node.value)
    return tuple(found)
