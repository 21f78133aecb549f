"""Examples keep every limit of the schema, or there are none."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emitter_typed_codegen.export.documents import export
from emitter_typed_codegen.export.examples import Examples
from emitter_typed_codegen.model import Named, Record
from emitter_typed_codegen.resolve import load
from tests.property.hostile_schemas import Hostile
from tests.unit.codegen.schemas import schema


def example(folder: Path, field: str) -> Any:
    made = schema(folder, f"types: {{R: {{fields: {{field: {field}}}}}}}")
    found = Examples(made).of(Named("R"))
    return None if found is None else found.value["field"]  # type: ignore[index]  # a record's example is an object


KEPT: list[tuple[str, object]] = [
    ("string", "field"),
    ("int", 1),
    ("{type: int, minimum: 5}", 6),
    ("{type: int, minimum: 5, maximum: 5}", 5),
    ("{type: int, exclusive_minimum: 0, exclusive_maximum: 2}", 1),
    ("{type: float, minimum: 0, maximum: 1}", 0.5),
    ("{type: float, exclusive_minimum: 0, exclusive_maximum: 0.001}", 0.0005),
    ("{type: float, maximum: -273.15}", -274.15),
    ("{type: decimal, minimum: 10}", "11"),
    ("{type: decimal, exclusive_minimum: 0, exclusive_maximum: 1e-9999}", "5E-10000"),
    ("{type: decimal, minimum: 1e9999, default: 2e9999}", "2e9999"),
    ("{type: duration, maximum: 60}", 0),
    ("{type: duration, format: seconds, minimum: 100}", 101),
    ("{type: datetime, maximum: 2020-01-01T00:00:00Z}", "2019-12-31T23:59:59Z"),
    ("{type: datetime, format: unix}", 1769860800),
    ("{type: datetime, format: unix_ms}", 1769860800000),
    ("{type: datetime, format: unix_float}", 1769860800),
    ("{type: datetime, format: unix_ms, default: 2020-01-01T00:00:00.5Z}", 1577836800500),
    ("{type: datetime, format: unix_float, default: 2020-01-01T00:00:00.5Z}", 1577836800.5),
    ("{type: duration, format: milliseconds, minimum: 100}", 101000),
    ("{type: duration, format: milliseconds, default: 0.5}", 500),
    ("{type: date, minimum: 2030-01-01}", "2030-01-02"),
    ("{type: string, min_length: 8}", "field fi"),
    ("{type: string, max_length: 2}", "a"),
    ("{type: string, max_length: 0}", ""),
    ("{type: bytes, min_length: 4}", "AQIDBA=="),
    ("{type: bytes, max_length: 1}", "AQ=="),
    ("{type: '[int]', min_items: 2}", [1, 1]),
    ("{type: '[int]', max_items: 0}", []),
    ("{type: '{string: int}', min_items: 2}", {"key": 1, "key1": 1}),
    ("{type: int, default: 7}", 7),
    ("{type: 'int?', blank: [1]}", 0),
    ("{type: datetime, default: 2020-01-01T01:00:00.5+01:00}", "2020-01-01T00:00:00.500000Z"),
    ("{type: json, default: {a: [1, {}]}}", {"a": [1, {}]}),
]


@pytest.mark.parametrize(("field", "expected"), KEPT)
def test_an_example_keeps_all_limits(field: str, expected: object, tmp_path: Path) -> None:
    found = example(tmp_path, field)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z]{2,8}-[0-9]{4}", r"\d{3}", "(on|off)", "A+", "#[0-9a-f]{6}", r"[^a-z]+", "(?i)abc", r"\s", "é{2}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}", "v[0-9]+(\\.[0-9]+){2}", "(?>ab|a)", "x{100}", "[A-Z]{3}[0-9]{3}", "$|a",
    ],
)  # fmt: skip
def test_a_pattern_has_an_example(pattern: str, tmp_path: Path) -> None:
    found = example(tmp_path, "{type: string, pattern: " + json.dumps(pattern) + "}")

    assert re.fullmatch(pattern, found)


@pytest.mark.parametrize(
    "field",
    [
        "{type: string, pattern: 'a[^\\s\\S]b'}",
        "{type: string, pattern: '[a-z]{2}', min_length: 3}",
        "{type: string, min_length: 100000}",
        "{type: '[int]', min_items: 1000000}",
    ],
)
def test_where_no_example_is_found_there_is_none(field: str, tmp_path: Path) -> None:
    assert example(tmp_path, field) is None


def test_a_record_that_holds_itself_ends(tmp_path: Path) -> None:
    made = schema(
        tmp_path,
        """
        types:
          Tree: {fields: {value: int, left: Tree?, leaves: "[Tree]", by: "{string: Either}"}}
          Either: {union: [Tree], tag: kind}
        """,
    )
    found = Examples(made).several(Named("Either"))

    inner: dict[str, object] = {"value": 1, "leaves": [], "by": {}}
    whole: dict[str, object] = {"value": 1, "left": inner, "leaves": [inner], "by": {"key": {"kind": "tree", **inner}}}
    assert [one.value for one in found] == [{"kind": "tree", **whole}]


def test_deep_and_wide_types_have_small_examples(tmp_path: Path) -> None:
    chain = "".join(f"  C{n}: {{fields: {{value: int, next: C{n + 1}?}}}}\n" for n in range(1000))
    needed = "".join(f"  N{n}: {{fields: {{next: N{n + 1}}}}}\n" for n in range(1000))
    twice = "".join(f"  T{n}: {{fields: {{a: T{n + 1}, b: T{n + 1}?}}}}\n" for n in range(30))
    ends = "".join(f"  {name}: {{fields: {{}}}}\n" for name in ("C1000", "N1000", "T30"))
    examples = Examples(schema(tmp_path, f"types:\n{chain}{needed}{twice}{ends}"))

    shallow = examples.of(Named("C0"))
    assert shallow is not None
    assert len(json.dumps(shallow.value)) < 200
    assert examples.of(Named("N0")) is None
    assert examples.of(Named("N990")) is not None
    wide = examples.of(Named("T0"))
    assert wide is not None
    assert len(json.dumps(wide.value)) < 20_000


def test_deprecated_fields_are_left_out_where_that_is_possible(tmp_path: Path) -> None:
    made = schema(
        tmp_path,
        "types: {R: {fields: {a: {type: int, deprecated: x}, b: {type: int?, deprecated: x}, "
        "c: {type: int, default: 1, deprecated: x}}}}",
    )
    found = Examples(made).of(Named("R"))

    assert found is not None
    assert found.value == {"a": 1}


def test_deprecated_values_are_left_out_where_that_is_possible(tmp_path: Path) -> None:
    made = schema(
        tmp_path,
        "types: {E: {enum: {a: {deprecated: x}, b: B.}}, N: {enum: {a: {value: 1, deprecated: x}}}, "
        "F: {flags: {r: {deprecated: x}, w: W., s: S.}}, R: {fields: {e: E, n: N, f: F}}}",
    )
    found = Examples(made).of(Named("R"))

    assert found is not None
    assert found.value == {"e": "b", "n": 1, "f": "ws"}


def test_a_field_that_is_never_absent_is_null_where_its_record_is_in_itself(tmp_path: Path) -> None:
    made = schema(
        tmp_path,
        "types: {R: {fields: {a: {type: int?, required: true}, r: {type: R?, required: true}, s: Next}}, "
        "Next: {alias: R?}}",
    )
    found = Examples(made).of(Named("R"))
    inner = {"a": None, "r": None, "s": None}

    assert found is not None
    assert found.value == {"a": 1, "r": inner, "s": inner}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_any_schema_becomes_documents_whose_examples_fit(seed: int, tmp_path: Path) -> None:
    for name, text in Hostile(seed).files().items():
        (tmp_path / name).write_text(text, "utf-8")
    loaded = load(tmp_path / "schema.yaml")
    assert json.loads(export(loaded, "asyncapi"))
    assert export(loaded, "html").endswith("</html>\n")
    document = json.loads(export(loaded, "jsonschema"))
    records = [one.name for one in loaded.types if isinstance(one, Record)]
    shown = {type_["title"]: key for key, type_ in document["$defs"].items() if "examples" in type_}
    assert {*records} <= {*shown}
    for key in shown.values():
        judge: Any = jsonschema.Draft202012Validator({**document, "$ref": f"#/$defs/{key}"})
        judge.validate(document["$defs"][key]["examples"][0])
