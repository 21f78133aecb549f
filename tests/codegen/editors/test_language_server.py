"""The YAML language server, as VS Code and others run it, completes, explains and marks schemas."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main as compile_schemas
from emitter_typed_codegen.editors import text
from emitter_typed_codegen.jobs import compiler_protocol
from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load
from tests.codegen.diagnostics.printed import CASES as DIAGNOSTICS
from tests.codegen.editors.judging import SAID
from tests.codegen.editors.language_server import YamlServer
from tests.codegen.golden.cases import FOLDER as GOLDEN
from tests.helpers.installing import npm_install

pytestmark = [pytest.mark.tools, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MODELINE = "# yaml-language-server: $schema=./home.schema.json\n"
COMMON = "emitter-typed: 1\ntypes:\n  Unit: {doc: The unit of a value., enum: [celsius, kelvin]}\n"
HOME = """\
emitter-typed: 1
imports: {common: ./common.yaml}
types:
  Reading: {doc: One sample of a sensor., fields: {celsius: float}}
  Mode: {doc: Who decides., enum: [auto, manual]}
  SetMode: {fields: {mode: Mode}}
channels:
  temperature: {address: "home/{room}/temperature/", payload: Reading, doc: What each room measures.}
"""


@pytest.fixture(scope="module")
def program() -> Path:
    modules = npm_install(HERE / "npm", ROOT / "build" / "editors")
    return modules / "yaml-language-server" / "bin" / "yaml-language-server"


@pytest.fixture(scope="module")
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[YamlServer]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "common.yaml").write_text(COMMON, "utf-8")
    (folder / "home.yaml").write_text(HOME, "utf-8")
    protocol = compiler_protocol()
    (folder / "home.schema.json").write_text(text(protocol, load(folder / "home.yaml", protocol)), "utf-8")
    (folder / "any.schema.json").write_text(text(None), "utf-8")
    invented = load(GOLDEN / "protocol" / "schema.yaml").protocol
    (folder / "invented.schema.json").write_text(text(invented), "utf-8")
    with YamlServer(program, folder) as server:
        yield server


TYPES = "emitter-typed: 1\ntypes:\n"
FIELD = f"{TYPES}  A:\n    fields:\n      a: "
CHANNEL = "emitter-typed: 1\nchannels:\n  temperature:\n    address: home/{room}/temperature/\n    payload: Reading\n"


@pytest.mark.parametrize(
    ("content", "offered"),
    [
        pytest.param("", {"emitter-typed": "emitter-typed: 1", "channels": "channels:\n  "}, id="sections"),
        pytest.param(f"{TYPES}  A:\n    ", {"fields": "fields:\n  ${2:field}: ${3:string}", "union": None}, id="kinds"),
        pytest.param(f"{TYPES}  ", {"Name: enum": "${1:Name}:\n  enum:\n    - ${2:auto}"}, id="a type"),
        pytest.param(f"{TYPES}  A:\n    fields: {{}}\n    ", {"unknown": None, "deprecated": None}, id="a record"),
        pytest.param(FIELD, {"float": "float", "[T]": '"[${1:string}]"', "Mode": "Mode"}, id="the type of a field"),
        pytest.param(f"{FIELD}common", {"common.Unit": "common.Unit"}, id="an imported type"),
        pytest.param(f"{FIELD}{{type: int, m", {"minimum": None, "maximum": None}, id="a limit"),
        pytest.param(f"{FIELD}\n        ", {"type": "type: ", "also_read": None}, id="a key of a field"),
        pytest.param(f"{TYPES}  A: {{union: [R", {"Reading": "Reading", "SetMode": "SetMode"}, id="a member"),
        pytest.param(f"{CHANNEL}    ", {"params": None, "direction": None, "options": None}, id="a channel"),
        pytest.param(f"{CHANNEL}    direction: ", {"publish": "publish", "subscribe": None}, id="a direction"),
        pytest.param(f"{CHANNEL}    options:\n      ", {"ttl": None, "qos": None}, id="an option"),
        pytest.param(f"{CHANNEL}    options:\n      qos: ", {"0": "0", "1": "1"}, id="the value of an option"),
        pytest.param(f"{CHANNEL}    params:\n      ", {"room": "room"}, id="a parameter of the address"),
        pytest.param(f"{CHANNEL}    params:\n      room: ", {"uuid": "uuid", "date": "date"}, id="a parameter's type"),
        pytest.param("emitter-typed: 1\nchannels:\n  ", {"temperature": None}, id="a channel of the file"),
    ],
)
def test_what_may_be_written_is_offered(server: YamlServer, content: str, offered: dict[str, str | None]) -> None:
    found = server.open(f"{MODELINE}{content}").completed(f"{MODELINE}{content}")

    assert offered.keys() - found.keys() == set()
    assert {label: found[label] for label, written in offered.items() if written is not None} == {
        label: written for label, written in offered.items() if written is not None
    }


def test_what_only_a_protocol_has_is_not_offered(server: YamlServer) -> None:
    found = server.open(f"{MODELINE}emitter-typed: 1\n").completed("emitter-typed: 1\n")

    assert {"envelope", "requests", "events", "operations", "options", "errors"} & found.keys() == set()


@pytest.mark.parametrize(
    ("at", "explained"),
    [
        ("emitter-typed: 1", "The version of the language"),
        ("minimum", "The least value, written as a value of the type."),
        ("float", "finite number; `float` in Python"),
        ("Unit", "The unit of a value."),
        ("Mode", "Who decides."),
        ("temperature:", "`home/{room}/temperature/`\n\nWhat each room measures."),
        ("address", "Segments, each ending with `/`"),
        ("subscribe", "`both`, `publish` or `subscribe`, as seen from your programs."),
        ("ttl", "How long the broker stores the message"),
    ],
)
def test_what_stands_under_the_cursor_is_explained(server: YamlServer, at: str, explained: str) -> None:
    document = server.open(
        f"{MODELINE}emitter-typed: 1\ntypes:\n  A: {{fields: {{a: {{type: float, minimum: 0}}, b: common.Unit, "
        "c: Mode}}\nchannels:\n  temperature:\n    address: x/\n    payload: A\n    direction: subscribe\n"
        "    options: {ttl: 60}\n",
    )

    assert explained in document.hover(at)


@pytest.mark.parametrize(
    ("content", "marked", "said"),
    [
        (f"{FIELD}{{type: int, minimun: 0}}\n", "minimun", "Property minimun is not allowed."),
        (f"{FIELD}list<int>\n", "list<int>", 'float | string, "[T]"'),
        (f"{FIELD}{{type: int, pattern: x}}\n", "pattern", "pattern is a limit of string"),
        (f"{FIELD}{{type: int, default: abc}}\n", "abc", 'Expected "integer".'),
        (f"{TYPES}  A: {{doc: What is it?}}\n", "A", "give it one of enum, flags, alias, fields or union"),
        (f"{TYPES}  A: {{enum: [a], fields: {{}}}}\n", "fields", "Property fields is not allowed."),
        (f"{TYPES}  A: {{enum: [1]}}\n", "1", 'Expected "string".'),
        ("emitter-typed: 1\nchannels: {a: {address: 'a/{r', payload: int}}\n", "'a/{r'", "each end with a slash"),
        ("emitter-typed: 1\nchannels: {a: {address: emitter/me/, payload: int}}\n", "emitter/me/", ""),
        ("emitter-typed: 1\nchannels: {a: {address: a/}}\n", "a", 'Missing property "payload".'),
        (f"{CHANNEL}    direction: in\n", "in", 'Valid values: "publish", "subscribe", "both".'),
        (f"{CHANNEL}    options: {{tll: 1}}\n", "tll", "Property tll is not allowed."),
        ("emitter-typed: 2\n", "2", "Value is not accepted."),
    ],
)
def test_what_is_wrong_is_marked_where_it_stands(server: YamlServer, content: str, marked: str, said: str) -> None:
    marks = server.open(f"{MODELINE}{content}").marks

    assert [place for place, message in marks if said in message] == [marked], marks


GOOD = [*sorted(GOLDEN.glob("*/*.yaml")), ROOT / "schema" / "emitter.yaml", ROOT / "examples" / "home" / "home.yaml"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_nothing_is_marked_in_a_good_schema(server: YamlServer, path: Path) -> None:
    name = "invented" if path.is_relative_to(GOLDEN) else "home"
    content = path.read_text("utf-8")

    assert server.open(f"# yaml-language-server: $schema=./{name}.schema.json\n{content}").marks == []


def _said() -> list[Path]:
    found: list[Path] = []
    for path in sorted(DIAGNOSTICS.glob("*.yaml")):
        try:
            load(path)
        except SchemaProblems as problems:
            if SAID & {problem.rule for problem in problems.problems}:
                found.append(path)
    return found


@pytest.mark.parametrize("path", _said(), ids=lambda path: path.stem)
def test_whatever_an_editor_can_tell_is_marked(server: YamlServer, path: Path) -> None:
    content = path.read_text("utf-8")

    assert server.open(f"# yaml-language-server: $schema=./any.schema.json\n{content}").marks != []


def test_the_first_schema_is_completed_at_once_and_with_its_own_types_once_it_is_generated(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emitter_typed.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    content = Path("home.yaml").read_text("utf-8")
    with YamlServer(program, tmp_path) as server:
        document = server.open(content)
        assert document.marks == []
        assert "Air temperature" not in document.hover("celsius")
        assert "float" in document.completed("celsius: {type: ")
    assert compile_schemas(["generate", "home.yaml", "--out", "home_api"]) == 0
    with YamlServer(program, tmp_path) as server:
        document = server.open(content)
        assert document.marks == []
        assert "One sample of a sensor." in document.hover("payload")
        assert "Reading" in document.completed("payload: ")


def test_every_expression_is_one_of_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    program = (
        "let seen = 0; JSON.parse(require('fs').readFileSync(0), (key, value) => {"
        "if (key === 'pattern' && typeof value === 'string') { new RegExp(value, 'u'); seen++; } return value; });"
        "console.log(seen)"
    )
    schema = json.dumps(json.loads(text(compiler_protocol())))
    done = subprocess.run([node, "-e", program], input=schema, capture_output=True, text=True, check=True)

    assert int(done.stdout) > 50
