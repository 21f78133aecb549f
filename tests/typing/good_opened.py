"""What a checker knows of open unions. Never run."""

from collections.abc import Mapping
from typing import assert_never, assert_type

from emitter_typed import Client, Json, Key, UnrecognizedMember, decode_json, encode_json
from tests.codegen.golden.opened.expected import Button, Event, Log, Opened, Overheat, Signal


def told(event: Event) -> str:
    match event:
        case Button(press=press):
            return press
        case Overheat():
            return "too hot"
        case UnrecognizedMember(tag=tag, unknown_fields=fields):
            assert_type(fields, Mapping[str, Json])
            return assert_type(tag, str)
        case _:
            assert_never(event)


def signalled(signal: Signal) -> int:
    match signal:
        case Button() | Overheat():
            return 0
        case UnrecognizedMember(tag=tag):
            return assert_type(tag, int)
        case _:
            assert_never(signal)


def opened(client: Client, key: Key) -> None:
    plugs = Opened(client, key)
    plugs.event(plug="hall").publish(UnrecognizedMember(tag="later", unknown_fields={"at": 1, "of": ["a", None]}))
    for message in plugs.event.subscribe():
        told(message.payload)
    plugs.signal(plug="hall").publish(UnrecognizedMember(tag=3))
    for signal in plugs.signal.subscribe():
        signalled(signal.payload)
    for log in plugs.log.subscribe():
        assert_type(log.payload.last, Button | Overheat | UnrecognizedMember | None)
    assert_type(decode_json("{}", Log).events, tuple[Button | Overheat | UnrecognizedMember, ...])
    encode_json(UnrecognizedMember(tag="later"), Event)
    encode_json(UnrecognizedMember(tag=3), Signal)
    known: UnrecognizedMember = UnrecognizedMember(tag="later")
    assert_type(known.tag, str)
