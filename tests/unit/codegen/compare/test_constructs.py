"""No part of the language is unknown to the comparison."""

from __future__ import annotations

from typing import get_args

import attrs
import pytest

from emitter_typed_codegen.compare import RULES
from emitter_typed_codegen.compare.wire import kind
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Channel,
    Constraint,
    Declaration,
    Enum,
    EnumValue,
    Field,
    Flags,
    Import,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    ScalarName,
    Schema,
    Secret,
    TypeRef,
    Union,
)

MODEL: tuple[type[attrs.AttrsInstance], ...] = (
    *(Schema, Import, Channel, Field, Record, Enum, EnumValue, Flags, Union, Alias, Secret, Constraint),
    *(Scalar, Named, Optional, List, Map, AnyOf),
)
NOT_COMPARED = {
    "Schema.source": "where a schema lies is no part of its meaning",
    "Schema.imported": "the types of imported files are compared with those of the schema",
    "Schema.by_name": "it is made of the others",
    "Import.path": "where a schema lies is no part of its meaning",
    "Import.schema": "its types are compared with those of the schema",
    **{
        f"Schema.{name}": "only a protocol has it, and protocols are refused"
        for name in ("envelope", "requests", "events", "operations", "options", "errors")
    },
}


def test_some_rule_is_about_every_part_of_the_model() -> None:
    parts = {f"{cls.__name__}.{one.name}" for cls in MODEL for one in attrs.fields(cls)}
    known = {construct for rule in RULES.values() for construct in rule.constructs}

    assert parts - known == set(NOT_COMPARED)
    assert known - parts == set()


def test_the_model_has_no_other_classes() -> None:
    assert {*get_args(Declaration), *get_args(TypeRef)} <= set(MODEL)


# As JSON, a text is a string: `text?` is `string?`.
IN_JSON: tuple[ScalarName, ...] = tuple(name for name in get_args(ScalarName) if name != "text")


@pytest.mark.parametrize("name", IN_JSON)
def test_every_scalar_is_told_apart(name: ScalarName) -> None:
    others = {kind(Scalar(other), None, "json") for other in IN_JSON if other != name}

    assert kind(Scalar(name), None, "json") not in others


def test_every_rule_says_what_to_do_if_it_breaks() -> None:
    assert [rule.id for rule in RULES.values() if rule.breaking and not rule.fix] == []
    assert [rule.id for rule in RULES.values() if not rule.breaking and (rule.fix or rule.order != "any")] == []
