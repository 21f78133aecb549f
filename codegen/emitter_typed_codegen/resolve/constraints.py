"""Constraints of fields, aliases and options: which a type can have, and whether a value keeps them."""

from __future__ import annotations

import base64
import re
import warnings

from emitter_typed_codegen.language.limits import LIMITS, LONGEST_PATTERN, MOST, RANGE, ConstraintRule
from emitter_typed_codegen.model import AnyOf, Constraint, List, Literal_, Map, Scalar, ScalarName, TypeRef, alternative
from emitter_typed_codegen.problems import Rule, quoted
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.symbol_table import Base, SymbolTable
from emitter_typed_codegen.resolve.values import comparable, read_value, whole_meant, whole_number
from emitter_typed_codegen.source import ListNode, MapNode, Node, ScalarNode
from emitter_typed_codegen.wording import with_article

_ALLOWED: dict[ConstraintRule, str] = {
    **dict.fromkeys(RANGE, "numbers, durations, dates and times"),
    "min_length": "string and bytes",
    "max_length": "string and bytes",
    "pattern": "string",
    "min_items": "lists and maps",
    "max_items": "lists and maps",
    "max_segments": "channel, filter and key_target",
}
_PAIRS: tuple[tuple[ConstraintRule, ConstraintRule], ...] = (
    ("minimum", "maximum"),
    ("minimum", "exclusive_maximum"),
    ("exclusive_minimum", "maximum"),
    ("exclusive_minimum", "exclusive_maximum"),
    ("min_length", "max_length"),
    ("min_items", "max_items"),
)
_TWICE: tuple[tuple[ConstraintRule, ConstraintRule], ...] = (
    ("minimum", "exclusive_minimum"),
    ("maximum", "exclusive_maximum"),
)


def read_constraints(symbols: SymbolTable, entries: Entries, ref: TypeRef) -> tuple[Constraint, ...]:
    """Read the constraints among the entries of a field, alias or option.

    Args:
        symbols: The types that there are.
        entries: The entries.
        ref: The type that they are for.

    Returns:
        Those that make sense for the type; the others are noted.
    """
    # Most have none.
    if entries.found.keys().isdisjoint(LIMITS):
        return ()
    constraints: dict[ConstraintRule, Constraint] = {}
    base = symbols.base(ref)
    for rule in LIMITS:
        node = entries.scalar(rule)
        if node is None or base is None:
            continue
        if not _fits(rule, base):
            message = f"{quoted(rule)} is a limit of {_ALLOWED[rule]}, not of {_named(base)}"
            hint = _instead(rule, base)
            symbols.report.add(entries.key(rule), "bad-limit", message, hint)
            continue
        constraint = _constraint(symbols, rule, node, base)
        if constraint is not None:
            constraints[rule] = constraint
    if "pattern" in constraints and not _is_quick(symbols, entries, ref, constraints):
        del constraints["pattern"]
    _compare(symbols, entries, constraints, symbols.constraints(ref), base)
    return tuple(constraints.values())


def _named(base: Base) -> str:
    if isinstance(base, AnyOf):
        return "several types"
    return with_article(base.name if isinstance(base, Scalar) else type(base).__name__.lower())


_INSTEAD: dict[ConstraintRule, dict[str, str]] = {
    "minimum": {"string": "write min_length to limit the number of characters", "list": "write min_items"},
    "maximum": {"string": "write max_length to limit the number of characters", "list": "write max_items"},
    "min_length": {"int": "write minimum to limit the value", "float": "write minimum to limit the value"},
    "max_length": {"int": "write maximum to limit the value", "float": "write maximum to limit the value"},
}


def _instead(rule: ConstraintRule, base: Base) -> str:
    """Return what to write instead of a limit that is not one of a type."""
    name = base.name if isinstance(base, Scalar) else ""
    if name in (instead := _INSTEAD.get(rule, {})):
        return instead[name]
    if isinstance(base, AnyOf):
        return "to limit one of the types, declare an alias of it with this limit, and write the name of that"
    if isinstance(base, List | Map):
        return "to limit the items, declare an alias with this limit, and a list of that alias"
    return "remove it"


