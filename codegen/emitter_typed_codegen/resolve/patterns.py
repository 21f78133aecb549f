"""How many steps Python's `re` may need to find that a text does not match a pattern, bounded from above.

`re` goes back to each place where it had a choice, and tries the other way. So what counts is where a text leaves a
choice: a repeat that may end, or a branch that may be taken, while another one can match the same character.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import field

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.resolve.pattern_parts import (
    EVERY,
    Atomic,
    InOrder,
    OneCharacter,
    OneOf,
    Part,
    PatternReader,
    Repeat,
    SlowPattern,
    union,
)

MOST_STEPS = 2_000_000
"""How many steps a text may take: those that take `re` longest have 10 ns each."""

MOST_STEPS_A_CHARACTER = 5_000
"""How many steps a text with a `max_length` may take for each character: a message may be full of such texts."""

LONGEST_TEXT = 65_536
"""The characters of a text without a `max_length`: no message is longer."""

_MOST_EXPONENT = 60.0


def check_speed(pattern: str, longest: int = LONGEST_TEXT) -> None:
    """Raise SlowPattern unless any text of so many characters is matched, or refused, within few steps.

    Args:
        pattern: The pattern. It is one of Python's `re`.
        longest: How many characters a text may have.
    """
    reader = PatternReader(pattern)
    whole = reader.whole()
    search = _Search(max(1, min(longest, LONGEST_TEXT)), reader.captures)
    allowed = min(MOST_STEPS, MOST_STEPS_A_CHARACTER * search.longest)
    if search.cost(whole, 0, 1).total(search.longest) <= allowed:
        return
    # What a whole group does is worth more than what is in it.
    found = min(search.unclear, key=lambda node: (node.start, -node.end), default=whole)
    message = f"a text of {search.longest:,} characters could take more than {allowed:,} steps to match"
    bound = "give a max_length" if search.longest == LONGEST_TEXT else "give a smaller max_length"
    hint = f"let what is repeated end where only what follows can go on, or {bound}"
    raise SlowPattern(found.start, found.end, message, hint)


@frozen
class _Cost:
    """What it takes to try all ways in which a part matches from one place of a text."""

    once: float
    """Steps, whatever the text is."""
    each: float = 0.0
    """Steps for each character that the part goes over, besides. Where parts follow each other and there is one way
    through them, no character is gone over twice."""
    most: float = math.inf
    """A bound of both together."""
    ways: float = 1.0
    """In how many ways the part may end where what follows can go on."""
    alike: float = 1.0
    """How many of the ways may end at the same place."""

    def total(self, longest: int) -> float:
        """Return the steps for a text of so many characters."""
        return min(self.once + self.each * longest, self.most)


@frozen
class _Search:
    """Adds up the steps."""

    longest: int
    captures: int
    unclear: list[Part] = field(factory=list[Part])
    """The repeats that may end at several places."""

    def cost(self, node: Part, follow: int, tests: int) -> _Cost:
        """Return the cost of a part.

        Args:
            node: The part.
            follow: The characters that what follows may begin with.
            tests: How many steps it takes to see that what follows does not begin here.
        """
        match node:
            case InOrder():
                return self._sequence(node.parts, follow, tests)
            case OneOf():
                return self._choice([(part, self.cost(part, follow, tests)) for part in node.parts], follow, node)
            case Repeat():
                return self._repeat(node, follow, tests)
            case Atomic():
                inner = self.cost(node.part, follow, tests)
                return _Cost(inner.once, inner.each, inner.most)
            case _:
                return _Cost(node.tests, most=node.tests)

    def _sequence(self, parts: Sequence[Part], follow: int, tests: int) -> _Cost:
        rest = _Cost(1, most=1)
        for place in range(len(parts) - 1, -1, -1):
            part = parts[place]
            one = self.cost(part, follow, tests)
            if one.ways <= 1:
                once, each, most = one.once + rest.once, max(one.each, rest.each), one.most + rest.most
                rest = _Cost(once, each, most, rest.ways, rest.alike)
            else:
                again = one.ways * rest.total(self.longest)
                if one.alike <= 1 and self._apart(parts[place + 1 :]):
                    # What is gone over from one end of the part is not gone over from another one.
                    again = min(again, one.ways * rest.once + rest.each * self.longest)
                ways = one.ways * rest.ways
                rest = _Cost(one.once + again, one.each, one.most + again, ways, one.ways * rest.alike)
            follow = part.first | (0 if part.shortest else follow)
            tests = part.tests + (0 if part.shortest else tests)
        return rest

    def _apart(self, parts: Sequence[Part]) -> bool:
        """Whether parts begin with a character that they do not go over later."""
        return (
            bool(parts)
            and isinstance(parts[0], OneCharacter)
            and not parts[0].first & union(one.alphabet for one in parts[1:])
        )

    def _choice(self, parts: Sequence[tuple[Part, _Cost]], follow: int, node: OneOf) -> _Cost:
        starts = [part.first | (0 if part.shortest else follow) for part, _ in parts]
        live = {tuple(n for n, start in enumerate(starts) if start >> bit & 1) for bit in range(EVERY.bit_length())}
        once = each = most = 0.0
        ways = alike = 1.0
        for taken in live:
            costs = [parts[number][1] for number in taken]
            if len(costs) == 1:
                cost = costs[0]
                once, each, most = max(once, cost.once), max(each, cost.each), max(most, cost.most)
            else:
                total = sum(cost.total(self.longest) for cost in costs)
                once, most = max(once, total), max(most, total)
            ways = max(ways, sum(cost.ways for cost in costs))
            alike = max(alike, sum(cost.alike for cost in costs))
        tried = node.tests + len(parts)
        return _Cost(once + tried, each, most + tried, ways, alike)

    def _repeat(self, node: Repeat, follow: int, tests: int) -> _Cost:
        part = node.part
        begin = part.first | follow
        one = self.cost(part, begin, part.tests + tests)
        # A single character is repeated by a loop of its own, a group by a stack that holds all captures.
        turn = tests + (1 if isinstance(part, OneCharacter) and not part.captured else part.tests + 4 + self.captures)
        times = min(node.most, max(self.longest // part.shortest, 1))
        if one.ways <= 1:
            once, each = one.once + turn, (one.once + turn) / part.shortest + one.each
            cost = _Cost(once, each, times * (one.most + turn) + turn)
            if not part.first & follow or node.least >= times:
                return cost
            self.unclear.append(node)
            return _Cost(cost.once, cost.each, cost.most, times - node.least + 1)
        self.unclear.append(node)
        # Each way is a choice of how each turn goes, or of where each turn ends and how it gets there.
        by_turns, by_places = 2 * _power(one.ways, times), _power(1 + one.alike, self.longest)
        # Half of all ways are at their last character, a quarter at the one before it, and so on.
        total = min(
            by_turns * (one.total(self.longest) + turn), 2 * by_places * (min(one.once + one.each, one.most) + turn)
        )
        paths = min(by_turns, by_places)
        return _Cost(total, most=total, ways=paths, alike=paths)


def _power(base: float, exponent: float) -> float:
    return base**exponent if exponent * math.log2(base) < _MOST_EXPONENT else math.inf
