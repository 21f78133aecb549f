"""One bad schema for each rule, the exact text that is printed, and a page that explains it.

`python -m tests.codegen.diagnostics.rewrite` writes the texts, and the examples of the page.
"""

import pytest

from tests.codegen.diagnostics.printed import CASES, PAGE, RULES, SITUATIONS, example, printed, sections

PAGE_TEXT = PAGE.read_text("utf-8")
EXPLAINED = {section.rule: section for section in sections(PAGE_TEXT)}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_broken_rule_is_told_as_it_is_written_down(rule: str) -> None:
    assert printed(rule) == (CASES / f"{rule}.txt").read_text("utf-8")


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"output"}))
def test_the_case_of_a_rule_breaks_that_rule(rule: str) -> None:
    assert f": {rule}: " in printed(rule)


def test_there_is_no_case_without_a_rule() -> None:
    assert {path.stem for path in CASES.glob("*.txt")} == set(RULES)
    assert {path.stem for path in CASES.glob("*.yaml")} == set(RULES) - SITUATIONS.keys()


def test_the_page_explains_every_rule_once_and_no_other() -> None:
    headings = [line.removeprefix("### ") for line in PAGE_TEXT.splitlines() if line.startswith("### ")]

    assert sorted(headings) == sorted(RULES)
    assert list(EXPLAINED) == headings, "a section is: heading, meaning, example, `Instead: …`"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_page_shows_what_is_printed(rule: str) -> None:
    assert EXPLAINED[rule].example == example(rule)