def check_constraints(
    symbols: SymbolTable,
    node: Node,
    ref: TypeRef,
    value: Literal_,
    constraints: tuple[Constraint, ...],
    rule: Rule,
    what: str,
) -> None:
    """Note a problem for the first constraint that a value breaks: a pattern may be quick with short texts only.

    Args:
        symbols: Knows the types.
        node: Where the value stands.
        ref: Its type, whose aliases have constraints as well.
        value: The value.
        constraints: Those beside the type.
        rule: The rule of the problem.
        what: What the value is.
    """
    if value is None:
        return
    ref = alternative(ref, value, symbols.types)
    base = symbols.base(ref)
    if base is None:
        return
    for constraint in (*symbols.constraints(ref), *constraints):
        if keeps(constraint, base, value) is False:
            shown = f"{what} {quoted(node.value)}" if isinstance(node, ScalarNode) else what
            message = f"{shown} {_BROKEN[constraint.rule].format(constraint.value)}"
            # The limits of options are those of the broker.
            symbols.report.add(node, rule, message, "change it, or the limit" if rule == "bad-default" else "change it")
            return
    if isinstance(base, List) and isinstance(node, ListNode) and isinstance(value, tuple):
        for inner, item in zip(node.items, value, strict=False):
            check_constraints(symbols, inner, base.item, item, (), rule, what)
    elif isinstance(base, Map) and isinstance(node, MapNode) and isinstance(value, tuple):
        for (_, inner), pair in zip(node.pairs, value, strict=False):
            item = pair[1] if isinstance(pair, tuple) else None
            check_constraints(symbols, inner, base.value, item, (), rule, what)


def keeps(constraint: Constraint, base: Base, value: Literal_) -> bool | None:
    """Tell whether a value keeps a constraint; None where nobody can know."""
    if constraint.rule == "pattern":
        return re.fullmatch(str(constraint.value), str(value)) is not None
    if constraint.rule in RANGE and isinstance(base, Scalar):
        return _in_order(constraint, base.name, value)
    if isinstance(value, str | tuple) and isinstance(constraint.value, int):
        is_bytes = isinstance(value, str) and isinstance(base, Scalar) and base.name == "bytes"
        size = len(base64.b64decode(value)) if is_bytes and isinstance(value, str) else len(value)
        return size >= constraint.value if constraint.rule.startswith("min") else size <= constraint.value
    return None


def _in_order(constraint: Constraint, scalar: ScalarName, value: Literal_) -> bool | None:
    one, bound = comparable(scalar, value), comparable(scalar, constraint.value)
    if one is None or bound is None:
        return None
    match constraint.rule:
        case "minimum":
            return one >= bound
        case "maximum":
            return one <= bound
        case "exclusive_minimum":
            return one > bound
        case _:
            return one < bound


