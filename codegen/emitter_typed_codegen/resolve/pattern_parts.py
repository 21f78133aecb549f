"""Patterns of Python's `re` as parts: what each may begin with, and what it may match.

A set of characters is a number whose bits are those of ASCII, and four kinds of what lies beyond it. It may be larger
than what `re` takes, never smaller.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from attrs import evolve

from emitter_typed_codegen.data import frozen

_MOST_GROUPS = 50

# Sets of characters are bits: one for each of ASCII, then digits, other letters, spaces, and the rest beyond it.
_ASCII = (1 << 128) - 1
_BEYOND = 0b1111 << 128
EVERY = _ASCII | _BEYOND
_QUANTIFIER = re.compile(r"\*|\+|\?|\{(?P<least>[0-9]*)(?P<comma>,)?(?P<most>[0-9]*)\}")
_FLAGS = re.compile(r"\(\?(?P<on>[a-zA-Z]*)(?:-(?P<off>[a-zA-Z]+))?(?P<end>[:)])")
_NAMED_GROUP = re.compile(r"\(\?P<[^>]*>")
_NUMBERED = dict(zip("xuU", (2, 4, 8), strict=True))
_CONTROLS = dict(zip("abtnvfr", range(7, 14), strict=True))


def _bits(characters: Iterable[int]) -> int:
    mask = 0
    for code in characters:
        mask |= 1 << code if code < 128 else _BEYOND
    return mask


_LETTERS = _bits([*range(65, 91), *range(97, 123)])
_DIGIT = _bits(range(48, 58)) | 1 << 128
_WORD = _LETTERS | _DIGIT | 1 << ord("_") | 1 << 129
_SPACE = _bits([*range(9, 14), *range(28, 33)]) | 1 << 130
_CATEGORIES = {
    letter: mask
    for low, mine in zip("dws", (_DIGIT, _WORD, _SPACE), strict=True)
    for letter, mask in ((low, mine), (low.upper(), EVERY ^ mine))
}
# Letters beyond ASCII are another case of these.
_FOLDING = _bits(map(ord, "iIkKsS"))


class SlowPattern(Exception):
    """A pattern that could take long, or holds what nobody can bound.

    Attributes:
        start: Where in the pattern that begins.
        end: The first character that is no longer part of it.
        message: What is wrong.
        hint: What to do.
    """

    start: int
    end: int
    message: str
    hint: str

    def __init__(self, start: int, end: int, message: str, hint: str) -> None:
        """Hold the facts."""
        super().__init__(message)
        self.start, self.end, self.message, self.hint = start, end, message, hint


@frozen(kw_only=True, eq=False)
class Part:
    """A part of a pattern."""

    start: int
    end: int
    first: int = 0
    """The characters that it may begin with."""
    alphabet: int = 0
    """The characters that it may match."""
    shortest: int = 0
    """The fewest characters that it matches."""
    tests: int = 1
    """How many steps it takes to see that the next character is none of `first`."""


@frozen(kw_only=True, eq=False)
class OneCharacter(Part):
    """One character of a set."""

    captured: bool = False
    """Whether it is a group of its own, which nothing makes quick."""


@frozen(kw_only=True, eq=False)
class InOrder(Part):
    """Parts that follow each other."""

    parts: tuple[Part, ...]


@frozen(kw_only=True, eq=False)
class OneOf(Part):
    """One of several parts."""

    parts: tuple[Part, ...]
    shared: int = 0
    """The steps that it takes to try again what several parts begin with."""


@frozen(kw_only=True, eq=False)
class Repeat(Part):
    """A part several times."""

    part: Part
    least: int
    most: float


@frozen(kw_only=True, eq=False)
class Atomic(Part):
    """A part whose choices are final once it has matched."""

    part: Part


def _in_order(parts: Sequence[Part], start: int, end: int) -> Part:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, InOrder) else [part])]
    if len(flat) == 1:
        return flat[0]
    first, tests = 0, 0
    for part in flat:
        first |= part.first
        tests += part.tests
        if part.shortest:
            break
    return InOrder(
        start=start,
        end=end,
        first=first,
        alphabet=union(part.alphabet for part in flat),
        shortest=sum(part.shortest for part in flat),
        tests=max(tests, 1),
        parts=tuple(flat),
    )


def _one_of(parts: Sequence[Part], start: int, end: int) -> Part:
    """Return one of several parts, with what they begin with taken out: `on|off` is an o, and then one of two."""
    groups: dict[int, list[Part]] = {}
    for part in parts:
        head = part.parts[0] if isinstance(part, InOrder) and part.parts else part
        groups.setdefault(head.first if isinstance(head, OneCharacter) else -len(groups) - 1, []).append(part)
    together: list[Part] = []
    shared = 0
    for members in groups.values():
        if len(members) == 1:
            together += members
            continue
        sequences = [part.parts if isinstance(part, InOrder) else (part,) for part in members]
        same = _same(sequences)
        shared += len(members) * same
        rests = [_in_order(parts[same:], start, end) for parts in sequences]
        together.append(_in_order([*sequences[0][:same], _one_of(rests, start, end)], start, end))
    if len(together) == 1 and not shared:
        return together[0]
    return OneOf(
        start=start,
        end=end,
        first=union(part.first for part in together),
        alphabet=union(part.alphabet for part in together),
        shortest=min(part.shortest for part in together),
        tests=sum(part.tests for part in together) + shared,
        parts=tuple(together),
        shared=shared,
    )


def _same(sequences: Sequence[Sequence[Part]]) -> int:
    """Return how many characters all of the sequences begin with."""
    for count, parts in enumerate(zip(*sequences, strict=False)):
        if not all(isinstance(part, OneCharacter) and part.first == parts[0].first for part in parts):
            return count
    return min(map(len, sequences))


def union(masks: Iterable[int]) -> int:
    """Return the characters of several sets."""
    found = 0
    for mask in masks:
        found |= mask
    return found


class PatternReader:
    """Reads a pattern that `re` has taken already, by recursive descent."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at: int = 0
        self._groups = 0
        self._any_case = any("i" in found["on"] for found in _FLAGS.finditer(pattern))
        self.captures: int = 0

    def whole(self) -> Part:
        """Return the pattern as a whole."""
        return self._branches()

    def _refuse(self, start: int, message: str, hint: str) -> NoReturn:
        raise SlowPattern(start, max(self._at, start + 1), message, hint)

    def _branches(self) -> Part:
        start = self._at
        branches = [self._branch()]
        while self._next("|"):
            branches.append(self._branch())
        return _one_of(branches, start, self._at) if len(branches) > 1 else branches[0]

    def _branch(self) -> Part:
        start = self._at
        parts: list[Part] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            parts.append(self._quantified())
        return _in_order(parts, start, self._at)

    def _quantified(self) -> Part:
        start = self._at
        part = self._atom()
        found = _QUANTIFIER.match(self._pattern, self._at)
        # Braces without a number or a comma are characters.
        if found is None or found[0] == "{}":
            return part
        self._at = found.end()
        final = self._next("+")
        if not final:
            self._next("?")
        least, most = _times(found)
        if most > 1 and not part.shortest:
            hint = "change the repeated part so that it matches at least one character"
            self._refuse(start, "a repeat of a part that may match nothing can be slow", hint)
        if most == 0:
            return _in_order((), start, self._at)
        whole: Part
        if most == 1:
            whole = part if least else _one_of([part, _in_order((), start, self._at)], start, self._at)
        else:
            whole = Repeat(
                start=start,
                end=self._at,
                first=part.first,
                alphabet=part.alphabet,
                shortest=part.shortest * least,
                tests=part.tests + 1,
                part=part,
                least=least,
                most=most,
            )
        return self._final(whole) if final else whole

    def _final(self, part: Part) -> Part:
        return Atomic(
            start=part.start,
            end=part.end,
            first=part.first,
            alphabet=part.alphabet,
            shortest=part.shortest,
            tests=part.tests,
            part=part,
        )

    def _atom(self) -> Part:
        start = self._at
        sign = self._pattern[start]
        if sign == "(":
            return self._group()
        self._at += 1
        match sign:
            case "[":
                return self._set(start)
            case ".":
                return self._one(start, EVERY)
            case "^" | "$":
                return _in_order((), start, self._at)
            case "\\":
                return self._escape(start)
            case _:
                return self._one(start, _bits([ord(sign)]))

    def _one(self, start: int, mask: int, tests: int = 1) -> Part:
        mask = self._folded(mask)
        return OneCharacter(start=start, end=self._at, first=mask, alphabet=mask, shortest=1, tests=tests)

    def _folded(self, mask: int) -> int:
        if not self._any_case:
            return mask
        letters = mask & _LETTERS
        lower, upper = letters & _bits(range(97, 123)), letters & _bits(range(65, 91))
        mask |= lower >> 32 | upper << 32
        return mask | _BEYOND | _FOLDING if mask & (_FOLDING | _BEYOND) else mask

    def _group(self) -> Part:
        start = self._at
        self._groups += 1
        if self._groups > _MOST_GROUPS:
            self._refuse(start, f"groups are nested more than {_MOST_GROUPS} deep", "write it with fewer groups")
        final = False
        named = _NAMED_GROUP.match(self._pattern, start)
        flags = _FLAGS.match(self._pattern, start)
        if named is not None:
            self._at = named.end()
            self.captures += 1
        elif not self._pattern.startswith("(?", start):
            self._at += 1
            self.captures += 1
        elif self._pattern.startswith("(?>", start):
            self._at += 3
            final = True
        elif self._pattern.startswith("(?#", start):
            self._at = self._pattern.index(")", start) + 1
            self._groups -= 1
            return _in_order((), start, self._at)
        elif flags is not None:
            self._at = flags.end()
            if not set(flags["on"] + (flags["off"] or "")) <= set("ims"):
                self._refuse(start, f"the flags {flags[0]} are not among i, m and s", "write the pattern without them")
            if flags["end"] == ")":
                self._groups -= 1
                return _in_order((), start, self._at)
        else:
            self._special(start)
        inner = self._branches()
        self._at += 1
        self._groups -= 1
        if isinstance(inner, OneCharacter):
            inner = evolve(inner, captured=True)
        return self._final(inner) if final else inner

    def _special(self, start: int) -> NoReturn:
        self._at = start + 3
        if self._pattern.startswith("(?P=", start):
            self._refuse(start, "a reference to a group can be slow", "write out what may stand there")
        if self._pattern.startswith("(?(", start):
            self._refuse(start, "a condition on a group can be slow", "write out both cases, with | between")
        self._refuse(start, "lookahead and lookbehind can be slow", "say what the text is, not what it is not")

    def _escape(self, start: int) -> Part:
        letter = self._pattern[self._at]
        if letter in _CATEGORIES:
            self._at += 1
            return self._one(start, _CATEGORIES[letter])
        if letter == "z":
            self._at += 1
            self._refuse(start, "not every Python knows \\z", "the whole text is matched anyway")
        if letter in "AbBZ":
            self._at += 1
            return _in_order((), start, self._at)
        if letter.isdigit() and letter != "0" and not re.match("[0-3][0-7]{2}", self._pattern[self._at :]):
            self._at += 1
            self._refuse(start, "a reference to a group can be slow", "write out what may stand there")
        return self._one(start, _bits([self._character()]))

    def _character(self) -> int:
        """Return the character of an escape whose backslash is read."""
        letter = self._pattern[self._at]
        self._at += 1
        if letter in _NUMBERED:
            digits = self._pattern[self._at : self._at + _NUMBERED[letter]]
            self._at += len(digits)
            return int(digits, 16)
        if letter == "N":
            self._at = self._pattern.index("}", self._at) + 1
            # Nearly all that have to be named are beyond ASCII; the others are more than they are then.
            return 128
        if letter in "01234567":
            octal = re.match("[0-7]{1,2}", self._pattern[self._at :])
            digits = letter + (octal[0] if octal else "")
            self._at += len(digits) - 1
            return int(digits, 8)
        return _CONTROLS.get(letter, ord(letter))

    def _set(self, start: int) -> Part:
        """Read a set of characters whose bracket is read."""
        negated = self._next("^")
        first = self._at
        maybe, surely, heavy = 0, 0, 0
        while self._pattern[self._at] != "]" or self._at == first:
            low = self._member()
            if isinstance(low, str):
                maybe |= _CATEGORIES[low]
                surely |= _CATEGORIES[low]
                continue
            high = low
            if self._pattern[self._at] == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                member = self._member()
                # `re` refuses a range that ends with a category.
                high = member if isinstance(member, int) else low
            heavy += high > 0xFFFF
            maybe |= _bits(range(low, min(high, 128) + 1)) if low < 128 else _BEYOND
            surely |= _bits(range(low, min(high, 127) + 1))
        self._at += 1
        # What is not in the first plane is looked for one by one.
        tests = 1 + heavy // 4
        if not negated:
            return self._one(start, maybe, tests)
        mask = EVERY ^ surely
        return OneCharacter(start=start, end=self._at, first=mask, alphabet=mask, shortest=1, tests=tests)

    def _member(self) -> int | str:
        """Return a character of a set, or the letter of a category."""
        sign = self._pattern[self._at]
        self._at += 1
        if sign != "\\":
            return ord(sign)
        if self._pattern[self._at] in _CATEGORIES:
            self._at += 1
            return self._pattern[self._at - 1]
        return self._character()

    def _next(self, sign: str) -> bool:
        if self._pattern.startswith(sign, self._at):
            self._at += len(sign)
            return True
        return False


def _times(found: re.Match[str]) -> tuple[int, float]:
    if found["least"] is None:
        return {"*": (0, math.inf), "+": (1, math.inf), "?": (0, 1.0)}[found[0]]
    least = int(found["least"] or 0)
    if found["comma"] is None:
        return least, least
    return least, float(found["most"]) if found["most"] else math.inf
