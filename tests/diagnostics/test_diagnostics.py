"""One bad schema for each rule, and the exact text that is printed. `rewrite.py` beside this file writes the texts."""

from pathlib import Path
from typing import get_args

import pytest

from emitter_typed_codegen.problems import Rule, SchemaProblems
from emitter_typed_codegen.resolve import load

CASES = Path(__file__).parent / "cases"
# What no file in a repository can show.
ELSEWHERE = {"no-file", "not-readable", "too-large", "output"}
RULES = sorted(set(get_args(Rule)) - ELSEWHERE)


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_told_as_it_is_written_down(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)

    with pytest.raises(SchemaProblems) as caught:
        load(Path(f"{rule}.yaml"))

    assert str(caught.value) == Path(f"{rule}.txt").read_text("utf-8")
    assert rule in {problem.rule for problem in caught.value.problems}


def test_there_is_no_case_without_a_rule() -> None:
    assert sorted(path.stem for path in CASES.glob("*.yaml")) == RULES
    assert sorted(path.stem for path in CASES.glob("*.txt")) == RULES
