"""Whatever a schema says, it reaches Python as text and as nothing else."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed_codegen.texts import (
    Section,
    bytes_literal,
    docstring,
    first_clause,
    first_sentence,
    folded_literal,
    literal,
)

HOSTILE = (
    'He said "hi"',
    '"""',
    "'''",
    '" + __import__("os").getcwd() + "',
    "\\",
    "a\\",
    "\\N{BULLET}",
    "\\d+",
    "{{ 7 * 7 }}{% raw %}",
    "line\nbreak\r\ttab",
    "\x00\x1b[31m",
    "\ud800",
    "\u202eright to left\u2066",
    "\u2028\x85\xa0",
    "'\"",
    "# noqa",
    "%s {0} $x",
)
ANY = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet=st.characters(codec=None, exclude_categories=[])),
    st.text(alphabet="\"'\\ \n{}%#a.N\u202e\ud800"),
)


@given(text=ANY)
def test_a_literal_is_the_text(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


@given(text=ANY, start=st.integers(0, 60))
def test_a_folded_literal_is_the_text(text: str, start: int) -> None:
    assert ast.literal_eval(folded_literal(text, start=start)) == text


@given(data=st.binary())
def test_a_literal_of_bytes_is_the_bytes(data: bytes) -> None:
    assert ast.literal_eval(bytes_literal(data)) == data


@given(text=ANY)
def test_a_literal_shows_all_that_it_holds(text: str) -> None:
    """Marks that turn the direction of writing would let a reviewer see another program than Python does."""
    assert re.search("[\x00-\x1f\x7f-\xa0\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", literal(text)) is None


@given(doc=ANY, facts=ANY, name=st.sampled_from(["", "x"]), entry=ANY, indent=st.sampled_from([0, 4, 8]))
def test_a_docstring_says_the_text_and_nothing_happens(
    doc: str, facts: str, name: str, entry: str, indent: int
) -> None:
    text = docstring(f"Begin. {doc}", indent, facts=facts, sections=[Section("Args", [(name, entry)])])
    module = ast.parse(f"class Documented:\n{' ' * (indent or 4)}{text}\n") if indent else ast.parse(text)

    held = ast.get_docstring(module.body[0] if indent else module)  # type: ignore[arg-type]

    assert held is not None
    assert len(list(ast.walk(module))) <= 5
    words = re.sub(r"\s+", "", f"Begin.{doc}")
    assert words.rstrip(".") in re.sub(r"\s+", "", held) or _ended(words) in re.sub(r"\s+", "", held)


def _ended(words: str) -> str:
    return words.rstrip(".!?:…")


@given(docs=st.lists(ANY, min_size=1, max_size=5))
def test_a_formatter_leaves_docstrings_and_literals_alone(
    docs: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("formatted") / "module.py"
    lines = [f"x{number} = {literal(doc)}" for number, doc in enumerate(docs) if len(literal(doc)) < 80]
    text = "\n".join([docstring(f"Begin. {docs[0]}", 0), "", *lines, ""]).replace("\n\n\n", "\n\n").rstrip("\n") + "\n"
    path.write_text(text, "utf-8")

    assert _formatted(path) == text


def _formatted(path: Path) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--stdin-filename", path.name, "-"]
    return subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True, timeout=60).stdout.decode()


def test_the_first_sentence_is_the_summary() -> None:
    assert docstring("What it does. More of it", 4) == '"""What it does.\n\n    More of it.\n    """'


def test_a_short_text_is_one_line_with_its_full_stop() -> None:
    assert docstring("Air temperature", 4) == '"""Air temperature."""'


def test_items_keep_their_lines() -> None:
    assert docstring("One of:\n- this\n- that", 0) == '"""One of:\n- this\n- that.\n"""'


def test_patterns_are_raw() -> None:
    assert literal(r"\d+") == 'r"\\d+"'


@pytest.mark.parametrize(
    ("text", "clause", "rest"),
    [
        ("It failed.", "It failed", ""),
        ("It failed: for a reason. And so on.", "It failed", "For a reason. And so on."),
        ("It failed. And so on.", "It failed", "And so on."),
        ("It failed", "It failed", ""),
    ],
)
def test_a_clause_ends_at_a_colon_or_a_full_stop(text: str, clause: str, rest: str) -> None:
    assert first_clause(text) == (clause, rest)


def test_a_sentence_is_on_one_line() -> None:
    assert first_sentence("One\nsentence. Another.") == "One sentence."


@pytest.mark.parametrize("length", range(70, 96))
def test_a_text_about_as_long_as_a_line_stands_as_a_formatter_leaves_it(length: int, tmp_path: Path) -> None:
    text = ("word " * 20)[: length - 1] + "s"
    module = f"{docstring(text, 0)}\n\n\nclass Documented:\n    {docstring(text, 4)}\n"
    path = tmp_path / "module.py"
    path.write_text(module, "utf-8")

    for width in ("88", "110"):
        command = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", "--line-length", width, str(path)]
        assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0, module
