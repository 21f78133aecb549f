"""Limits of fields, aliases and options: which a type can have, and whether a value keeps them."""

from __future__ import annotations

import base64
import re
import warnings
from typing import Literal, TypeAlias, get_args

from emitter_typed_codegen.model import Limit, List, Literal_, Map, Scalar, ScalarName, TypeRef
from emitter_typed_codegen.problems import Rule, quoted
from emitter_typed_codegen.resolve.reading import Entries
from emitter_typed_codegen.resolve.scope import Base, Scope
from emitter_typed_codegen.resolve.values import UNFIT, comparable, read_value
from emitter_typed_codegen.source import Node, ScalarNode

LimitRule: TypeAlias = Literal[
    "minimum", "maximum", "exclusive_minimum", "exclusive_maximum",
    "min_length", "max_length", "pattern", "min_items", "max_items", "max_segments",
]  # fmt: skip

LIMITS: tuple[LimitRule, ...] = get_args(LimitRule)
"""The keys that state limits."""

_BOUNDS: frozenset[LimitRule] = frozenset(LIMITS[:4])
_ORDERED: frozenset[ScalarName] = frozenset({"int", "float", "duration", "datetime", "date", "decimal"})
_ALLOWED: dict[LimitRule, str] = {
    **dict.fromkeys(LIMITS[:4], "numbers, durations, dates and times"),
    "min_length": "string and bytes",
    "max_length": "string and bytes",
    "pattern": "string",
    "min_items": "lists and maps",
    "max_items": "lists and maps",
    "max_segments": "channel and filter",
}
_PAIRS: tuple[tuple[LimitRule, LimitRule], ...] = (
    ("minimum", "maximum"),
    ("minimum", "exclusive_maximum"),
    ("exclusive_minimum", "maximum"),
    ("exclusive_minimum", "exclusive_maximum"),
    ("min_length", "max_length"),
    ("min_items", "max_items"),
)
_TWICE: tuple[tuple[LimitRule, LimitRule], ...] = (
    ("minimum", "exclusive_minimum"),
    ("maximum", "exclusive_maximum"),
)
_MOST = 1 << 31
_LONGEST_PATTERN = 1000
_LONGEST_CHECKED = 200


def read_limits(scope: Scope, entries: Entries, ref: TypeRef) -> tuple[Limit, ...]:
    """Read the limits among the entries of a field, alias or option.

    Args:
        scope: The types that there are.
        entries: The entries.
        ref: The type that the limits are for.

    Returns:
        Those limits that make sense for the type; the others are noted.
    """
    limits: dict[LimitRule, Limit] = {}
    base = scope.base(ref)
    for rule in LIMITS:
        node = entries.scalar(rule)
        if node is None or base is None:
            continue
        if not _fits(rule, base):
            message = f"{quoted(rule)} is a limit of {_ALLOWED[rule]}, not of this type"
            hint = "" if not isinstance(base, List | Map) else "declare an alias with the limit for the items"
            scope.report.add(entries.key(rule), "bad-limit", message, hint)
            continue
        limit = _limit(scope, rule, node, base)
        if limit is not None:
            limits[rule] = limit
    _compare(scope, entries, limits, base)
    return tuple(limits.values())


def check_limits(
    scope: Scope, node: Node, ref: TypeRef, value: Literal_, limits: tuple[Limit, ...], rule: Rule, what: str
) -> None:
    """Note a problem for each limit that a value does not keep."""
    base = scope.base(ref)
    for limit in limits:
        if value is not None and base is not None and keeps(limit, base, value) is False:
            shown = f"{what} {quoted(node.value)}" if isinstance(node, ScalarNode) else what
            scope.report.add(node, rule, f"{shown} {_BROKEN[limit.rule].format(limit.value)}")


