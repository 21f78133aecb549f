"""What documents show as examples is what generated packages read, from channels too."""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from emitter_typed._protocol.payloads import codec
from emitter_typed.contract import ChannelDefinition
from emitter_typed_codegen.export.documents import export
from emitter_typed_codegen.names import attribute_name, class_name
from tests.codegen.documents.schemas import loaded
from tests.codegen.golden.cases import CASES

PACKAGES = [case for case in CASES if case != "protocol"]


@pytest.mark.parametrize("case", PACKAGES)
def test_every_example_of_a_type_is_read(case: str) -> None:
    package = import_module(f"tests.codegen.golden.{case}.expected")
    document = json.loads(export(loaded(case), "jsonschema"))
    for type_ in document["$defs"].values():
        cls: Any = package
        *way, name = type_["title"].split(".")
        for step in way:
            cls = getattr(cls, step)
        for example in type_.get("examples", []):
            codec.json_reader(getattr(cls, class_name(name)))(json.dumps(example).encode())


@pytest.mark.parametrize("case", PACKAGES)
def test_every_example_of_a_message_is_read_from_its_channel(case: str) -> None:
    schema = loaded(case)
    definitions = {one.name: one for one in found(case)} if schema.channels else {}
    document = json.loads(export(schema, "asyncapi"))
    read = 0
    for channel in document["channels"].values():
        address = channel["address"]
        for name, parameter in channel.get("parameters", {}).items():
            address = address.replace(f"{{{name}}}", parameter["examples"][0])
        for message in channel["messages"].values():
            if "$ref" in message:
                message = document["components"]["messages"][message["$ref"].rpartition("/")[2]]
            for example in message.get("examples", []):
                payload = example["payload"]
                plain = message["contentType"] == "text/plain"
                raw = payload.encode() if plain else json.dumps(payload).encode()
                assert definitions[attribute_name(channel["title"])].decode(address, raw, None) is not None
                read += 1
    assert read >= sum(message.get("contentType") != "application/octet-stream" for message in messages(document))


def messages(document: Any) -> Iterator[Any]:
    for channel in document["channels"].values():
        yield from (one for one in channel["messages"].values() if "$ref" not in one)
    yield from document["components"].get("messages", {}).values()


def found(case: str) -> list[ChannelDefinition[Any, Any]]:
    held: list[object] = list(vars(import_module(f"tests.codegen.golden.{case}.expected.channels")).values())
    return [one for one in held if isinstance(one, ChannelDefinition)]
