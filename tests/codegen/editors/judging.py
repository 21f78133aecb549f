"""What the JSON Schema for editors says of a schema, beside what the compiler says; and what only the latter can."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator

from emitter_typed_codegen.editors import language_schema
from emitter_typed_codegen.model import Protocol
from emitter_typed_codegen.problems import Problem, Rule, SchemaProblems
from emitter_typed_codegen.resolve import load
from tests.helpers.core_yaml import core

SAID: frozenset[Rule] = frozenset(
    {
        "unknown-key", "missing-key", "wrong-shape", "language-version", "unquoted-type", "misplaced-type",
        "bad-required", "flag-letter", "wait-publish", "no-replay-subscribe", "no-echo-publish", "needs-envelope",
        "bad-address",
    }
)  # fmt: skip
"""The rules that an editor marks whenever they are broken in a file that can be read."""

PARTLY: Mapping[Rule, str] = {
    "bad-name": "Which characters beyond ASCII are letters, or can be seen, no expression of both languages says.",
    "reserved-name": "Only the types of the language are listed; what generated code takes is made of other names.",
    "type-syntax": "That a bracket is closed by its own kind needs an expression that counts.",
    "unknown-type": "What is no name at all is marked; which names there are stands elsewhere in the file.",
    "secret-type": "An alias of an alias may be a string.",
    "distinct-type": "An alias of an alias may be of several classes.",
    "bad-import": "How a path is written is marked; what the file holds is not.",
    "bad-value": "Values of options and of fields of protocols have types that stand elsewhere.",
    "bad-limit": "Of types that stand elsewhere, and of two values, JSON Schema knows nothing.",
    "bad-default": "Of types that stand elsewhere, and of limits, JSON Schema knows nothing.",
    "bad-format": "The type may be an alias.",
    "bad-blank": "The type may be an alias.",
    "parameter-type": "The type may be an alias, or an enum with values that are no segments.",
    "duplicate-value": "In lists whose items may be numbers, 1 and 1.0 would be one.",
    "enum-number": "What is no integer is marked; that other values have numbers stands in other entries.",
    "union-member": "What kind a type is stands elsewhere in the file.",
    "union-values": "That two lists are of one length, JSON Schema cannot say.",
    "bad-topic": "What a topic begins with stands in the envelope.",
    "bad-status": "JSON cannot tell 4e2 from 400.",
    "typed-operation": "The types of parameters stand elsewhere.",
    "stored-fetch": "Which fetches there are stands elsewhere in the file.",
    "fetch-pages": "What the request and its fields are stands elsewhere in the file.",
    "unknown-option": "Of a channel it is marked; the options of a protocol stand elsewhere in the file.",
    "option-not-taken": "Of a channel it is marked; which operation takes which option stands elsewhere.",
    "bad-option": "The type and the wire name are looked at together.",
    "reserved-channel": "What is the broker's own is known of Emitter, not of a protocol in the same file.",
}
"""The rules of which an editor marks some breaks, with why not all."""

_OTHER_PLACES = "It compares names or types in several places of a file, or of several files."
_NOT_JSON = "It is about the file, or about YAML, before there is anything that JSON can hold."

UNSAID: Mapping[Rule, str] = {
    **dict.fromkeys(
        ("no-file", "not-readable", "too-large", "encoding", "bad-character", "empty-file", "yaml-syntax",
         "yaml-feature", "tab", "second-document", "duplicate-key", "key-not-text", "too-deep"), _NOT_JSON,
    ),
    **dict.fromkeys(
        ("name-collision", "wire-collision", "alias-cycle", "endless-record", "import-cycle", "union-tag",
         "union-present", "topic-parameter", "unknown-event", "event-payload", "event-channel", "unknown-error",
         "duplicate-status", "unknown-operation", "lasting-request", "watch-request", "request-options",
         "header-option", "address-parameter", "overlap"), _OTHER_PLACES,
    ),
    "several-types": "What the names of types stand for, and what that is in JSON, stands elsewhere in the file.",
    "slow-pattern": "How long an expression may take, no expression tells.",
    "parameter-order": "JSON Schema knows no order of keys.",
    "output": "It is about generated files.",
}  # fmt: skip
"""The rules of which an editor marks nothing, with why."""


@cache
def validator(protocol: Protocol | None) -> Draft7Validator:
    """Return what judges as an editor does."""
    schema = language_schema(protocol)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def marks(path: Path, protocol: Protocol | None) -> list[str]:
    """Return what an editor marks in a file. Raises ValueError where the file cannot be read."""
    errors = validator(protocol).iter_errors(core(path))  # pyright: ignore[reportUnknownMemberType]  # its stub has holes
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]


def problems(path: Path, protocol: Protocol | None) -> tuple[Problem, ...]:
    """Return the compiler's problems with a file."""
    try:
        load(path, protocol)
    except SchemaProblems as found:
        return found.problems
    return ()


def judge(path: Path, protocol: Protocol | None) -> None:
    """Assert that an editor marks nothing in a good schema, and whatever it can tell in a bad one."""
    found, marked = problems(path, protocol), marks(path, protocol)
    text = path.read_text("utf-8")
    if not found:
        assert not marked, f"an editor marks a good schema: {marked}\n{text}"
    told = [problem for problem in found if problem.rule in SAID]
    assert marked or not told, f"an editor marks nothing, but: {told}\n{text}"


def written(folder: Path, document: object) -> Path:
    """Write a document as a schema."""
    path = folder / "schema.yaml"
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path
