"""The language's page says what the compiler does."""

import json
import re
from pathlib import Path
from typing import get_args

from emitter_typed_codegen.model import ScalarName
from emitter_typed_codegen.problems import Problem, render
from emitter_typed_codegen.resolve import load
from tests.docs.keys_tables import every_key, with_tables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "language.md").read_text("utf-8")


def test_the_example_is_a_schema(tmp_path: Path) -> None:
    example = re.search(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert example is not None
    path = tmp_path / "home.yaml"
    path.write_text(example.group(1), "utf-8")

    assert [channel.name for channel in load(path).channels] == ["temperature", "command"]


def test_every_scalar_and_every_key_is_on_the_page() -> None:
    mentioned = set(re.findall(r"`\"?(\w+)[^`]*`", PAGE))

    assert set(get_args(ScalarName)) - mentioned == set()
    assert every_key() - mentioned == set()


def test_the_tables_of_keys_are_those_of_the_compiler() -> None:
    assert with_tables(PAGE) == PAGE
    assert PAGE.count("<!-- keys: ") == 5


def test_every_key_of_a_problem_in_json_is_on_the_page_and_no_other() -> None:
    problems = PAGE[PAGE.index("## Problems") : PAGE.index("## Generating")]
    table = re.findall(r"^\| (`.*?) \|", problems, re.MULTILINE)
    shown = json.loads(render([Problem(file="home.yaml", rule="tab", message="a tab")], "json"))[0]

    assert re.findall(r"`(\w+)`", " ".join(table)) == list(shown)
