"""The facades that hold the typed channels of a user's schema, one in each flavour."""

from __future__ import annotations

from attrs import frozen

from emitter_typed_codegen.layout import Expression, Joined
from emitter_typed_codegen.model import Channel, Schema
from emitter_typed_codegen.names import attribute_name, class_name, hidden_name
from emitter_typed_codegen.pytypes import CONTRACT, Imports, Name
from emitter_typed_codegen.texts import first_sentence
from emitter_typed_codegen.view.channels import channel_facts, channel_title
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.methods import (
    ASYNC,
    SYNC,
    Flavour,
    Method,
    Parameter,
    arguments,
    deprecated_property,
    head,
)
from emitter_typed_codegen.view.module_scope import ModuleScope, call, contract
from emitter_typed_codegen.view.records import Member


@frozen(kw_only=True)
class FacadeClass:
    """The facade of one flavour."""

    name: str
    doc: Doc
    members: tuple[Member, ...]
    head: Expression
    settings: tuple[Expression, ...]
    properties: tuple[Method, ...]


@frozen(kw_only=True)
class FacadeView:
    """The module of the facades."""

    doc: Doc
    imports: str
    classes: tuple[FacadeClass, ...]

    @property
    def names(self) -> list[str]:
        """The names that the module defines."""
        return [cls.name for cls in self.classes]


def facade_view(schema: Schema) -> FacadeView:
    """Return the module of the facades."""
    taken = frozenset(attribute_name(channel.name) for channel in schema.channels)
    scope = ModuleScope(schema, ".types", Imports(taken))
    classes = tuple(_facade(scope, flavour) for flavour in (SYNC, ASYNC))
    name = class_name(schema.name)
    doc = Doc(f"{name} and Async{name}: the channels of {schema.name}, on a client.")
    return FacadeView(doc=doc, imports=scope.imports.lines(), classes=classes)


def _holds(flavour: Flavour, channel: Channel) -> str:
    """Return the class of a facade's attribute."""
    return flavour.of(f"{class_name(channel.name)}Channel{'s' if channel.params else ''}")


def _facade(scope: ModuleScope, flavour: Flavour) -> FacadeClass:
    schema = scope.schema
    name = flavour.of(class_name(schema.name))
    parameters = [
        Parameter(
            name="client",
            type=contract(f"{flavour.prefix}ClientBase"),
            text=f"An open {flavour.of('Client')}; the facade holds it and never closes it.",
        ),
        Parameter(
            name="key",
            type=Name(CONTRACT, "KeySource"),
            text="The key of all channels, a key for each channel's name, or a function from name to key.",
        ),
    ]
    members: list[Member] = []
    settings: list[Expression] = []
    properties: list[Method] = []
    for channel in schema.channels:
        held = scope.use(Name(".channels", _holds(flavour, channel)))
        name_of = attribute_name(channel.name)
        about = f"{first_sentence(channel_title(channel))}\n\n`{channel.address}`."
        about_it = Doc(about, channel_facts(channel))
        if channel.deprecated is None:
            members.append(Member(f"{name_of}: {held}", about_it))
        else:
            properties.append(deprecated_property(scope, name_of, held, channel.deprecated, about_it))
            name_of = hidden_name(name_of)
        settings.append(Joined([f"self.{name_of} = ", call(held, "client", "key")]))
    doc = schema.doc if schema.doc.strip() else f"The channels of {schema.name}."
    return FacadeClass(
        name=name,
        doc=Doc(doc, sections=(arguments(parameters),)),
        members=tuple(members),
        head=head(scope, flavour, "__init__", parameters, waits=False),
        settings=tuple(settings),
        properties=tuple(properties),
    )
