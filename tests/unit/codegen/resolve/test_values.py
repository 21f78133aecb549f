"""Defaults and constraints: texts of a schema as values of their types."""

from pathlib import Path

import pytest

from emitter_typed_codegen.model import JsonMap, Literal_, Record
from emitter_typed_codegen.problems import SchemaProblems
from tests.unit.codegen.schemas import rules, schema


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("string", "no", "no"),
        ("string", "1e3", "1e3"),
        ("string", '"null"', "null"),
        ("string?", "null", None),
        ("int", "-9223372036854775808", -(2**63)),
        ("float", "1e3", 1000.0),
        ("float", "-0.5", -0.5),
        ("bool", "false", False),
        ("bytes", "aGVsbG8=", "aGVsbG8="),
        ("datetime", "2018-01-01T00:00:00+01:00", "2018-01-01T00:00:00+01:00"),
        ("date", "2018-01-01", "2018-01-01"),
        ("duration", "90", 90),
        ("duration", "0.5", 0.5),
        ("decimal", "0.10", "0.10"),
        ("uuid", "01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
        ("json", "{a: [1, no, true, null, 0.5, '1']}", JsonMap([("a", (1, "no", True, None, 0.5, "1"))])),
        ("json", "[[a, 1], {}]", (("a", 1), JsonMap())),
        ('"[int]"', "[1, 2]", (1, 2)),
        ('"{string: bool}"', "{a: true}", (("a", True),)),
        ("Mode", "auto", "auto"),
    ],
)
def test_a_default_is_read_as_its_type(type: str, text: str, value: Literal_, tmp_path: Path) -> None:
    home = schema(
        tmp_path,
        f"types:\n  Mode: {{enum: [auto]}}\n  It: {{fields: {{it: {{type: {type}, default: {text}}}}}}}\n",
    )

    declared = home.types[1]
    assert isinstance(declared, Record)
    assert declared.fields[0].has_default
    assert (declared.fields[0].default, declared.fields[0].default.__class__) == (value, value.__class__)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("int", "9223372036854775808"),
        ("int", "1.0"),
        ("int", "007"),
        ("int", "1_000"),
        ("int", "٣"),
        ("float", ".inf"),
        ("float", "1e999"),
        ("bool", "yes"),
        ("bool", "'true'"),
        ("bytes", "aGVsbG8"),
        ("datetime", "2018-01-01T00:00:00"),
        ("datetime", "2018-02-30T00:00:00Z"),
        ("datetime", "2018-01-01T24:00:00Z"),
        ("datetime", "0001-01-01T00:00:00+01:00"),
        ("datetime", "9999-12-31T23:59:59-01:00"),
        ("date", "2018-02-30"),
        ("duration", "1e300"),
        ("duration", "86400000000000"),
        ("duration", "-86399999999999"),
        ("duration", "5m"),
        ("decimal", "NaN"),
        ("uuid", "0123"),
        ("Mode", "null"),
        ("Mode?", "AUTO"),
        ('"[int]"', "1"),
        ("It?", "{}"),
        ("Pin", "1234"),
    ],
)
def test_a_default_that_is_not_of_its_type_is_a_problem(type: str, text: str, tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        "types: {Mode: {enum: [auto]}, Pin: {alias: string, secret: true},\n"
        f"  It: {{fields: {{it: {{type: {type}, default: {text}}}}}}}}}\n",
    )

    assert found == [(2, "bad-default")]


def test_times_and_durations_at_the_ends_of_what_python_has_are_taken(tmp_path: Path) -> None:
    fields = """
        types:
          It:
            fields:
              first: {type: datetime, default: 0001-01-01T00:00:00Z}
              last: {type: datetime, default: 9999-12-31T23:59:59.999999+00:00}
              shortest: {type: duration, default: -86399999913600}
              longest: {type: duration, default: 86399999999999}
        """

    assert rules(tmp_path, fields) == []


VALUES = [
    ("type: int, default: 9223372036854775808", "change the type to float or decimal"),
    ("type: int, default: 1.5", "write an integer, or change the type to float"),
    ('type: int, default: "5"', "remove the quotes"),
    ('type: int, default: ""', "write decimal digits"),
    ('type: duration, default: "1h"', "write seconds: 3600"),
    ("type: duration, maximum: 1e300", "write seconds, from -86399999913600 to 86399999999999"),
    ("type: datetime, default: 0001-01-01T00:00:00+01:00", "in the years 1 to 9999 in UTC"),
    ("type: bytes, default: a_c", "write a/c=; if the bytes of this text are meant, write YV9j"),
    ("type: bytes, default: a b", "if the bytes of this text are meant, write YSBi"),
    ("type: string, max_length: 1.5", ""),
    ('type: string, max_length: "5"', "write 5"),
    ("type: string, max_length: 1_000", "write 1000"),
    ("type: string, max_length: -1", ""),
    ("type: Many, default: nope", ""),
    ("type: Few, default: nope", "write a or b"),
    ("type: Many, default: v10000", "did you mean 'v1000'?"),
]


