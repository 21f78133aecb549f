"""What `channels:` declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from attrs import field

from emitter_typed_codegen.data import define
from emitter_typed_codegen.language.users import CHANNEL, DIRECTION, PARAMETER
from emitter_typed_codegen.model import (
    Channel,
    Constraint,
    Enum,
    Field,
    Literal_,
    Protocol,
    Scalar,
    ScalarName,
    Setting,
    TypeRef,
)
from emitter_typed_codegen.names import attribute_name, hidden_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.addresses import Segment, is_segment, read_segments
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.constraints import keeps
from emitter_typed_codegen.resolve.fields import read_field
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.option_values import read_option_value
from emitter_typed_codegen.resolve.symbol_table import BROKEN, SymbolTable
from emitter_typed_codegen.resolve.typerefs import read_type
from emitter_typed_codegen.resolve.values import UNFIT, json_value, whole_number
from emitter_typed_codegen.source import Node, Placed, ScalarNode

# Some hundred thousand are a second; the largest of sensible schemas need some thousands.
_MOST_STEPS = 200_000

_Kind: TypeAlias = tuple[TypeRef, tuple[Constraint, ...]]

_PARAMETERS: frozenset[ScalarName] = frozenset({"string", "int", "uuid", "date"})


def read_channels(symbols: SymbolTable, node: Node | None, protocol: Protocol | None) -> tuple[Channel, ...]:
    """Read all channels.

    Args:
        symbols: The types that there are.
        node: What the schema says.
        protocol: What the channels run on; None: any option with any value is taken, and any address.

    Returns:
        The channels, in the author's order.
    """
    names = Names(symbols.report, "name-collision", "a channel")
    overlaps = _Overlaps(symbols)
    channels: list[Channel] = []
    for key, described in symbols.report.named(node, "'channels'"):
        names.take(attribute_name(key.value), key.value, key)
        entries = symbols.report.entries(described, CHANNEL, f"the channel {quoted(key.value)}", at=key)
        address = entries.scalar("address")
        segments = () if address is None else _segments(symbols, address, protocol)
        payload = entries.get("payload")
        deprecated = entries.deprecated()
        if deprecated is not None:
            names.take(hidden_name(attribute_name(key.value)), key.value, key)
        channel = Channel(
            name=key.value,
            address="" if address is None else address.value,
            doc=entries.text("doc"),
            params=_params(symbols, entries, segments),
            payload=BROKEN if payload is None else read_type(symbols, payload, allowed=("text",)),
            options=_options(symbols, entries, protocol),
            direction=entries.choice("direction", DIRECTION),
            deprecated=deprecated,
            overlaps=entries.flag("overlaps"),
        )
        if segments and address is not None and channel.payload != BROKEN and not channel.overlaps:
            overlaps.add(channel, segments, address)
        channels.append(channel)
    return tuple(channels)


def _segments(symbols: SymbolTable, address: ScalarNode, protocol: Protocol | None) -> tuple[Segment, ...]:
    reserved = "" if protocol is None else protocol.reserved
    if reserved and address.value.startswith(reserved):
        message = f"channels that begin with {quoted(reserved)} are reserved for the broker"
        symbols.report.add(address.part(0, len(reserved)), "reserved-channel", message, "begin with another segment")
    first = address.value.partition("/")[0]
    operation = None if protocol is None else dict(protocol.first_segments).get(first)
    if operation is not None:
        message = f"channels that begin with {quoted(f'{first}/')} belong to the method {operation}"
        hint = f"write the address without it, and call client.{operation}"
        symbols.report.add(address.part(0, len(first)), "reserved-channel", message, hint)
    return read_segments(symbols.report, address, "bad-address", "the address")


def _params(symbols: SymbolTable, entries: Entries, segments: tuple[Segment, ...]) -> tuple[Field, ...]:
    declared: dict[str, Field] = {}
    places: dict[str, Placed] = {}
    for key, described in symbols.report.named(entries.get("params"), "'params'"):
        param = read_field(symbols, key, described, shape=PARAMETER)
        _check_parameter(symbols, param, described)
        declared[key.value], places[key.value] = param, key
    names = Names(symbols.report, "name-collision", "a parameter")
    params: list[Field] = []
    used: set[str] = set()
    for segment in segments:
        if not segment.is_parameter:
            continue
        name = segment.text
        if name in used:
            message = f"the address contains the parameter {quoted(name)} twice"
            symbols.report.add(segment.place, "address-parameter", message, "give one of the two another name")
            continue
        used.add(name)
        names.take(attribute_name(name), name, segment.place)
        params.append(declared.get(name) or Field(name=name, wire=name, type=Scalar("string")))
    for name in declared:
        if name not in used and "address" in entries:
            message = f"the address has no parameter {{{name}}}"
            hint = symbols.report.meant(name, used) or f"remove it here, or add {{{name}}} to the address"
            symbols.report.add(places[name], "address-parameter", message, hint)
    return tuple(params)


def _check_parameter(symbols: SymbolTable, param: Field, node: Node) -> None:
    base = symbols.base(param.type)
    if base is None:
        return
    if isinstance(base, Enum) and not symbols.optional(param.type):
        wrong = [str(value.wire) for value in base.values if not is_segment(str(value.wire))]
        if wrong:
            message = f"the value {quoted(wrong[0])} of {base.name} cannot be a segment of a channel"
            symbols.report.add(node, "parameter-type", message, "change the value, or use another type")
    elif not isinstance(base, Scalar) or base.name not in _PARAMETERS or symbols.optional(param.type):
        message = f"the type of the parameter {quoted(param.name)} cannot be a segment of a channel"
        hint = "write string, int, uuid, date, an enum, or an alias of one of these, without ?"
        symbols.report.add(node, "parameter-type", message, hint)


def _options(symbols: SymbolTable, entries: Entries, protocol: Protocol | None) -> tuple[tuple[str, Literal_], ...]:
    found: list[tuple[str, Literal_]] = []
    for key, node in symbols.report.named(entries.get("options"), "'options'", "a map of options to values"):
        if protocol is None:
            value = json_value(symbols, node, f"the option {quoted(key.value)}")
        else:
            option = _publish_option(symbols, key, protocol)
            value = UNFIT if option is None else read_option_value(symbols, node, option)
        if value is not UNFIT:
            found.append((key.value, value))
    return tuple(found)


def _publish_option(symbols: SymbolTable, key: ScalarNode, protocol: Protocol) -> Setting | None:
    usable = {one.name: one for one in protocol.settings}
    if key.value in protocol.others:
        message = f"the options of a channel are defaults of publish, which has no option {quoted(key.value)}"
        symbols.report.add(key, "option-not-taken", message, "remove it here, and pass it in the call that has it")
    elif key.value not in usable:
        symbols.report.unknown(key, "unknown-option", "option", key.value, usable)
    return usable.get(key.value)


@define(eq=False)
class _Level:
    """The channels seen so far, by segment."""

    literals: dict[str, _Level] = field(factory=dict[str, "_Level"])
    parameters: dict[_Kind, tuple[Field, _Level]] = field(factory=dict[_Kind, tuple[Field, "_Level"]])
    channels: dict[TypeRef, tuple[Channel, ScalarNode]] = field(factory=dict[TypeRef, tuple[Channel, ScalarNode]])
    """The first of each payload."""


@define(eq=False)
class _Overlaps:
    """Finds channels whose addresses can match one topic."""

    symbols: SymbolTable
    root: _Level = field(factory=_Level)
    steps: int = 0

    def add(self, channel: Channel, segments: tuple[Segment, ...], address: ScalarNode) -> None:
        params = {param.name: param for param in channel.params}
        level = self.root
        for other, place in self._matching(self.root, segments, params, 0):
            if other.payload != channel.payload:
                message = (
                    f"{quoted(channel.name)} and {quoted(other.name)} (line {place.line}) can match the same "
                    "topic, and their payloads differ"
                )
                hint = "change one address, or write overlaps: true if one program never takes both"
                self.symbols.report.add(address, "overlap", message, hint)
                break
        for segment in segments:
            level = self._step(level, segment, params)
        level.channels.setdefault(channel.payload, (channel, address))

    def _step(self, level: _Level, segment: Segment, params: dict[str, Field]) -> _Level:
        if not segment.is_parameter:
            return level.literals.setdefault(segment.text, _Level())
        param = params[segment.text]
        return level.parameters.setdefault((param.type, param.constraints), (param, _Level()))[1]

    def _matching(
        self, level: _Level, segments: tuple[Segment, ...], params: dict[str, Field], index: int
    ) -> Iterator[tuple[Channel, ScalarNode]]:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            return
        if index == len(segments):
            yield from level.channels.values()
            return
        segment = segments[index]
        if segment.is_parameter:
            mine = params[segment.text]
            levels = [below for text, below in level.literals.items() if self._may_be(mine, text)]
            levels += [below for param, below in level.parameters.values() if self._may_meet(mine, param)]
        else:
            same = level.literals.get(segment.text)
            levels = [] if same is None else [same]
            levels += [below for param, below in level.parameters.values() if self._may_be(param, segment.text)]
        for below in levels:
            yield from self._matching(below, segments, params, index + 1)

    def _may_be(self, param: Field, text: str) -> bool:
        """Tell whether a parameter can have a text; True where nothing says otherwise."""
        base = self.symbols.base(param.type)
        if isinstance(base, Enum):
            if base.open and base.has_numbers:
                return whole_number(text) is not None
            return base.open or text in [str(value.wire) for value in base.values]
        if not isinstance(base, Scalar) or base.name not in ("int", "string"):
            return True
        if base.name == "int":
            return text.removeprefix("-").isdecimal()
        constraints = (*self.symbols.constraints(param.type), *param.constraints)
        return all(keeps(constraint, base, text) is not False for constraint in constraints)

    def _may_meet(self, one: Field, other: Field) -> bool:
        for enum, param in ((one, other), (other, one)):
            base = self.symbols.base(enum.type)
            if isinstance(base, Enum) and not base.open:
                return any(self._may_be(param, str(value.wire)) for value in base.values)
        return True
