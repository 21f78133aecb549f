"""What changed in the limits of a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

from emitter_typed_codegen.model import Constraint, ScalarName
from emitter_typed_codegen.resolve.values import comparable

Side: TypeAlias = tuple[str, ...]
"""The keywords that bound one thing from one side."""

_LOWER = ("minimum", "exclusive_minimum", "min_length", "min_items")
_SIDES: tuple[Side, ...] = (
    ("minimum", "exclusive_minimum"), ("maximum", "exclusive_maximum"), ("min_length",), ("max_length",),
    ("min_items",), ("max_items",), ("max_segments",),
)  # fmt: skip
# What the types themselves refuse: a limit that is no closer does nothing.
_NATURAL: dict[ScalarName | None, tuple[Constraint, ...]] = {
    "int": (Constraint("minimum", -(2**63)), Constraint("maximum", 2**63 - 1)),
    "date": (Constraint("minimum", "0001-01-01"), Constraint("maximum", "9999-12-31")),
    "datetime": (
        Constraint("minimum", "0001-01-01T00:00:00Z"),
        Constraint("maximum", "9999-12-31T23:59:59.999999Z"),
    ),
}
_COUNTED = (Constraint("min_length", 0), Constraint("min_items", 0))
_IN_SEGMENT = Constraint("min_length", 1)

_Limit: TypeAlias = tuple[tuple[Fraction, bool], Constraint]
"""How tight a limit is, and the limit."""


def changed_limits(
    scalar: ScalarName | None,
    old: Sequence[Constraint],
    new: Sequence[Constraint],
    *,
    around: tuple[Sequence[Constraint], Sequence[Constraint]] = ((), ()),
    in_segment: bool = False,
) -> Iterator[tuple[str, str, str]]:
    """Yield what changed in the limits of a value, as a rule, the limit's keyword and the change in words.

    Args:
        scalar: What the value is; None if it is no scalar.
        old: The limits that held.
        new: Those that hold now.
        around: What else held, and holds, for the same value, such as limits of aliases that are told elsewhere.
        in_segment: Whether the value is a segment of an address, which is never empty.
    """
    natural = (*_NATURAL.get(scalar, ()), *_COUNTED, *([_IN_SEGMENT] if in_segment else []))
    for side in _SIDES:
        written = [[one for one in constraints if one.rule in side] for constraints in (old, new)]
        if set(written[0]) == set(written[1]):
            continue
        before, after = (closest(scalar, side, [*own, *others]) for own, others in zip(written, around, strict=True))
        keys = [_effective(scalar, side, natural, one) for one in (before, after)]
        keyword = (written[1] or written[0])[0].rule
        if keys[0] == keys[1]:
            own = (closest(scalar, side, one) for one in written)
            yield "limit-without-effect", keyword, _words(*own)
        else:
            tighter = keys[0] is None or (keys[1] is not None and keys[1] > keys[0])
            yield "limit-tightened" if tighter else "limit-loosened", keyword, _words(before, after)
    before_patterns, after_patterns = (
        [one.value for one in constraints if one.rule == "pattern"] for constraints in (old, new)
    )
    if set(before_patterns) != set(after_patterns):
        others = [{one.value for one in constraints if one.rule == "pattern"} for constraints in around]
        gone = set(before_patterns) - set(after_patterns) - others[1]
        come = set(after_patterns) - set(before_patterns) - others[0]
        rule = (
            "pattern-changed" if gone and come
            else "limit-tightened" if come
            else "limit-loosened" if gone
            else "limit-without-effect"
        )  # fmt: skip
        yield rule, "pattern", f"pattern: {_patterns(before_patterns)} → {_patterns(after_patterns)}"


def without_effect(
    scalar: ScalarName | None, keyword: str, own: Sequence[Constraint], uses: Iterable[Sequence[Constraint]]
) -> bool:
    """Tell whether other limits are as close as those of one place, wherever that is used; False if it is not used."""
    side = next((one for one in _SIDES if keyword in one), None)
    if side is None:
        return False
    mine = closest(scalar, side, own)
    others = [closest(scalar, side, one) for one in uses]
    return bool(others) and all(one is not None and (mine is None or one[0] >= mine[0]) for one in others)


def closest(scalar: ScalarName | None, side: Side, constraints: Iterable[Constraint]) -> _Limit | None:
    """Return the limit of a side that lets least through: how tight it is, and the limit."""
    found: list[_Limit] = []
    for one in constraints:
        if one.rule in side:
            value = None if scalar is None else comparable(scalar, one.value)
            number = Fraction(one.value) if value is None else value
            tight, exclusive = number if one.rule in _LOWER else -number, one.rule.startswith("exclusive")
            # Between two integers there is nothing: above 0 is from 1 on.
            whole = exclusive and scalar in ("int", "date")
            found.append(((tight + 1, False) if whole else (tight, exclusive), one))
    return max(found, key=lambda pair: pair[0], default=None)


def _effective(
    scalar: ScalarName | None, side: Side, natural: Iterable[Constraint], limit: _Limit | None
) -> tuple[Fraction, bool] | None:
    """Return how tight a limit is; None if it lets through all that the type does."""
    bound = closest(scalar, side, natural)
    return None if limit is None or (bound is not None and limit[0] <= bound[0]) else limit[0]


def _words(before: _Limit | None, after: _Limit | None) -> str:
    return " → ".join("none" if one is None else f"{one[1].rule}: {one[1].value}" for one in (before, after))


def _patterns(patterns: Sequence[object]) -> str:
    return " and ".join(map(str, patterns)) or "none"
