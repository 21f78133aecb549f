"""The operations of a protocol as methods of either flavour."""

from __future__ import annotations

from emitter_typed_codegen.layout import Expression
from emitter_typed_codegen.model.protocol import Operation
from emitter_typed_codegen.names import method_name
from emitter_typed_codegen.pytypes import BUILTINS, HERE, NONE, Applied, Name, PyType, optional
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import parameter_text
from emitter_typed_codegen.view.methods import (
    Flavour,
    Method,
    Parameter,
    arguments,
    forget,
    head,
    liberal,
    returns,
    timeout,
)
from emitter_typed_codegen.view.module_scope import ModuleScope, attribute, call, contract, sequence
from emitter_typed_codegen.view.protocol.calls import (
    BOOL,
    FETCHED_TEXT,
    QUEUE_PARAMETERS,
    fetch_raises,
    fetched,
    hide_secrets,
    operation_doc,
    option_parameters,
    options_given,
    options_parameter,
    pending_text,
    queue_limits,
    raises,
    recovering,
    recovery,
    waiting,
)

PAYLOAD = Name(HERE, "PayloadT")
"""The type of the payload of a subscription."""


def operation_methods(scope: ModuleScope, flavour: Flavour, operation: Operation) -> list[Method]:
    """Return the method of an operation, with its overloads."""
    return _METHODS[operation.verb](scope, flavour, operation)


def _publish(scope: ModuleScope, flavour: Flavour, operation: Operation) -> list[Method]:
    taken, classic = option_parameters(scope, operation), options_parameter(scope, operation)
    keys = _topic_parameters(scope, operation)
    message = Parameter(
        name="message",
        type=Name(BUILTINS, "object"),
        text="The payload: bytes and str as they are, anything else as JSON.",
    )
    positional = [*keys, message, *classic]
    sent: list[Expression] = [literal(method_name(operation.name)), _topic_arguments(keys), "message"]
    sent += ["options" if classic else "()", options_given(scope, operation)]
    if operation.wait:
        named = [*taken, timeout("the acknowledgement")]
        result: PyType = NONE
        body = waiting(flavour, call("self._calls.publish", *sent, timeout_s="timeout_s"), result=False)
        waits = "acknowledgement"
        result_text = ""
    else:
        named = taken
        result = contract(flavour.of("Pending"))
        body = waiting(flavour, call("self._calls.publish_nowait", *sent), waits=False)
        waits = ""
        result_text = pending_text(flavour, scope.schema.errors, operation.errors)
    sections = (
        arguments([*positional, *named]),
        returns(result_text),
        raises(scope.schema.errors, operation.errors, waits=waits),
    )
    name = method_name(operation.name)
    return [
        Method(
            head=head(scope, flavour, name, positional, named, returns=result, waits=operation.wait),
            doc=operation_doc(operation, sections),
            body=(*hide_secrets(scope, operation.params), body),
            failed=forget(scope, [*positional, *named]),
        )
    ]


def _subscribe(scope: ModuleScope, flavour: Flavour, operation: Operation) -> list[Method]:
    taken, classic = option_parameters(scope, operation), options_parameter(scope, operation)
    keys = _topic_parameters(scope, operation)
    reserved = scope.schema.envelope.reserved if scope.schema.envelope else ""
    allow = Parameter(
        name="allow_reserved",
        type=BOOL,
        default="False",
        text=(
            f"True to allow a channel that matches below `{reserved}`. Other clients' messages may then look like "
            "the broker's replies: a refused publish raises AmbiguousReply, and events and refusals of QoS 0 may be "
            "forged. Default: False."
        ),
    )
    rest = [*taken, *recovery(operation), *QUEUE_PARAMETERS, allow, timeout("the broker's answer")]
    no_payload, payload, optional_payload = _payload_parameters("the subscription")
    plain_message = contract("Message")
    typed_message = Applied(plain_message, (PAYLOAD,))
    name = method_name(operation.name)

    def positional(message: PyType) -> list[Parameter]:
        handler = Parameter(
            name="optional_handler",
            type=optional(flavour.applied("Handler", message)),
            default="None",
            text="Called with each message. Default: none; iterate over the returned subscription.",
        )
        return [*keys, handler, *classic]

    def signature(message: PyType, named: list[Parameter], end: str) -> Expression:
        result = flavour.applied("Subscription", message)
        return head(scope, flavour, name, positional(message), named, returns=result, end=end)

    sent: list[Expression] = [
        literal(name),
        _topic_arguments(keys),
        call(scope.contract("PlainDecoder"), "payload"),
        "optional_handler",
        "options" if classic else "()",
        options_given(scope, operation),
    ]
    made = call(
        "self._calls.subscribe",
        *sent,
        limits=queue_limits(scope),
        **recovering(operation),
        allow_reserved="allow_reserved",
        timeout_s="timeout_s",
    )
    sections = (
        arguments([*positional(typed_message), optional_payload, *rest]),
        returns("The subscription. Iterate over it; end it with `close`."),
        raises(scope.schema.errors, operation.errors, waits="answer", fetches=operation.stored is not None),
    )
    overload = f"@{scope.use(Name('typing', 'overload'))}"
    return [
        Method(decorators=(overload,), head=signature(plain_message, [no_payload, *rest], ": ...")),
        Method(decorators=(overload,), head=signature(typed_message, [payload, *rest], ": ...")),
        Method(
            head=signature(typed_message, [optional_payload, *rest], ":"),
            doc=operation_doc(operation, sections),
            body=(*hide_secrets(scope, operation.params), waiting(flavour, made)),
        ),
    ]


