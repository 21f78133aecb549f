"""The facade of a protocol in one colour: its requests, operations, events and options as methods."""

from __future__ import annotations

from emitter_typed_codegen.layout import Expression, Joined, flat
from emitter_typed_codegen.model import Event, Field, Operation, Option, Optional, Request, Scalar, Schema
from emitter_typed_codegen.names import attribute_name, method_name
from emitter_typed_codegen.pytypes import BUILTINS, HERE, NONE, Applied, Imports, Name, PyType, Values, optional
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc, parameter_text
from emitter_typed_codegen.view.methods import (
    BOOL,
    BOUNDS,
    Colour,
    Method,
    MethodsView,
    Parameter,
    arguments,
    bounds,
    given,
    head,
    liberal,
    methods_class,
    operation_doc,
    option_parameters,
    pending_text,
    raises,
    returns,
    timeout,
    type_variable,
    waiting,
)
from emitter_typed_codegen.view.protocol import event_constant, option_class, options_of, request_constant
from emitter_typed_codegen.view.scope import Scope, attribute, call, contract, plain, sequence

_PAYLOAD = Name(HERE, "PayloadT")


def api_view(schema: Schema, colour: Colour) -> MethodsView:
    """Return the module of a facade."""
    imports = Imports(frozenset({"PayloadT"}), own_section=True)
    scope = Scope(schema, ".types", imports)
    methods: list[Method] = [_request(scope, colour, one) for one in schema.requests]
    for operation in schema.operations:
        methods += _OPERATIONS[operation.verb](scope, colour, operation)
    for event in schema.events:
        methods += _event(scope, colour, event)
    for option in schema.options:
        methods += _classic(scope, colour, option)
    generic = any(operation.verb == "subscribe" for operation in schema.operations)
    variables = (type_variable(scope, _PAYLOAD),) if generic else ()
    doc = Doc(schema.doc if schema.doc else f"The requests and operations of {schema.name}.")
    facade = methods_class(scope, f"{colour.prefix}Api", [contract(f"{colour.prefix}Host")], doc, methods)
    return MethodsView(
        doc=Doc(f"{schema.name}'s requests and operations as methods, for programs with {colour.adverb}."),
        imports=imports.lines(),
        type_variables=variables,
        classes=(facade,),
    )


def _request(scope: Scope, colour: Colour, request: Request) -> Method:
    # Python wants parameters without default first.
    fields = sorted(request.request.fields, key=lambda one: _default(scope, one) is not None)
    parameters = [_field_parameter(scope, one) for one in fields]
    settings: dict[str, Expression] = {attribute(one): _coerced(scope, one) for one in request.request.fields}
    sent: dict[str, Expression] = {"timeout_s": "timeout_s"}
    if request.event is not None:
        event = next(one for one in scope.schema.events if one.name == request.event)
        handler = colour.applied("Handler", scope.declared(event.payload))
        text = f"Receives the events of this channel from now on, in place of `on_{attribute_name(event.name)}`."
        parameters.append(Parameter(name="optional_handler", type=optional(handler), default="None", text=text))
        sent["handler"] = "optional_handler"
    response = scope.declared(request.response.name)
    wait = timeout("the reply")
    made = call(scope.use(scope.declared(request.request.name)), **settings)
    constant = scope.use(Name(".protocol", request_constant(request)))
    return Method(
        head=head(scope, colour, method_name(request.name), parameters, [wait], returns=response),
        doc=Doc(
            request.doc or f"Send the request {request.name}.",
            sections=(
                arguments([*parameters, wait]),
                returns(request.response.doc),
                raises(scope.schema.errors, request.errors, waits="reply"),
            ),
        ),
        body=(waiting(colour, call("self._request", constant, made, **sent)),),
    )


def _default(scope: Scope, field: Field) -> Expression | None:
    if field.has_default and field.default is not None:
        _, maker = liberal(scope, field.type)
        # What the method makes a value of needs no call in its head.
        return plain(field.default) if maker else scope.value(field.default, field.type)
    return "None" if field.has_default or isinstance(field.type, Optional) else None


def _field_parameter(scope: Scope, field: Field) -> Parameter:
    annotation, _ = liberal(scope, field.type)
    return Parameter(
        name=attribute(field),
        type=optional(annotation) if isinstance(field.type, Optional) else annotation,
        default=_default(scope, field),
        text=parameter_text(scope, field),
    )


