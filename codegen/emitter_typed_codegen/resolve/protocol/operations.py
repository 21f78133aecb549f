"""What `operations:` declares: publishes, subscribes, unsubscribes and fetches, in the form of their topics."""

from __future__ import annotations

from emitter_typed_codegen.language.protocol import OPERATION, OPERATION_PARAMETER, VERB
from emitter_typed_codegen.model import Field, Literal_, Option, Scalar, ScalarName, Secret
from emitter_typed_codegen.model.protocol import Error, Operation
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.addresses import read_segments
from emitter_typed_codegen.resolve.fields import read_fields
from emitter_typed_codegen.resolve.nodes import Entries, find
from emitter_typed_codegen.resolve.option_values import read_option_value
from emitter_typed_codegen.resolve.protocol.errors import read_error_names
from emitter_typed_codegen.resolve.protocol.methods import check_parameter_names
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.values import UNFIT
from emitter_typed_codegen.source import Node, ScalarNode

_CHANNELS: frozenset[ScalarName] = frozenset({"channel", "filter"})


def read_operations(symbols: SymbolTable, node: Node | None, errors: tuple[Error, ...]) -> tuple[Operation, ...]:
    """Read the operations, still without the values of options and without pages."""
    found: list[Operation] = []
    for key, described in symbols.report.named(node, "'operations'"):
        entries = symbols.report.entries(described, OPERATION, f"the operation {quoted(key.value)}", at=key)
        verb = entries.choice("verb", VERB)
        if "wait" in entries and verb != "publish":
            message = "only a publish can have 'wait'"
            symbols.report.add(entries.key("wait"), "wait-publish", message, "remove it")
        if "no_replay" in entries and verb != "subscribe":
            message = "only a subscribe can have 'no_replay': nothing else brings stored messages"
            symbols.report.add(entries.key("no_replay"), "no-replay-subscribe", message, "remove it")
        if "ignores" in entries and verb == "unsubscribe":
            message = "an unsubscribe takes no options"
            symbols.report.add(entries.key("ignores"), "option-not-taken", message, "remove it")
        if "no_echo" in entries and verb != "publish":
            message = "only a publish can have 'no_echo'"
            symbols.report.add(entries.key("no_echo"), "no-echo-publish", message, "remove it")
        if "stored" in entries and verb != "subscribe":
            message = "only a subscribe can have 'stored'"
            symbols.report.add(entries.key("stored"), "stored-fetch", message, "remove it")
        if ("pages" in entries) is not (verb == "fetch"):
            _check_pages(symbols, entries, key)
        topic = entries.scalar("topic")
        allowed: frozenset[ScalarName] = frozenset({"channel"}) if verb == "publish" else _CHANNELS
        params = read_fields(symbols, entries.get("params"), shape=OPERATION_PARAMETER, allowed=allowed)
        check_parameter_names(symbols.report, entries.get("params"))
        if topic is not None:
            _check_parameters(symbols, entries, topic, params)
        operation = Operation(
            name=key.value,
            verb=verb,
            topic="" if topic is None else topic.value,
            doc=entries.text("doc"),
            params=params,
            wait=entries.flag("wait", default=True),
            typed=entries.flag("typed"),
            errors=read_error_names(symbols, entries, errors),
        )
        if operation.typed:
            _check_typed(symbols, entries, operation)
        found.append(operation)
    return tuple(found)


def read_values_of_options(
    symbols: SymbolTable, node: Node | None, operation: Operation, options: tuple[Option, ...], under: str
) -> tuple[tuple[str, Literal_], ...]:
    """Read the values of options that an operation names under one of its keys; `node` holds all operations."""
    found: list[tuple[str, Literal_]] = []
    known = {option.name: option for option in options}
    for key, written in symbols.report.named(find(node, operation.name, under), f"'{under}'"):
        option = known.get(key.value)
        if option is None:
            symbols.report.unknown(key, "unknown-option", "option", key.value, known)
        elif operation.name not in option.applies:
            message = f"{quoted(operation.name)} does not take the option {quoted(key.value)}"
            symbols.report.add(key, "option-not-taken", message, "add the operation to applies of the option")
        else:
            value = read_option_value(symbols, written, option)
            if value is not UNFIT:
                found.append((key.value, value))
    return tuple(found)


