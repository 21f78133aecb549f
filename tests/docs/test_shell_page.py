"""The page on the command line names what is really there."""

import re

from emitter_typed._cli.verbs import VERBS
from emitter_typed_codegen import exit_codes
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")


def test_each_verb_is_told_and_no_other() -> None:
    table = PAGE.partition("| command | does |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    told = {word for cell in cells[1:] for word in re.findall(r"`([a-z]+)", cell)}
    assert told == set(VERBS)


def test_the_table_of_exit_codes_is_that_of_the_program() -> None:
    """All pages refer to this one table."""
    table = PAGE.partition("| exit code | meaning |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| (\d+) \| (.+) \|$", table, re.MULTILINE)
    assert [(int(code), meaning.replace(r"\|", "|")) for code, meaning in told] == list(exit_codes.MEANINGS.items())


def test_each_exit_code_has_a_meaning() -> None:
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert codes == exit_codes.MEANINGS.keys()


def test_there_is_no_other_table_of_exit_codes() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("schema/*.md")]
    found = [page.name for page in pages if re.search(r"^\| exit code", page.read_text("utf-8"), re.MULTILINE)]
    assert found == ["command-line.md"]
