"""Nodes into the model: every rule of the language, and every problem of a schema in one pass."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from emitter_typed_codegen.model import Operation, Protocol, Request, Schema
from emitter_typed_codegen.names import class_name
from emitter_typed_codegen.problems import SchemaProblems, quoted
from emitter_typed_codegen.resolve.channels import read_channels
from emitter_typed_codegen.resolve.classes import check_classes
from emitter_typed_codegen.resolve.events import read_events, with_replies
from emitter_typed_codegen.resolve.imports import Files, read_imports
from emitter_typed_codegen.resolve.methods import check_methods
from emitter_typed_codegen.resolve.nodes import Entries, Report
from emitter_typed_codegen.resolve.operations import (
    read_ignored_options,
    read_operations,
    read_stored,
    read_values_of_options,
)
from emitter_typed_codegen.resolve.options import read_options
from emitter_typed_codegen.resolve.pages import read_pages
from emitter_typed_codegen.resolve.protocol import read_envelope, read_errors, read_requests
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.types import read_types
from emitter_typed_codegen.source import Document, MapNode, Node, read

__all__ = ["load"]

_LANGUAGE = "1"
_SECTIONS = ("types", "envelope", "requests", "events", "operations", "options", "errors", "channels")
_OF_A_PROTOCOL = ("requests", "events", "operations", "options", "errors")


def load(path: Path, protocol: Protocol | None = None) -> Schema:
    """Read a schema.

    Args:
        path: The file.
        protocol: What channels run on: their addresses and options are checked against it. None: what the
            schema itself describes, if anything.

    Returns:
        The schema. It keeps every rule of the language.

    Raises:
        SchemaProblems: The file cannot be read, or breaks rules of the language: all that it breaks, in the
            order of their places.
    """
    report = Report()
    files = Files(report, lambda path, document, root: _schema(path, document, root, files, protocol))
    schema = files.open(path, None, read(path))
    if schema is None or report.problems:
        raise SchemaProblems(report.problems)
    return schema


def _schema(path: Path, document: Document, root: Node, files: Files, protocol: Protocol | None) -> Schema:
    report = files.report
    at = root if isinstance(root, MapNode) else document.whole
    entries = report.entries(
        root,
        "a schema",
        at=document.whole,
        optional=("emitter-typed", "name", "version", "doc", "imports", *_SECTIONS),
    )
    _check_language(report, entries)
    symbols = SymbolTable(report)
    imports = read_imports(symbols, entries.get("imports"), path, files)
    if imports and "envelope" in entries:
        report.add(entries.key("imports"), "bad-import", "a protocol stands in one file", "declare its types in it")
    imported = tuple(symbols.types.values())
    types = read_types(symbols, entries.get("types"))
    envelope = read_envelope(symbols, entries.get("envelope"), entries.key("envelope"))
    said = next((section for section in _OF_A_PROTOCOL if section in entries), None)
    if said is not None and "envelope" not in entries:
        report.add(entries.key(said), "needs-envelope", f"{quoted(said)} need an envelope around them", "add it")
    reserved = "" if envelope is None else envelope.reserved
    errors = read_errors(symbols, entries.get("errors"))
    events = read_events(symbols, entries.get("events"), reserved)
    requests = read_requests(symbols, entries.get("requests"), reserved, events, errors)
    events = with_replies(symbols, entries.get("events"), events, requests)
    operations = read_operations(symbols, entries.get("operations"), errors)
    options = read_options(symbols, entries.get("options"), _taking_options(requests, operations))
    node = entries.get("operations")
    operations = tuple(
        evolve(
            one,
            defaults=read_values_of_options(symbols, node, one, options, "options"),
            no_replay=read_values_of_options(symbols, node, one, options, "no_replay"),
            no_echo=read_values_of_options(symbols, node, one, options, "no_echo"),
            ignores=read_ignored_options(symbols, node, one, options),
            stored=read_stored(symbols, node, one, operations),
            pages=read_pages(symbols, node, one, requests, options),
        )
        for one in operations
    )
    name = entries.scalar("name")
    schema = Schema(
        name=name.value if name is not None and report.is_name(name) else class_name(path.stem),
        version=entries.text("version"),
        doc=entries.text("doc"),
        source=path.name,
        digest=document.digest,
        imports=imports,
        imported=imported,
        types=types,
        envelope=envelope,
        requests=requests,
        events=events,
        operations=operations,
        options=options,
        errors=errors,
    )
    schema = evolve(schema, channels=read_channels(symbols, entries.get("channels"), protocol or schema.protocol))
    check_methods(report, entries, schema)
    check_classes(report, entries, schema, name or at)
    return schema


def _taking_options(requests: tuple[Request, ...], operations: tuple[Operation, ...]) -> dict[str, str | None]:
    """Return the verb of each operation, and "request" or None for each request: None where it takes no options."""
    # An internal request may have the name of the operation that makes it.
    called = [one for one in requests if not one.internal]
    verbs: dict[str, str | None] = {one.name: None if one.options_in is None else "request" for one in called}
    return verbs | {one.name: one.verb for one in operations}


def _check_language(report: Report, entries: Entries) -> None:
    node = entries.scalar("emitter-typed")
    if "emitter-typed" not in entries:
        message = "a schema says which version of the language it is written in"
        report.add(entries.at, "missing-key", message, f"write emitter-typed: {_LANGUAGE} at the top")
    elif node is not None and node.value != _LANGUAGE:
        message = f"this is version {quoted(node.value)} of the language, and version {_LANGUAGE} is what is known"
        report.add(node, "language-version", message, f"write emitter-typed: {_LANGUAGE}, or install a newer release")
