"""Every type of the language comes back from the wire as it was, and stands there as the language's page says."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emitter_typed import Undecodable, Unrecognized
from emitter_typed._protocol.payloads import codec
from emitter_typed_codegen.model import Enum
from emitter_typed_codegen.resolve import load
from tests.behaviour.conftest import Generated
from tests.behaviour.generated.wire_oracle import Oracle

DECLARED = """
    types:
      Mode: {enum: {auto: "", "half on": "", class: "", "": {name: none}, " ": {name: blank}}}
      Open: {enum: {on: "", off: ""}, open: true}
      Rights: {flags: {r: "", w: "", x: ""}}
      Token: {alias: string, secret: true}
      Level: {alias: int, minimum: -5}
      Mine: {alias: Level, distinct: true}
      Tree: {fields: {value: int, left: Tree?, leaves: "[Tree]", named: "{string: Tree}"}}
      Kept: {unknown: keep, fields: {mode: Mode, class: {type: string?, wire: Class}}}
      Empty: {fields: {}}
      Either: {union: [Tree, Kept, Empty], tag: kind, values: [tree, "", empty]}
      Own: {alias: Tree, distinct: true}
      Deep: {fields: {either: Either, more: "[Either?]", by: "{string: [Either]}"}}
      Formats:
        fields:
          seen: {type: datetime, format: unix, wire: seen-at}
          lasts: {type: duration, format: seconds}
          sent: {type: datetime, format: unix_ms}
          began: {type: datetime?, format: unix_float}
          took: {type: duration, format: milliseconds}
          old: {type: Mode, default: auto, deprecated: use open}
          list: {type: "[int]", default: [1], max_items: 2, blank: [null]}
          limited: {type: "[Level]", default: []}
"""
NAMES = [
    *("string", "int", "float", "bool", "bytes", "datetime", "date", "duration", "uuid", "decimal", "json"),
    *("Mode", "Open", "Rights", "Token", "Level", "Mine", "Tree", "Kept", "Empty", "Either", "Own", "Deep", "Formats"),
]
TYPES = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: (
        inner.map(lambda one: one if one.endswith("?") else f"{one}?")
        | inner.map(lambda one: f"[{one}]")
        | inner.map(lambda one: f"{{string: {one}}}")
    ),
    max_leaves=4,
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


def check(cls: Any, value: Any, expected: object) -> None:
    raw = codec.encode(value, cls)
    document = json.loads(raw)
    assert document == expected
    # 1 is 1.0 and True there, and neither on the wire.
    assert json.dumps(document, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert codec.decode(raw, cls) == value


@pytest.mark.parametrize("name", [name for name in NAMES if name[0].isupper()])
@settings(max_examples=25, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_declared_type_comes_back_as_it_was(
    name: str, data: st.DataObject, generated: Generated, tmp_path: Path
) -> None:
    oracle = _oracle(generated, tmp_path, DECLARED)
    value, expected = data.draw(oracle.declared(name, 3))

    check(_type(oracle, name), value, expected)


@settings(max_examples=8, suppress_health_check=SLOW)
@given(types=st.lists(TYPES, min_size=8, max_size=8), data=st.data())
def test_fields_of_any_type_come_back_as_they_were(
    types: list[str], data: st.DataObject, generated: Generated, tmp_path: Path
) -> None:
    fields = "".join(f"          f{number}: {json.dumps(one)}\n" for number, one in enumerate(types))
    oracle = _oracle(generated, tmp_path, f"{DECLARED}      Any:\n        fields:\n{fields}", cached=False)
    for _ in range(3):
        value, expected = data.draw(oracle.declared("Any", 3))
        check(oracle.package.Any, value, expected)


def test_limits_of_every_ordered_type_are_kept(generated: Generated) -> None:
    made = generated("""
        types:
          T:
            fields:
              i: {type: int?, minimum: 1}
              f: {type: float?, exclusive_maximum: 1.5}
              d: {type: decimal?, minimum: 1}
              t: {type: datetime?, minimum: 2018-01-01T00:00:00Z}
              y: {type: date?, minimum: 2018-01-01, maximum: 2019-01-01}
              s: {type: duration?, exclusive_minimum: 1}
    """)
    good = {"i": 1, "f": 1, "d": "1", "t": "2018-01-01T00:00:00Z", "y": "2018-01-01", "s": 1.5}
    bad = {"i": 0, "f": 1.5, "d": "0.9", "t": "2017-12-31T23:59:59Z", "y": "2017-12-31", "s": 1}

    assert codec.encode(codec.decode(json.dumps(good).encode(), made.T)) is not None
    for name, value in bad.items():
        with pytest.raises(Undecodable) as caught:
            codec.decode(json.dumps({**good, name: value}).encode(), made.T)
        assert caught.value.path == f"$.{name}"


_ORACLES: dict[Path, Oracle] = {}


def _oracle(generated: Generated, folder: Path, schema: str, *, cached: bool = True) -> Oracle:
    if cached and folder in _ORACLES:
        return _ORACLES[folder]
    package = generated(schema)
    path = folder / "again.yaml"
    path.write_text("emitter-typed: 1\n" + textwrap.dedent(schema), "utf-8")
    made = Oracle(load(path), package)
    _ORACLES[folder] = made
    return made


def _type(oracle: Oracle, name: str) -> Any:
    cls = getattr(oracle.package, name)
    declared = oracle.schema.by_name[name]
    return cls | Unrecognized[str] if isinstance(declared, Enum) and declared.open else cls
