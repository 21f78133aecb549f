"""Records, unions and enums as bodies and responses of the real FastAPI, and in the page that it makes of its API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.helpers.installing import install
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

# pip may take its time.
pytestmark = [pytest.mark.tools, pytest.mark.timeout(600)]

# Any: whatever is in JSON.
Answer: TypeAlias = tuple[int, Any]

NEWEST = ("fastapi", "pydantic", "openapi-spec-validator")
OLDEST = ("fastapi==0.110.0", "pydantic==2.7.0", "openapi-spec-validator")

(SERVICE,) = blocks((ROOT / "docs" / "how-to" / "payloads.md").read_text("utf-8"), "python")
(STREAMING,) = blocks((ROOT / "docs" / "how-to" / "web-apps.md").read_text("utf-8"), "python")
READING = {"celsius": 21.5, "taken_at": "2026-01-31T12:00:00Z"}

# Bodies and responses of all kinds, some of them by themselves and some in a model.
HOUSES = """
from typing import Annotated

from emitter_typed import Unrecognized
from fastapi import Body, FastAPI
from pydantic import BaseModel
from tests.helpers.records import Command, Formats, House, Mode, Node, Reading, Rights, Scalars, Source, Tree

app = FastAPI()


class Order(BaseModel):
    number: int
    command: Command
    mode: Mode = Mode.AUTO
    source: Source | Unrecognized[str] | None = None
    rights: Rights = Rights.READ
    by_room: dict[str, Reading] = {}


@app.post("/order")
async def order(order: Order) -> Order:
    return order


@app.post("/commands")
async def commands(commands: list[Command]) -> list[Command]:
    return commands[::-1]


@app.post("/house")
async def house(house: Annotated[House, Body()]) -> House:
    assert isinstance(house, House)
    return house


@app.post("/scalars")
async def scalars(scalars: Annotated[Scalars, Body()], formats: Annotated[Formats, Body()]) -> Scalars:
    return scalars


@app.post("/tree")
async def tree(tree: Annotated[Tree, Body()]) -> Tree:
    return tree


@app.post("/node", response_model=Node)
async def node(node: Annotated[Node, Body()]) -> object:
    return node


@app.get("/document", response_model=Reading)
async def document() -> object:
    return {"celsius": 1}
"""

# What pydantic makes of types by itself.
MODELS = """
import dataclasses
import json
import sys
from collections.abc import Mapping
from typing import Generic, TypeVar

import attrs
from attrs import frozen
from emitter_typed import Key, Unrecognized
from pydantic import BaseModel, TypeAdapter, ValidationError
from tests.codegen.golden.enums.expected import types as enums
from tests.codegen.golden.numbers.expected import types as numbers
from tests.codegen.golden.opened.expected import types as opened_types
from tests.codegen.golden.records.expected import types as records
from tests.codegen.golden.unions.expected import types as unions
from tests.helpers.records import Blanks, Command, Formats, House, Keeping, Kept, Mode, Node, Reading, Rights, SetMode
from tests.helpers.records import Later, Outcome, Outcomes, Scalars, Tree


@dataclasses.dataclass
class Place:
    latitude: float


@attrs.define
class Floor:
    places: list[Place]
    above: "Floor | None" = None


T = TypeVar("T")


@attrs.define
class Page(Generic[T]):
    items: list[T]


@frozen(kw_only=True)
class Placed(Reading):
    place: Place
    numbers: Page[int] | None = None
    texts: Page[str] | None = None
    floors: Mapping[str, Floor] = {}


class Model(BaseModel):
    reading: Reading
    command: Command | None = None


class Opened(BaseModel):
    mode: enums.Mode | Unrecognized[str]
    speed: numbers.Speed | Unrecognized[int]
    state: numbers.Charging = numbers.Charging.UNKNOWN
    event: opened_types.Event | None = None


opened = [
    Opened.model_validate_json(f'{{"mode": "{mode}", "speed": {speed}, "event": {{"type": "{event}", "press": "a"}}}}')
    for mode, speed, event in [("auto", 10, "button"), ("other", 11, "later")]
]
types = [Blanks, Command, Formats, House, Keeping, Kept, Node, Outcomes, Outcome, Later, Rights, Scalars, Tree,
    Placed, records.Reading, records.State, numbers.Battery, opened_types.Log, opened_types.Signal, Opened,
    unions.Trace, unions.Command, unions.Change, list[Command], dict[str, House | None]]
