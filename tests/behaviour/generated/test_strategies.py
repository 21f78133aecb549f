"""What the strategies of a package make keeps every limit, and is read from JSON as it was written."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import typing
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emitter_typed import InvalidArgument, decode_json, encode_json
from emitter_typed._protocol.payloads import parameters
from emitter_typed.contract import ChannelDefinition, max_length, min_length, pattern
from emitter_typed.testing import strategy
from emitter_typed_codegen.cli import main
from tests.behaviour.conftest import Generated
from tests.helpers.tree import ROOT

Strategies = Callable[..., st.SearchStrategy[Any]]

PACKAGES = [
    ".".join(path.parent.relative_to(ROOT).parts) for path in sorted(ROOT.glob("tests/codegen/golden/*/*/testing.py"))
] + ["home_api"]


def functions(module: ModuleType) -> Iterator[tuple[Strategies, Any]]:
    """Yield the functions of a module of strategies, each with the type that its strategy makes."""
    for _, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__:
            hints = typing.get_type_hints(function, include_extras=True)
            yield function, typing.get_args(hints["return"])[0]


def with_strategies(package: ModuleType) -> ModuleType:
    """Generate a package of the fixture `generated` once more."""
    folder = Path(str(package.__file__)).parent
    assert main(["generate", f"{folder}.yaml", "--out", str(folder), "--testing"]) == 0
    return package


def definitions(package: ModuleType) -> dict[Any, ChannelDefinition[Any, Any]]:
    """Return the definitions of a package's channels that have parameters, by the class of these."""
    try:
        channels = vars(importlib.import_module(f"{package.__name__}.channels"))
    except ModuleNotFoundError:
        return {}
    found: list[Any] = [one for one in channels.values() if isinstance(one, ChannelDefinition)]
    return {one.params: one for one in found if one.params is not None}


def check_all(package: ModuleType) -> None:
    module = importlib.import_module(f"{package.__name__}.testing")
    channels = definitions(package)
    seen = 0
    for function, form in functions(module):
        # Nothing that is deprecated warns, as in what is read.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(function(), form, channels.get(form))
        seen += 1
    assert seen > 0


def check(drawn: st.SearchStrategy[Any], form: Any, channel: ChannelDefinition[Any, Any] | None = None) -> None:
    @settings(max_examples=10, deadline=None, database=None)
    @given(drawn)
    def holds(value: Any) -> None:
        if channel is None:
            assert decode_json(encode_json(value, form), form) == value
        else:
            texts = {one.name: parameters.text(getattr(value, one.name)) for one in attrs.fields(form)}
            found = channel.address.match(channel.address.compose(texts))
            assert found is not None
            assert found == texts
            assert parameters.read(found, form) == value

    holds()


@pytest.mark.parametrize("package", PACKAGES)
def test_all_that_a_package_declares_comes_back(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "examples" / "home"), *sys.path])
    check_all(importlib.import_module(package))


