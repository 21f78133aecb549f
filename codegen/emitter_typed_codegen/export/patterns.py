"""Patterns of Python's `re` as JSON Schema has them: those of ECMA 262 with the flag `u`."""

from __future__ import annotations

import re
import unicodedata

# What a pattern of the language can hold (resolve/pattern_parts.py refuses the rest), one part after the other.
_PART = re.compile(
    r"""
    (?P<escape>\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|[0-3][0-7]{2}|0[0-7]?|.))
    |(?P<named>\(\?P<[^>]*>)
    |(?P<comment>\(\?\#[^)]*\))
    |(?P<special>\(\?(?!:).)
    |(?P<group>\(\?:|[()|^$])
    |(?P<quantifier>(?:[*+?]|\{[0-9]*,[0-9]*\}|\{[0-9]+\})[?+]?)
    |(?P<set>\[\^?)
    |(?P<any>\.)
    |(?P<character>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_KEPT_ESCAPES = {*"dDwWsSbB"}
_ANCHORS = {"A": "^", "Z": "$"}
_CONTROLS = dict(zip("abtnvfr", map(chr, range(7, 14)), strict=True))
_SYNTAX = {*"^$\\.*+?()[]{}|/"}
_SET_SYNTAX = {*"\\]^-["}


def portable(pattern: str) -> str | None:
    """Return a pattern, anchored, in a form that both ECMA 262 and Python read; None where there is no such form.

    Atomic groups, possessive repeats and flags have none. The classes of digits, letters and spaces stay, which in
    Python hold what lies beyond ASCII, too.
    """
    made: list[str] = []
    at = 0
    while at < len(pattern):
        found = _PART.match(pattern, at)
        assert found is not None
        at = found.end()
        text = found[0]
        match found.lastgroup:
            case "special":
                return None
            case "named":
                made.append("(?:")
            case "comment":
                pass
            case "quantifier":
                if text.endswith("+") and len(text) > 1:
                    return None
                made.append(_quantifier(text))
            case "set":
                inside, at = _set(pattern, at)
                made += [text, inside, "]"]
            case "any":
                made.append("[^\\n]")
            case "escape" if text[1] in _KEPT_ESCAPES:
                made.append(text)
            case "escape" if text[1] in _ANCHORS:
                made.append(_ANCHORS[text[1]])
            case "escape":
                made.append(_literal(_character(text), _SYNTAX))
            case "character":
                made.append(_literal(text, _SYNTAX))
            case _:
                made.append(text)
    return f"^(?:{''.join(made)})$" if "|" in pattern else f"^{''.join(made)}$"


def _quantifier(text: str) -> str:
    return text.replace("{,", "{0,")


def _set(pattern: str, at: int) -> tuple[str, int]:
    """Return what stands in a set as ECMA 262 has it, and where the set ends."""
    made: list[str] = []
    first = at
    while pattern[at] != "]" or at == first:
        member, at = _member(pattern, at)
        made.append(member)
        if pattern[at] == "-" and pattern[at + 1] != "]":
            member, at = _member(pattern, at + 1)
            made += ["-", member]
    return "".join(made), at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    found = _PART.match(pattern, at)
    text = found[0] if found is not None and found.lastgroup == "escape" else pattern[at]
    if len(text) == 1:
        return _literal(text, _SET_SYNTAX), at + 1
    if text[1] in "dDwWsS":
        return text, at + len(text)
    return _literal(_character(text), _SET_SYNTAX), at + len(text)


def _character(escape: str) -> str:
    """Return the character of an escape."""
    letter = escape[1]
    if letter == "N":
        return unicodedata.lookup(escape[3:-1])
    if letter in "xuU":
        return chr(int(escape[2:], 16))
    if letter.isdigit():
        return chr(int(escape[1:], 8))
    return _CONTROLS.get(letter, letter)


def _literal(character: str, syntax: set[str]) -> str:
    return f"\\{character}" if character in syntax else character
