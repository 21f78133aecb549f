"""Addresses of channels and topics of operations: segments, some of which are a `{parameter}`."""

from __future__ import annotations

import re
import unicodedata

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.language.texts import (
    FOREIGN_PARAMETER,
    LONGEST_ADDRESS,
    PARAMETER,
    SEGMENT_CHARACTER,
    WORD,
)
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


def read_segments(
    report: Report, node: ScalarNode, rule: Rule, what: str, *, closed: bool = True
) -> tuple[Segment, ...]:
    """Read segments that are separated by slashes; one last slash ends the last of them.

    Args:
        report: Where problems are noted.
        node: The text.
        rule: The rule that a wrong segment or a missing slash at the end breaks.
        what: What it is, as in "the address".
        closed: Whether the last segment must end with a slash, too.

    Returns:
        The segments without problems. An empty text has none.
    """
    found: list[Segment] = []
    url = re.match(r"\w+://[^/]*/?", node.value)
    if url is not None:
        rest = meant(node.value[url.end() :])
        hint = f'write "{rest}"' if rest else "write its segments, as in home/{room}/"
        report.add(node, rule, f"{what} contains the URL of a broker", hint)
        return ()
    if len(node.value) > LONGEST_ADDRESS:
        message = f"{what} has more than {LONGEST_ADDRESS} characters"
        report.add(node, rule, message, "shorten it: a broker refuses longer topics")
        return ()
    start = 0
    segment: Segment | None = None
    for text in node.value.removesuffix("/").split("/"):
        place = node.part(start, start + len(text))
        start += len(text) + 1
        segment = _segment(report, place, text, rule, what, node.value)
        if segment is not None:
            found.append(segment)
    # What one has to write for a wrong last segment ends with the slash as well.
    if closed and segment is not None and not node.value.endswith("/"):
        last = node.part(len(node.value) - 1, len(node.value))
        report.add(last, rule, f"{what} does not end with a slash", _write(meant(node.value)))
    return tuple(found)


# Compiled when they are first used: few addresses have a mistake.
# As Express, Rails, Next.js and formats of strings write it.
_UNBRACED = r":(\w+)[?*+]?|\[{1,2}(?:\.\.\.)?(\w+)\]{1,2}|[@*&](\w+)|%[sd]|%\((\w+)\)[sd]"
_PARAMETER = r"[$%#@]?[{<]+\s*(?:\.\.\.)?[*+]?(\w*)[?*+]?\s*(?::.*?)?[}>]*|(\w+)[}>]+"
# As Flask and Django write it: the type first.
_TYPED = r"<\s*(\w+)\s*:\s*(\w+)\s*>|\{\s*(\w+)\s*:\s*(\w+)\s*\}"
_EXPRESSION = (
    r":(\w+)\(.*\)|\(\?P?<(\w+)>.*\)|\(.*\)[*+?]?|(?:\[[^\]]*\]|\\[dws]|\.)(?:[*+?]|\{[\d,]*\})|\{\s*(\w+)\s*:.*\}"
)
_MOST_SHOWN = 80


def meant(address: str) -> str:
    """Return an address as its author may have meant it: `home/{room}/` for `/home//${room}` and `home/{room`."""
    text = address.strip()
    if "/" not in text and "{" not in text:
        # As other brokers, or other systems, separate segments.
        text = text.replace("\\", "/").replace(".", "/")
    segments = (_segment_meant(one) or one.strip() for one in text.split("/"))
    return "".join(f"{one}/" for one in segments if one)


def _write(address: str) -> str:
    if not address or len(address) > _MOST_SHOWN:
        return "write a slash at its end"
    return f'write "{address}"' if "{" in address else f"write {address}"


