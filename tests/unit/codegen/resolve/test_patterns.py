"""Patterns that could be slow are refused, and those that people write are not."""

import re
from pathlib import Path

import pytest

from emitter_typed_codegen.resolve.pattern_parts import SlowPattern
from emitter_typed_codegen.resolve.patterns import check_speed
from tests.unit.codegen.schemas import rules

GOOD = [
    "", "^$", "[a-z0-9-]{1,32}", "[a-z][a-z0-9_]*", r"[\w.-]+", r"\S+ \S+", r"^\d{4}-\d{2}-\d{2}$", "a*b", ".*",
    ".+foo",     r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", r"#[0-9a-f]{6}([0-9a-f]{2})?",
    r"\d+\s+\d+", r"\+?\d[\d ]{6,14}\d",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "(on|off)(,(on|off))*", r"[a-z]+(\.[a-z]+)*", "[^,]*(,[^,]*)*",
    r"(https?|ftp)://[^/]+(/.*)?", r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
    r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}", r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?",
    r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", r'"[^"\\]*(\\.[^"\\]*)*"', "(a*b)*c", "(ab|a)*",
    "(mon|tue|wed|thu|fri|sat|sun)+", "(?i)[a-z]+[0-9]*", "(?i:on)|off", "(?P<hour>[0-9]+):(?#minute)[0-9]+",
    r"[]a]+\]", r"[^]a]+\]", "{}+", "a{,3}", "[a-]+", r"\x41+\u0042+\U00000043\103\n", r"\w{1,100}\w{1,100}", "(?>a+)b",
    "a*+a*+b", r"[\d-]+", "(?-i:a)", "(|a)b", r"\bfoo\b", r"\Afoo\Z", "[😀-🙏]+", "é+", r"\N{DIGIT ONE}+a", "(?s).+x",
]  # fmt: skip

SLOW = {
    "(a+)+b": "(a+)+",
    "a*a*a*a*b": "a*",
    "x(a|a)*": "(a|a)*",
    "(a|ab|b)*c": "(a|ab|b)*",
    "(a|b|.)*": "(a|b|.)*",
    "(x+x+)+y": "(x+x+)+",
    ".*x.*y": ".*",
    r"\s*\S*\s*": "",
    r"(\w+\s?)*x": r"(\w+\s?)*",
    "(a?b?)*": "(a?b?)*",
    "(a?){30}": "(a?){30}",
    "(a*)*": "(a*)*",
    "(^)+": "(^)+",
    "(.*)*": "(.*)*",
    "([a-z]+)*": "([a-z]+)*",
    "(?i)a+A+b": "a+",
    "(?i:k+)\u212a+b": "k+",
    "é+è+": "é+",
    "[^a]+b+c": "[^a]+",
    r"\w+\d+": r"\w+",
    r"\D+\s+x": r"\D+",
    "(a|a[a-z]*Q)*": "(a|a[a-z]*Q)*",
    "(?:(?>[a-z]*Q|)a)*": "(?:(?>[a-z]*Q|)a)*",
    r"\w{1,200}\w{1,200}\w{1,200}": r"\w{1,200}",
    r"(a)\1": r"\1",
    "(?P<a>a)(?P=a)": "(?P",
    "(a)?(?(1)b|c)": "(?(",
    "a(?=b)": "(?=",
    "a(?!b)": "(?!",
    "(?<=a)b": "(?<",
    "(?<!a)b": "(?<",
    "(?x) a": "(?x)",
    "(?a:a)": "(?a:",
}
"""What is refused, and the part of it that the problem points at; empty: nothing that a person would look for."""


@pytest.mark.parametrize("pattern", GOOD)
def test_what_people_write_is_accepted(pattern: str) -> None:
    re.compile(pattern)

    check_speed(pattern)


@pytest.mark.parametrize("pattern", SLOW)
def test_what_could_be_slow_is_refused_at_its_place(pattern: str) -> None:
    re.compile(pattern)

    with pytest.raises(SlowPattern) as caught:
        check_speed(pattern)

    assert pattern[caught.value.start : caught.value.end].startswith(SLOW[pattern])


@pytest.mark.parametrize(
    ("pattern", "longest"), [("(a+)+b", 10), ("a*a*b", 500), ("a*a*a*a*b", 8), (".*x.*y", 500), (r"(\w+\s?)*x", 3)]
)
def test_a_length_bounds_what_would_be_slow(pattern: str, longest: int) -> None:
    check_speed(pattern, longest)

    with pytest.raises(SlowPattern):
        check_speed(pattern, longest * 10)


def test_deep_groups_are_refused_before_they_are_read() -> None:
    with pytest.raises(SlowPattern, match="deep"):
        check_speed("(?:" * 60 + "a" + ")" * 60)


def test_the_longest_patterns_are_judged() -> None:
    check_speed("|".join([f"{'a' * 240}{end}" for end in "bcde"]))
    check_speed("|".join("a" * length for length in range(1, 40)) + "|b")
    check_speed("|".join(chr(code) for code in range(0x4E00, 0x4E00 + 500)))


def test_a_slow_pattern_is_one_problem_and_nothing_is_matched_with_it(tmp_path: Path) -> None:
    text = """
        types:
          Code: {alias: string, pattern: "(a+)+b", max_length: %s}
          Short: {alias: Code, max_length: 5}
          It: {fields: {it: {type: Short, default: aaaa}}}
        """

    # A length that is checked after the pattern is no help.
    assert rules(tmp_path, text % 100) == [(3, "slow-pattern")]
    assert rules(tmp_path, text % 10) == [(5, "bad-default")]
    assert rules(tmp_path, text % -1) == [(3, "bad-limit")]
