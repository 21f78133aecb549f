"""Whatever the grammar makes, the JSON Schema for editors and the compiler judge it alike, where JSON can say it."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emitter_typed_codegen.jobs import compiler_protocol
from emitter_typed_codegen.language.protocol import ENVELOPE
from emitter_typed_codegen.language.sections import SCHEMA
from emitter_typed_codegen.language.shapes import (
    Anything,
    Choice,
    Described,
    Either,
    Flag,
    Limit,
    ListOf,
    MapOf,
    OptionValues,
    Prose,
    Shape,
    Text,
    Type,
    TypedValue,
    Value,
    Whole,
)
from tests.codegen.editors.judging import judge, written
from tests.helpers.core_yaml import core
from tests.helpers.examples import share
from tests.property.hostile_schemas import Hostile

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

ROOT = Path(__file__).parents[2]
WHOLE = [
    core(path) for path in (ROOT / "schema" / "emitter.yaml", *sorted(ROOT.glob("tests/codegen/golden/*/schema.yaml")))
]
"""Schemas that have everything in them."""

_TEXTS = ["a", "b", "A", "B", "a/b/", "home/{a}/", "{key}/{a}", "./a.yaml", "qos", "1", "true", "-1.5"]
_ODD: list[Json] = [None, True, False, 0, -1, 7, 1.5, "", " ", "a", "no", "1", "+", "a\n", [], ["a"], {}, {"a": None}]
_NUMBERS: list[Json] = [-1, 0, 1, 2]
_MISFITS = st.sampled_from(_ODD)


def values(value: Value) -> st.SearchStrategy[Json]:
    """Return what may stand behind a key, and now and then something else."""
    return st.integers(0, 24).flatmap(lambda chance: _MISFITS if chance == 0 else _fitting(value))


def _fitting(value: Value) -> st.SearchStrategy[Json]:
    match value:
        case Text(examples=examples):
            return st.sampled_from([*examples, *_TEXTS])
        case Prose():
            return st.sampled_from(["", "What it is.", "1.0"])
        case Flag():
            return st.booleans()
        case Choice(words=words):
            return st.sampled_from([word for word, _ in words])
        case Whole(least=least, most=most):
            return st.integers(least, most)
        case Type(scalars=scalars):
            word = st.sampled_from([*scalars, "A", "B", "a"])
            form = st.sampled_from(
                ["{}", "{}", "{}?", "[{}]", "{{string: {}}}", "[{}?]?", "[{}", "{}??", "{{int: {}}}"]
            )
            return st.builds(str.format, form, word)
        case Limit(rule=rule):
            return st.just("[a-z]+") if rule == "pattern" else st.sampled_from([0, 1, 8, -2.5, "2018-01-01"])
        case TypedValue() | Anything():
            return st.sampled_from([0, 1.5, "a", True, None, [1], {"a": 1}, "2018-01-01", "2018-01-01T00:00:00Z"])
        case OptionValues():
            return st.dictionaries(st.sampled_from(["ttl", "qos", "echo", "last", "tll"]), st.sampled_from(_NUMBERS))
        case ListOf(item=item):
            return st.lists(values(item), max_size=3)
        case MapOf(value=inner, names=names):
            return st.dictionaries(
                st.sampled_from([*names.examples, "a", "A", "B", "é", ""]), values(inner), max_size=3
            )
        case Described(shapes=shapes):
            return st.sampled_from(shapes).flatmap(described)
        case Either(of=several):
            return st.sampled_from(several).flatmap(values)


@st.composite
def described(draw: st.DrawFn, shape: Shape) -> dict[str, Json]:
    """Return a map with the keys of a shape that must be there, some of the others, and now and then a wrong one."""
    made: dict[str, Json] = {}
    for key in shape.keys:
        wanted = st.integers(0, 24 if key.required else 5)
        if key.required is (draw(wanted) > 0):
            made[key.name] = draw(values(key.value))
    if any(key.protocol for key in shape.keys if key.name in made) and draw(st.integers(0, 4)):
        made["envelope"] = draw(described(ENVELOPE))
    if draw(st.integers(0, 24)) == 0:
        made[draw(st.sampled_from(["typ", "docs", "nullable", "minimun"]))] = draw(_MISFITS)
    return made


def judged(document: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        judge(written(Path(folder), document), compiler_protocol())


@settings(max_examples=share(300), suppress_health_check=[HealthCheck.too_slow])
@given(described(SCHEMA))
def test_what_the_grammar_makes_is_judged_alike(document: dict[str, Json]) -> None:
    judged({"emitter-typed": 1, **document})


def _places(held: Json, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = enumerate(held) if isinstance(held, list) else held.items() if isinstance(held, dict) else ()
    return [way, *(place for key, value in below for place in _places(value, (*way, key)))]


def _at(held: Json, way: list[str | int]) -> Json:
    for key in way:
        held = held[int(key)] if isinstance(held, list) else held[str(key)] if isinstance(held, dict) else None
    return held


@st.composite
def changed(draw: st.DrawFn) -> Json:
    """Return one of the schemas in which a value is another one, a key is missing, or there is one too many."""
    document = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(_places(document)[1:]))
        within = _at(document, way)
        if isinstance(within, dict):
            match draw(st.sampled_from(["replace", "remove", "add", "rename"])):
                case "replace":
                    within[str(last)] = draw(_MISFITS)
                case "remove":
                    del within[str(last)]
                case "add":
                    within[draw(st.sampled_from(["doc", "type", "typ", "fields", "deprecated"]))] = draw(_MISFITS)
                case _:
                    within[f"{last}x"] = within[str(last)]
                    del within[str(last)]
        elif isinstance(within, list):
            within[int(last)] = draw(_MISFITS)
    return document


@settings(max_examples=share(200), suppress_health_check=[HealthCheck.too_slow])
@given(changed())
def test_a_schema_that_somebody_changed_is_judged_alike(document: Json) -> None:
    judged(document)


@settings(max_examples=share(60), suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 30))
def test_whatever_things_are_called_an_editor_marks_nothing(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in Hostile(seed).files().items():
            (Path(folder) / name).write_text(text, "utf-8")
        judge(Path(folder) / "schema.yaml", compiler_protocol())
