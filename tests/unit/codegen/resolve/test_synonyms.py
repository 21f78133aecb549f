"""Whoever writes the word of another language is told the word of this one."""

from pathlib import Path

import pytest

from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve.synonyms import type_meant
from tests.unit.codegen.schemas import rules, schema

FIELDS = [
    ("{type: int, minimum: 0.0}", "bad-limit", "write 0"),
    ("{type: int, minimum: 0.5}", "bad-limit", "the type to float"),
    ("{type: int, default: 1e3}", "bad-default", "write 1000"),
    ("{type: int, default: 1_000}", "bad-default", "write 1000"),
    ("{type: int, default: 0x1F}", "bad-default", "write 31"),
    ("{type: int, default: 007}", "bad-default", "write 7"),
    ("{type: int, default: ten}", "bad-default", "decimal digits"),
    ("{type: float, default: .5}", "bad-default", "write 0.5"),
    ("{type: decimal, default: '+1.50'}", "bad-default", "write 1.5"),
    ("{type: float, default: .inf}", "bad-default", "as in -1.5"),
    ("{type: bool, default: yes}", "bad-default", "write true"),
    ("{type: bool, default: False}", "bad-default", "write false"),
    ("{type: duration, default: 1h}", "bad-default", "write seconds: 3600"),
    ("{type: duration, default: 500ms}", "bad-default", "write seconds: 0.5"),
    ("{type: duration, default: 2 days}", "bad-default", "write seconds: 172800"),
    ("{type: duration, minimum: 01:30:00}", "bad-limit", "write seconds: 5400"),
    ("{type: datetime, minimum: 2018-01-01}", "bad-limit", "write 2018-01-01T00:00:00Z"),
    ("{type: datetime, minimum: 2018-01-01 10:00:00+01:00}", "bad-limit", "write 2018-01-01T10:00:00+01:00"),
    ('{type: "[int]", items: {minimum: 0}}', "unknown-key", 'as in type: "[int]"'),
    ("{type: int?, blank: null}", "wrong-shape", "write [null]"),
    ("{type: int?, blank: 0}", "wrong-shape", "write [0]"),
    ('{type: int?, blank: ""}', "wrong-shape", 'write [""]'),
    ("{type: int, nullable: true}", "unknown-key", "as in int?; with required: true beside it"),
    ("{type: int, optional: true}", "unknown-key", "with a ?"),
    ("{type: int, required: true}", "bad-required", "write type: int?"),
    ("{type: int, required: false}", "bad-required", "write type: int?"),
    ('{type: "[int]", required: false}', "bad-required", 'write type: "[int]?"'),
    ("{type: string, regex: x}", "unknown-key", "'pattern'"),
    ("{type: string, description: x}", "unknown-key", "'doc'"),
    ("{type: int, min: 0}", "unknown-key", "'minimum'"),
    ("{type: string, maxLength: 3}", "unknown-key", "'max_length'"),
    ("{type: string, alias: x}", "unknown-key", "'wire'"),
    ("{doc: Air, in degrees: warm, type: int}", "unknown-key", "in quotes"),
    ("number", "unknown-type", "float"),
    ("object", "unknown-type", "json"),
    ("array", "unknown-type", '"[T]"'),
    ("timestamp", "unknown-type", "datetime"),
    ("integer", "unknown-type", "write int"),
    ("Boolean", "unknown-type", "write bool"),
    ("map", "unknown-type", '"{string: T}"'),
    ("int | null", "type-syntax", "write int?"),
    ('"list[int]"', "type-syntax", 'write "[int]"'),
    ("string[]", "type-syntax", 'write "[string]"'),
    ("Optional[str]", "type-syntax", "write string?"),
    ('"dict[str, list[Mode | None]]"', "type-syntax", 'write "{string: [Mode?]}"'),
    ("Trip", "unknown-type", "declare it under types"),
    ("sting", "unknown-type", "did you mean 'string'?"),
    ("list<int>", "unknown-type", 'write "[int]"'),
    ("list<list<int64>>", "unknown-type", 'write "[[int]]"'),
    ("Map<string,int32>", "unknown-type", 'write "{string: int}"'),
    ("Vec<u8>", "unknown-type", 'write "[int]"'),
    ("repeated int32", "type-syntax", 'write "[int]"'),
    ("optional string", "type-syntax", "write string?"),
    ('"[Int!]!"', "type-syntax", 'write "[int]"'),
    ("string;", "unknown-type", "write string"),
    ("'#/components/schemas/Mode'", "unknown-type", "write Mode"),
    ("{$ref: '#/definitions/Mode'}", "unknown-key", "'$ref' is called 'type' here"),
    ("(int, int)", "type-syntax", "max_items: 2"),
    ("[string, 'null']", "unquoted-type", "write string?"),
    ("{type: [integer, 'null']}", "unquoted-type", "write int?"),
    ("'auto' | 'manual'", "yaml-syntax", "is an enum"),
    ("{enum: [auto, manual]}", "wrong-shape", "write Mode: {enum: [auto, manual]} under types"),
    ("{fields: {x: float}}", "wrong-shape", "write Place: {fields: {x: float, y: float}} under types"),
    ("{oneOf: [A, B]}", "wrong-shape", "write Command: {union: [Start, Stop], tag: kind} under types"),
    ("{type: string, enum: [a, b]}", "unknown-key", "declare a type under types"),
    ("{type: string, const: a}", "unknown-key", "one value"),
    ("{type: int, multipleOf: 5}", "unknown-key", "remove it"),
    ("{type: string, format: date-time}", "bad-format", "write type: datetime"),
    ("{type: string, format: email}", "bad-format", "remove it"),
    ("{type: int, format: int32}", "bad-format", "remove it"),
    ("{type: int, format: string}", "bad-format", "write type: decimal, for a number in quotes"),
    ("{type: bytes, format: base64url}", "bad-format", "write type: string"),
    ("{type: datetime, format: unix_nano}", "bad-format", "write type: int, and convert the number"),
    ("{type: duration, format: iso8601}", "bad-format", "write type: string, and convert the text"),
    ("{type: duration, format: minutes}", "bad-format", "write one of these, or remove it"),
    ("{type: string, pattern: ''}", "wrong-shape", "write one"),
    ("{type: string, wire: ''}", "wrong-shape", "write one"),
    ("{type: string, wire: null}", "wrong-shape", 'write "null"'),
    ("{type: int | bool, format: unix}", "bad-format", "where a time is a number, write int or float in the type"),
    ('{type: "[datetime]", format: unix}', "bad-format", "remove it; where a time is a number"),
    ("{type: float | bool, format: int32}", "bad-format", "remove it; where a time is a number"),
    ("int\u200b", "unknown-type", "delete the character that is not visible"),
    ("byte[]", "type-syntax", "write bytes"),
    ("hex", "unknown-type", "write string"),
    ("unix_ms", "unknown-type", "write datetime, and format: unix_ms beside it"),
    ("seconds", "unknown-type", "write duration, and format: seconds beside it"),
    ("{type: int, format: epoch_ms}", "bad-format", "write type: datetime, and format: unix_ms beside it"),
    ("{type: string, name: x}", "unknown-key", "'name' is called 'wire' here"),
    ("{type: string, aliases: [x]}", "unknown-key", "'aliases' is called 'also_read' here"),
    ("{type: string, secret: true}", "unknown-key", "'secret' is a key of an alias"),
    ("{type: Mode, open: true}", "unknown-key", "'open' is a key of an enum and a union"),
    ('"[[[[[[[[[[[[[[[[[int]]]]]]]]]]]]]]]]]"', "type-syntax", "declare an alias for the inner part"),
    ("“[int]”", "type-syntax", 'write "[int]"'),
    ("{type: “[int]”}", "yaml-syntax", 'write "[int]"'),
    ("{type: int, doc:}", "yaml-syntax", "write one, or remove the key"),
    ("{type: int, doc: 50% of, it}", "unknown-key", "if this is part of the text before it, put that text in quotes"),
    ("{type: decimal, maximum: 1,5}", "unknown-key", "put that text in quotes"),
    ("{type: int, range: [0, 5]}", "unknown-key", "write it as in minimum: 0 and maximum: 10"),
    ("{type: int, doc：x}", "unknown-key", "write doc: x, with the colon of ASCII and a space"),
]