def read_ignored_options(
    symbols: SymbolTable, node: Node | None, operation: Operation, options: tuple[Option, ...]
) -> tuple[str, ...]:
    """Read the names of options that mean nothing to an operation; `node` holds all operations."""
    found: list[str] = []
    known = {option.name: option for option in options}
    for named in symbols.report.texts(find(node, operation.name, "ignores"), "'ignores'"):
        if named.value not in known:
            symbols.report.unknown(named, "unknown-option", "option", named.value, known)
        elif operation.name in known[named.value].applies or named.value in found:
            message = f"{quoted(operation.name)} has the option {quoted(named.value)} already"
            symbols.report.add(named, "duplicate-value", message, "remove it")
        else:
            found.append(named.value)
    return tuple(found)


def read_stored(
    symbols: SymbolTable, node: Node | None, operation: Operation, operations: tuple[Operation, ...]
) -> str | None:
    """Read which operation fetches what is stored on the channels of a subscribe; `node` holds all operations."""
    named = find(node, operation.name, "stored")
    if operation.verb != "subscribe" or not isinstance(named, ScalarNode):
        return None
    fetches = {one.name: one for one in operations if one.verb == "fetch"}
    fetch = fetches.get(named.value)
    if fetch is None:
        symbols.report.unknown(named, "stored-fetch", "fetch", named.value, fetches)
        return None
    if [(one.name, one.type) for one in fetch.params] != [(one.name, one.type) for one in operation.params]:
        message = f"{quoted(operation.name)} and {quoted(fetch.name)} differ in their parameters"
        symbols.report.add(named, "stored-fetch", message, "declare the same parameters for both, in the same order")
    return named.value


def _check_pages(symbols: SymbolTable, entries: Entries, name: ScalarNode) -> None:
    if "pages" in entries:
        symbols.report.add(entries.key("pages"), "fetch-pages", "only a fetch has pages", "remove it")
    else:
        symbols.report.add(name, "missing-key", f"the operation {quoted(name.value)} needs the key 'pages' to fetch")


def _check_parameters(symbols: SymbolTable, entries: Entries, topic: ScalarNode, params: tuple[Field, ...]) -> None:
    known = {param.name: param for param in params}
    segments = read_segments(symbols.report, topic, "bad-topic", "the topic", closed=False)
    used: set[str] = set()
    for place, segment in enumerate(segments, start=1):
        if not segment.is_parameter:
            continue
        param = known.get(segment.text)
        if param is None:
            symbols.report.unknown(segment.place, "topic-parameter", "parameter", segment.text, known)
        elif segment.text in used:
            message = f"the topic contains the parameter {quoted(segment.text)} twice"
            symbols.report.add(segment.place, "topic-parameter", message, "give one of the two another name")
        elif symbols.scalar(param.type) in _CHANNELS and (place < len(segments) or topic.value.endswith("/")):
            message = f"the channel {quoted(segment.text)} must be the last part of the topic, without a slash after it"
            symbols.report.add(segment.place, "topic-parameter", message, "remove what follows it")
        used.add(segment.text)
    for param in params:
        base = symbols.base(param.type)
        texts = isinstance(base, Secret) or (isinstance(base, Scalar) and base.name in ("string", "channel", "filter"))
        if base is not None and not texts:
            message = f"the parameter {quoted(param.name)} must be a secret, a string, a channel or a filter"
            symbols.report.add(entries.key("params"), "parameter-type", message, "change its type")
        if param.name not in used:
            message = f"the topic lacks the parameter {{{param.name}}}"
            symbols.report.add(topic, "topic-parameter", message, "add it to the topic, or remove it from params")


def _check_typed(symbols: SymbolTable, entries: Entries, operation: Operation) -> None:
    if operation.verb == "unsubscribe":
        message = "an unsubscribe cannot be typed"
        symbols.report.add(entries.key("typed"), "typed-operation", message, "remove it")
    bases = [symbols.base(param.type) for param in operation.params]
    channels = [base for base in bases[1:] if isinstance(base, Scalar) and base.name in _CHANNELS]
    if None not in bases and not (len(bases) == 2 and isinstance(bases[0], Secret) and channels):
        message = "a typed operation must have two parameters: a secret, then a channel or filter"
        symbols.report.add(entries.key("typed"), "typed-operation", message, "change params, or remove typed")
