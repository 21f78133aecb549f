"""The facade of a protocol in one flavour: its requests, operations, events and options as methods."""

from __future__ import annotations

from emitter_typed_codegen.layout import Expression, flat
from emitter_typed_codegen.model import Field, Flags, Optional, Scalar, Schema, Secret
from emitter_typed_codegen.model.protocol import Event, Request, Watch
from emitter_typed_codegen.names import attribute_name, method_name
from emitter_typed_codegen.pytypes import Imports, Name, PyType, optional
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc, parameter_text
from emitter_typed_codegen.view.methods import (
    Flavour,
    Method,
    MethodsView,
    Parameter,
    arguments,
    forget,
    head,
    liberal,
    methods_class,
    returns,
    timeout,
    type_variable,
)
from emitter_typed_codegen.view.module_scope import ModuleScope, attribute, call, contract, plain
from emitter_typed_codegen.view.protocol.calls import (
    QUEUE_PARAMETERS,
    hide_secrets,
    option_parameters,
    options_given,
    options_parameter,
    queue_limits,
    raises,
    waiting,
)
from emitter_typed_codegen.view.protocol.definitions import event_constant, request_constant
from emitter_typed_codegen.view.protocol.operations import PAYLOAD, operation_methods
from emitter_typed_codegen.view.protocol.option_factories import OPTION_FACTORIES, has_option_factories


def api_view(schema: Schema, flavour: Flavour) -> MethodsView:
    """Return the module of a facade."""
    imports = Imports(frozenset({"PayloadT"}), own_section=True)
    scope = ModuleScope(schema, ".types", imports)
    methods: list[Method] = [_request(scope, flavour, one) for one in schema.requests if not one.internal]
    methods += [_watch(scope, flavour, one, one.watch) for one in schema.requests if one.watch is not None]
    for operation in schema.operations:
        methods += operation_methods(scope, flavour, operation)
    for event in schema.events:
        methods += _event(scope, flavour, event)
    generic = any(operation.verb == "subscribe" for operation in schema.operations)
    variables = (type_variable(scope, PAYLOAD),) if generic else ()
    doc = Doc(schema.doc if schema.doc else f"The requests and operations of {schema.name}.")
    bases: list[PyType] = [contract(f"{flavour.prefix}ClientBase")]
    if has_option_factories(schema):
        bases.insert(0, OPTION_FACTORIES)
    facade = methods_class(scope, f"{flavour.prefix}Api", bases, doc, methods)
    return MethodsView(
        doc=Doc(f"{schema.name}'s requests and operations as methods, for programs with {flavour.adverb}."),
        imports=imports.lines(),
        type_variables=variables,
        classes=(facade,),
    )


def _request(scope: ModuleScope, flavour: Flavour, request: Request) -> Method:
    # Python wants parameters without default first.
    fields = sorted(request.request.fields, key=lambda one: _default(scope, one) is not None)
    parameters = [_field_parameter(scope, one) for one in fields]
    options = options_parameter(scope, request)
    parameters += options
    settings: dict[str, Expression] = {attribute(one): _coerced(scope, one) for one in request.request.fields}
    constant = scope.use(Name(".protocol", request_constant(request)))
    if options:
        channel = attribute_name(request.options_in or "")
        with_options = scope.contract("channel_with_options")
        settings[channel] = call(with_options, constant, settings[channel], "options", options_given(scope, request))
    sent: dict[str, Expression] = {"timeout_s": "timeout_s"}
    event = next((one for one in scope.schema.events if one.name == request.event), None)
    # The events of the channel that the request names can go to a handler of their own.
    if event is not None and event.channel in {one.name for one in request.request.fields}:
        handler = flavour.applied("Handler", scope.declared(event.payload))
        usual = f"`on_{attribute_name(event.name)}`"
        text = f"Called with the events of this channel from now on, instead of {usual}. Default: {usual}."
        parameters.append(Parameter(name="optional_handler", type=optional(handler), default="None", text=text))
        sent["handler"] = "optional_handler"
    response = scope.declared(request.response.name)
    named = [*option_parameters(scope, request), timeout("the reply")]
    made = call(scope.use(scope.declared(request.request.name)), **settings)
    return Method(
        head=head(scope, flavour, method_name(request.name), parameters, named, returns=response),
        doc=Doc(
            request.doc or f"Send the request {request.name}.",
            sections=(
                arguments([*parameters, *named]),
                returns(request.response.doc),
                raises(scope.schema.errors, request.errors, waits="reply"),
            ),
        ),
        body=(
            *hide_secrets(scope, request.request.fields),
            waiting(flavour, call("self._calls.request", constant, made, **sent)),
        ),
        failed=forget(scope, [*parameters, *named]),
    )