def _coerced(scope: Scope, field: Field) -> Expression:
    name = attribute(field)
    base = scope.base(field.type)
    if isinstance(base, Scalar) and base.name in ("channel", "filter"):
        most: dict[str, Expression] = {
            limit.rule: str(limit.value) for limit in field.limits if limit.rule == "max_segments"
        }
        made = call(scope.contract("filter_name"), name, **most)
    else:
        _, maker = liberal(scope, field.type)
        if maker is None:
            return name
        made = call(scope.use(maker), name)
    return f"None if {name} is None else {flat(made)}" if isinstance(field.type, Optional) else made


def _publish(scope: Scope, colour: Colour, operation: Operation) -> list[Method]:
    taken, classic = _options(scope, operation)
    keys = _topic_parameters(scope, operation)
    message = Parameter(
        name="message",
        type=Name(BUILTINS, "object"),
        text="What to publish: bytes and str as they are, anything else as JSON.",
    )
    positional = [*keys, message, *classic]
    sent: list[Expression] = [literal(method_name(operation.name)), _topic_arguments(keys), "message"]
    sent += ["options" if classic else "()", given(scope, operation)]
    if operation.wait:
        named = [*taken, timeout("the acknowledgement")]
        result: PyType = NONE
        body = waiting(colour, call("self._publish", *sent, timeout_s="timeout_s"), result=False)
        waits = "acknowledgement"
        said = ""
    else:
        named = taken
        result = contract(colour.of("Pending"))
        body = waiting(colour, call("self._publish_nowait", *sent), waits=False)
        waits = ""
        said = pending_text(colour, scope.schema.errors, operation.errors)
    sections = (
        arguments([*positional, *named]),
        returns(said),
        raises(scope.schema.errors, operation.errors, waits=waits),
    )
    name = method_name(operation.name)
    return [
        Method(
            head=head(scope, colour, name, positional, named, returns=result, waits=operation.wait),
            doc=operation_doc(operation, sections),
            body=(body,),
        )
    ]


def _subscribe(scope: Scope, colour: Colour, operation: Operation) -> list[Method]:
    taken, classic = _options(scope, operation)
    keys = _topic_parameters(scope, operation)
    reserved = scope.schema.envelope.reserved if scope.schema.envelope else ""
    allow = Parameter(
        name="allow_reserved",
        type=BOOL,
        default="False",
        text=(
            f"Whether the channel may match below `{reserved}`, where a message looks like the broker's own reply. "
            "Default: False."
        ),
    )
    rest = [*taken, *BOUNDS, allow, timeout("the broker's answer")]
    text = (
        "The class to read each payload as; what does not fit goes to `on_error`, and the subscription goes on. "
        "Default: bytes, as they came."
    )
    payload_type = Applied(Name(BUILTINS, "type"), (_PAYLOAD,))
    payload = Parameter(name="payload", type=payload_type, text=text)
    optional_payload = Parameter(name="payload", type=optional(payload_type), default="None", text=text)
    plain_message = contract("Message")
    typed_message = Applied(plain_message, (_PAYLOAD,))
    name = method_name(operation.name)

    def positional(message: PyType) -> list[Parameter]:
        handler = Parameter(
            name="optional_handler",
            type=optional(colour.applied("Handler", message)),
            default="None",
            text="Receives each message. Default: none; iterate over what is returned.",
        )
        return [*keys, handler, *classic]

    def signature(message: PyType, named: list[Parameter], end: str) -> Expression:
        result = colour.applied("Subscription", message)
        return head(scope, colour, name, positional(message), named, returns=result, end=end)

    sent: list[Expression] = [
        literal(name),
        _topic_arguments(keys),
        call(scope.contract("PlainDecoder"), "payload"),
        "optional_handler",
        "options" if classic else "()",
        given(scope, operation),
    ]
    made = call("self._subscribe", *sent, bounds=bounds(scope), allow_reserved="allow_reserved", timeout_s="timeout_s")
    sections = (
        arguments([*positional(typed_message), optional_payload, *rest]),
        returns("The subscription: iterate over it, or end it with `close`."),
        raises(scope.schema.errors, operation.errors, waits="answer"),
    )
    overload = f"@{scope.use(Name('typing', 'overload'))}"
    return [
        Method(decorators=(overload,), head=signature(plain_message, rest, ": ...")),
        Method(decorators=(overload,), head=signature(typed_message, [payload, *rest], ": ...")),
        Method(
            head=signature(typed_message, [optional_payload, *rest], ":"),
            doc=operation_doc(operation, sections),
            body=(waiting(colour, made),),
        ),
    ]


