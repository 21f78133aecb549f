"""What the methods that call the broker share: their parameters, texts and errors, and the call of the runtime."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import Field, Optional, Secret
from emitter_typed_codegen.model.protocol import Error, Operation, Request
from emitter_typed_codegen.names import attribute_name, class_name, method_name
from emitter_typed_codegen.pytypes import BUILTINS, CONTRACT, NONE, Applied, Name, OneOf, PyType, optional
from emitter_typed_codegen.texts import Section, literal
from emitter_typed_codegen.view.docs import Doc, parameter_text
from emitter_typed_codegen.view.methods import CLIENTS, Flavour, Parameter, option_type
from emitter_typed_codegen.view.module_scope import ModuleScope, attribute, call
from emitter_typed_codegen.view.protocol.errors import error_text
from emitter_typed_codegen.view.protocol.options import enumerated, ignored_by, option_classes, options_of

INT = Name(BUILTINS, "int")
BOOL = Name(BUILTINS, "bool")
_MAYBE = "The broker may have carried the call out."
_AT_THE_END = "It is raised at the end, after all that could be fetched."


def option_parameters(scope: ModuleScope, taking: Operation | Request) -> list[Parameter]:
    """Return a parameter for each option. What a caller leaves out is None: defaults stay in one place."""
    values = dict(taking.defaults) if isinstance(taking, Operation) else {}
    return [
        Parameter(
            name=attribute_name(option.name),
            type=optional(option_type(scope, option)),
            default="None",
            text=parameter_text(scope, option, values.get(option.name)),
        )
        for option in options_of(scope.schema, taking)
    ]


def options_parameter(scope: ModuleScope, taking: Operation | Request) -> list[Parameter]:
    """Return the parameter that takes all options at once; none if no option is taken."""
    options, ignored = options_of(scope.schema, taking), ignored_by(scope.schema, taking)
    if not options and not ignored:
        return []
    made = next((method_name(name) for option in (*options, *ignored) for name, _, _ in option.classic), None)
    classes = [Name(".options", name) for name in option_classes(scope.schema, [*options, *ignored])]
    text = "The options below, as a set or list of objects" if options else "Options, as a set or list of objects"
    text += f", made by functions such as `{made}`." if made else "."
    if ignored:
        text += f" Ignored here: {enumerated([f'`{attribute_name(each.name)}`' for each in ignored])}."
    return [
        Parameter(
            name="options",
            type=Applied(
                Name("collections.abc", "Iterable"), (OneOf(tuple(classes)) if len(classes) > 1 else classes[0],)
            ),
            default="()",
            text=text,
        )
    ]


def options_given(scope: ModuleScope, taking: Operation | Request) -> Expression:
    """Return the dict that hands the options of a call to the runtime."""
    names = [attribute_name(option.name) for option in options_of(scope.schema, taking)]
    return Group("{", [f"{literal(name)}: {name}" for name in names], "}")


QUEUE_PARAMETERS = (
    Parameter(
        name="max_messages",
        type=OneOf((INT, NONE)),
        default="None",
        text=f"Maximum number of messages in the queue. {CLIENTS}",
    ),
    Parameter(
        name="max_bytes",
        type=OneOf((INT, NONE)),
        default="None",
        text=f"Maximum number of bytes of payload in the queue. {CLIENTS}",
    ),
    Parameter(
        name="overflow",
        type=OneOf((Name(CONTRACT, "Overflow"), NONE)),
        default="None",
        text=f'What a full queue does: "drop_oldest", "drop_newest" or "fail". {CLIENTS}',
    ),
)
"""The parameters that bound the queue of a subscription."""


def queue_limits(scope: ModuleScope) -> Expression:
    """Return the argument that hands those to the runtime."""
    return call(scope.contract("QueueLimits"), **{one.name: one.name for one in QUEUE_PARAMETERS})


def recovery(operation: Operation) -> list[Parameter]:
    """Return the parameter of a subscribe that has what was missed fetched, if it can be."""
    text = (
        "True to fetch, after each reconnect, the messages stored meanwhile. They come before live ones, in order; "
        "`events()` reports how many. The key must be allowed to fetch. Default: False."
    )
    return [Parameter(name="recover", type=BOOL, default="False", text=text)] if operation.stored is not None else []


def recovering(operation: Operation) -> dict[str, Expression]:
    """Return the argument that hands it to the runtime."""
    return {"recover": "recover"} if operation.stored is not None else {}


def raises(errors: Iterable[Error], names: Sequence[str], *, waits: str, fetches: bool = False) -> Section:
    """Return the section of a docstring that lists errors.

    Args:
        errors: The errors of the protocol.
        names: Which of them the broker may answer with.
        waits: What the call waits for, such as "reply"; empty if it does not wait.
        fetches: Whether it also fetches what is stored.
    """
    by_name = {error.name: error for error in errors}
    entries = [(class_name(name), error_text(by_name[name])) for name in names] if waits else []
    entries.append(("InvalidArgument", "An argument breaks a rule stated above. Nothing was sent."))
    if waits:
        entries.append(("RequestTimeout", f"No {waits} arrived in time. {_MAYBE}"))
        entries.append(("ConnectionLost", f"The connection was lost first. {_MAYBE}"))
    if waits == "reply":
        entries.append(("ReplyMissing", f"The reply is too large for a packet. {_MAYBE}"))
        entries.append(("AmbiguousReply", f"The reply may be forged by another client. {_MAYBE}"))
        entries.append(("Undecodable", f"The reply does not fit the schema. {_MAYBE}"))
    elif waits:
        entries.append(("AmbiguousReply", f"The refusal may be forged by another client. {_MAYBE}"))
    if fetches:
        entries.append(("Undecodable", "A reply with stored messages does not fit the schema."))
    entries.append(("Congested", "Too many calls or bytes are in flight. Nothing was sent."))
    entries.append(("Closed", "The client is not connected. Nothing was sent."))
    return Section("Raises", entries)


def fetch_raises(errors: Iterable[Error], names: Sequence[str]) -> Section:
    """Return the section of a docstring that lists the errors of fetching."""
    by_name = {error.name: error for error in errors}
    entries = [(class_name(name), error_text(by_name[name])) for name in names]
    entries += [
        ("InvalidArgument", "An argument breaks a rule stated above. Nothing was sent."),
        ("RequestTimeout", "No page arrived in time."),
        ("ConnectionLost", "The connection was lost first."),
        ("ReplyMissing", "A single message is too large for a reply."),
        ("HistoryIncomplete", f"Messages of some seconds, or of a node, may be missing. {_AT_THE_END}"),
        ("AmbiguousReply", "The reply may be forged by another client."),
        ("Undecodable", "A reply does not fit the schema."),
        ("Congested", "Too many calls or bytes are in flight."),
        ("Closed", "The client is not connected. Nothing was sent."),
    ]
    return Section("Raises", entries)


FETCHED_TEXT = (
    "The messages, oldest first. Pages arrive newest first, so all of them are requested before the first message is "
    "returned. At most 8 MiB are held in memory; older parts are requested again. The call raises only InvalidArgument "
    "and Closed; iterating raises the other errors."
)
"""What a method says of the messages that it fetches."""


def fetched(flavour: Flavour, message: PyType) -> PyType:
    """Return the type of what iterates over fetched messages."""
    return Applied(Name("collections.abc", flavour.of("Iterator")), (message,))


def pending_text(flavour: Flavour, errors: Iterable[Error], names: Sequence[str]) -> str:
    """Return what a method says of the pending acknowledgement that it returns."""
    by_name = {error.name: error for error in errors}
    listed = [f"{class_name(name)} (status {by_name[name].status})" for name in names]
    refusals = f": {enumerated(listed, 'or')}" if listed else ""
    wait = "await .wait()" if flavour.awaits else ".wait()"
    return (
        f"The pending acknowledgement. `{wait}` returns when the broker has acknowledged the message, and raises the "
        f"broker's refusal{refusals}, RequestTimeout, ConnectionLost or AmbiguousReply."
    )


def waiting(flavour: Flavour, expression: Expression, *, result: bool = True, waits: bool = True) -> Expression:
    """Return the statement that makes a call of the runtime and hands on its result."""
    words = ("return " if result else "") + ("await " if flavour.awaits and waits else "")
    return Joined([words, expression]) if words else expression


def hide_secrets(scope: ModuleScope, taken: Iterable[Field]) -> tuple[Expression, ...]:
    """Return the statements that a method begins with, so that none of its frames shows a secret that it was given."""
    hidden: list[Expression] = []
    for one in taken:
        declared = scope.declaration(one.type)
        if isinstance(declared, Secret):
            name = attribute(one)
            absent = f"None if {name} is None else " if isinstance(one.type, Optional) else ""
            named = {} if name == declared.name.lower() else {"argument": literal(name)}
            made = call(scope.use(scope.declared(declared.name)), name, **named)
            hidden.append(Joined([f"{name} = {absent}", made]))
    return tuple(hidden)


def operation_doc(operation: Operation, sections: tuple[Section, ...]) -> Doc:
    """Return the docstring of an operation's method."""
    return Doc(operation.doc or f"Do what {operation.name} does.", sections=sections)
