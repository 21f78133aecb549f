"""The module of the definitions that the client runs on: requests, events, operations, and the protocol as a whole."""

from __future__ import annotations

from collections.abc import Iterable

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import Scalar, Schema, TypeRef
from emitter_typed_codegen.model.protocol import Event, Lasting, Operation, Pages, Request
from emitter_typed_codegen.names import attribute_name, class_name, constant_name, internal_constant, method_name
from emitter_typed_codegen.pytypes import CONTRACT, Applied, Imports, Name
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.module_scope import ModuleScope, call, sequence, template
from emitter_typed_codegen.view.protocol.options import ignored_by, options_of


@frozen
class DefinitionsView:
    """The module of the definitions."""

    doc: Doc
    imports: str
    definitions: tuple[Expression, ...]


def request_constant(request: Request) -> str:
    """Return the name of a request's definition."""
    return internal_constant(request.name) if request.internal else constant_name(request.name)


def event_constant(event: Event) -> str:
    """Return the name of an event's definition."""
    return constant_name(f"on_{event.name}")


def protocol_view(schema: Schema) -> DefinitionsView:
    """Return the module of the definitions."""
    imports = Imports(frozenset(), own_section=True)
    scope = ModuleScope(schema, "./types", imports)
    definitions = [
        *(_request(scope, request) for request in schema.requests),
        *(_event(scope, event) for event in schema.events),
        *(_operation(scope, operation) for operation in schema.operations),
        _protocol(scope),
    ]
    doc = Doc(f"{schema.name}'s protocol as the client reads it.")
    return DefinitionsView(doc, imports.lines(), tuple(definitions))


def _request(scope: ModuleScope, request: Request) -> Expression:
    settings: dict[str, Expression] = {
        "name": literal(method_name(request.name)),
        "topic": literal(request.topic),
        "response": scope.use(scope.declared(request.response.name)),
    }
    if request.event is not None:
        settings["event"] = literal(attribute_name(request.event))
    settings |= _options(scope, request)
    paged = next(
        (one.pages for one in scope.schema.operations if one.pages and one.pages.request == request.name), None
    )
    named = next((one for one in request.request.fields if _kind(scope, one.type) != "segment"), None)
    if paged is not None:
        settings["whole_topic"] = literal(attribute_name(paged.topic))
    elif named is not None:
        settings["channel"] = literal(attribute_name(named.name))
    if request.lasting is not None:
        settings["lasting"] = _lasting(scope, request, request.lasting)
    return _assigned(request_constant(request), call(scope.contract("RequestDefinition"), **settings))


def _lasting(scope: ModuleScope, request: Request, lasting: Lasting) -> Expression:
    fields = {field.name: field for field in request.request.fields}
    settings: dict[str, Expression] = {"by": literal(attribute_name(lasting.by))}
    for key, values in (("begins", lasting.begins), ("ends", lasting.ends), ("again", lasting.again)):
        if values:
            entries: list[Expression] = [
                Joined([f"{literal(attribute_name(name))}: ", scope.value(value, fields[name].type)])
                for name, value in values
            ]
            settings[key] = Group("{", entries, "}")
    return call(scope.contract("LastingDefinition"), **settings)


def _event(scope: ModuleScope, event: Event) -> Expression:
    payload = scope.declared(event.payload)
    annotation = scope.imports.annotation(Applied(Name(CONTRACT, "EventDefinition"), (payload,)))
    settings: dict[str, Expression] = {"name": literal(attribute_name(event.name))}
    if event.topic is not None:
        settings["topic"] = literal(event.topic)
    settings["payload"] = scope.use(payload)
    if event.channel is not None:
        settings["channel"] = literal(attribute_name(event.channel))
    made = call(scope.contract("EventDefinition"), **settings)
    return Joined([f"{event_constant(event)}: ", annotation, " = ", made])


