"""What users get is typed, and what they get wrong is an error in both checkers, in these words."""

import pytest

from tests.typing.checkers import BAD, CHECKERS, GOOD, bad, expected, pyrefly

# Pyright takes as long as all the rest.
SLOW = {"pyright": pytest.mark.tools}


@pytest.mark.parametrize("checker", [pytest.param(name, marks=SLOW.get(name, ())) for name in CHECKERS])
def test_good_code_is_accepted_and_every_mistake_is_found(checker: str, subtests: pytest.Subtests) -> None:
    """If other words are wanted: .venv/bin/python -m tests.typing.refresh"""
    # One test, for a checker takes seconds.
    found = CHECKERS[checker]()

    with subtests.test("good programs, and the packages that were generated for them"):
        assert [f"{path.name}:{each}" for path in found.keys() - {*bad(checker)} for each in found[path]] == []
    for path in bad(checker):
        with subtests.test(path.stem):
            complaints = found.get(path, [])
            lines = enumerate(path.read_text("utf-8").splitlines(), start=1)
            # mypy makes its own constructor of an attrs class, and so misses what the class says of it.
            marks = ("# mistake: ", f"# mistake for {checker}: ")
            mistakes = {number for number, line in lines if any(mark in line for mark in marks)}
            assert {each.line for each in complaints} == mistakes, f"{checker} finds other mistakes"
            words = "".join(f"{each}\n" for each in complaints)
            assert words == expected(path, checker).read_text("utf-8")


def test_a_checker_that_nothing_was_written_for_accepts_good_code() -> None:
    """It need not find every mistake; that it finds some in each bad file shows that it sees the types."""
    found = pyrefly()

    assert [f"{path.name}:{each}" for path in GOOD for each in found.get(path, [])] == []
    assert [path.name for path in BAD if path not in found] == []
