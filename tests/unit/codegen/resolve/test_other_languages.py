"""What people write who come from other languages: each is told what to write here."""

from pathlib import Path

import pytest

from emitter_typed_codegen.problems import Problem, SchemaProblems
from emitter_typed_codegen.resolve import load

# A type as other languages write it, and what the hint says.
TYPES = {
    "google.protobuf.Timestamp": "write datetime",
    "google.protobuf.StringValue": "write string?",
    "undefined": "with a ?",
    "HashMap<String, i32>": 'write "{string: int}"',
    "map[string]int": 'write "{string: int}"',
    "Record<string, number>": 'write "{string: float}"',
    "'{[key: string]: number}'": 'write "{string: float}"',
    "{str: int}": 'write "{string: int}"',
    "[String]": 'write "[string]"',
    '"[]string"': 'write "[string]"',
    "list of int": 'write "[int]"',
    "typing.List[int]": 'write "[int]"',
    "Sequence[str]": 'write "[string]"',
    "frozenset[int]": 'write "[int]"',
    "ReadonlyArray<string>": 'write "[string]"',
    "tuple[int, ...]": 'write "[int]"',
    "Option<String>": "write string?",
    "int or null": "write int?",
    "Union[int, None]": "write int?",
    "?string": "write string?",
    "String!": "write string",
    "varchar(255)": "write string",
    "decimal(10, 2)": "write decimal",
    "“int”": "write int",
    "Int": "write int",
    "ID": "write string",
    "unknown": "write json",
    "str | int": "write string",
    "Union[int, str]": "write int | string",
    "Union[int, str, None]": "write int | string?",
    "string or null or int": "write string | int?",
    "(string | int)?": "write string | int?",
    "(string | int)[]": 'write "[string | int]"',
    "string | {string: int}": 'write "string | {string: int}"',
    "string |": "write the names of the types, as in float | string",
    "[string, int]": "write string | int",
    "{anyOf: [{type: string}, {type: number}]}": "write string | float",
    "{oneOf: [string, {type: array, items: string}]}": 'write "string | [string]"',
    "{anyOf: [{$ref: '#/$defs/Lamp'}, {$ref: '#/$defs/Door'}]}": "union: [Start, Stop], tag: kind",
    "tuple[int, str]": 'Items: {alias: "[int | string]", min_items: 2, max_items: 2}',
    "Tuple<double, double>": 'Items: {alias: "[float]", min_items: 2, max_items: 2}',
    "(int, float, int)": 'Items: {alias: "[float]", min_items: 3, max_items: 3}',
    '"[float, string]"': 'Items: {alias: "[float | string]", min_items: 2, max_items: 2}',
    "tuple[int?, str]": 'write "[T]" for items of one type T, and "[T | U]" for items of two types',
    'Literal["a", "b"]': "declare an enum",
    "enum[a, b]": "declare an enum",
    "5": "a value belongs under default",
    "{a: int, b: string}": "write Place: {fields: {x: float, y: float}} under types",
    "{type: array, items: {type: string}}": 'write type: "[string]"',
    "{type: array, items: string}": 'write type: "[string]"',
    "{type: map, values: int}": 'write type: "{string: int}"',
    "{type: object, additionalProperties: {type: integer}}": 'write type: "{string: int}"',
    "{type: int, id: 1}": "fields have names, and no numbers",
    "{type: int?, default: None}": "write null",
    "{type: string, default: null}": "write the type with a ?",
    "{type: string, minimum: 1}": "write min_length",
    "{type: int, max_length: 5}": "write maximum",
    "{type: '[int]', minimum: 1}": "declare an alias",
    "{type: string, doc: a # b}": "put that text in quotes",
    "{}": "write type: string",
}

CHANNELS = {
    "{address: a/{r, payload: json}": 'write "a/{r}/"',
    "{address: 'a/{r', payload: json}": 'write "a/{r}/"',
    "{address: 'a/{ r }/', payload: json}": 'write "a/{r}/"',
    "{address: 'a/{r:int}/', payload: json}": "write {r} here, and params: {r: int}",
    "{address: 'a/room-{r}', payload: json}": 'write "a/room/{r}/"',
    "{address: /a/b/, payload: json}": "write a/b/",
    "{address: a//b/, payload: json}": "write a/b/",
    "{address: a/my room/, payload: json}": "write a/my-room/",
    "{address: 'mqtt://host:8080/a/b', payload: json}": 'write "a/b/"',
    "{address: a/?ttl=5, payload: json}": "write them under options",
    "{address: a/#, payload: json}": "write a parameter for each segment",
    "a/b/": "write {address: a/b/, payload: json}",
    "{address: a/}": "write payload: json",
    "{address: a/, payload: {x: int}}": "write Place: {fields:",
    "{address: 'a/{r}/', payload: json, params: {r: {type: int, default: 4}}}": "only a field can have a default",
}