def keeps(limit: Limit, base: Base, value: Literal_) -> bool | None:
    """Tell whether a value keeps a limit; None where that would take too long to find out."""
    if limit.rule == "pattern":
        return _matches(str(limit.value), str(value))
    if limit.rule in _BOUNDS and isinstance(base, Scalar):
        return _in_order(limit, base.name, value)
    if isinstance(value, str | tuple) and isinstance(limit.value, int):
        is_bytes = isinstance(value, str) and isinstance(base, Scalar) and base.name == "bytes"
        size = len(base64.b64decode(value)) if is_bytes and isinstance(value, str) else len(value)
        return size >= limit.value if limit.rule.startswith("min") else size <= limit.value
    return None


def _in_order(limit: Limit, scalar: ScalarName, value: Literal_) -> bool | None:
    one, bound = comparable(scalar, value), comparable(scalar, limit.value)
    if one is None or bound is None:
        return None
    match limit.rule:
        case "minimum":
            return one >= bound
        case "maximum":
            return one <= bound
        case "exclusive_minimum":
            return one > bound
        case _:
            return one < bound


_BROKEN: dict[LimitRule, str] = {
    "minimum": "is below the minimum {}",
    "maximum": "is above the maximum {}",
    "exclusive_minimum": "is not above {}",
    "exclusive_maximum": "is not below {}",
    "min_length": "is shorter than {}",
    "max_length": "is longer than {}",
    "pattern": "does not match the pattern {}",
    "min_items": "has fewer items than {}",
    "max_items": "has more items than {}",
    "max_segments": "has more segments than {}",
}


def _fits(rule: LimitRule, base: Base) -> bool:
    if rule in ("min_items", "max_items"):
        return isinstance(base, List | Map)
    if not isinstance(base, Scalar):
        return False
    if rule in _BOUNDS:
        return base.name in _ORDERED
    if rule == "max_segments":
        return base.name in ("channel", "filter")
    return base.name == "string" or (base.name == "bytes" and rule != "pattern")


def _limit(scope: Scope, rule: LimitRule, node: ScalarNode, base: Base) -> Limit | None:
    if rule == "pattern":
        return Limit(rule, node.value) if _is_pattern(scope, node) else None
    counted = rule not in _BOUNDS
    of = Scalar("int") if counted or not isinstance(base, Scalar) else base
    value = read_value(scope, node, of, "bad-limit", quoted(rule))
    if value is UNFIT or not isinstance(value, int | float | str):
        return None
    if counted and not (isinstance(value, int) and 0 <= value < _MOST):
        scope.report.add(node, "bad-limit", f"{quoted(rule)} counts: it is at least 0 and below {_MOST}")
        return None
    return Limit(rule, value)


def _is_pattern(scope: Scope, node: ScalarNode) -> bool:
    if len(node.value) > _LONGEST_PATTERN:
        message = f"the pattern has more than {_LONGEST_PATTERN} characters"
        scope.report.add(node, "bad-limit", message)
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(node.value)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        message = f"the pattern is no regular expression: {error}"
        scope.report.add(node, "bad-limit", message, "the syntax is that of Python's re")
        return False
    return True


def _compare(scope: Scope, entries: Entries, limits: dict[LimitRule, Limit], base: Base | None) -> None:
    for low, high in _TWICE:
        if low in limits and high in limits:
            scope.report.add(entries.key(high), "bad-limit", f"{quoted(low)} and {quoted(high)} say one thing twice")
    for low, high in _PAIRS:
        if base is None or low not in limits or high not in limits:
            continue
        scalar: ScalarName = base.name if low in _BOUNDS and isinstance(base, Scalar) else "int"
        meeting = Limit("exclusive_minimum" if "exclusive" in low + high else "minimum", limits[low].value)
        if _in_order(meeting, scalar, limits[high].value) is False:
            said = f"{quoted(low)} {limits[low].value} and {quoted(high)} {limits[high].value}"
            message = f"no value keeps both {said}"
            scope.report.add(entries.key(high), "bad-limit", message)


def _matches(pattern: str, text: str) -> bool | None:
    # A match may take exponential time: a repeated group, or many repetitions, are left to run time.
    if len(text) > _LONGEST_CHECKED or re.search(r"\)[*+{?]", pattern) or len(re.findall(r"[*+{]", pattern)) > 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.fullmatch(pattern, text) is not None
