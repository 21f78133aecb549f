"""Changes that were tried with packages of both schemas: what each is called is what their messages showed."""

from __future__ import annotations

from pathlib import Path

import pytest

from emitter_typed_codegen.compare import compare
from emitter_typed_codegen.jobs import compiler_protocol
from emitter_typed_codegen.resolve import load

READERS, WRITERS, STORED = "breaks-readers", "breaks-writers", "breaks-stored"
LOSES, PYTHON, SAFE = "loses-value", "python-only", "safe"
OLD_REFUSE = {READERS}
NEW_REFUSE = {WRITERS, STORED}
BOTH_REFUSE = {READERS, WRITERS, STORED}


def _record(fields: str, more: str = "") -> str:
    return f'types: {{R: {{fields: {{{fields}}}}}{more}}}\nchannels: {{c: {{address: "a/x/", payload: R}}}}\n'


def _types(types: str) -> str:
    return f'types: {{{types}}}\nchannels: {{c: {{address: "a/x/", payload: R}}}}\n'


def _payload(payload: str, types: str = "") -> str:
    return f'types: {{{types}}}\nchannels: {{c: {{address: "a/x/", payload: {payload}}}}}\n'


def _segment(param: str, types: str = "") -> str:
    return f'types: {{{types}}}\nchannels: {{c: {{address: "a/{{p}}/", payload: json, params: {{p: {param}}}}}}}\n'


def _options(options: str) -> str:
    return f'channels: {{c: {{address: "a/x/", payload: json, options: {{{options}}}}}}}\n'


UNION = "A: {fields: {a: int}}, B: {fields: {b: int}}, R: {union: [A, B], tag: k, values: "
ENUM = ", E: {enum: [a, b]}"