@pytest.mark.parametrize(("field", "hint"), VALUES)
def test_the_hint_of_a_value_says_what_helps(field: str, hint: str, tmp_path: Path) -> None:
    many = ", ".join(f"v{number}" for number in range(1000, 1020))
    text = f"types: {{Many: {{enum: [{many}]}}, Few: {{enum: [a, b]}}, It: {{fields: {{it: {{{field}}}}}}}}}\n"

    with pytest.raises(SchemaProblems) as caught:
        schema(tmp_path, text)

    (problem,) = caught.value.problems
    assert hint in problem.hint if hint else not problem.hint


def test_constraints_of_aliases_hold_for_defaults_and_through_optional(tmp_path: Path) -> None:
    text = """
        types:
          Inner: {alias: int, minimum: 3}
          Outer: {alias: Inner?, maximum: 5}
          It: {fields: {it: {type: Outer, default: %s}}}
        """

    assert rules(tmp_path, text % "2") == [(5, "bad-default")]
    assert rules(tmp_path, text % "6") == [(5, "bad-default")]
    assert rules(tmp_path, text % "4") == []
    assert rules(tmp_path, text % "null") == []


@pytest.mark.parametrize(
    ("type", "right", "wrong"),
    [
        ('"[Few]"', "[3, 5]", "[3, 2]"),
        ('"{string: Few?}"', "{a: 3, b: null}", "{a: 2}"),
        ('"[[Few]]?"', "[[3], []]", "[[3], [6]]"),
        ("Rows", "[[3, 4], []]", "[[3, 4, 5]]"),
        ("Rows", "[[4]]", "[[6]]"),
        ('"{string: Code}"', "{a: ab}", "{a: abc}"),
        ('"[Few | string]"', "[3, hi]", "[3, 2]"),
        ("Row | string", "[3, 4]", "[3, 2]"),
        ('"{string: bool | [Few]}"', "{a: true, b: [3]}", "{a: true, b: [6]}"),
    ],
)
def test_items_of_a_default_keep_the_limits_of_their_aliases(type: str, right: str, wrong: str, tmp_path: Path) -> None:
    """Otherwise no object could be created without the field."""
    text = """
        types:
          Few: {alias: int, minimum: 3, maximum: 5}
          Row: {alias: "[Few]", max_items: 2}
          Rows: {alias: "[Row]"}
          Code: {alias: string, pattern: "[a-z]{2}"}
          It: {fields: {it: {type: %s, default: %s}}}
        """

    assert rules(tmp_path, text % (type, right)) == []
    assert rules(tmp_path, text % (type, wrong)) == [(7, "bad-default")]


@pytest.mark.parametrize(
    ("limited", "is_right"),
    [
        ("type: Few, maximum: 3", True),
        ("type: Few, maximum: 2", False),
        ("type: Few?, exclusive_maximum: 3", False),
        ("type: Few, minimum: 6", False),
        ("type: Few, exclusive_minimum: 4, maximum: 9", True),
        ("type: Code, min_length: 4", False),
        ("type: Code, min_length: 3", True),
        ("type: Row, min_items: 3", False),
        ("type: Span, format: milliseconds, minimum: 61", False),
        ("type: Few, exclusive_minimum: 4", True),
        ("type: int, exclusive_minimum: 5, exclusive_maximum: 7", True),
        ("type: int, exclusive_minimum: 5, exclusive_maximum: 6", False),
        ("type: int, exclusive_minimum: 5, maximum: 6", True),
        ("type: date, exclusive_minimum: 2020-01-31, exclusive_maximum: 2020-02-01", False),
        ("type: float, exclusive_minimum: 5, exclusive_maximum: 6", True),
        ("type: float, exclusive_minimum: 5, maximum: 5", False),
    ],
)
def test_a_limit_that_no_value_of_its_alias_keeps_is_a_problem(limited: str, is_right: bool, tmp_path: Path) -> None:
    text = """
        types:
          Few: {alias: int, minimum: 3, maximum: 5}
          Row: {alias: "[Few]", max_items: 2}
          Code: {alias: string, max_length: 3}
          Span: {alias: duration, maximum: 60}
          It: {fields: {it: {%s}}}
        """

    assert rules(tmp_path, text % limited) == ([] if is_right else [(7, "bad-limit")])


def test_a_default_is_held_to_a_pattern_of_any_form(tmp_path: Path) -> None:
    field = "{type: string, pattern: '[a-z]+([.][a-z]+)*', default: %s}"

    assert rules(tmp_path, f"types: {{It: {{fields: {{it: {field % 'a.b.c'}}}}}}}\n") == []
    assert rules(tmp_path, f"types: {{It: {{fields: {{it: {field % 'a..c'}}}}}}}\n") == [(1, "bad-default")]


def test_a_default_that_is_too_long_for_its_pattern_is_not_matched(tmp_path: Path) -> None:
    text = """
        types:
          Short: {alias: string, max_length: 10}
          Slow: {alias: Short, pattern: "(a+)+b"}
          It: {fields: {it: {type: Slow, default: %s}}}
        """

    assert rules(tmp_path, text % ("a" * 64)) == [(5, "bad-default")]
    assert rules(tmp_path, text % "aab") == []
