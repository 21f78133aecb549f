"""What the compiler itself must know of a protocol to read a user's channels, as a module of its own package."""

from __future__ import annotations

from typing import cast

import attrs

from emitter_typed_codegen import model
from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import Protocol
from emitter_typed_codegen.pytypes import HERE, Imports, Name
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.module_scope import sequence
from emitter_typed_codegen.view.protocol.definitions import DefinitionsView

_MODEL = model.__name__


def compiler_protocol_view(protocol: Protocol, name: str) -> DefinitionsView:
    """Return the module that holds a protocol as a value of the model."""
    imports = Imports()
    made = _constructed(imports, protocol)
    doc = Doc(f"What the compiler knows of {name}'s protocol.")
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
    return Group(
        f"{imports.use(Name(_MODEL if cls.__module__.startswith(_MODEL) else HERE, cls.__name__))}(", settings, ")"
    )