TYPES = [
    ("{properties: {a: int}}", "missing-key", "'fields'"),
    ("{type: object, properties: {a: int}}", "missing-key", "'fields'"),
    ("{type: string, pattern: a}", "missing-key", "'alias'"),
    ("{values: [a]}", "missing-key", "'enum'"),
    ("{enum: auto | half-open}", "wrong-shape", "write [auto, half-open]"),
    ("{enum: 'auto, manual'}", "wrong-shape", "write [auto, manual]"),
    ("{enum: one text}", "wrong-shape", "write [one text]"),
    ("{union: A | B, tag: kind}", "wrong-shape", "write [A, B]"),
    ("auto | manual", "wrong-shape", "write It: {enum: [auto, manual]}"),
    ("A | string", "wrong-shape", "write It: {alias: A | string}"),
    ("{fields: {x int}}", "wrong-shape", "write x: int"),
    ("{oneOf: [A]}", "missing-key", "'union'"),
    ("{union: {A: 1}, tag: kind}", "wrong-shape", "write union: [A], and beside it values: [1]"),
    ("{union: {1: A}, tag: kind}", "wrong-shape", "write union: [A], and beside it values: [1]"),
    ("{enum: [a], colour: red}", "unknown-key", "its keys are enum, doc and open"),
    ("{fields: {}, additionalProperties: true}", "unknown-key", "'unknown'"),
    ("null", "wrong-shape", "write It: {fields: {}}"),
    ('"[int]"', "wrong-shape", 'write It: {alias: "[int]"}'),
    ("[int]", "wrong-shape", 'write It: {alias: "[int]"}'),
    ("List<str>", "wrong-shape", 'write It: {alias: "[string]"}'),
    ("[{a: int}]", "wrong-shape", "each field without a dash"),
    ("{list: A}", "missing-key", 'write alias: "[T]"'),
    ("{map: A}", "missing-key", 'write alias: "{string: T}"'),
    ("{minimum: 1}", "missing-key", "as in alias: string"),
    ("{enum: [{auto: 1}]}", "wrong-shape", "as in enum: {auto: 1}"),
    ("{enum: [{name: auto, value: 1}]}", "wrong-shape", "as in enum: {auto: 1}"),
    ("{enum: ['-1', '+1']}", "name-collision", 'as in "+1": {name: other}'),
    ("{enum: ['a b', a-b]}", "name-collision", "as in a-b: {name: other}"),
    ("{flags: [1]}", "flag-letter", "as in r: {name: read}"),
    ("{alias: datetime, format: unix}", "unknown-key", "'format' is a key of a field"),
    ("{alias: int, deprecated: x}", "unknown-key", "'deprecated' is a key of a field, a channel, a value and a record"),
]


