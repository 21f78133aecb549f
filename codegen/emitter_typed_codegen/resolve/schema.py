"""A schema as a whole: its sections in the order in which they need each other, and its files."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from emitter_typed_codegen.language.protocol import PROTOCOL_KEYS
from emitter_typed_codegen.language.sections import LANGUAGE, SCHEMA
from emitter_typed_codegen.model import Protocol, Schema
from emitter_typed_codegen.names import class_name
from emitter_typed_codegen.problems import SchemaProblems, quoted
from emitter_typed_codegen.resolve.alternatives import refuse_alike
from emitter_typed_codegen.resolve.channels import read_channels
from emitter_typed_codegen.resolve.collisions import check_classes
from emitter_typed_codegen.resolve.imports import Files, read_imports
from emitter_typed_codegen.resolve.nodes import Entries, Report
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.types import read_types
from emitter_typed_codegen.source import Document, MapNode, Node, read


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
    entries = report.entries(root, SCHEMA, "the schema", at=document.whole)
    _check_language(report, entries)
    symbols = SymbolTable(report)
    imports = read_imports(symbols, entries.get("imports"), path, files)
    if imports and "envelope" in entries:
        report.add(
            entries.key("imports"),
            "bad-import",
            "a protocol cannot import other files",
            "declare its types in this file",
        )
    imported = tuple(symbols.types.values())
    types = read_types(symbols, entries.get("types"))
    name = entries.scalar("name")
    schema = Schema(
        name=name.value if name is not None and report.is_name(name) else class_name(path.stem),
        version=entries.text("version"),
        doc=entries.text("doc"),
        source=path.name,
        imports=imports,
        imported=imported,
        types=types,
    )
    describes_protocol = any(key.name in entries for key in PROTOCOL_KEYS)
    if describes_protocol:
        # No user's schema needs any of it.
        from emitter_typed_codegen.resolve.protocol.sections import read_sections

        schema = read_sections(symbols, entries, schema)
    schema = evolve(schema, channels=read_channels(symbols, entries.get("channels"), protocol or schema.protocol))
    refuse_alike(symbols)
    if describes_protocol:
        from emitter_typed_codegen.resolve.protocol.methods import check_methods

        check_methods(report, entries, schema)
    check_classes(report, entries, schema, name or at)
    return schema


def _check_language(report: Report, entries: Entries) -> None:
    node = entries.scalar("emitter-typed")
    if node is not None and node.value != LANGUAGE:
        message = (
            f"version {quoted(node.value)} of the language is not supported: this compiler reads version {LANGUAGE}"
        )
        report.add(node, "language-version", message, f"write emitter-typed: {LANGUAGE}, or install a newer release")
