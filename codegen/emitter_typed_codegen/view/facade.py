"""The facades that hold the typed channels of a user's schema, one in each flavour."""

from __future__ import annotations

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import Assigned, Expression, Group, Joined
from emitter_typed_codegen.model import Channel, Schema
from emitter_typed_codegen.names import attribute_name, channel_class, class_name, hidden_name
from emitter_typed_codegen.pytypes import CONTRACT, Imports, Name
from emitter_typed_codegen.texts import Section, first_sentence
from emitter_typed_codegen.view.channels import (
    CHANNELS_MODULE,
    channel_facts,
    channel_parts,
    channel_title,
    chosen_first,
)
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.methods import (
    ASYNC,
    HIDES_ARGUMENTS,
    SYNC,
    Flavour,
    Method,
    Parameter,
    arguments,
    deprecated_property,
    head,
)
from emitter_typed_codegen.view.module_scope import TYPES, ModuleScope, call, contract
from emitter_typed_codegen.view.records import Member

_TABLE = "_CLASSES"

_CHANNELS = f"./{CHANNELS_MODULE[1:]}"
"""The module of the channels, where it is named in front of what it has."""

_WRONG = "The client is of another class, or the key is not valid. A channel without a key raises it when used."
_REFUSED = Section("Raises", [("InvalidArgument", _WRONG)])


@frozen(kw_only=True)
class FacadeClass:
    """The facade of one flavour."""

    name: str
    decorator: str
    derived: Expression
    """The line that begins the class."""
    doc: Doc
    members: tuple[Member, ...]
    head: Expression
    settings: tuple[Member, ...]
    properties: tuple[Method, ...]


@frozen(kw_only=True)
class FacadeView:
    """The module of the facades."""

    doc: Doc
    imports: str
    checking: str
    """How the module refers to what is true only for checkers; empty where they see what everybody does."""
    checked_imports: str
    lazy_channels: Expression
    """What stands for those imports while a program runs: the package, which loads the class of a channel when it is
    used, also by `typing.get_type_hints`."""
    classes_of: tuple[tuple[str, str], ...]
    """The class of each channel by attribute, for facades that make channels when they are first used."""
    classes: tuple[FacadeClass, ...]

    @property
    def names(self) -> list[str]:
        """The names that the module defines."""
        return [cls.name for cls in self.classes]


def facade_view(schema: Schema) -> FacadeView:
    """Return the module of the facades."""
    attributes = {name for channel in schema.channels for name in _attributes(channel)}
    name = class_name(schema.name)
    held = {_holds(flavour, channel) for channel in schema.channels for flavour in (SYNC, ASYNC)}
    many = bool(channel_parts(schema))
    taken = attributes | held | {flavour.of(name) for flavour in (SYNC, ASYNC)} | {_TABLE}
    scope = ModuleScope(schema, TYPES, Imports(frozenset(taken)))
    # Only checkers read annotations here: to load the module with all names would take longer than the rest.
    checked = ModuleScope(schema, TYPES, Imports(frozenset(taken))) if many else scope
    classes = tuple(_facade(scope, checked, flavour, attributes, many=many) for flavour in (SYNC, ASYNC))
    doc = Doc(f"{name} and Async{name}: the channels of {schema.name}, on a client.")
    table = [(_attributes(channel)[-1], _holds(SYNC, channel)) for channel in schema.channels] if many else []
    checking = ""
    lazy_channels: Expression = ""
    if many:
        checking = scope.use(Name("typing", "TYPE_CHECKING"))
        package = f'{scope.use(Name("sys", "modules"))}[__name__.rpartition(".")[0]]'
        lazy_channels = Assigned(checked.imports.neighbour(_CHANNELS), package)
    return FacadeView(
        doc=doc,
        imports=scope.imports.lines(),
        checking=checking,
        checked_imports=checked.imports.lines(),
        lazy_channels=lazy_channels,
        classes_of=tuple(table),
        classes=classes,
    )


def _attributes(channel: Channel) -> list[str]:
    """Return what a facade calls a channel: the second name is that of the attribute behind the property."""
    name = attribute_name(channel.name)
    return [name] if channel.deprecated is None else [name, hidden_name(name)]


def _holds(flavour: Flavour, channel: Channel) -> str:
    """Return the class of a facade's attribute."""
    return flavour.of(channel_class(channel.name, "Channels" if channel.params else "Channel"))


def _facade(
    scope: ModuleScope, checked: ModuleScope, flavour: Flavour, attributes: set[str], *, many: bool
) -> FacadeClass:
    schema = scope.schema
    name = flavour.of(class_name(schema.name))
    inside, held_inside = scope.inside(attributes), checked.inside(attributes)
    channels = _CHANNELS if many else CHANNELS_MODULE
    parameters = [
        Parameter(
            name="client",
            type=contract(f"{flavour.prefix}ClientBase"),
            text=f"An open {flavour.of('Client')}. The facade never closes it.",
        ),
        Parameter(
            name="key",
            type=Name(CONTRACT, "KeySource"),
            text="The key of all channels, a mapping from their names to keys, or a function from name to key.",
        ),
    ]
    members: list[Member] = []
    # First, so that no frame shows the keys.
    settings: list[Member] = [
        Member(Assigned("key", call(scope.contract("held_keys"), "key")), Doc("")),
    ]
    properties: list[Method] = []
    for channel in schema.channels:
        held = held_inside.use(Name(channels, _holds(flavour, channel)))
        name_of, *hidden = _attributes(channel)
        about = f"{first_sentence(channel_title(channel))}\n\n`{channel.address}`.{chosen_first(channel)}"
        about_it = Doc(about, channel_facts(channel))
        if channel.deprecated is None and not many and name_of == name_of.upper():
            # What is written like a constant, checkers want to be given its value where it is declared.
            settings.append(Member(Assigned(f"self.{name_of}", call(held, "client", "key"), held), about_it))
            continue
        if channel.deprecated is None:
            members.append(Member(Assigned(name_of, annotation=held), about_it))
        else:
            properties.append(deprecated_property(inside, name_of, held, channel.deprecated, about_it))
            name_of = hidden[0]
            if many:
                members.append(Member(Assigned(name_of, annotation=held), Doc("")))
        if not many:
            settings.append(Member(Assigned(f"self.{name_of}", call(held, "client", "key")), Doc("")))
    if many:
        settings.append(Member(call("super().__init__", "client", "key", "__name__", _TABLE), Doc("")))
    base = scope.contract(f"{flavour.prefix}Facade" if many else "Facade")
    derived = Joined([Group(f"class {name}(", [base], ")"), ":"])
    doc = schema.doc if schema.doc.strip() else f"The channels of {schema.name}."
    return FacadeClass(
        name=name,
        decorator=scope.contract(HIDES_ARGUMENTS),
        derived=derived,
        doc=Doc(doc, sections=(arguments(parameters), _REFUSED)),
        members=tuple(members),
        head=head(scope, flavour, "__init__", parameters, waits=False),
        settings=tuple(settings),
        properties=tuple(properties),
    )
