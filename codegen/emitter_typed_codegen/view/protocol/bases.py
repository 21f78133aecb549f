"""The bases of typed channels: a protocol's operations, with all their options, for whatever payload a channel has."""

from __future__ import annotations

from attrs import evolve

from emitter_typed_codegen.layout import Expression
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.model.protocol import Operation
from emitter_typed_codegen.names import method_name
from emitter_typed_codegen.pytypes import HERE, NONE, Applied, Imports, Name, PyType, optional
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.directions import DIRECTIONS, base_class
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.methods import (
    ASYNC,
    SYNC,
    Flavour,
    Method,
    MethodsClass,
    MethodsView,
    Parameter,
    arguments,
    forget,
    head,
    methods_class,
    returns,
    timeout,
    type_variable,
)
from emitter_typed_codegen.view.module_scope import ModuleScope, call, contract
from emitter_typed_codegen.view.protocol.calls import (
    FETCHED_TEXT,
    QUEUE_PARAMETERS,
    fetch_raises,
    fetched,
    operation_doc,
    option_parameters,
    options_given,
    pending_text,
    queue_limits,
    raises,
    recovering,
    recovery,
    waiting,
)

_PAYLOAD = Name(HERE, "PayloadT")
_PARAMS = Name(HERE, "ParamsT")
_MESSAGE = Applied(contract("ChannelMessage"), (_PAYLOAD, _PARAMS))


def bases_view(schema: Schema) -> MethodsView:
    """Return the module of the bases."""
    typed = [one for one in schema.operations if one.typed]
    used = [direction for direction, verbs in DIRECTIONS.items() if any(one.verb in verbs for one in typed)]
    made = [(flavour, direction) for flavour in (SYNC, ASYNC) for direction in used]
    taken = {base_class(*one) for one in made} | {method_name(one.name) for one in typed}
    scope = ModuleScope(schema, ".types", Imports(frozenset(taken | {_PAYLOAD.name, _PARAMS.name}), own_section=True))
    variables = [type_variable(scope, one) for one in (_PAYLOAD, _PARAMS)] if made else []
    classes = [_base(scope, flavour, direction, typed) for flavour, direction in made]
    return MethodsView(
        doc=Doc(f"What typed channels can do by {schema.name}'s protocol, whatever they carry."),
        imports=scope.imports.lines(),
        type_variables=tuple(variables),
        classes=tuple(classes),
    )


def _base(scope: ModuleScope, flavour: Flavour, direction: str, typed: list[Operation]) -> MethodsClass:
    base = Applied(contract(f"{flavour.prefix}Channel"), (_PAYLOAD, _PARAMS))
    doc = Doc(f"Base of the typed channels that a program can {direction} to.")
    methods = [_METHODS[one.verb](scope, flavour, one) for one in typed if one.verb in DIRECTIONS[direction]]
    return methods_class(scope, base_class(flavour, direction), [base], doc, methods)


def _publish(scope: ModuleScope, flavour: Flavour, operation: Operation) -> Method:
    payload = Parameter(name="payload", type=_PAYLOAD, text="The payload.")
    named = [_settable(one) for one in option_parameters(scope, operation)]
    name = method_name(operation.name)
    sent: list[Expression] = [literal(name), "payload", options_given(scope, operation)]
    result: PyType = NONE
    result_text = ""
    if operation.wait:
        named.append(timeout("the acknowledgement"))
        made = call("self._publish", *sent, timeout_s="timeout_s")
    else:
        made = call("self._publish_nowait", *sent)
        result = contract(flavour.of("Pending"))
        result_text = pending_text(flavour, scope.schema.errors, operation.errors)
    sections = (
        arguments([payload, *named]),
        returns(result_text),
        raises(scope.schema.errors, operation.errors, waits="acknowledgement" if operation.wait else ""),
    )
    return Method(
        head=head(scope, flavour, name, [payload], named, returns=result, waits=operation.wait),
        doc=operation_doc(operation, sections),
        body=(waiting(flavour, made, result=not operation.wait, waits=operation.wait),),
        failed=forget(scope, [payload, *named]),
    )


def _settable(option: Parameter) -> Parameter:
    return evolve(option, text=f"{option.text} A channel's schema may set the default.")


def _subscribe(scope: ModuleScope, flavour: Flavour, operation: Operation) -> Method:
    handler = Parameter(
        name="optional_handler",
        type=optional(flavour.applied("Handler", _MESSAGE)),
        default="None",
        text="Called with each message. Default: none; iterate over the returned subscription.",
    )
    named = [
        *option_parameters(scope, operation),
        *recovery(operation),
        *QUEUE_PARAMETERS,
        timeout("the broker's answer"),
    ]
    name = method_name(operation.name)
    made = call(
        "self._subscribe",
        literal(name),
        "optional_handler",
        options_given(scope, operation),
        limits=queue_limits(scope),
        **recovering(operation),
        timeout_s="timeout_s",
    )
    sections = (
        arguments([handler, *named]),
        returns("The subscription. Iterate over it; end it with `close`."),
        raises(scope.schema.errors, operation.errors, waits="answer", fetches=operation.stored is not None),
    )
    return Method(
        head=head(scope, flavour, name, [handler], named, returns=flavour.applied("Subscription", _MESSAGE)),
        doc=operation_doc(operation, sections),
        body=(waiting(flavour, made),),
    )


def _fetch(scope: ModuleScope, flavour: Flavour, operation: Operation) -> Method:
    named = [*option_parameters(scope, operation), timeout("each page")]
    name = method_name(operation.name)
    made = call("self._fetch", literal(name), options_given(scope, operation), timeout_s="timeout_s")
    text = (
        f"{FETCHED_TEXT} A message that does not fit the channel's type goes to `on_error` and is left out, "
        "as is what lies below the channel; both count as fetched."
    )
    sections = (arguments(named), returns(text), fetch_raises(scope.schema.errors, operation.errors))
    return Method(
        head=head(scope, flavour, name, [], named, returns=fetched(flavour, _MESSAGE), waits=False),
        doc=operation_doc(operation, sections),
        body=(waiting(flavour, made, waits=False),),
    )


_METHODS = {"publish": _publish, "subscribe": _subscribe, "fetch": _fetch}