reading = Reading(celsius=1.0)
model = Model(reading=reading, command=SetMode(mode=Mode.AUTO))
schemas = [TypeAdapter(type_).json_schema(mode=mode) for type_ in types for mode in ("validation", "serialization")]
placed = TypeAdapter(Placed).validate_json('{"celsius": 1, "place": {"latitude": 2}, "floors": {"a": {"places": []}}}')
refused = []
for attempt in (
    lambda: BaseModel.__class__("Secretive", (BaseModel,), {"__annotations__": {"key": Key}}),
    lambda: TypeAdapter(Reading).validate_python({"celsius": "1"}),
    lambda: TypeAdapter(Reading).dump_json(Reading(celsius=1.0, note=3)),
    lambda: TypeAdapter(numbers.Charging).validate_json("1.0"),
    lambda: TypeAdapter(numbers.Charging).validate_json("true"),
):
    try:
        attempt()
    except Exception as error:
        refused.append([type(error).__name__, str(error).splitlines()])
print(json.dumps({
    "same": model.model_dump()["reading"] is reading and model.reading is reading,
    "dumped": model.model_dump(mode="json"),
    "as json": json.loads(model.model_dump_json()),
    "again": Model.model_validate_json(model.model_dump_json()) == model,
    "placed": [type(placed.place).__name__, type(placed.floors["a"]).__name__],
    "opened": [[repr(one.mode), repr(one.speed), repr(one.event)] for one in opened],
    "opened as json": [one.model_dump(mode="json") for one in opened],
    "schemas": schemas,
    "refused": refused,
}))
"""
# The service of the page about web applications, with a browser that leaves after the first event.
BROWSER = """
import asyncio
import json
import os
import sys

from emitter_typed.broker import AsyncBroker
from tests.helpers.asgi import ask


async def main():
    reading = json.load(sys.stdin)
    async with AsyncBroker() as broker:
        os.environ.update(EMITTER_URL=broker.url, EMITTER_KEY=broker.keygen("home/#/", "rwsl").reveal())
        from service import app, readings

        async with app.router.lifespan_context(app):
            response = await readings()
            stream = response.body_iterator
            first = asyncio.ensure_future(anext(stream))
            status, _ = await ask(app, "POST", "/rooms/kitchen", reading)
            event = (await asyncio.wait_for(first, 10)).decode()
            await stream.aclose()
            refused = await ask(app, "POST", "/rooms/the kitchen", reading)
            print(json.dumps([status, response.media_type, event, refused]))


asyncio.run(main())
"""
# Each is one of JSON Schema, whose references lead somewhere.
VALID = """
import json
import sys

from jsonschema import Draft202012Validator

for schema in json.load(sys.stdin):
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    for part in text.split('"$ref": "#/$defs/')[1:]:
        assert part.partition('"')[0] in schema["$defs"], text
"""


class Service:
    """An application of FastAPI, in a folder with what is installed for it."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self.folder = folder
        places = [folder, packages, ROOT, ROOT / "src", ROOT / "examples" / "home"]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}

    def run(self, *arguments: str, given: object) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def ask(self, program: str, *requests: tuple[str, str, object]) -> list[Answer]:
        (self.folder / "service.py").write_text(program, "utf-8")
        answers: list[Answer] = json.loads(self.run("-m", "tests.helpers.asgi", "service:app", given=requests))
        return [(status, body) for status, body in answers]

    def post(self, program: str, *requests: tuple[str, object]) -> list[Answer]:
        return self.ask(program, *(("POST", path, body) for path, body in requests))


@pytest.fixture(scope="module", params=[NEWEST, OLDEST], ids=["newest", "oldest"])
def packages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    install(*request.param, into=folder, with_dependencies=True)
    return folder


@pytest.fixture
def service(packages: Path, tmp_path: Path) -> Service:
    return Service(tmp_path, packages)


