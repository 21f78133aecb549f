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


def test_each_exit_code_is_told_and_no_other() -> None:
    table = PAGE.partition("| exit code | meaning |")[2].partition("\n\n")[0]
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == codes
