"""Whatever a schema says, wherever it says it: it reaches Python as a text or a name, or it is a problem."""

import ast
import builtins
import json
import keyword
import re
import sys
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from emitter_typed import Client
from emitter_typed._types.constraints import Constraint
from emitter_typed_codegen.cli import main
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.names import attribute_name, class_name
from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load

CANARY = "hostile_text_was_run"
RUN = f'__import__("builtins").{CANARY}'
HOSTILE = [
    '"', "'", '"""', "'''", "\\", "a\\", "\\\\", '\\"', "\\N{BULLET}", "\\N{", "\\x41", "\\u", "\\'''", '""\\"',
    "{", "}", "{}", "{0}", "{{ 7 * 7 }}", "{% raw %}", "{# #}", "${x}", "%s", "%(x)s", "\n", "a\nb", "\r\n", "\t",
    "\x00", "\x1b[31m", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u200d", "\u2028", "\u2029", "\ufeff", "\ufffe",
    "\u202e", "\u202ecode\u2066", "\u061c", "\ud800", "\udfff", "\U000e0001", "é", "e\u0301", "ﬁ", "𝐱", "ª", "温度",
    "😀",
    *keyword.kwlist, *keyword.softkwlist, "self", "cls", "print", "str", "Record", "field", "frozen", "wire", "Json",
    "__init__", "__class__", "__slots__", "__dict__", "__annotations__", "__getattr__", "__all__", "__debug__", "_",
    "__", "_x", "__x", "x__", "mro", "name", "value", "_value_", "_missing_", "unknown_fields", "types", "channels",
    "facade", "CONTRACT", "TYPE_CHECKING", "annotations", "Client", "AsyncClient", "2fast", "-", "a-b", "a b", "#",
    "# x",
    "*/", "//", "<!--", "\\d+", "(", "[", "(?P<x>", "a{99999999999}", "no", "null", "~", "1e3", "0o17",
    f'"; {RUN} = 1; "', f"'; {RUN} = 1; '", f'"""\n{RUN} = 1\n"""', f"\\\n{RUN} = 1", f"x = 1\n    {RUN} = 1",
    f"{{{{{RUN}}}}}",
    f'"), setattr(__import__("builtins"), "{CANARY}", 1), ("',
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec=None, exclude_categories=[]), max_size=12),
    st.text("\"'\\ \n{}%#a.N_-\u202e\ud800", max_size=12),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
)
# What each place says as long as nothing hostile is put there.
PLACES = {
    "facade": "Home", "version": "1", "doc": "A doc.", "record": "Rec", "field": "fld", "field doc": "A field.",
    "unit": "metres", "wire": "Fld", "default": "dflt", "pattern": "[a-z]*", "deprecated": "use it", "enum": "Mode",
    "value": "auto", "value name": "automatic", "value doc": "A value.", "letter doc": "A letter.", "tag": "kind",
    "tag value": "rec", "alias": "Word", "alias doc": "An alias.", "channel": "temp", "channel doc": "A channel.",
    "segment": "home", "parameter": "room", "parameter doc": "A room.", "channel deprecated": "no more",
}  # fmt: skip
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def schema(said: dict[str, str]) -> str:
    """Return a schema that says something in every place. JSON is YAML."""
    (p := {**PLACES, **said})
    types: dict[str, Any] = {
        p["record"]: {
            "doc": p["doc"],
            "fields": {
                p["field"]: {
                    "type": "string",
                    "doc": p["field doc"],
                    "unit": p["unit"],
                    "wire": p["wire"],
                    "default": p["default"],
                },
                "matched": {"type": "string?", "pattern": p["pattern"]},
                "old": {"type": "string?", "deprecated": p["deprecated"], "doc": p["field doc"]},
            },
        },
        p["enum"]: {"enum": {p["value"]: {"name": p["value name"], "doc": p["value doc"]}}, "doc": p["doc"]},
        "Rights": {"flags": {"r": p["letter doc"]}},
        "Either": {"union": [p["record"]], "tag": p["tag"], "values": [p["tag value"]]},
        p["alias"]: {"alias": "string", "doc": p["alias doc"], "pattern": p["pattern"]},
    }
    channel = {
        "address": f"{p['segment']}/{{{p['parameter']}}}/",
        "payload": p["record"],
        "doc": p["channel doc"],
        "params": {p["parameter"]: {"type": "string", "doc": p["parameter doc"]}},
    }
    channels = {p["channel"]: channel, "gone": {**channel, "deprecated": p["channel deprecated"]}}
    whole = {
        "emitter-typed": 1,
        "name": p["facade"],
        "version": p["version"],
        "doc": p["doc"],
        "types": types,
        "channels": channels,
    }
    # JSON writes what lies beyond 16 bits as two halves, which are no characters to YAML.
    text = json.dumps(whole, ensure_ascii=False)
    return "".join(one if one.isascii() and one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def check(folder: Path, said: dict[str, str]) -> None:
    """Generate and import the package, and compare; or find problems that name their places."""
    name = f"hostile_{len(list(folder.iterdir()))}"
    path = folder / f"{name}.yaml"
    path.write_text(schema(said), "utf-8")
    loaded = _loaded(path)
    if isinstance(loaded, SchemaProblems):
        assert said
        assert all(one.line == 1 and one.column for one in loaded.problems)
        assert HIDDEN.search(str(loaded)) is None
        return
    assert main(["generate", str(path), "--out", str(folder / name)]) == 0
    for file in (folder / name).glob("*.py"):
        source = file.read_text("utf-8")
        assert HIDDEN.search(source) is None, "a reviewer would see another program"
        compile(source, str(file), "exec")
    package = import_module(name)
    _compare(loaded, package, {**PLACES, **said}, _texts(folder / name))
    assert not hasattr(builtins, CANARY)
    for module in [one for one in sys.modules if one.partition(".")[0] == name]:
        del sys.modules[module]


def _held(facade: object) -> dict[str, Any]:
    """Return the channels that a facade holds."""
    return vars(facade)


def _loaded(path: Path) -> Schema | SchemaProblems:
    try:
        return load(path)
    except SchemaProblems as problems:
        return problems


def _texts(package: Path) -> str:
    """Return all texts of the code of a package, without the spaces that layout adds."""
    trees = [ast.parse(file.read_text("utf-8")) for file in package.glob("*.py")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return "\0".join(_squeezed(one) for one in constants if isinstance(one, str))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).rstrip(".")


def _compare(loaded: Schema, package: ModuleType, p: dict[str, str], texts: str) -> None:
    record, enum, _, union, _ = [getattr(package, class_name(one.name)) for one in loaded.types]
    fields = attrs.fields(record)
    assert fields[0].metadata["emitter_typed.wire"].name in (p["wire"], None)
    assert fields[0].metadata["emitter_typed.wire"].name or fields[0].name == p["wire"]
    assert fields[0].default == p["default"]
    assert isinstance(fields[1].validator, Constraint)
    assert fields[1].validator.rule == f"must match {p['pattern']}"
    assert [one.value for one in enum] == [p["value"]]
    (tag,) = typing.get_args(union)[1:]
    assert (tag.name, tag.members) == (p["tag"], ((p["tag value"], record),))
    held = _held(getattr(package, class_name(loaded.name))(Client(), "key"))
    (channel,) = [one for name, one in held.items() if name != "_gone"]
    # A text in braces is a parameter, by its name in Python.
    first = re.sub(r"\{(.+)\}", lambda found: f"{{{attribute_name(found[1])}}}", p["segment"])
    assert channel._definition.address.template == f"{first}/{{{attribute_name(p['parameter'])}}}/"
    assert held["_gone"]._definition.address.template == channel._definition.address.template
    for place in (one for one in p if one.endswith(("doc", "unit", "deprecated"))):
        assert _squeezed(p[place].strip()) in texts, place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield tmp_path
    for module in [one for one in sys.modules if one.partition(".")[0].startswith(("hostile_", "named"))]:
        del sys.modules[module]


def test_a_schema_with_nothing_hostile_in_it_is_what_it_says(folder: Path) -> None:
    check(folder, {})


@pytest.mark.parametrize(("offset", "place"), [*enumerate(PLACES)])
def test_hostile_texts_are_texts_or_problems_in_every_place(offset: int, place: str, folder: Path) -> None:
    # Each text in some places; the test below mixes them all.
    for text in HOSTILE[offset % 16 :: 16]:
        check(folder, {place: text})


@pytest.mark.parametrize("place", ["facade", "record", "enum", "alias"])
def test_what_a_package_names_itself_may_be_called_the_same(place: str, folder: Path) -> None:
    for text in ("CONTRACT", "TEMP", "Record", "Address", "ChannelDefinition", "Tag", "Annotated", "Enum"):
        check(folder, {place: text})


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(said=st.dictionaries(st.sampled_from([*PLACES]), TEXTS, max_size=4))
@example(said={"segment": "\x1f", "parameter": ""})
def test_hostile_texts_in_many_places_are_texts_or_problems(said: dict[str, str], folder: Path) -> None:
    p = {**PLACES, **said}
    # Two that are called the same would be one in the dict that the schema is written from.
    assume(len({p["record"], p["enum"], p["alias"], "Rights", "Either"}) == 5)
    assume(p["channel"] != "gone")
    check(folder, said)


def test_a_hostile_name_of_a_file_is_a_text(folder: Path) -> None:
    path = folder / f'a\n{RUN} = 1 \u202e""".yaml'
    path.write_text(schema({"doc": ""}), "utf-8")

    assert main(["generate", str(path), "--out", str(folder / "named")]) == 0

    for file in (folder / "named").glob("*.py"):
        assert HIDDEN.search(file.read_text("utf-8")) is None
    assert import_module("named").Home is not None
    assert not hasattr(builtins, CANARY)
    for module in [one for one in sys.modules if one.partition(".")[0] == "named"]:
        del sys.modules[module]
