"""Small inputs and what becomes of them: `inputs/` holds a table for each direction, and one of types that are refused.

A type and a value are written as a program would write them, with the names that a program would import, and those of
`tests/helpers/handwritten.py`.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import http
import json
import types
import typing
import uuid
from collections import abc
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed._protocol.payloads import codec
from emitter_typed.errors import InvalidArgument, Undecodable
from tests.helpers import handwritten, records

FOLDER = Path(__file__).parent / "inputs"


SCOPE: dict[str, object] = {
    **{name: value for module in (records, handwritten) for name, value in vars(module).items()},
    **{name: getattr(datetime, name) for name in ("datetime", "date", "timedelta", "timezone", "UTC")},
    **{name: getattr(typing, name) for name in ("Annotated", "Any", "Literal", "Tuple", "Unpack")},
    **{name: getattr(abc, name) for name in ("Iterable", "Mapping", "Sequence")},
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "HTTPStatus": http.HTTPStatus,
    "OrderedDict": collections.OrderedDict,
    "UserDict": collections.UserDict,
    "MappingProxyType": types.MappingProxyType,
}


def table(name: str) -> list[dict[str, str]]:
    cases: list[dict[str, str]] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return cases


def meant(expression: str) -> object:
    found: object = eval(expression, dict(SCOPE))  # of our own table
    return found


def named(case: dict[str, str]) -> str:
    return "-".join(case[each] for each in ("type", "value", "json") if each in case)


@pytest.mark.parametrize("case", table("reading.json"), ids=named)
def test_what_is_read(case: dict[str, str]) -> None:
    type_, raw = meant(case["type"]), case["json"].encode()
    if "gives" in case:
        expected = meant(case["gives"])
        found = codec.decode(raw, type_)
        assert (found, type(found)) == (expected, type(expected))
        return
    with pytest.raises(Undecodable) as caught:
        codec.decode(raw, type_, channel="a/")
    assert caught.value.path == case["path"]
    assert case["problem"] in caught.value.message
    assert caught.value.raw == raw


@pytest.mark.parametrize("case", table("writing.json"), ids=named)
def test_what_is_written(case: dict[str, str]) -> None:
    type_ = meant(case["type"]) if "type" in case else None
    if "problem" in case:
        with pytest.raises(InvalidArgument) as caught:
            codec.encode(meant(case["value"]), type_)
        assert caught.value.argument == case["path"]
        assert case["problem"] in str(caught.value)
        return
    written = codec.encode(meant(case["value"]), type_).decode()
    assert case.get("gives", written) == written
    assert case.get("gives_part", written) in written


@pytest.mark.parametrize("case", table("refused_types.json"), ids=named)
def test_a_type_that_no_payload_can_have_is_refused_at_the_call(case: dict[str, str]) -> None:
    client = Client()
    with pytest.raises(InvalidArgument) as caught:
        client.subscribe("key", "a/", payload=meant(case["type"]))  # type: ignore[call-overload]  # on purpose
    assert caught.value.argument == "payload"
    assert case["problem"] in str(caught.value)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (handwritten.ForCheckers(place=1), "ForCheckersOnly"),  # type: ignore[arg-type]  # on purpose
        (handwritten.Local(inner=1), "Inner"),
    ],
    ids=["for-checkers", "local"],
)
def test_an_annotation_that_cannot_be_resolved_is_named_at_publish_too(value: object, annotation: str) -> None:
    with pytest.raises(InvalidArgument, match=f"the annotation '{annotation}' cannot be resolved"):
        Client().publish("key", "a/", value)


@pytest.mark.parametrize("type_", [handwritten.NamedForCheckers, handwritten.KeyedForCheckers])
def test_a_field_whose_annotation_cannot_be_resolved_is_named(type_: type) -> None:
    with pytest.raises(InvalidArgument, match=rf"{type_.__name__}\.place: the annotation '.*' cannot be resolved"):
        codec.check_type(type_)
