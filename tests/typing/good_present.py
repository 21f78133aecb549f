"""What a checker knows of unions whose members their fields tell. Never run."""

from collections.abc import Mapping
from typing import assert_never, assert_type

from emitter_typed import Client, Json, Key, UnrecognizedMember, decode_json, encode_json
from tests.codegen.golden.present.expected import (
    Air,
    Attribute,
    Battery,
    Calls,
    Error,
    Failure,
    Items,
    Message,
    Metrics,
    Number,
    Request,
    Result,
    Text,
    Value,
)


def told(message: Message) -> str:
    match message:
        case Request(method=method):
            return method
        case Result(result=result):
            assert_type(result, Json)
            return "done"
        case Failure(error=Error(message=text)):
            return text
        case _:
            assert_never(message)


def measured(metrics: Metrics) -> float:
    match metrics:
        case Battery(level=level):
            return level
        case Air(temperature=temperature):
            return temperature
        case UnrecognizedMember(tag=tag, unknown_fields=fields):
            assert_type(fields, Mapping[str, Json])
            assert_type(tag, None)
            return 0
        case _:
            assert_never(metrics)


def plain(value: Value) -> Json:
    match value:
        case Text(text=text):
            return text
        case Number(number=number):
            return number
        case Items(items=items):
            return [plain(item) for item in items]
        case _:
            assert_never(value)


def present(client: Client, key: Key) -> None:
    calls = Calls(client, key)
    calls.calls(client="a").publish(Request(method="sum", id=1))
    calls.calls(client="a").publish((Result(result=None, id=1), Failure(error=Error(code=1, message=""), id=None)))
    for message in calls.calls.subscribe():
        payload = message.payload
        for one in payload if isinstance(payload, tuple) else (payload,):
            told(one)
    calls.metrics(radio="a").publish(UnrecognizedMember(tag=None, unknown_fields={"pressure": 1000}))
    for metrics in calls.metrics.subscribe():
        measured(metrics.payload)
    assert_type(decode_json("{}", Attribute).value, Text | Number | Items)
    encode_json(Result(result=1, id=1), Message)
    encode_json(UnrecognizedMember(tag=None), Metrics)