def only_problem(folder: Path, text: str) -> tuple[str, str]:
    with pytest.raises(SchemaProblems) as caught:
        schema(folder, text)
    (problem,) = caught.value.problems
    return problem.rule, problem.hint


@pytest.mark.parametrize(("field", "rule", "hint"), FIELDS)
def test_a_field_as_others_write_it_is_one_problem_with_the_right_word(
    field: str, rule: str, hint: str, tmp_path: Path
) -> None:
    found = only_problem(tmp_path, f"types:\n  Mode: {{enum: [a]}}\n  It:\n    fields:\n      it: {field}\n")

    assert found[0] == rule
    assert hint in found[1]


@pytest.mark.parametrize(("described", "rule", "hint"), TYPES)
def test_a_type_as_others_write_it_is_one_problem_with_the_right_word(
    described: str, rule: str, hint: str, tmp_path: Path
) -> None:
    found = only_problem(tmp_path, f"types: {{A: {{fields: {{}}}}, It: {described}}}\n")

    assert found[0] == rule
    assert hint in found[1]


def test_a_key_that_has_another_name_here_is_not_missed(tmp_path: Path) -> None:
    text = """
        channels:
          it: {topic: a/, message: json, ttl: 5}
        """

    assert rules(tmp_path, text) == [(3, "unknown-key")] * 3


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("type: {}", "'type' is called 'types' here"),
        ("channels: {it: {address: a/, payload: json, retain: true}}", "options: {retain: true}"),
        ("channels: {it: {address: a/, payload: json, qos: 1}}", "options: {qos: 1}"),
        ("channels: {it: {address: a/, payload: json, echo: false}}", "options: {echo: false}"),
    ],
)
def test_a_misplaced_or_singular_key_is_told_the_right_one(text: str, hint: str, tmp_path: Path) -> None:
    rule, told = only_problem(tmp_path, text + "\n")

    assert rule == "unknown-key"
    assert hint in told


def test_what_to_write_is_told_in_one_line(tmp_path: Path) -> None:
    text = "types:\n  It:\n    fields:\n      it:\n        type: int?\n        blank: a\n\n          b\n"

    assert only_problem(tmp_path, text) == ("wrong-shape", "")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("int", "int"),
        ("List[ int ]", "[int]"),
        ("tuple[int, ...]", "[int]"),
        ("Optional<list<str>>", "[string]?"),
        ("None | Mode", "Mode?"),
        ("int[] | null", "[int]?"),
        ("int?", "int?"),
        ("int | str", "int | string"),
        ("int | null | str | None", "int | string?"),
        ("list[int | str]", "[int | string]"),
        ("(int | str)?", "int | string?"),
        ("int | a b", ""),
        ("null | null", ""),
        ("list[]", ""),
        ("a b", ""),
        ("", ""),
    ],
)
def test_types_of_other_languages_are_written_as_this_one_does(text: str, meant: str) -> None:
    assert type_meant(text) == meant