def _operation(scope: ModuleScope, operation: Operation) -> Expression:
    kinds = [
        Joined([f"{literal(attribute_name(one.name))}: ", literal(_kind(scope, one.type))]) for one in operation.params
    ]
    settings: dict[str, Expression] = {
        "name": literal(method_name(operation.name)),
        "topic": literal(template(operation.topic, operation.params)),
        "parameters": Group("{", kinds, "}"),
    }
    constrained = [(one, scope.constraints(one.constraints, one.type)) for one in operation.params]
    rules = [
        Joined([f"{literal(attribute_name(one.name))}: ", sequence(constraints)])
        for one, constraints in constrained
        if constraints
    ]
    if rules:
        settings["constraints"] = Group("{", rules, "}")
    settings |= _options(scope, operation)
    if operation.defaults:
        settings["defaults"] = scope.option_values(operation.defaults, scope.schema.options)
    if operation.no_replay:
        settings["no_replay"] = scope.option_values(operation.no_replay, scope.schema.options)
    if operation.no_echo:
        settings["no_echo"] = scope.option_values(operation.no_echo, scope.schema.options)
    if operation.stored is not None:
        settings["stored"] = literal(method_name(operation.stored))
    if operation.pages is not None:
        settings["pages"] = _pages(scope, operation.pages)
    return _assigned(constant_name(operation.name), call(scope.contract("OperationDefinition"), **settings))


def _options(scope: ModuleScope, taking: Operation | Request) -> dict[str, Expression]:
    names = [scope.use(Name("./options", constant_name(one.name))) for one in options_of(scope.schema, taking)]
    ignored = [scope.use(Name("./options", constant_name(one.name))) for one in ignored_by(scope.schema, taking)]
    settings: dict[str, Expression] = {"options": sequence(names)} if names else {}
    return settings | ({"ignored": sequence(ignored)} if ignored else {})


def _pages(scope: ModuleScope, pages: Pages) -> Expression:
    request = next(one for one in scope.schema.requests if one.name == pages.request)
    return call(
        scope.contract("PagesDefinition"),
        request=request_constant(request),
        record=scope.use(scope.declared(request.request.name)),
        topic=literal(attribute_name(pages.topic)),
        after=literal(attribute_name(pages.after)),
        items=literal(attribute_name(pages.items)),
        size=literal(attribute_name(pages.size)),
        item_id=literal(attribute_name(pages.id)),
        item_channel=literal(attribute_name(pages.channel)),
        item_payload=literal(attribute_name(pages.payload)),
    )


def _kind(scope: ModuleScope, ref: TypeRef) -> str:
    base = scope.base(ref)
    return base.name if isinstance(base, Scalar) and base.name in ("channel", "filter", "key_target") else "segment"


def _protocol(scope: ModuleScope) -> Expression:
    schema = scope.schema
    settings: dict[str, Expression] = {}
    if schema.envelope is not None:
        parts: dict[str, Expression] = {
            part: literal(getattr(schema.envelope, part))
            for part in ("reserved", "errors", "correlation", "status", "message")
        }
        parts["max_packet_bytes"] = str(schema.envelope.max_packet_bytes)
        settings["envelope"] = call(scope.contract("Envelope"), **parts)
    settings["requests"] = _by_name((method_name(one.name), request_constant(one)) for one in schema.requests)
    settings["events"] = _by_name((attribute_name(one.name), event_constant(one)) for one in schema.events)
    settings["operations"] = _by_name((method_name(one.name), constant_name(one.name)) for one in schema.operations)
    statuses = [Joined([f"{one.status}: ", scope.use(Name("./errors", class_name(one.name)))]) for one in schema.errors]
    settings["errors"] = Group("{", statuses, "}")
    return _assigned("PROTOCOL", call(scope.contract("ProtocolDefinition"), **settings))


def _by_name(named: Iterable[tuple[str, str]]) -> Expression:
    return Group("{", [f"{literal(name)}: {constant}" for name, constant in named], "}")


def _assigned(name: str, value: Expression) -> Expression:
    return Joined([f"{name} = ", value])
