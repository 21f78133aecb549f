"""What changed in the limits of a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from emitter_typed_codegen.model import Constraint, ScalarName
from emitter_typed_codegen.resolve.values import comparable

_LOWER = ("minimum", "exclusive_minimum", "min_length", "min_items")
# What bounds one thing from one side.
_SIDES = (
    ("minimum", "exclusive_minimum"), ("maximum", "exclusive_maximum"), ("min_length",), ("max_length",),
    ("min_items",), ("max_items",), ("max_segments",),
)  # fmt: skip


def changed_limits(
    scalar: ScalarName | None, old: Sequence[Constraint], new: Sequence[Constraint]
) -> Iterator[tuple[str, str, str]]:
    """Yield what changed in the limits of a value, as a rule, the limit's keyword and the change in words.

    Args:
        scalar: What the value is; None if it is no scalar.
        old: All limits that held, those of aliases included.
        new: All that hold now.
    """
    for side in _SIDES:
        before, after = _closest(scalar, side, old), _closest(scalar, side, new)
        if (before is None and after is None) or (before and after and before[0] == after[0]):
            continue
        keyword = after[1].rule if after is not None else before[1].rule if before is not None else ""
        tighter = before is None or (after is not None and after[0] > before[0])
        yield "limit-tightened" if tighter else "limit-loosened", keyword, _words(before, after)
    before_patterns, after_patterns = (
        [one.value for one in constraints if one.rule == "pattern"] for constraints in (old, new)
    )
    if set(before_patterns) != set(after_patterns):
        gone, come = set(before_patterns) - set(after_patterns), set(after_patterns) - set(before_patterns)
        rule = "pattern-changed" if gone and come else "limit-tightened" if come else "limit-loosened"
        yield rule, "pattern", f"pattern: {_patterns(before_patterns)} → {_patterns(after_patterns)}"


def _closest(
    scalar: ScalarName | None, side: Iterable[str], constraints: Sequence[Constraint]
) -> tuple[tuple[Fraction, bool], Constraint] | None:
    """Return the limit of a side that lets least through: how tight it is, and the limit."""
    found: list[tuple[tuple[Fraction, bool], Constraint]] = []
    for one in constraints:
        if one.rule in side:
            value = comparable(scalar, one.value) if scalar is not None and one.rule in _VALUES else None
            number = Fraction(one.value) if value is None else value
            tight, exclusive = number if one.rule in _LOWER else -number, one.rule.startswith("exclusive")
            # Between two whole numbers there is nothing: above 0 is from 1 on.
            whole = exclusive and scalar in ("int", "date")
            found.append(((tight + 1, False) if whole else (tight, exclusive), one))
    return max(found, key=lambda pair: pair[0], default=None)


_VALUES = frozenset(("minimum", "exclusive_minimum", "maximum", "exclusive_maximum"))


def _words(
    before: tuple[tuple[Fraction, bool], Constraint] | None, after: tuple[tuple[Fraction, bool], Constraint] | None
) -> str:
    return " → ".join("none" if one is None else f"{one[1].rule}: {one[1].value}" for one in (before, after))


def _patterns(patterns: Sequence[object]) -> str:
    return " and ".join(map(str, patterns)) or "none"