def _unsubscribe(scope: ModuleScope, flavour: Flavour, operation: Operation) -> list[Method]:
    keys = _topic_parameters(scope, operation)
    named = [timeout("the broker's answer")]
    name = method_name(operation.name)
    made = call("self._calls.unsubscribe", literal(name), _topic_arguments(keys), timeout_s="timeout_s")
    sections = (arguments([*keys, *named]), raises(scope.schema.errors, operation.errors, waits="answer"))
    return [
        Method(
            head=head(scope, flavour, name, keys, named),
            doc=operation_doc(operation, sections),
            body=(*hide_secrets(scope, operation.params), waiting(flavour, made, result=False)),
        )
    ]


def _fetch(scope: ModuleScope, flavour: Flavour, operation: Operation) -> list[Method]:
    keys = _topic_parameters(scope, operation)
    classic = options_parameter(scope, operation)
    positional = [*keys, *classic]
    rest = [*option_parameters(scope, operation), timeout("each page")]
    no_payload, payload, optional_payload = _payload_parameters("the iteration")
    name = method_name(operation.name)
    plain_message = contract("StoredMessage")
    typed_message = Applied(plain_message, (PAYLOAD,))

    def signature(message: PyType, given: Parameter, end: str) -> Expression:
        result = fetched(flavour, message)
        return head(scope, flavour, name, positional, [given, *rest], returns=result, waits=False, end=end)

    sent: list[Expression] = [
        literal(name),
        _topic_arguments(keys),
        call(scope.contract("PlainDecoder"), "payload"),
        "options" if classic else "()",
        options_given(scope, operation),
    ]
    sections = (
        arguments([*positional, optional_payload, *rest]),
        returns(FETCHED_TEXT),
        fetch_raises(scope.schema.errors, operation.errors),
    )
    overload = f"@{scope.use(Name('typing', 'overload'))}"
    return [
        Method(decorators=(overload,), head=signature(plain_message, no_payload, ": ...")),
        Method(decorators=(overload,), head=signature(typed_message, payload, ": ...")),
        Method(
            head=signature(typed_message, optional_payload, ":"),
            doc=operation_doc(operation, sections),
            body=(
                *hide_secrets(scope, operation.params),
                waiting(flavour, call("self._calls.fetch_decoded", *sent, timeout_s="timeout_s"), waits=False),
            ),
        ),
    ]


_METHODS = {"publish": _publish, "subscribe": _subscribe, "unsubscribe": _unsubscribe, "fetch": _fetch}


def _payload_parameters(reader: str) -> tuple[Parameter, Parameter, Parameter]:
    """Return the parameter that names the type of payloads: as it is omitted, as it is passed, and as either."""
    payload_type = Applied(contract("TypeForm"), (PAYLOAD,))
    text = (
        "The type of each payload: a class, or any other type, such as `list[int]` or `int | None`. A payload that "
        f"does not fit goes to `on_error`, and {reader} goes on. Default: bytes, unchanged."
    )
    return (
        Parameter(name="payload", type=NONE, default="None"),
        Parameter(name="payload", type=payload_type),
        Parameter(name="payload", type=optional(payload_type), default="None", text=text),
    )


def _topic_parameters(scope: ModuleScope, operation: Operation) -> list[Parameter]:
    return [
        Parameter(name=attribute(one), type=liberal(scope, one.type)[0], text=parameter_text(scope, one))
        for one in operation.params
    ]


def _topic_arguments(parameters: list[Parameter]) -> Expression:
    return sequence(one.name for one in parameters)