def test_the_service_of_the_page_takes_and_gives_readings(service: Service) -> None:
    warm = {"sensor": "s1", "readings": [READING, {**READING, "celsius": 30}]}

    assert service.post(SERVICE, ("/readings", warm), ("/reading", {**READING, "celsius": 20})) == [
        (200, {"celsius": 30.0, "taken_at": "2026-01-31T12:00:00Z"}),
        (200, {"fahrenheit": 68.0}),
    ]


def test_the_service_of_the_page_streams_typed_messages(service: Service) -> None:
    (service.folder / "service.py").write_text(STREAMING, "utf-8")
    (service.folder / "browser.py").write_text(BROWSER, "utf-8")

    status, kind, event, (refused, body) = json.loads(service.run("browser.py", given=READING))

    assert (status, kind) == (204, "text/event-stream")
    assert (refused, body["detail"][:35]) == (422, "room: must be one segment of a chan")
    assert event == 'data: {"celsius":21.5,"taken_at":"2026-01-31T12:00:00Z"}\n\n'


def test_what_does_not_fit_is_422_at_its_place(service: Service) -> None:
    bad = {**READING, "celsius": "warm"}
    cases: list[tuple[str, object, list[str | int], str]] = [
        ("/reading", bad, ["body", "celsius"], "expected a number, got a text"),
        ("/reading", {"celsius": 1}, ["body", "taken_at"], "Field required"),
        ("/reading", [], ["body"], "expected an object, got a list"),
        ("/readings", {"sensor": "s1", "readings": [READING, bad]}, ["body", "readings", 1, "celsius"], "expected"),
        ("/reading", {**READING, "celsius": -300}, ["body", "celsius"], "must be at least -273.15"),
    ]

    for (status, answer), (_, _, place, text) in zip(
        service.post(SERVICE, *(case[:2] for case in cases)), cases, strict=True
    ):
        assert status == 422
        (problem,) = answer["detail"]
        assert problem["loc"] == place
        assert problem["msg"].startswith(text)


def test_problems_deep_in_a_body_have_their_whole_path(service: Service) -> None:
    key = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"
    houses: list[tuple[object, list[str | int]]] = [
        ({"readings": [{"celsius": 1}, {"celsius": 1, "sensorId": "A!"}]}, ["readings", 1, "sensorId"]),
        ({"limits": {"living room": -1}}, ["limits", "living room"]),
        ({"tags": ["a", "B"]}, ["tags", 1]),
        ({"command": {"kind": "set_mode"}}, ["command", "mode"]),
        ({"commands": [{"kind": "no"}]}, ["commands", 0]),
        ({"gaps": [1, None, key]}, ["gaps", 2]),
        ({"kind": "tent"}, ["kind"]),
    ]

    answers = service.post(HOUSES, *(("/house", house) for house, _ in houses))

    assert [answer["detail"][0]["loc"] for _, answer in answers] == [["body", *place] for _, place in houses]
    assert {status for status, _ in answers} == {422}
    assert key not in json.dumps(answers)


def test_bodies_of_every_kind_come_back(service: Service) -> None:
    scalars = {
        "text": "é",
        "flag": True,
        "count": 2**53,
        "ratio": 1.5,
        "blob": "AAE=",
        "at": "2026-01-31T12:00:00Z",
        "day": "2026-01-31",
        "lasts": 90,
        "id": "123e4567-e89b-12d3-a456-426614174000",
        "price": "1.10",
    }
    step: object = {"is": "branch", "nodes": [{"is": "leaf", "value": 1}], "by_name": {}}
    order = {
        "number": 1,
        "command": {"kind": "set_mode", "mode": "manual"},
        "mode": "manual",
        "source": "later",
        "rights": "rs",
        "by_room": {"attic": {"celsius": 1.5, "source": "probe", "sensorId": "s1"}},
    }

    assert service.post(
        HOUSES,
        ("/order", order),
        ("/commands", [{"kind": "identify"}, {"kind": "set_mode", "mode": "auto"}]),
        ("/scalars", {"scalars": scalars, "formats": {"seenAt": 1, "ttl": 2, "lastAt": 0}}),
        ("/tree", {"value": 1, "children": [{"value": 2}]}),
        ("/node", step),
    ) == [
        (200, order),
        (200, [{"kind": "set_mode", "mode": "auto"}, {"kind": "identify"}]),
        (200, scalars),
        (200, {"value": 1, "children": [{"value": 2, "children": []}]}),
        (200, step),
    ]
    assert service.ask(HOUSES, ("GET", "/document", None)) == [
        (200, {"celsius": 1.0, "source": "probe", "sensorId": "s1"})
    ]