HARD = """
    types:
      Mode: {enum: {auto: "", "": {name: none}}}
      Open: {enum: {on: "", off: ""}, open: true}
      Rights: {flags: {r: "", w: "", x: ""}}
      Token: {alias: string, secret: true}
      Level: {alias: int, minimum: -5, exclusive_maximum: 5}
      Mine: {alias: Level, distinct: true, minimum: 0}
      Levels: {alias: "[Level]", min_items: 2, max_items: 3}
      Code: {alias: string, pattern: "[a-z]{2}-\\\\d+", min_length: 12, max_length: 14}
      Loud: {alias: string, pattern: "(?i)a+b", max_length: 4}
      Tree: {fields: {value: int, left: Tree?, leaves: "[Tree]", named: "{string: Tree}"}}
      Leaf: {fields: {}}
      Node: {union: [Leaf, Branch], tag: kind}
      Branch: {fields: {left: Node, right: Node, also: "[Node]?"}}
      Kept: {unknown: keep, fields: {kind: Mode, class: {type: string?, wire: Class, also_read: [Klasse]}}}
      Other: {unknown: keep, fields: {}}
      Either: {union: [Kept, Other], tag: type}
      Grid: {alias: "[[Level]]"}
      Old: {deprecated: use New, fields: {a: {type: int?, deprecated: use b}, b: int?}}
      Limited:
        fields:
          f: {type: float, exclusive_minimum: 0, maximum: 0.1}
          d: {type: decimal, minimum: 1, exclusive_maximum: 1.1}
          t: {type: datetime, minimum: 2018-01-01T00:00:00Z, exclusive_maximum: 2018-01-01T00:00:01Z}
          u: {type: datetime, format: unix, minimum: 2018-01-01T00:00:00Z}
          um: {type: datetime, format: unix_ms, minimum: 2018-01-01T00:00:00.0001Z, maximum: 2018-01-01T00:00:00.0011Z}
          uf: {type: datetime, format: unix_float}
          ul: {type: datetime, format: unix_float, minimum: 9000-01-01T00:00:00Z, maximum: 9000-01-01T00:00:00Z}
          ms: {type: duration, format: milliseconds, minimum: 0.0005, maximum: 0.0015}
          y: {type: date, exclusive_minimum: 2018-01-01, maximum: 2018-01-02}
          s: {type: duration, exclusive_minimum: 1, maximum: 2}
          w: {type: duration, format: seconds, minimum: 0.5}
          x: {type: duration, minimum: 8600000000}
          b: {type: bytes, min_length: 1, max_length: 2}
          m: {type: "{string: Code}", min_items: 1, max_items: 2}
          j: json
          o: Open
      Blank:
        fields:
          i: {type: int?, blank: [0]}
          n: {type: "[int]", default: [1], blank: [null]}
          e: {type: string, default: "", blank: [""]}
          k: {type: Mode, default: auto, blank: [""]}
          z: {type: datetime?, format: unix, blank: [0]}
          p: {type: int?, default: 5, blank: [null]}
    channels:
      one:
        address: a/{room}/{level}/{day}/{id}/{mode}/{code}/{open}/{free}/
        params:
          level: Level
          day: date
          id: uuid
          mode: Side
          open: Open
          code: Code
          room: {type: string, pattern: "[a-z/]+", max_length: 3}
        payload: Tree
"""


def test_every_construct_of_the_language_comes_back(generated: Generated) -> None:
    check_all(with_strategies(generated(HARD.replace("types:", "types:\n      Side: {enum: [left, right]}", 1))))


def test_an_argument_takes_the_place_of_a_field(generated: Generated) -> None:
    package = with_strategies(generated("types: {T: {fields: {a: int, b: string}}}"))
    module = importlib.import_module(f"{package.__name__}.testing")

    @settings(max_examples=5, database=None)
    @given(module.t(b=st.just("mine")))
    def holds(value: Any) -> None:
        assert value.b == "mine"

    holds()


def test_types_of_imported_files_have_strategies_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "units_of.yaml").write_text("emitter-typed: 1\ntypes: {Unit: {enum: [metre]}}\n", "utf-8")
    schema = "emitter-typed: 1\nimports: {units: ./units_of.yaml}\ntypes: {T: {fields: {u: units.Unit}}}\n"
    (tmp_path / "strategic.yaml").write_text(schema, "utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    arguments = ["generate", str(tmp_path / "strategic.yaml"), "--out", str(tmp_path / "strategic_api"), "--testing"]

    assert main(arguments) == 0

    for name in ("strategic_api", "units_of_api"):
        check_all(importlib.import_module(name))
        for loaded in [one for one in sys.modules if one.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, loaded)


@pytest.mark.parametrize(
    ("expression", "least", "most"),
    [
        ("[a-z]+", 40, 50),
        ("[a-z]*", 0, 0),
        (r"\d+\.\d+", 10, 10),
        ("a{2,}b", 20, 30),
        ("(ab)+", 2, 2),
        ("x?y*z", 1, 1),
        (r"[^/]{3,}", 30, 64),
    ],
)
def test_patterns_and_lengths_are_both_kept(expression: str, least: int, most: int) -> None:
    check(strategy(str, pattern(expression), min_length(least), max_length(most)), str)


def test_a_record_that_always_holds_itself_has_no_strategy(generated: Generated) -> None:
    package = with_strategies(generated("types: {T: {fields: {next: {type: '[T]', min_items: 1}}}}"))

    with pytest.raises(InvalidArgument, match="T has no finite value"):
        strategy(package.T)


def test_hypothesis_is_loaded_with_the_strategies_alone(generated: Generated) -> None:
    package = with_strategies(generated("types: {T: {fields: {a: int}}}"))
    folder = Path(str(package.__file__)).parents[1]
    program = f"import sys, {package.__name__} as p, emitter_typed.testing as t; p.T(a=1); t.BrokerOptions\n"
    program += "assert 'hypothesis' not in sys.modules\n"
    program += f"sys.modules['hypothesis'] = None; import {package.__name__}.testing"

    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)

    assert 'strategies need Hypothesis: pip install "emitter-typed[hypothesis]"' in done.stderr.splitlines()[-1]