def _watch(scope: ModuleScope, flavour: Flavour, request: Request, watch: Watch) -> Method:
    assert request.lasting is not None, "`resolve` refuses a watch that does not begin and end"
    event = next(one for one in scope.schema.events if one.name == request.event)
    fields = {one.name: one for one in request.request.fields}
    parameters = [_field_parameter(scope, one) for one in fields.values() if _default(scope, one) is None]
    fixed = {**dict(request.lasting.again), **dict(request.lasting.begins)}
    settings: dict[str, Expression] = {
        attribute(one): scope.value(fixed[one.name], one.type) if one.name in fixed else _coerced(scope, one)
        for one in fields.values()
        if one.name in fixed or _default(scope, one) is None
    }
    named = [*QUEUE_PARAMETERS, timeout("the reply")]
    payload = scope.declared(event.payload)
    made = call(
        "self._calls.watch",
        scope.use(Name(".protocol", request_constant(request))),
        scope.use(Name(".protocol", event_constant(event))),
        call(scope.use(scope.declared(request.request.name)), **settings),
        limits=queue_limits(scope),
        timeout_s="timeout_s",
    )
    return Method(
        head=head(
            scope,
            flavour,
            method_name(watch.name),
            parameters,
            named,
            returns=flavour.applied("Subscription", payload),
        ),
        doc=Doc(
            watch.doc or f"Iterate over the events that {request.name} begins.",
            sections=(
                arguments([*parameters, *named]),
                returns("The events. Iterate over them; end them with `close`."),
                raises(scope.schema.errors, request.errors, waits="reply"),
            ),
        ),
        body=(
            *hide_secrets(scope, (one for one in fields.values() if _default(scope, one) is None)),
            waiting(flavour, made),
        ),
    )


def _default(scope: ModuleScope, field: Field) -> Expression | None:
    if field.has_default and field.default is not None:
        _, converter = liberal(scope, field.type)
        # What the method makes a value of needs no call in its head.
        return plain(field.default) if converter else scope.value(field.default, field.type)
    return "None" if field.has_default or isinstance(field.type, Optional) else None


def _field_parameter(scope: ModuleScope, field: Field) -> Parameter:
    annotation, _ = liberal(scope, field.type)
    return Parameter(
        name=attribute(field),
        type=optional(annotation) if isinstance(field.type, Optional) else annotation,
        default=_default(scope, field),
        text=parameter_text(scope, field),
    )


def _coerced(scope: ModuleScope, field: Field) -> Expression:
    name = attribute(field)
    base = scope.base(field.type)
    if isinstance(base, Scalar) and base.name in ("channel", "filter", "key_target"):
        most: dict[str, Expression] = {
            constraint.rule: str(constraint.value)
            for constraint in field.constraints
            if constraint.rule == "max_segments"
        }
        made = call(scope.contract(f"{base.name}_name"), name, **most)
    else:
        _, converter = liberal(scope, field.type)
        # The method begins with making secrets of what was given for them.
        if converter is None or isinstance(scope.declaration(field.type), Secret):
            return name
        if isinstance(scope.declaration(field.type), Flags):
            made = call(scope.contract("flags"), scope.use(converter), name, literal(name))
        else:
            made = call(scope.use(converter), name, literal(name))
    return f"None if {name} is None else {flat(made)}" if isinstance(field.type, Optional) else made


def _event(scope: ModuleScope, flavour: Flavour, event: Event) -> list[Method]:
    name = f"on_{attribute_name(event.name)}"
    handler = optional(flavour.applied("Handler", scope.declared(event.payload)))
    constant = scope.use(Name(".protocol", event_constant(event)))
    text = f"The handler of the event `{event.name}`. If None, the events are ignored.\n\n{event.doc}"
    setting = Parameter(name="handler", type=handler)
    return [
        Method(
            decorators=("@property",),
            head=head(scope, flavour, name, [], returns=handler, waits=False),
            doc=Doc(text),
            body=(waiting(flavour, call("self._calls.event_handler", constant), waits=False),),
        ),
        Method(
            decorators=(f"@{name}.setter",),
            head=head(scope, flavour, name, [setting], waits=False),
            body=(call("self._calls.set_event_handler", constant, "handler"),),
        ),
    ]
