"""Exported documents are what others take them for, and say what the schema says."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema
import pytest

from emitter_typed_codegen.export.documents import export
from emitter_typed_codegen.jobs import compiler_protocol
from emitter_typed_codegen.resolve import load
from tests.codegen.documents.schemas import SCHEMAS, loaded
from tests.helpers.installing import npm_install
from tests.helpers.tree import ROOT

Document: TypeAlias = "bool | int | float | str | list[Document] | dict[str, Document] | None"


@pytest.mark.tools
@pytest.mark.timeout(300)
def test_the_tools_that_documents_are_for_have_nothing_against_them(tmp_path: Path) -> None:
    """AsyncAPI's parser, which checks examples too, and a validator of JSON Schema in its strict mode."""
    npm = Path(__file__).with_name("npm")
    folder = npm_install(npm, ROOT / "build" / "documents").parent
    shutil.copy(npm / "judge.js", folder)
    for name in SCHEMAS:
        for target in ("asyncapi", "jsonschema"):
            (tmp_path / f"{name}.{target}.json").write_text(export(loaded(name), target), "utf-8")
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        ["node", "judge.js", *files], cwd=folder, text=True, capture_output=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, list[str]] = json.loads(done.stdout)
    # It would rather have 3.1.
    told = {file: [one for one in lines if "latest-version" not in one] for file, lines in said.items()}
    assert len(said) == 2 * len(SCHEMAS)
    assert {file: lines for file, lines in told.items() if lines} == {}


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_json_schema_is_one_and_takes_its_own_examples(name: str) -> None:
    document = json.loads(export(loaded(name), "jsonschema"))
    jsonschema.Draft202012Validator.check_schema(document)
    for key, type_ in document["$defs"].items():
        jsonschema.Draft7Validator.check_schema(type_)
        judge: Any = jsonschema.Draft202012Validator({**document, "$ref": f"#/$defs/{key}"})
        for example in type_.get("examples", []):
            judge.validate(example)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_same_schema_gives_the_same_bytes(name: str) -> None:
    for target in ("asyncapi", "jsonschema", "html"):
        assert export(loaded(name), target) == export(loaded(name), target)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_of_an_asyncapi_document_leads_somewhere(name: str) -> None:
    document = json.loads(export(loaded(name), "asyncapi"))
    found = [*references(document)]
    for one in found:
        held = document
        for step in one.removeprefix("#/").split("/"):
            held = held[step]
    assert found or not document["channels"]


def references(document: Document) -> Iterator[str]:
    if isinstance(document, dict):
        for name, each in document.items():
            if name == "$ref" and isinstance(each, str):
                yield each
            else:
                yield from references(each)
    elif isinstance(document, list):
        for each in document:
            yield from references(each)


def test_an_operation_is_what_an_application_does() -> None:
    document = json.loads(export(loaded("documents"), "asyncapi"))

    assert {name: one["action"] for name, one in document["operations"].items()} == {
        "send_temperature": "send",
        "receive_temperature": "receive",
        "send_command": "send",
        "receive_report": "receive",
        "receive_answer": "receive",
        "receive_reply": "receive",
        "receive_late": "receive",
        "receive_register": "receive",
        "receive_alarm": "receive",
        "send_picture": "send",
        "receive_picture": "receive",
    }
    assert document["channels"]["temperature"]["address"] == "greenhouse/{house}/{bed}/temperature/"
    assert document["channels"]["temperature"]["x-emitter-key"] == "greenhouse/+/+/temperature/"
    assert document["channels"]["alarm"]["x-emitter-key"] == "alarm/greenhouse/#/"
    assert document["channels"]["picture"]["x-emitter-deprecated"] == "use the video"


def test_options_that_mqtt_has_itself_are_in_its_binding(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "emitter-typed: 1\nchannels: {a: {address: a/, payload: text, options: {qos: 1, retain: true, ttl: 0}}}\n"
    )
    document = json.loads(export(load(path, compiler_protocol()), "asyncapi"))

    assert document["operations"]["send_a"]["bindings"]["mqtt"] == {
        "qos": 1,
        "retain": True,
        "bindingVersion": "0.2.0",
    }
    assert document["channels"]["a"]["x-emitter-options"] == {"qos": 1, "retain": True, "ttl": 0}
    assert document["channels"]["a"]["x-emitter-stored"] is True
    assert document["operations"]["send_a"]["x-emitter-permissions"] == {"publish": "ws"}
    assert document["info"] == {"title": "A", "version": "0.0.0"}