_EACH = "write a parameter for each segment, as in {floor}/{room}/"
_PATTERN = "write {room} here, and params: {room: {type: string, pattern: …}}"
ADDRESSES = {
    "{app}@{tenant}/": 'write "{app}/{tenant}/"',
    "home/{a}_{b}/": 'write "home/{a}/{b}/"',
    "home/@{id}/": 'write "home/{id}/"',
    "home/{{room}}-x/": 'write "home/{room}/x/"',
    "home/${room}/": 'write "home/{room}/"',
    "home/<room>/": 'write "home/{room}/"',
    "home/<int:room>/": "write {room} here, and params: {room: int}",
    "home/{room:int}/": "write {room} here, and params: {room: int}",
    "home/{room?}/": "write {room}, and a second channel without it",
    "home/{room*}/": _EACH,
    "home/{*room}/": _EACH,
    "home/{...room}/": _EACH,
    "home/#": _EACH,
    "home/+/": "write a parameter instead, as in {room}",
    r"home/(?P<room>\w+)/": _PATTERN,
    "home/{room:[a-z]+}/": _PATTERN,
    "home/[0-9]+/": _PATTERN.replace("room", "name"),
    "home/küche/": "write home/kuche/",
    " home/x/ ": "write home/x/",
    "home/my room/": "write home/my-room/",
    r"home\x": "write home/x/",
    "home.x": "write home/x/",
    "/home//x": "write home/x/",
    "home/x/?ttl=60": "write them under options, as in options: {ttl: 60}",
    "home/{room}/{room}/": "give one of the two another name",
}

DECLARATIONS = {
    "[a, b]": "write It: {enum: [a, b]}",
    "{a: int, b: string}": "write It: {fields: {a: int, b: string}}",
    "{enum: [{name: a}]}": "write the value alone",
    "{union: [string], tag: kind}": "declare a record with one field",
    "{union: {a: Other}, tag: kind}": "write union: [Other], and beside it values: [a]",
    "{type: string, enum: [a]}": "remove it",
    "{fields: {}, unknown: forbid}": "unknown fields cannot be refused",
    "{fields: }": "write {} if it has no entries",
    "{fields: {x:int}}": "write a space after the colon: x: int",
    "\n    fields:\n      x = int": "write x: int",
    "\n    fields:\n      x int": "write x: int",
    "\n    fields:\n      - name: x\n        type: int": "as in x: int",
    "{allOf: [Other]}": "a record cannot inherit",
    "{fields: {}},": "remove it",
    "&it {fields: {}}": "remove it",
}

FILES = {
    "asyncapi: 3.0.0\nchannels: {}\n": "an AsyncAPI document",
    "openapi: 3.1.0\npaths: {}\n": "an OpenAPI document",
    '{"$schema": "https://json-schema.org/draft-07/schema", "type": "object"}': "a JSON Schema",
    '{\n  "type": "object",\n  "properties": {}\n}\n': "a JSON Schema",
    '{"type": "record", "name": "R", "fields": []}': "an Avro schema",
    'syntax = "proto3";\nmessage R {\n  int32 x = 1;\n}\n': "Protocol Buffers",
    "export interface R {\n  x: number;\n}\n": "TypeScript",
    "type R {\n  x: Int!\n}\n": "GraphQL",
    "from attrs import define\n\n@define\nclass R:\n    x: int\n": "Python",
    '<?xml version="1.0"?>\n<a/>\n': "XML",
    '[types.R]\nx = "int"\n': "TOML",
}

CONFLICTS = {
    "<<<<<<< HEAD\n      x: int\n=======\n      x: float\n>>>>>>> other\n": [5],
    "      x: int\n=======\n      y: float\n>>>>>>> other\n": [6, 8],
    "      x: int\n||||||| base\n": [6],
    "      x: int\n>>>>>>> other\n": [6],
}


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    path = folder / "home.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SchemaProblems) as caught:
        load(path)
    return caught.value.problems


def hints(folder: Path, text: str) -> str:
    return "\n".join(one.hint for one in problems(folder, f"emitter-typed: 1\n{text}"))


@pytest.mark.parametrize("written", TYPES)
def test_a_type_of_another_language_is_told_with_what_to_write(written: str, tmp_path: Path) -> None:
    assert TYPES[written] in hints(tmp_path, f"types:\n  It:\n    fields:\n      x: {written}\n")


@pytest.mark.parametrize("written", CHANNELS)
def test_a_channel_as_others_write_it_is_told_with_what_to_write(written: str, tmp_path: Path) -> None:
    assert CHANNELS[written] in hints(tmp_path, f"channels:\n  it: {written}\n")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_as_others_write_it_is_told_with_what_to_write(address: str, tmp_path: Path) -> None:
    found = hints(tmp_path, f"channels:\n  it: {{address: '{address}', payload: json}}\n")

    assert {*found.splitlines()} == {ADDRESSES[address]}


@pytest.mark.parametrize("written", DECLARATIONS)
def test_a_declaration_as_others_write_it_is_told_with_what_to_write(written: str, tmp_path: Path) -> None:
    assert DECLARATIONS[written] in hints(tmp_path, f"types:\n  Other: {{fields: {{}}}}\n  It: {written}\n")


@pytest.mark.parametrize("text", FILES)
def test_a_file_in_another_language_is_one_problem_that_names_it(text: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, text)

    assert (problem.rule, problem.line) == ("missing-key", 1 + text.startswith("{\n"))
    assert problem.message == f"the file is {FILES[text]}, not a schema of emitter-typed"
    assert "emitter-typed: 1" in problem.hint


@pytest.mark.parametrize("text", CONFLICTS)
def test_each_mark_of_a_conflict_is_told_as_one(text: str, tmp_path: Path) -> None:
    found = problems(tmp_path, f"emitter-typed: 1\ntypes:\n  It:\n    fields:\n{text}")

    assert [one.line for one in found] == CONFLICTS[text]
    assert all("of Git" in one.message for one in found)


def test_a_very_long_type_has_no_hint_that_takes_long(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"emitter-typed: 1\ntypes: {{It: {{fields: {{x: '{'?' * 50_000}'}}}}}}\n")

    assert problem.rule == "type-syntax"
