"""The module of a protocol's errors, and what methods say of them."""

from __future__ import annotations

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.model.protocol import Error
from emitter_typed_codegen.names import class_name
from emitter_typed_codegen.pytypes import CONTRACT, Imports, Name
from emitter_typed_codegen.texts import Section, first_clause, folded_literal
from emitter_typed_codegen.view.docs import Doc

# What fits the first line of a class's docstring.
_SUMMARY_WIDTH = 78


@frozen
class ErrorView:
    """The class of a status."""

    name: str
    base: str
    doc: Doc
    hint: str


@frozen
class ErrorsView:
    """The module of the errors."""

    doc: Doc
    imports: str
    errors: tuple[ErrorView, ...]


def errors_view(schema: Schema) -> ErrorsView:
    """Return the module of the errors."""
    names = frozenset(class_name(error.name) for error in schema.errors)
    imports = Imports(names, own_section=True)
    base = imports.use(Name(CONTRACT, "BrokerError"))
    views = tuple(
        ErrorView(
            class_name(error.name),
            base,
            error_doc(error),
            folded_literal(error.hint, start=11) if error.hint else "",
        )
        for error in schema.errors
    )
    return ErrorsView(Doc(f"The errors of {schema.name}, one class for each status."), imports.lines(), views)


def error_text(error: Error) -> str:
    """Return what a method says of an error."""
    clause, _ = first_clause(error.doc)
    return f"{clause or error.name} (status {error.status})."


def error_doc(error: Error) -> Doc:
    """Return the docstring of an error's class."""
    clause, rest = first_clause(error.doc)
    summary = error_text(error)
    if len(summary) > _SUMMARY_WIDTH:
        begin, _, end = clause.partition(", ")
        summary = f"{begin} (status {error.status})."
        rest = " ".join(filter(None, [f"{end[:1].upper()}{end[1:]}." if end else "", rest]))
    messages = Section("The broker's messages", [("", message) for message in error.messages])
    return Doc(f"{summary}\n\n{rest}", sections=(messages,))