def test_the_page_of_the_api_says_what_the_schema_says(service: Service) -> None:
    ((status, page),) = service.ask(SERVICE, ("GET", "/openapi.json", None))

    assert status == 200
    assert page["openapi"].startswith("3.1.")
    components = page["components"]["schemas"]
    assert components["Reading"] == {
        "title": "Reading",
        "description": "One sample of a sensor.",
        "type": "object",
        "properties": {
            "celsius": {
                "type": "number",
                "minimum": -273.15,
                "description": "Air temperature.\n\nUnit: degrees Celsius. At least -273.15.",
            },
            "taken_at": {"type": "string", "format": "date-time", "description": "When the sensor was read."},
        },
        "required": ["celsius", "taken_at"],
    }
    assert components["Batch"]["properties"]["readings"]["items"] == {"$ref": "#/components/schemas/Reading"}
    body = page["paths"]["/reading"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["$ref"] == "#/components/schemas/Reading"


def test_the_page_of_an_api_of_all_kinds_is_valid(service: Service) -> None:
    ((_, page),) = service.ask(HOUSES, ("GET", "/openapi.json", None))

    service.run("-c", "import json, sys, openapi_spec_validator as v; v.validate(json.load(sys.stdin))", given=page)
    components = page["components"]["schemas"]
    assert components["Order-Input" if "Order-Input" in components else "Order"]["properties"]["command"] == {
        "title": "Command",
        "oneOf": [{"$ref": f"#/components/schemas/{name}WithKind"} for name in ("SetMode", "Identify")],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {
                "set_mode": "#/components/schemas/SetModeWithKind",
                "identify": "#/components/schemas/IdentifyWithKind",
            },
        },
    }


def test_models_keep_objects_and_write_documents(service: Service) -> None:
    made = json.loads(service.run("-c", MODELS, given=None))

    reading = {"celsius": 1.0, "source": "probe", "sensorId": "s1"}
    document = {"reading": reading, "command": {"kind": "set_mode", "mode": "auto"}}
    assert made["same"]
    assert made["dumped"] == made["as json"] == document
    assert made["again"]
    assert made["placed"] == ["Place", "Floor"]
    assert made["opened"] == [
        ["<Mode.AUTO: 'auto'>", "<Speed.LOW: 10>", "Button(press='a')"],
        [
            "Unrecognized(raw='other')",
            "Unrecognized(raw=11)",
            "UnrecognizedMember(tag='later', unknown_fields={'press': 'a'})",
        ],
    ]
    assert made["opened as json"] == [
        {"mode": "auto", "speed": 10, "state": 0, "event": {"type": "button", "press": "a"}},
        {"mode": "other", "speed": 11, "state": 0, "event": {"type": "later", "press": "a"}},
    ]
    secretive, number, note, *wrong = made["refused"]
    assert [problem[1][1].split(" [")[0] for problem in wrong] == [
        "  must be one of 0, 1, 2, -1, got 1.0",
        "  must be one of 0, 1, 2, -1, got True",
    ]
    assert secretive[0] == "PydanticSchemaGenerationError"
    assert (number[0], number[1][1:3]) == (
        "ValidationError",
        ["celsius", "  expected a number, got a text [type=unexpected_type, input_value='1', input_type=str]"],
    )
    assert note[0] == "PydanticSerializationError"
    assert "the value does not fit at $.note: expected a text, got " in note[1][0]


def test_every_kind_of_type_has_a_json_schema(service: Service) -> None:
    made = json.loads(service.run("-c", MODELS, given=None))

    service.run("-c", VALID, given=made["schemas"])
    assert len(made["schemas"]) == 50
    pages = [name for schema in made["schemas"] for name in schema.get("$defs", {}) if name.startswith("Page")]
    assert set(pages) == {"Page_int", "Page_str"}
