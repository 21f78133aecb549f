"""What the compiler itself must know of a protocol to type a user's channels, as a module of its own package."""

from __future__ import annotations

from typing import cast

import attrs

from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import Protocol, Schema
from emitter_typed_codegen.pytypes import HERE, Imports, Name
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.protocol import DefinitionsView
from emitter_typed_codegen.view.scope import sequence

_MODEL = Protocol.__module__


def protocol_of(schema: Schema) -> Protocol:
    """Return what typed channels need of a protocol."""
    typed = tuple(operation for operation in schema.operations if operation.typed)
    names = {operation.name for operation in typed}
    raised = {name for operation in typed for name in operation.errors}
    return Protocol(
        operations=typed,
        options=tuple(option for option in schema.options if names & set(option.applies)),
        errors=tuple(error for error in schema.errors if error.name in raised),
    )


def embedded_view(schema: Schema) -> DefinitionsView:
    """Return the module that holds a schema's protocol as a value of the model."""
    imports = Imports()
    made = _constructed(imports, protocol_of(schema))
    doc = Doc(f"What typed channels take of {schema.name}'s protocol.")
    return DefinitionsView(doc, imports.lines(), (Joined(["PROTOCOL = ", made]),))


def _constructed(imports: Imports, value: object) -> Expression:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, tuple):
        return sequence(_constructed(imports, item) for item in cast("tuple[object, ...]", value))
    cls = type(value)
    if not attrs.has(cls):
        return repr(value)
    settings: list[Expression] = []
    for attribute in attrs.fields(cls):
        held: object = getattr(value, attribute.name)
        if attribute.default is attrs.NOTHING or held != attribute.default:
            made = _constructed(imports, held)
            settings.append(Joined([f"{attribute.name}=", made]) if attribute.kw_only else made)
    return Group(f"{imports.use(Name(_MODEL if cls.__module__ == _MODEL else HERE, cls.__name__))}(", settings, ")")
