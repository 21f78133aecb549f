"""Addresses of channels and topics of operations: segments, some of which are a `{parameter}`."""

from __future__ import annotations

import re

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.language.texts import LONGEST_ADDRESS, SEGMENT_CHARACTER, WORD
from emitter_typed_codegen.problems import Rule, quoted
from emitter_typed_codegen.resolve.nodes import Report
from emitter_typed_codegen.source import Place, ScalarNode

_is_literal = re.compile(f"{SEGMENT_CHARACTER}+").fullmatch
_FOREIGN = f"(?!{SEGMENT_CHARACTER})."
_is_word = re.compile(WORD).fullmatch

_CHARACTERS = r"A-Z, a-z, 0-9 and - . : _ $ [ ] \ ^ `"


@frozen
class Segment:
    """One segment of an address."""

    text: str
    """The segment, or the name of the parameter."""
    is_parameter: bool
    place: Place


def is_segment(text: str) -> bool:
    """Tell whether a text can stand as one segment of a channel."""
    return _is_literal(text) is not None


def is_word(text: str) -> bool:
    """Tell whether a text can stand as name or value of an option in a topic."""
    return _is_word(text) is not None


def read_segments(report: Report, node: ScalarNode, rule: Rule) -> tuple[Segment, ...]:
    """Read segments that are separated by slashes; one last slash ends the last of them.

    Args:
        report: Where problems are noted.
        node: The text.
        rule: The rule that a wrong segment breaks.

    Returns:
        The segments without problems. An empty text has none.
    """
    found: list[Segment] = []
    if len(node.value) > LONGEST_ADDRESS:
        report.add(node, rule, f"this has more than {LONGEST_ADDRESS} characters", "no broker takes a topic that long")
        return ()
    start = 0
    for text in node.value.removesuffix("/").split("/"):
        place = node.part(start, start + len(text))
        start += len(text) + 1
        segment = _segment(report, place, text, rule)
        if segment is not None:
            found.append(segment)
    return tuple(found)


_PARAMETER = r"\$?[{<]+\s*(\w*)\s*[}>]*|(\w+)[}>]+"


def meant(address: str) -> str:
    """Return an address with the parameters as its author may have meant them: `{room}` for `${room}` and `{room`."""
    return "/".join(_segment_meant(text) or text for text in address.split("/"))


def _segment_meant(text: str) -> str:
    """Return a segment as its author may have meant it; empty if nothing is close to it."""
    found = re.fullmatch(_PARAMETER, text)
    return f"{{{found[1] or found[2] or 'name'}}}" if found is not None else ""


def _segment(report: Report, place: Place, text: str, rule: Rule) -> Segment | None:
    if text.startswith("{") and text.endswith("}") and text.count("{") == text.count("}") == 1 and text != "{}":
        return Segment(text[1:-1], True, place)
    if "{" in text or "}" in text:
        message = f"a parameter is a whole segment between two slashes, as in {{room}}, not {quoted(text)}"
        inner = re.search(r"\{(\w+)\}", text)
        apart = f"part it with slashes, as in {text[: inner.start()]}/{inner[0]}" if inner and inner.start() else ""
        fixed = _segment_meant(text)
        report.add(place, rule, message, f"write {fixed}" if fixed else apart)
    elif not text:
        report.add(place, rule, "a segment is empty", "take the extra slash away")
    elif text in ("+", "#", "*"):
        message = f"{quoted(text)} is a wildcard: an address names channels one by one"
        report.add(place, rule, message, "put a parameter in its place, as in {room}")
    elif not is_segment(text):
        foreign = re.search(_FOREIGN, text)
        shown = quoted(foreign.group()) if foreign is not None else quoted(text)
        fixed = _segment_meant(text)
        hint = f"write {fixed}" if fixed else f"a segment is made of {_CHARACTERS}"
        report.add(place, rule, f"no channel can hold the character {shown}", hint)
    else:
        return Segment(text, False, place)
    return None