CHANNEL = "channels: {a: {address: a/, payload: int"
SECTIONS = [
    ("channels: {a: {address: 'a/{r', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/${r}/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/<r>/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/{{r}}/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/:r/', payload: int}}", "bad-address", 'write "a/{r}/"; if the segment is really'),
    ("channels: {a: {address: '/a/:r', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/:r?/', payload: int}}", "bad-address", "write {r}, and a second channel without it"),
    ("channels: {a: {address: 'a/:r+/', payload: int}}", "bad-address", "a parameter for each segment"),
    ("channels: {a: {address: 'a/*r/', payload: int}}", "bad-address", "a parameter for each segment"),
    ("channels: {a: {address: 'a/[r]/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/[...r]/', payload: int}}", "bad-address", "a parameter for each segment"),
    ("channels: {a: {address: 'a/@r/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/#{r}/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/%s/', payload: int}}", "bad-address", 'write "a/{name}/"'),
    ("channels: {a: {address: 'a/%(r)s/', payload: int}}", "bad-address", 'write "a/{r}/"'),
    ("channels: {a: {address: 'a/:r(.*)/', payload: int}}", "bad-address", "write {r} here, and params: {r: "),
    ("channels: {a: {address: 'a/{}/', payload: int}}", "bad-address", 'write "a/{name}/"'),
    ("channels: {a: {address: 'a/x{r}/', payload: int}}", "bad-address", "x/{r}"),
    (f"{CHANNEL}, direction: in}}}}", "bad-value", "write subscribe"),
    (f"{CHANNEL}, direction: out}}}}", "bad-value", "write publish"),
    (f"{CHANNEL}, direction: [publish]}}}}", "wrong-shape", ""),
    (f"{CHANNEL}, overlaps: yes}}}}", "bad-value", "write true"),
    (f"{CHANNEL}, qos: 1}}}}", "unknown-key", "under options"),
    (f"{CHANNEL}, bindings: {{mqtt: {{qos: 1}}}}}}}}", "unknown-key", "options: {qos: 1}"),
    (f"{CHANNEL}, action: send}}}}", "unknown-key", "'action' is called 'direction' here"),
    ("servers: {production: {host: localhost}}", "unknown-key", "when it connects"),
    (f"{CHANNEL}, options: [ttl]}}}}", "wrong-shape", "{ttl: …}"),
    ("channels: {a: {address: a/, payload: {fields: {x: int}}}}", "wrong-shape", "write Place: "),
    ("channels: {a: {address: a/, payload: {type: int}}}", "unquoted-type", "write int"),
    ("channels: {a: {address: a/, payload: {$ref: '#/R'}}}", "unquoted-type", "write R"),
    ("channels: [{address: a/, payload: int}]", "wrong-shape", "instead of the dash"),
    ("types: {A: {fields: [a, b]}}", "wrong-shape", "{a: …, b: …}"),
    ("types: {A: {fields: [{name: a, type: int}]}}", "wrong-shape", "as in a: int"),
    ("types: {A: {fields: {a?: string}}}", "bad-name", "write a: string?"),
    ("types: {A: string}", "wrong-shape", "write A: {alias: string}"),
    ("types: {A: {enum: {AUTO: true}}}", "bad-value", "the text 'AUTO'"),
    ("types: {A: {enum: [0, 1]}}", "bad-value", "as in {low: 0, …}"),
    ("types: {A: {enum: {0: off, 1: on}}}", "bad-value", "for the number 0, write off: 0"),
    ("types: {A: {enum: {0: {name: off}}}}", "bad-value", "for the number 0, write off: 0"),
    ("types: {A: {enum: {off: {number: 0}}}}", "unknown-key", "'number' is called 'value' here"),
    ("types: {A: {enum: {off: {value: 0, name: no}}}}", "enum-number", "remove it"),
    ("types: {A: {enum: {off: 0, on: true}}}", "enum-number", "as in on: 1"),
    ("types: {A: {enum: {off: 0, on: It burns.}}}", "enum-number", "as in on: {value: 1, doc: It burns.}"),
    ('types: {A: {enum: {off: 0, on: "1"}}}', "enum-number", "write on: 1"),
    ("types: {A: {enum: {off: 0x0F, on: 1.0}}}", "enum-number", "write 15"),
    ("types: {A: {fields: {a: IntEnum}}}", "unknown-type", "as in State: {enum: {off: 0, on: 1}}"),
    ("types: {A: {enum: {off: 0}}, B: {fields: {a: {type: A, default: 0}}}}", "bad-default", "write off"),
    ("types: {A: {enum: {OFF = 0, ON = 1}}}", "bad-value", "write OFF: 0; if that text is meant, put it in quotes"),
    ("types: {A: {enum: [On = 'on']}}", "bad-value", "as in on; if"),
    ("types: {A: {enum: [OFF=0]}}", "bad-value", "write OFF: 0; if"),
    ("types: {A: {enum: [True]}}", "bad-value", 'write "True"'),
    ("types: {A: {enum: [0x1F]}}", "bad-value", 'write "0x1F"'),
    ("types: {A: {union: [{fields: {}}], tag: kind}}", "wrong-shape", ""),
    ("types: {A: {fields: {}}, B: {union: [A]}}", "missing-key", "write tag: kind"),
    ("imports: [./common.yaml]", "wrong-shape", "{common: ./common.yaml}"),
    ("info: {title: x}", "unknown-key", "name, version and doc"),
    ("components: {}", "unknown-key", "'types' here"),
    ("// a comment", "yaml-syntax", "with #"),
    ("types:\nA: {fields: {}}", "wrong-shape", "indent what belongs to it further"),
    ("types:\n  A:\n  fields: {}", "wrong-shape", "indent what belongs to it further"),
    ("channels:\n  a:\n  ", "wrong-shape", "indent what belongs to it further"),
    ("types:\n\xa0 A: {fields: {}}", "unknown-key", "indent with spaces"),
    ("types：\n  A: {fields: {}}", "yaml-syntax", "write types:"),
    ("channels:\n  a:\n    address：a/\n    payload: int", "yaml-syntax", "write address: a/"),
    ("channels: {a: {address: 'a/{r...}/', payload: int}}", "bad-address", "a parameter for each segment"),
    (f"{CHANNEL}, wire: x}}}}", "unknown-key", "'wire' is a key of a field"),
    (f"{CHANNEL}, reply: int}}}}", "unknown-key", "a second channel"),
    ("$schema: x", "unknown-key", "# yaml-language-server: $schema="),
]