def _segment_meant(text: str) -> str:
    """Return a segment as its author may have meant it; empty if nothing is close to it."""
    found = re.fullmatch(_PARAMETER, text)
    if found is not None:
        return f"{{{found[1] or found[2] or 'name'}}}"
    unbraced = re.fullmatch(_UNBRACED, text)
    if unbraced is not None and (re.fullmatch(FOREIGN_PARAMETER, text) or not is_segment(text)):
        return f"{{{next(filter(None, unbraced.groups()), 'name')}}}"
    if "{" in text:
        # Each parameter is a segment, and what stands between them is one.
        parts = re.split(r"\{+\s*(\w+)[^{}]*\}+", text)
        pieces = [
            f"{{{one}}}" if place % 2 else re.sub(r"^\W+|^_+|\W+$|_+$", "", one) for place, one in enumerate(parts)
        ]
        return "/".join(filter(None, pieces)) if len(parts) > 1 and "{" not in "".join(parts) else ""
    plain = unicodedata.normalize("NFKD", text.strip().replace(" ", "-")).encode("ascii", "ignore").decode("ascii")
    return plain if plain != text and plain.strip("-") and is_segment(plain) else ""


_is_parameter = re.compile(PARAMETER).fullmatch


def _segment(report: Report, place: Place, text: str, rule: Rule, what: str, whole: str) -> Segment | None:
    if _is_parameter(text):
        return Segment(text[1:-1], True, place)
    # With one of these before it, it may be a parameter of another system.
    if is_segment(text) and not text.startswith((":", "[")):
        return Segment(text, False, place)
    fixed = _write(meant(whole))
    typed, expression = re.fullmatch(_TYPED, text), re.search(_EXPRESSION, text)
    if typed is not None:
        name, type_ = (typed[2], typed[1]) if typed[2] else (typed[3], typed[4])
        message = f"the parameter {quoted(text)} contains its type"
        report.add(place, rule, message, f"write {{{name}}} here, and params: {{{name}: {type_}}}")
    elif expression is not None and not is_segment(text) and not text.startswith("%"):
        name = next(filter(None, expression.groups()), "name")
        hint = f"write {{{name}}} here, and params: {{{name}: {{type: string, pattern: …}}}}"
        report.add(place, rule, f"{what} contains the regular expression {quoted(text)}", hint)
    elif re.fullmatch(r"\{\w+\?\}|:\w+\?", text):
        message = f"the parameter {quoted(text)} is optional"
        report.add(place, rule, message, f"write {{{text.strip('{?}:')}}}, and a second channel without it")
    elif re.fullmatch(r"\{(?:\.\.\.|[*+]{1,2})?\w+(?:\.\.\.|[*+])?\}|:\w+[*+]|\*\w+|\[{1,2}\.\.\.\w+\]{1,2}", text):
        message = f"the parameter {quoted(text)} stands for several segments"
        report.add(place, rule, message, "write a parameter for each segment, as in {floor}/{room}/")
    elif "{" in text or "}" in text:
        message = f"{quoted(text)} is not a parameter: a parameter is a whole segment, as in /{{room}}/"
        report.add(place, rule, message, fixed if _segment_meant(text) else "write a name of letters and digits")
    elif re.fullmatch(FOREIGN_PARAMETER, text):
        message = f"{quoted(text)} is not a parameter: a parameter is written in braces, as in /{{room}}/"
        way_out = f"if the segment is really called {quoted(text)}, give the parameter an enum of this one value"
        report.add(place, rule, message, f"{fixed}; {way_out}")
    elif not text:
        which = "begins with a slash" if whole.startswith("/") else "contains two slashes in a row"
        report.add(place, rule, f"{what} {which}", fixed if meant(whole) else "write a segment, as in home/")
    elif text in ("+", "#", "*"):
        message = f"{what} contains the wildcard {quoted(text)}"
        many = (
            "a parameter for each segment, as in {floor}/{room}/"
            if text == "#"
            else "a parameter instead, as in {room}"
        )
        report.add(place, rule, message, f"write {many}")
    elif re.match(r"[^?]*\?\w*(=|$)", text):
        message = f"{what} contains options: {quoted(text)}"
        report.add(place, rule, message, "write them under options, as in options: {ttl: 60}")
    elif not is_segment(text):
        foreign = re.search(_FOREIGN, text)
        shown = quoted(foreign.group()) if foreign is not None else quoted(text)
        hint = fixed if _segment_meant(text) or not text.strip() else f"write only {_CHARACTERS}"
        report.add(place, rule, f"{what} contains the character {shown}, which no channel can have", hint)
    else:
        return Segment(text, False, place)
    return None
