"""Classes that would have one name: which of them the author is asked to change."""

from pathlib import Path

import pytest

from emitter_typed_codegen.problems import Problem, SchemaProblems
from emitter_typed_codegen.resolve import load

CHANNELS = "channels: {status: {address: status/, payload: text}}\n"


def problems(path: Path, text: str) -> tuple[Problem, ...]:
    path.write_text(f"emitter-typed: 1\n{text}", "utf-8")
    with pytest.raises(SchemaProblems) as caught:
        load(path)
    return caught.value.problems


@pytest.mark.parametrize("name", ["Home", "home", "AsyncHome"])
def test_a_type_that_is_called_like_the_facade_learns_where_that_has_its_name_from(tmp_path: Path, name: str) -> None:
    (by_file,) = problems(tmp_path / "home.yaml", f"types: {{{name}: {{fields: {{}}}}}}\n{CHANNELS}")
    (by_name,) = problems(tmp_path / "a.yaml", f"types: {{{name}: {{fields: {{}}}}}}\n{CHANNELS}name: home\n")

    assert (by_file.rule, by_file.line, by_name.line) == ("name-collision", 2, 2)
    assert by_file.message.endswith("which the file's name gives to the facade")
    assert by_name.message.endswith("which 'name' (line 4) gives to the facade")
    assert by_file.hint == by_name.hint == "give the schema another name, as in name: MyHome"


def test_a_facade_that_is_called_like_the_client_is_one_problem(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "client.yaml", CHANNELS)

    assert problem.rule == "reserved-name"
    assert problem.message == "the file's name gives the class of the facade the name Client, which is reserved"
    assert problem.hint == "give the schema another name, as in name: MyHome"


def test_without_channels_there_is_no_facade(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text("emitter-typed: 1\ntypes: {Home: {fields: {}}}\n", "utf-8")

    assert [declared.name for declared in load(path).types] == ["Home"]