@pytest.mark.parametrize(("section", "rule", "hint"), SECTIONS)
def test_a_section_as_others_write_it_is_told_with_what_to_write(
    tmp_path: Path, section: str, rule: str, hint: str
) -> None:
    with pytest.raises(SchemaProblems) as found:
        schema(tmp_path, f"{section}\n")

    assert (rule, True) in [(problem.rule, hint in problem.hint) for problem in found.value.problems]
    assert len(found.value.problems) <= 2


@pytest.mark.parametrize("base", ["", "||||||| 1234567\n  Mode: {alias: int}\n"])
def test_a_conflict_of_a_merge_is_one_problem_that_tells_where_it_ends(tmp_path: Path, base: str) -> None:
    ours, theirs = "  Mode: {alias: string}\n", "  Mode: {alias: float}\n"
    conflict = f"<<<<<<< HEAD\n{ours}{base}=======\n{theirs}>>>>>>> other\n"
    with pytest.raises(SchemaProblems) as found:
        schema(tmp_path, f"types:\n{conflict}  Other: {{alias: Mode}}\n")

    (problem,) = found.value.problems
    assert (problem.line, problem.column, problem.rule) == (3, 1, "yaml-syntax")
    assert f"line {7 + base.count(chr(10))}" in problem.message
    assert "<<<<<<<" in problem.hint


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[int, string, json]", "json"),
        ("[int, json, 'null']", "json?"),
        ("[int, float, string]", "float | string"),
        ("[int, int]", "int"),
        ("[bool, date, uuid]", "bool | string"),
        ("[duration, int?]", "float?"),
        ("[decimal, string]", "string"),
        ("[A, int]", "A | int"),
        ("[[int], [string], bool]", '"[int | string] | bool"'),
        ("[[int | string], [int?]]", '"[int | string?]"'),
        ("[{string: int}, {string: float}]", '"{string: float}"'),
        ("Union[int, float]", "float"),
        ("any or int", "json"),
        ("'[int] | [float]'", '"[float]"'),
    ],
)
def test_a_type_to_write_instead_of_several_is_accepted_in_turn(written: str, meant: str, tmp_path: Path) -> None:
    text = "types:\n  A: {fields: {}}\n  It:\n    fields:\n      it: %s\n"

    assert only_problem(tmp_path, text % written)[1].endswith(f"write {meant}")
    assert rules(tmp_path, text % meant) == []