def _unsubscribe(scope: Scope, colour: Colour, operation: Operation) -> list[Method]:
    keys = _topic_parameters(scope, operation)
    named = [timeout("the broker's answer")]
    name = method_name(operation.name)
    made = call("self._unsubscribe", literal(name), _topic_arguments(keys), timeout_s="timeout_s")
    sections = (arguments([*keys, *named]), raises(scope.schema.errors, operation.errors, waits="answer"))
    return [
        Method(
            head=head(scope, colour, name, keys, named),
            doc=operation_doc(operation, sections),
            body=(waiting(colour, made, result=False),),
        )
    ]


_OPERATIONS = {"publish": _publish, "subscribe": _subscribe, "unsubscribe": _unsubscribe}


def _options(scope: Scope, operation: Operation) -> tuple[list[Parameter], list[Parameter]]:
    """Return the parameters of an operation's options: one for each, and the one that takes them all."""
    options = options_of(scope.schema.options, operation)
    taken = option_parameters(scope, operation)
    if not options:
        return taken, []
    made = next((method_name(name) for option in options for name, _, _ in option.classic), None)
    cls = Name(".options", option_class(operation.verb))
    classic = Parameter(
        name="options",
        type=Applied(Name("collections.abc", "Iterable"), (cls,)),
        default="()",
        text="The options below as a set of objects" + (f", as `{made}` and its like make them." if made else "."),
    )
    return taken, [classic]


def _topic_parameters(scope: Scope, operation: Operation) -> list[Parameter]:
    return [
        Parameter(name=attribute(one), type=liberal(scope, one.type)[0], text=parameter_text(scope, one))
        for one in operation.params
    ]


def _topic_arguments(parameters: list[Parameter]) -> Expression:
    return sequence(one.name for one in parameters)


def _event(scope: Scope, colour: Colour, event: Event) -> list[Method]:
    name = f"on_{attribute_name(event.name)}"
    handler = optional(colour.applied("Handler", scope.declared(event.payload)))
    constant = scope.use(Name(".protocol", event_constant(event)))
    text = f"The handler of the event `{event.name}`; None: nobody is told.\n\n{event.doc}"
    setting = Parameter(name="handler", type=handler)
    return [
        Method(
            decorators=("@property",),
            head=head(scope, colour, name, [], returns=handler, waits=False),
            doc=Doc(text),
            body=(waiting(colour, call("self._event_handler", constant), waits=False),),
        ),
        Method(
            decorators=(f"@{name}.setter",),
            head=head(scope, colour, name, [setting], waits=False),
            body=(call("self._set_event_handler", constant, "handler"),),
        ),
    ]


def _classic(scope: Scope, colour: Colour, option: Option) -> list[Method]:
    taking = [one for one in scope.schema.operations if one.name in option.applies]
    if not taking:
        return []
    cls = Name(".options", option_class(taking[0].verb))
    names = [method_name(one.name) for one in taking]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    argument = attribute_name(option.name)
    methods: list[Method] = []
    for name, fixed, value in option.classic:
        annotation: PyType = Values(option.values) if option.values else liberal(scope, option.type)[0]
        parameters = [] if fixed else [Parameter(name=argument, type=annotation)]
        handed = scope.value(value, option.type) if fixed else argument
        what = f"`{argument}={flat(handed)}`" if fixed else f"`{argument}`"
        text = parameter_text(scope, option)
        explained = () if fixed else (arguments([Parameter(name=argument, type=annotation, text=text)]),)
        methods.append(
            Method(
                decorators=("@staticmethod",),
                head=head(scope, colour, method_name(name), parameters, returns=cls, waits=False, first=()),
                doc=Doc(f"Make the option {what} of {listed}.\n\n{text if fixed else ''}", sections=explained),
                body=(Joined(["return ", call(scope.use(cls), literal(argument), handed)]),),
            )
        )
    return methods
