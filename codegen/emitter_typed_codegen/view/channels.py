"""The typed channels of a user's schema, in both flavours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from attrs import evolve

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import Assigned, Bracketed, Expression, Group, Joined
from emitter_typed_codegen.model import Channel, Literal_, Optional, Protocol, Publishing, Record, Schema
from emitter_typed_codegen.names import attribute_name, channel_class, class_name, method_name
from emitter_typed_codegen.pytypes import CHANNELS, HERE, NONE, Applied, Imports, Name, PyType, optional
from emitter_typed_codegen.texts import Section, literal, sentence
from emitter_typed_codegen.view.directions import DIRECTIONS, base_class
from emitter_typed_codegen.view.docs import Doc, parameter_text
from emitter_typed_codegen.view.methods import (
    ASYNC,
    SYNC,
    Flavour,
    Method,
    MethodsClass,
    Parameter,
    arguments,
    head,
    methods_class,
    option_type,
    timeout,
)
from emitter_typed_codegen.view.module_scope import TYPES, ModuleScope, attribute, call, contract, own_names, template
from emitter_typed_codegen.view.parts import Part, parts
from emitter_typed_codegen.view.records import ClassView, record_view


@frozen(kw_only=True)
class ChannelView:
    """All that comes of one channel of the schema."""

    params: ClassView | None
    message: Expression
    message_name: str
    message_doc: Doc
    definition: Expression
    attribute: Expression
    """The statement by which each class has the definition."""
    classes: tuple[MethodsClass, ...]
    second: tuple[Expression, ...] = ()
    """What gives the classes other names, for where their own ones mean something else."""


@frozen(kw_only=True)
class ChannelsView:
    """The module of the channels, or a part of it."""

    doc: Doc
    imports: str
    channels: tuple[ChannelView, ...]

    @property
    def names(self) -> list[str]:
        """The names of the classes that the module defines."""
        params = [channel.params.name for channel in self.channels if channel.params]
        messages = [channel.message_name for channel in self.channels]
        return params + messages + [cls.name for channel in self.channels for cls in channel.classes]


CHANNELS_MODULE = ".channels"
"""The module of the channels, as its neighbours import it."""

_REFUSED = Section("Raises", [("InvalidArgument", "A value does not fit its parameter.")])
_CLASSES = [(flavour, end) for flavour in (SYNC, ASYNC) for end in ("Channel", "Channels")]


def channel_parts(schema: Schema) -> list[Part]:
    """Return the parts of the module of the channels; none if it is one."""
    return parts(CHANNELS_MODULE, [channel.name for channel in schema.channels])


def channel_modules(
    schema: Schema, protocol: Protocol, packages: Mapping[str, str], type_modules: Mapping[str, str]
) -> dict[str, ChannelsView]:
    """Return the module of the channels, or its parts, by what their neighbours import.

    Args:
        schema: The schema.
        protocol: The protocol that the channels run on.
        packages: The packages of the files that it imports, as this one names them.
        type_modules: The part of each type, where the module of the types is parted.
    """
    by_name = {channel.name: channel for channel in schema.channels}
    modules = {part.module: part.names for part in channel_parts(schema)} or {CHANNELS_MODULE: tuple(by_name)}
    types = {class_name(declared.name) for declared in schema.types}
    return {
        module: _module(schema, [by_name[name] for name in names], protocol, packages, type_modules, types)
        for module, names in modules.items()
    }


def _module(
    schema: Schema,
    channels: Sequence[Channel],
    protocol: Protocol,
    packages: Mapping[str, str],
    type_modules: Mapping[str, str],
    types: set[str],
) -> ChannelsView:
    names = {"where", "_definition"}.union(*map(_module_names, channels))
    names |= {method_name(one.name) for one in protocol.publishes}
    imports = Imports(frozenset(names | types), packages=frozenset(packages))
    scope = ModuleScope(schema, TYPES, imports, packages, type_modules)
    views = tuple(_ChannelBuilder(scope, protocol, channel).view() for channel in channels)
    # Few have some, and those are known when all are there.
    views = tuple(evolve(one, second=second) if (second := _second_names(imports, one)) else one for one in views)
    return ChannelsView(doc=Doc(f"The channels of {schema.name}."), imports=imports.lines(), channels=views)


def _module_names(channel: Channel) -> set[str]:
    """Return the names that a module has because of a channel, those of its parameters included."""
    record = _params(channel)
    names = own_names(record) if record else set[str]()
    names |= {flavour.of(channel_class(channel.name, end)) for flavour, end in _CLASSES}
    return names | {channel_class(channel.name, end) for end in ("Params", "ChannelMessage")} | {_definition(channel)}


def _second_names(imports: Imports, channel: ChannelView) -> tuple[Expression, ...]:
    """Return the statements that give classes of a channel a second name, where a parameter has the first one."""
    params = [channel.params.name] if channel.params else []
    names = [*params, *(one.name for one in channel.classes)]
    return tuple(Assigned(second, name) for name in names if (second := imports.renamed(name)) is not None)


def _definition(channel: Channel) -> str:
    # No class is called like that, and no two channels have one attribute.
    return f"{attribute_name(channel.name)}_channel"


def _params(channel: Channel) -> Record | None:
    return Record(name=channel_class(channel.name, "Params"), fields=channel.params) if channel.params else None


def channel_facts(channel: Channel) -> str:
    """Return what a docstring says of a channel besides its text."""
    parts: list[str] = []
    if channel.options:
        values = ", ".join(f"{attribute_name(name)}={_shown(value)}" for name, value in channel.options)
        parts.append(f"Unless the call says otherwise: {values}.")
    if channel.deprecated is not None:
        parts.append(sentence(f"Deprecated: {channel.deprecated}"))
    return " ".join(parts)


def _shown(value: Literal_) -> str:
    return literal(value) if isinstance(value, str) else repr(value)


def chosen_first(channel: Channel) -> str:
    """Return what a docstring says of publishing to one of several channels, with a space before it."""
    if not channel.params or channel.direction == "subscribe":
        return ""
    values = ", ".join(f"{attribute(field)}=..." for field in channel.params)
    return f" To publish, pass the parameters first: `{attribute_name(channel.name)}({values})`."


def channel_title(channel: Channel) -> str:
    """Return what a channel is, which may be no more than its name."""
    return channel.doc if channel.doc.strip() else f"The channel {channel.name}."


@frozen
class _ChannelBuilder:
    """Makes the view of one channel."""

    scope: ModuleScope
    protocol: Protocol
    channel: Channel

    def view(self) -> ChannelView:
        record = _params(self.channel)
        doc = Doc(f"The parameters of `{self.channel.address}`.")
        message = Applied(contract("ChannelMessage"), self._types)
        return ChannelView(
            params=record_view(self.scope, record, doc) if record else None,
            message=Assigned(self._message.name, self.scope.imports.annotation(message)),
            message_name=self._message.name,
            message_doc=Doc(f"A message of `{self.channel.address}`."),
            definition=self._definition(),
            attribute=Assigned("_definition", _definition(self.channel)),
            classes=tuple(cls for flavour in (SYNC, ASYNC) for cls in self._classes(flavour)),
        )

    @cached_property
    def _later(self) -> ModuleScope:
        """The scope of what is read when it is used."""
        # Attributes of the classes hide nothing that their methods name: they have none but these methods.
        return self.scope.inside(())

    @property
    def _message(self) -> Name:
        return Name(HERE, channel_class(self.channel.name, "ChannelMessage"))

    @cached_property
    def _types(self) -> tuple[PyType, PyType]:
        params = Name(HERE, channel_class(self.channel.name, "Params")) if self.channel.params else NONE
        return self.scope.type(self.channel.payload), params

    def _definition(self) -> Expression:
        payload, params = self._types
        annotation = self.scope.imports.annotation(Applied(contract("ChannelDefinition"), self._types))
        made = call(
            self.scope.contract("ChannelDefinition"),
            name=literal(attribute_name(self.channel.name)),
            address=call(self.scope.contract("Address"), literal(template(self.channel.address, self.channel.params))),
            payload=self._constrained(self.scope.imports.annotation(payload)),
            params=self.scope.imports.annotation(params),
            defaults=self.scope.option_values(self.channel.options, self.protocol.settings),
        )
        return Joined([f"{_definition(self.channel)}: ", annotation, " = ", made])

    def _constrained(self, payload: Expression) -> Expression:
        """Return the type of the payload with the limits of its aliases, which no class of a record holds."""
        constraints = self.scope.constraints((), self.channel.payload)
        if not constraints:
            return payload
        annotated = self.scope.use(Name("typing", "Annotated"))
        return Joined([annotated, Group("[", (payload, *constraints), "]")])

    def _classes(self, flavour: Flavour) -> Iterable[MethodsClass]:
        one, every = (channel_class(self.channel.name, end) for end in ("Channel", "Channels"))
        directions = [each for each in DIRECTIONS if self.channel.direction in (each, "both")]
        about = f"\n\nThe channel `{self.channel.address}`"
        known = ", with every parameter known." if self.channel.params else "."
        yield self._class(flavour, one, f"{about}{known}", directions, [])
        if self.channel.params:
            # A message goes to one channel; a subscription may be to many.
            of_all = [each for each in directions if each == "subscribe"]
            chosen = [self._one(flavour, one), *([self._where(flavour, every)] if of_all else [])]
            every_one = f"\n\nEvery channel of `{self.channel.address}`.{chosen_first(self.channel)}"
            yield self._class(flavour, every, every_one, of_all, chosen)

    def _class(
        self, flavour: Flavour, name: str, about: str, directions: list[str], methods: list[Method]
    ) -> MethodsClass:
        bases = [Name(CHANNELS, base_class(flavour, each)) for each in directions]
        cls = methods_class(
            self.scope,
            flavour.of(name),
            [Applied(base, self._types) for base in bases or [contract(f"{flavour.prefix}Channel")]],
            Doc(channel_title(self.channel) + about, channel_facts(self.channel)),
            methods,
        )
        if "publish" not in directions or not self.channel.options or not self.protocol.publishes:
            return cls
        signatures = tuple(self._publish(flavour, one) for one in self.protocol.publishes)
        return evolve(cls, checking=self.scope.use(Name("typing", "TYPE_CHECKING")), signatures=signatures)

    def _publish(self, flavour: Flavour, publishing: Publishing) -> Expression:
        """Return the head of a call that publishes, with the channel's own defaults."""
        scope = self._later
        payload = Parameter(name="payload", type=scope.type(self.channel.payload))
        taken = [one for one in self.protocol.settings if one.name in publishing.options]
        values = dict(self.channel.options)
        named = [
            Parameter(
                name=attribute_name(one.name),
                type=optional(option_type(scope, one)),
                default=scope.option_value(values[one.name], one) if one.name in values else "None",
            )
            for one in taken
        ]
        if publishing.wait:
            named.append(timeout("the acknowledgement"))
        return head(
            scope,
            flavour,
            method_name(publishing.name),
            [payload],
            named,
            returns=NONE if publishing.wait else contract(flavour.of("Pending")),
            waits=publishing.wait,
            end=": ...",
        )

    @cached_property
    def _all_known(self) -> list[Parameter]:
        """The parameters of a call that names one channel."""
        return self._parameters(all_known=True)

    @cached_property
    def _some_known(self) -> list[Parameter]:
        """The parameters of a call that names several."""
        return self._parameters(all_known=False)

    @cached_property
    def _sections(self) -> tuple[Section, ...]:
        """What the docstrings of these calls say of parameters and errors."""
        return arguments(self._all_known), _REFUSED

    @cached_property
    def _in_calls(self) -> Imports:
        """The imports as these calls use them: their parameters hide what has the same name."""
        return self.scope.imports.inside(one.name for one in self._all_known)

    def _parameters(self, *, all_known: bool) -> list[Parameter]:
        return [
            Parameter(
                name=attribute(field),
                type=self._later.type(field.type) if all_known else optional(self._later.type(field.type)),
                default=None if all_known else "None",
                text=parameter_text(self.scope, field),
            )
            for field in self.channel.params
            if not isinstance(field.type, Optional)
        ]

    def _one(self, flavour: Flavour, name: str) -> Method:
        doc = "Return the channel that has these parameters."
        return self._narrowing(flavour, "__call__", name, doc, self._all_known)

    def _where(self, flavour: Flavour, name: str) -> Method:
        doc = "Return the channels that have the given parameters."
        return self._narrowing(flavour, "where", name, doc, self._some_known)

    def _narrowing(self, flavour: Flavour, method: str, cls: str, doc: str, parameters: list[Parameter]) -> Method:
        narrowed: dict[str, Expression] = {one.name: one.name for one in parameters}
        known = ("self._client", "self._keys")
        returned = Name(HERE, flavour.of(cls))
        made = self._in_calls.use(returned)
        return Method(
            head=head(self.scope, flavour, method, [], parameters, returns=returned, waits=False),
            doc=Doc(doc, sections=self._sections),
            body=(Joined(["return ", Bracketed(call(made, *known, call("self._narrowed", **narrowed)))]),),
        )