CHANGES = [
    # Aliases and limits.
    (
        _record("x: A", ", A: {alias: B}, B: {alias: int}"),
        _record("x: A", ", A: {alias: B}, B: {alias: int, maximum: 3}"),
        NEW_REFUSE,
    ),
    (_record("x: A", ", A: {alias: int}"), _record("x: A", ', A: {alias: "int?"}'), OLD_REFUSE),
    (_record("x: {type: int, minimum: 1}"), _record("x: {type: int, exclusive_minimum: 0}"), {SAFE}),
    (_record("x: {type: float, exclusive_minimum: 0}"), _record("x: {type: float, minimum: 0}"), OLD_REFUSE),
    (
        _record("x: {type: date, exclusive_minimum: 2020-01-01}"),
        _record("x: {type: date, minimum: 2020-01-02}"),
        {SAFE},
    ),
    (_record("x: {type: string, max_length: 3}"), _record("x: uuid"), BOTH_REFUSE),
    (_record("x: uuid"), _record("x: {type: string, max_length: 3}"), BOTH_REFUSE),
    (
        _segment("{type: L, maximum: 5}", "L: {alias: int, maximum: 9}"),
        _segment("{type: L, maximum: 5}", "L: {alias: int, maximum: 7}"),
        {SAFE},
    ),
    (_record("x: {type: date, minimum: 2020-01-01}"), _record("x: string"), OLD_REFUSE),
    (
        _record("x: {type: date, minimum: 2020-01-01}"),
        _record("x: E", ", E: {enum: [a], open: true}"),
        {*OLD_REFUSE, SAFE},
    ),
    (_record("x: {type: int, minimum: 0}"), _record("x: {type: float, minimum: 1}"), BOTH_REFUSE),
    (_record("x: {type: float, minimum: 1}"), _record('x: {type: decimal, minimum: "1.5"}'), BOTH_REFUSE),
    (_record("x: string"), _record("x: S", ", S: {alias: string, secret: true}"), {*NEW_REFUSE, PYTHON, SAFE}),
    (_record("x: {type: float, exclusive_minimum: 0}"), _record("x: {type: float, minimum: 1}"), NEW_REFUSE),
    # Flags in the place of an enum that has as many values, and not these.
    (
        _record("x: F", ", F: {flags: {r: read, w: write}}"),
        _record("x: F", ', F: {enum: {"": {name: no}, r: {name: read}, w: {name: write}, x: {name: other}}}'),
        BOTH_REFUSE,
    ),
    # Lists, maps and records in them.
    (_record('x: "[[int]]"'), _record('x: "[[float]]"'), OLD_REFUSE),
    (_record('x: "{string: int}"'), _record('x: "{string: int?}"'), OLD_REFUSE),
    (_record('x: "[int]?"'), _record('x: "[int?]"'), BOTH_REFUSE),
    (
        _record('x: "{string: [A]}"', ", A: {fields: {a: int?}}"),
        _record('x: "{string: [A]}"', ", A: {fields: {a: int}}"),
        NEW_REFUSE,
    ),
    (_record('x: "[E]"', ENUM), _record('x: "[E]"', ", E: {enum: [a, b, c]}"), OLD_REFUSE),
    # Defaults that mean the same, and those that do not.
    (_record('x: {type: decimal, default: "1.0"}'), _record('x: {type: decimal, default: "1.00"}'), set[str]()),
    (
        _record("x: {type: datetime, default: 2020-01-01T00:00:00Z}"),
        _record("x: {type: datetime, default: 2020-01-01T01:00:00+01:00}"),
        set[str](),
    ),
    (
        _record('x: {type: "{string: int}", default: {a: 1, b: 2}}'),
        _record('x: {type: "{string: int}", default: {b: 2, a: 1}}'),
        set[str](),
    ),
    (_record('x: {type: "[int]", default: [1, 2]}'), _record('x: {type: "[int]", default: [2, 1]}'), {LOSES}),
    (_record("x: {type: json, default: {a: 1, b: 2}}"), _record("x: {type: json, default: {b: 2, a: 1}}"), set[str]()),
    (_record("x: {type: int, default: 3}"), _record("x: {type: int, default: 3, blank: [null]}"), {SAFE}),
    (_record("x: {type: int, default: 3}"), _record("x: {type: int, default: 3, blank: [0]}"), {LOSES}),
    (_record('x: {type: "int?", default: 3, blank: [null]}'), _record('x: {type: "int?", default: 3}'), {LOSES}),
    (_record("x: date?"), _record('x: {type: date?, blank: [""]}'), {SAFE}),
    (_record("x: datetime?"), _record("x: {type: datetime?, blank: [0]}"), {SAFE}),
    (
        _record("x: {type: datetime?, format: unix}"),
        _record("x: {type: datetime?, format: unix, blank: [true]}"),
        {SAFE},
    ),
    (
        _record('x: {type: "[decimal]", default: ["1.0"]}'),
        _record('x: {type: "[decimal]", default: ["1.00"]}'),
        set[str](),
    ),
    (
        _types("R: {unknown: keep, fields: {a: int}}"),
        _types("R: {unknown: keep, fields: {a: int, b: json?}}"),
        {SAFE},
    ),
    # Names.
    (_record("a: {type: int, wire: b}, b: {type: int, wire: a}"), _record("a: int, b: int"), {LOSES, SAFE}),
    (_record("x: int"), _record("y: {type: float, also_read: [x]}"), OLD_REFUSE),
    (
        _types("P: {fields: {a: int}}, Q: {fields: {b: int}}, R: {fields: {x: P, y: Q}}"),
        _types("Q: {fields: {a: int}}, P: {fields: {b: int}}, R: {fields: {x: Q, y: P}}"),
        {PYTHON},
    ),
    (
        _types("P: {fields: {a: int}}, Q: {fields: {b: int}}, R: {fields: {x: P, y: Q}}"),
        _types("P: {fields: {a: int}}, Q: {fields: {b: int}}, R: {fields: {x: Q, y: P}}"),
        {*BOTH_REFUSE, PYTHON},
    ),
    (
        _types("Q: {fields: {a: int}}, R: {fields: {x: Q, y: Q}}"),
        _types("Q: {fields: {a: int}}, Q2: {fields: {a: int}}, R: {fields: {x: Q, y: Q2}}"),
        {PYTHON, SAFE},
    ),
    (
        _types("Q: {fields: {a: int}}, R: {fields: {x: Q, y: Q}}"),
        _types("Q: {fields: {a: int}}, Q2: {fields: {a: int, b: int}}, R: {fields: {x: Q, y: Q2}}"),
        {*NEW_REFUSE, PYTHON, SAFE},
    ),
    # Unions.
    (_types(UNION + "[x, y]}"), _types(UNION + "[y, x]}"), {*BOTH_REFUSE, SAFE}),
    (
        _types(UNION.replace("values", "open: true, values") + "[x, y]}"),
        _types(UNION.replace("values", "open: true, values") + "[y, x]}"),
        {*BOTH_REFUSE, SAFE},
    ),
    # A record that becomes a member of a union, under another name or beside one that it cannot be taken for.
    (
        _payload("R", "R: {fields: {a: int}}"),
        _payload("U", "S: {fields: {a: int}}, T: {fields: {b: int}}, U: {union: [T, S], tag: k}"),
        {*BOTH_REFUSE, PYTHON, SAFE},
    ),
    (
        _payload("R", "R: {fields: {a: int}}"),
        _payload("U", "R: {fields: {a: int}}, T: {fields: {a: string?}}, U: {union: [R, T], tag: k}"),
        {*BOTH_REFUSE, SAFE},
    ),
    (
        _payload("R", "R: {fields: {a: int?}}"),
        _payload("U", "R: {fields: {a: int?}}, T: {fields: {b: int}}, U: {union: [R, T], tag: k}"),
        {*NEW_REFUSE, LOSES, SAFE},
    ),
    (
        _payload("R", "R: {fields: {a: float}}"),
        _payload("U", "R: {fields: {a: float}}, T: {fields: {a: int}}, U: {union: [R, T], tag: k}"),
        {*NEW_REFUSE, LOSES, SAFE},
    ),
    (
        _types("A: {fields: {}}, R: {union: [A], tag: k}"),
        _types("Z: {fields: {}}, R: {union: [Z], tag: k, values: [a]}"),
        {PYTHON},
    ),
    # Whole payloads: a text, or bytes, is no JSON unless it has a ?.
    (_payload("text"), _payload("string"), {PYTHON}),
    (_payload("text?"), _payload("string?"), {PYTHON}),
    (_payload("string"), _payload("string?"), {*NEW_REFUSE, LOSES}),
    (_payload("bytes?"), _payload("bytes"), {*OLD_REFUSE, LOSES}),
    (_payload("A", "A: {alias: string}"), _payload("A", 'A: {alias: "string?"}'), {*NEW_REFUSE, LOSES}),
    (_payload("text"), _payload("A", "A: {alias: string, max_length: 3}"), {*NEW_REFUSE, PYTHON, SAFE}),
    (_payload("bytes"), _payload("text"), NEW_REFUSE),
    # Parameters.
    (_segment("int"), _segment("string"), OLD_REFUSE),
    (_segment("string"), _segment("E", "E: {enum: [a], open: true}"), {PYTHON, SAFE}),
    (_segment("E", "E: {enum: [a, b]}"), _segment("E", "E: {enum: [a]}"), NEW_REFUSE),
    (_segment("{type: int, minimum: 1}"), _segment("{type: int, exclusive_minimum: 0}"), {SAFE}),
    # Options.
    (_options("ttl: 60"), _options("ttl: 60, retain: true"), {SAFE}),
    (_options("ttl: 60"), _options("ttl: 60, echo: false"), {LOSES}),
    (_options("ttl: 60, qos: 1"), _options("ttl: 60"), {LOSES}),
]