_BROKEN: dict[ConstraintRule, str] = {
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


def _fits(rule: ConstraintRule, base: Base) -> bool:
    match base:
        case Scalar(name):
            return name in LIMITS[rule]
        case List():
            return "list" in LIMITS[rule]
        case Map():
            return "map" in LIMITS[rule]
        case _:
            return False


def _constraint(symbols: SymbolTable, rule: ConstraintRule, node: ScalarNode, base: Base) -> Constraint | None:
    if rule == "pattern":
        return Constraint(rule, node.value) if _is_pattern(symbols, node) else None
    if rule not in RANGE:
        return _count(symbols, rule, node)
    value = read_value(symbols, node, base, "bad-limit", quoted(rule)) if isinstance(base, Scalar) else None
    return Constraint(rule, value) if isinstance(value, int | float | str) else None


def _count(symbols: SymbolTable, rule: ConstraintRule, node: ScalarNode) -> Constraint | None:
    count = whole_number(node.value) if node.plain else None
    if count is not None and 0 <= count <= MOST:
        return Constraint(rule, count)
    meant = whole_meant(node.value)
    hint = f"write {meant}" if meant is not None and 0 <= int(meant) <= MOST else ""
    message = f"{quoted(rule)} must be an integer from 0 to {MOST}, not {quoted(node.value)}"
    symbols.report.add(node, "bad-limit", message, hint)
    return None


def _is_pattern(symbols: SymbolTable, node: ScalarNode) -> bool:
    if len(node.value) > LONGEST_PATTERN:
        message = f"the pattern has more than {LONGEST_PATTERN} characters"
        symbols.report.add(node, "bad-limit", message, "shorten it, or use an enum for a list of texts")
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(node.value)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        message = f"the pattern is not a regular expression: {error}"
        symbols.report.add(node, "bad-limit", message, "use the syntax of Python's re")
        return False
    return True


def _is_quick(
    symbols: SymbolTable, entries: Entries, ref: TypeRef, constraints: dict[ConstraintRule, Constraint]
) -> bool:
    """Tell whether `re` is quick with the pattern on any text that is short enough, and note a problem if not."""
    # Few schemas have patterns.
    from emitter_typed_codegen.resolve.pattern_parts import SlowPattern
    from emitter_typed_codegen.resolve.patterns import LONGEST_TEXT, check_speed

    node = entries.scalar("pattern")
    if node is None or ("max_length" in entries and "max_length" not in constraints):
        return False
    # They are checked in this order, and not after one that is broken: aliases first, and a length before a pattern.
    lengths = [one.value for one in (*symbols.constraints(ref), *constraints.values()) if one.rule == "max_length"]
    longest = min([one for one in lengths if isinstance(one, int)], default=LONGEST_TEXT)
    try:
        check_speed(node.value, longest)
    except SlowPattern as slow:
        place = node if slow.end - slow.start == len(node.value) else node.part(slow.start, slow.end)
        symbols.report.add(place, "slow-pattern", slow.message, slow.hint)
        return False
    return True


def _compare(
    symbols: SymbolTable,
    entries: Entries,
    constraints: dict[ConstraintRule, Constraint],
    inherited: tuple[Constraint, ...],
    base: Base | None,
) -> None:
    """Note what no value can keep: of these constraints, and of these and those of the aliases of the type."""
    for low, high in _TWICE:
        if low in constraints and high in constraints:
            symbols.report.add(
                entries.key(high),
                "bad-limit",
                f"{quoted(low)} and {quoted(high)} exclude each other",
                "keep one of them",
            )
    if base is None:
        return
    for low, high in _PAIRS:
        one, other = constraints.get(low), constraints.get(high)
        if one is not None and other is not None and not _meet(one, other, base):
            both = f"{quoted(low)} {one.value} and {quoted(high)} {other.value}"
            message = f"no value satisfies both {both}"
            symbols.report.add(entries.key(high), "bad-limit", message, "change one of them")
            continue
        for theirs in inherited:
            if theirs.rule == high and one is not None and not _meet(one, theirs, base):
                ours = one
            elif theirs.rule == low and other is not None and not _meet(theirs, other, base):
                ours = other
            else:
                continue
            both = f"{quoted(ours.rule)} {ours.value} and the alias's {quoted(theirs.rule)} {theirs.value}"
            message = f"no value satisfies both {both}"
            symbols.report.add(entries.key(ours.rule), "bad-limit", message, "change one of them")


def _meet(low: Constraint, high: Constraint, base: Base) -> bool:
    """Tell whether any value may keep a constraint from below and one from above."""
    scalar: ScalarName = base.name if low.rule in RANGE and isinstance(base, Scalar) else "int"
    bounds = comparable(scalar, low.value), comparable(scalar, high.value)
    if bounds[0] is None or bounds[1] is None:
        return True
    exclusive = [one.rule.startswith("exclusive") for one in (low, high)]
    # Between two neighbours there is nothing: above 5 and below 6 is no integer.
    least = 1 if all(exclusive) and scalar in ("int", "date", "datetime") else 0
    apart = bounds[1] - bounds[0]
    return apart > least if any(exclusive) else apart >= least
