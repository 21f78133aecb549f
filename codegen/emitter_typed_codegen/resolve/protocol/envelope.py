"""What `envelope:` declares: the fields around every reply and error, and the topics that are the broker's own."""

from __future__ import annotations

from emitter_typed_codegen.language.protocol import ENVELOPE, LARGEST_PACKET
from emitter_typed_codegen.model.protocol import Envelope
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.addresses import read_segments
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.values import plain_value
from emitter_typed_codegen.source import Node, Placed, ScalarNode

_PACKET_BYTES = range(1, LARGEST_PACKET + 1)


def read_envelope(symbols: SymbolTable, node: Node | None, at: Placed) -> Envelope | None:
    """Read what is around every reply; None if the schema has no envelope."""
    if node is None:
        return None
    keys = ("reserved", "errors", "correlation", "status", "message")
    entries = symbols.report.entries(node, ENVELOPE, "the envelope", at=at)
    found = {key: entries.scalar(key) for key in keys}
    texts = {key: "" if one is None else one.value for key, one in found.items()}
    reserved, errors = found["reserved"], found["errors"]
    if reserved is not None:
        check_topic(symbols, reserved, "")
    if errors is not None:
        check_topic(symbols, errors, texts["reserved"])
    return Envelope(**texts, max_packet_bytes=_packet_bytes(symbols, entries.scalar("max_packet_bytes")))


def _packet_bytes(symbols: SymbolTable, node: ScalarNode | None) -> int:
    value = None if node is None else plain_value(node)
    if isinstance(value, int) and value in _PACKET_BYTES and not isinstance(value, bool):
        return value
    if node is not None:
        message = f"the size of a packet must be a number from 1 to {_PACKET_BYTES[-1]}, not {quoted(node.value)}"
        symbols.report.add(node, "bad-value", message)
    return _PACKET_BYTES[-1]


def check_topic(symbols: SymbolTable, node: ScalarNode, reserved: str) -> None:
    """Note what is wrong with a topic of the broker's own."""
    for segment in read_segments(symbols.report, node, "bad-topic", "the topic"):
        if segment.is_parameter:
            message = f"the parameter {quoted(segment.text)} cannot be part of this topic"
            symbols.report.add(segment.place, "bad-topic", message, "write a fixed segment")
    if not node.value.startswith(reserved):
        message = f"a topic of the broker must begin with {quoted(reserved)}, which the envelope reserves"
        symbols.report.add(node, "bad-topic", message, f"write {reserved}… or change reserved in the envelope")