@pytest.mark.parametrize(("old", "new", "effects"), CHANGES)
def test_a_change_does_what_its_messages_showed(old: str, new: str, effects: set[str], tmp_path: Path) -> None:
    schemas = [tmp_path / "old.yaml", tmp_path / "new.yaml"]
    for path, text in zip(schemas, (old, new), strict=True):
        path.write_text(f"emitter-typed: 1\nname: Home\n{text}", "utf-8")

    changes = compare(*(load(path, compiler_protocol()) for path in schemas))

    assert {effect for change in changes for effect in change.rule.effects} == effects


@pytest.mark.parametrize("values", [("a", "b"), (0, 1), (1, 0)], ids=str)
def test_each_member_whose_value_was_swapped_is_told(values: tuple[object, object], tmp_path: Path) -> None:
    one, other = values
    (tmp_path / "old.yaml").write_text(f"emitter-typed: 1\n{_types(f'{UNION}[{one}, {other}]}}')}", "utf-8")
    (tmp_path / "new.yaml").write_text(f"emitter-typed: 1\n{_types(f'{UNION}[{other}, {one}]}}')}", "utf-8")

    found = compare(load(tmp_path / "old.yaml"), load(tmp_path / "new.yaml"))

    told = {change.message for change in found if change.rule.id.startswith("member-value")}
    assert told == {f"the value of A: {one} → {other}", f"the value of B: {other} → {one}"}


def test_a_change_of_a_name_has_the_path_of_the_old_one(tmp_path: Path) -> None:
    """It is what a file of accepted breaks names."""
    (tmp_path / "old.yaml").write_text(f"emitter-typed: 1\nname: Home\n{_record('x: int')}", "utf-8")
    (tmp_path / "new.yaml").write_text(f"emitter-typed: 1\nname: Home\n{_record('y: {type: int, wire: x}')}", "utf-8")

    (change,) = compare(load(tmp_path / "old.yaml"), load(tmp_path / "new.yaml"))

    assert change.path == "types.R.fields.x"
