"""YAML as editors read it: by the core schema of YAML 1.2, into what JSON can hold."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TypeAlias

from emitter_typed_codegen.source import BrokenNode, ListNode, MapNode, Node, ScalarNode, read

Held: TypeAlias = "bool | int | float | str | list[Held] | dict[str, Held] | None"

_INT = re.compile(r"[-+]?[0-9]+").fullmatch
_OCTAL = re.compile(r"0o[0-7]+").fullmatch
_HEX = re.compile(r"0x[0-9a-fA-F]+").fullmatch
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)").fullmatch


def core(path: Path) -> Held:
    """Read a file. Raises ValueError where it is no YAML, or uses what no schema may."""
    document = read(path)
    if document.problems or document.root is None:
        raise ValueError("this cannot be read")
    return _held(document.root)


def _held(node: Node) -> Held:
    match node:
        case ListNode(items=items):
            return [_held(item) for item in items]
        case MapNode(pairs=pairs):
            return {key.value: _held(value) for key, value in pairs}
        case ScalarNode(value=value, plain=plain):
            return _scalar(value) if plain else value
        case BrokenNode():
            raise ValueError("this cannot be read")


def _scalar(text: str) -> Held:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if _INT(text):
        # More digits than Python reads at once are an infinite number in JavaScript.
        return int(text) if len(text) < 400 else math.inf
    if _OCTAL(text) or _HEX(text):
        return int(text, 0)
    if _FLOAT(text):
        return float(text)
    if found := _SPECIAL(text):
        return float(f"{found[1]}inf")
    return math.nan if text in (".nan", ".NaN", ".NAN") else text
