"""The JSON Schema for editors and the compiler judge alike, wherever JSON Schema can say it."""

from pathlib import Path
from typing import get_args

import pytest

from emitter_typed_codegen.jobs import compiler_protocol
from emitter_typed_codegen.problems import Rule
from emitter_typed_codegen.resolve import load
from tests.codegen.diagnostics.printed import CASES as DIAGNOSTICS
from tests.codegen.editors.judging import PARTLY, SAID, UNSAID, marks, problems, written
from tests.codegen.golden.cases import FOLDER as GOLDEN

ROOT = Path(__file__).parents[3]
INVENTED = load(GOLDEN / "protocol" / "schema.yaml").protocol
BAD = sorted(DIAGNOSTICS.glob("*.yaml"))


def test_every_rule_is_one_that_an_editor_tells_or_cannot_tell() -> None:
    rules = [*SAID, *PARTLY, *UNSAID]

    assert sorted(rules) == sorted(get_args(Rule))
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_editor_marks_nothing_in_a_good_schema(path: Path) -> None:
    assert marks(path, INVENTED) == []


@pytest.mark.parametrize("name", ["schema/emitter.yaml", "examples/home/home.yaml"])
def test_an_editor_marks_nothing_in_the_schemas_of_this_project(name: str) -> None:
    assert marks(ROOT / name, compiler_protocol()) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_an_editor_marks_a_bad_schema_wherever_it_can_tell(path: Path) -> None:
    rules = {problem.rule for problem in problems(path, None)}
    try:
        marked = marks(path, None)
    except ValueError:
        assert path.stem in UNSAID
        return
    if rules & {*SAID, *PARTLY}:
        assert marked or path.stem in _ELSEWHERE
    else:
        assert marked == [], "the rule is one that an editor can tell"


# Their cases break what is not marked of them; what is stands in the test below.
_ELSEWHERE = {
    "reserved-channel",
    "unknown-option",
    "option-not-taken",
    "union-values",
    "typed-operation",
    "unknown-type",
    "lasting-request",
    "request-options",
}

_CHANNEL = {"address": "home/", "payload": "int"}


@pytest.mark.parametrize(
    ("rule", "sections"),
    [
        ("reserved-channel", {"channels": {"a": {**_CHANNEL, "address": "emitter/me/"}}}),
        ("reserved-channel", {"channels": {"a": {**_CHANNEL, "address": "$share/workers/jobs/"}}}),
        ("unknown-option", {"channels": {"a": {**_CHANNEL, "options": {"tll": 1}}}}),
        ("option-not-taken", {"channels": {"a": {**_CHANNEL, "options": {"last": 1}}}}),
        ("bad-value", {"channels": {"a": {**_CHANNEL, "options": {"ttl": -1}}}}),
        ("bad-value", {"channels": {"a": {**_CHANNEL, "options": {"qos": 2}}}}),
        ("bad-value", {"channels": {"a": {**_CHANNEL, "direction": "in"}}}),
        ("bad-value", {"channels": {"a": {**_CHANNEL, "overlaps": "yes"}}}),
        ("union-values", {"types": {"A": {"fields": {}}, "B": {"union": ["A"], "tag": "t", "values": ["a", "a"]}}}),
        ("unknown-type", {"types": {"A": {"fields": {"a": "list<int>"}}}}),
        ("unknown-type", {"types": {"A": {"fields": {"a": {"type": "Map<string,int>"}}}}}),
        ("type-syntax", {"types": {"A": {"fields": {"a": "int??"}}}}),
        ("type-syntax", {"types": {"A": {"alias": "[[" * 10 + "int" + "]]" * 10}}}),
        ("unquoted-type", {"types": {"A": {"fields": {"a": ["int"]}}}}),
        ("bad-limit", {"types": {"A": {"alias": "int", "minimum": 1, "exclusive_minimum": 1}}}),
        ("bad-limit", {"types": {"A": {"alias": "[int]", "minimum": 1}}}),
        ("bad-limit", {"types": {"A": {"alias": "date?", "minimum": 1}}}),
        ("bad-default", {"types": {"A": {"fields": {"a": {"type": "[int]", "default": 1}}}}}),
        ("bad-default", {"types": {"A": {"fields": {"a": {"type": "bool?", "default": "true"}}}}}),
        ("bad-blank", {"types": {"A": {"fields": {"a": {"type": "int", "blank": [0]}}}}}),
        ("bad-format", {"types": {"A": {"fields": {"a": {"type": "duration", "format": "unix"}}}}}),
        ("bad-format", {"types": {"A": {"fields": {"a": {"type": "datetime", "format": "milliseconds"}}}}}),
        ("wrong-shape", {"types": {"A": {"alias": "string", "pattern": ""}}}),
        ("wrong-shape", {"types": {"A": {"fields": ["a", "b"]}}}),
        ("wrong-shape", {"types": None}),
        ("missing-key", {"types": {"A": {"doc": "What is it?"}}}),
        ("bad-name", {"types": {"a b": {"alias": "int"}}}),
        ("bad-name", {"types": {"A": {"fields": {"a" * 101: "int"}}}}),
        ("reserved-name", {"types": {"int": {"alias": "string"}}}),
        ("secret-type", {"types": {"A": {"alias": "int", "secret": True}}}),
        ("distinct-type", {"types": {"A": {"alias": "int?", "distinct": True}}}),
    ],
)
def test_an_editor_marks_what_it_can_tell_of_a_rule(tmp_path: Path, rule: Rule, sections: dict[str, object]) -> None:
    path = written(tmp_path, {"emitter-typed": 1, **sections})

    assert rule in {problem.rule for problem in problems(path, compiler_protocol())}
    assert marks(path, compiler_protocol()) != []


UNUSUAL: list[dict[str, object]] = [
    {"version": 1.4, "doc": None, "types": {"A": {"fields": {"a": {"type": "string", "default": 1, "wire": 5}}}}},
    {
        "types": {
            "A": {"fields": {"Größe": "[[Größe?]]", "b": " int ? "}},
            "Größe": {"alias": "{ string : decimal }"},
        }
    },
    {"types": {"A": {"fields": {"a": {"type": "decimal", "minimum": "0.10", "maximum": 5}}}}},
    {"types": {"A": {"enum": {"": {"name": "none"}, "1": None, "on": "It is on."}}}},
    {"types": {"A": {"alias": "json", "doc": True}, "B": {"fields": {"a": {"type": "A", "default": [1, {}]}}}}},
    {"types": {"A": {"fields": {"a": {"type": "datetime?", "default": None, "format": "unix", "blank": [0]}}}}},
    {"types": {"A": {"fields": {"a": {"type": "datetime", "format": "unix_ms"}}}}},
    {"types": {"A": {"fields": {"a": {"type": "duration?", "format": "milliseconds"}}}}},
    {"channels": {"a": {"address": "{x}/$share/[a]\\^`_/", "payload": "text", "params": {"x": "date"}}}},
    {"channels": {"a": {**_CHANNEL, "options": {"ttl": 0.5, "qos": 1, "retain": True, "echo": False}}}},
]


@pytest.mark.parametrize("sections", UNUSUAL)
def test_an_editor_marks_nothing_in_what_is_unusual_and_good(tmp_path: Path, sections: dict[str, object]) -> None:
    path = written(tmp_path, {"emitter-typed": 1, **sections})

    assert problems(path, compiler_protocol()) == ()
    assert marks(path, compiler_protocol()) == []
