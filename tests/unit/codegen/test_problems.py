"""How problems are shown, to people, programs and workflows."""

import json

from attrs import evolve

from emitter_typed_codegen.problems import MOST_PROBLEMS, Problem, SchemaProblems, did_you_mean, quoted, render

PROBLEM = Problem(
    file="home.yaml",
    line=7,
    column=14,
    end_column=20,
    rule="unknown-type",
    message="there is not a type 'Reding'",
    hint="did you mean 'Reading'?",
    excerpt="    payload: Reding",
)
WHOLE = Problem(file="home.yaml", rule="no-file", message="there is no such file")


def test_text_shows_place_rule_excerpt_caret_and_hint() -> None:
    assert render([PROBLEM], "text") == (
        "home.yaml:7:14: unknown-type: there is not a type 'Reding'\n"
        "  7 |     payload: Reding\n"
        "    |              ^^^^^^\n"
        "  hint: did you mean 'Reading'?\n"
    )


def test_text_of_a_whole_file_has_no_excerpt() -> None:
    assert render([WHOLE], "text") == "home.yaml: no-file: there is no such file\n"


def test_a_caret_stands_under_its_character_after_wide_ones_and_tabs() -> None:
    problem = evolve(PROBLEM, column=5, end_column=6, excerpt="\t温度 x", hint="")

    assert render([problem], "text").splitlines()[1:] == ["  7 |  温度 x", "    |       ^"]


def test_a_long_line_is_shown_around_the_place() -> None:
    problem = evolve(PROBLEM, column=501, end_column=504, excerpt="a" * 500 + "bcd" + "e" * 500)
    excerpt, caret = render([problem], "text").splitlines()[1:3]

    assert len(excerpt) < 120
    start = caret.index("^")
    assert excerpt[start : start + caret.count("^")] == "bcd"


def test_what_would_turn_a_terminal_around_is_shown_as_a_dot() -> None:
    problem = evolve(PROBLEM, excerpt="    payload: \u202eRed\x1bg")

    assert "\u202e" not in render([problem], "text")
    assert "\x1b" not in render([problem], "text")


def test_json_is_an_array_of_objects_with_every_part() -> None:
    assert json.loads(render([PROBLEM], "json")) == [
        {
            "file": "home.yaml",
            "line": 7,
            "column": 14,
            "end_column": 20,
            "rule": "unknown-type",
            "message": "there is not a type 'Reding'",
            "hint": "did you mean 'Reading'?",
        }
    ]
    assert json.loads(render([], "json")) == []


def test_github_gets_a_command_on_one_line() -> None:
    problem = evolve(PROBLEM, file="a,b:c.yaml", message="100% wrong")

    assert render([problem], "github") == (
        "::error file=a%2Cb%3Ac.yaml,line=7,col=14,endColumn=20,title=unknown-type::"
        "100%25 wrong%0Adid you mean 'Reading'?\n"
    )
    assert render([WHOLE], "github") == "::error file=home.yaml,title=no-file::there is no such file\n"


def test_problems_are_held_in_the_order_of_their_places() -> None:
    later, earlier = evolve(PROBLEM, line=9), evolve(PROBLEM, column=2)

    assert SchemaProblems([later, PROBLEM, earlier]).problems == (earlier, PROBLEM, later)


def test_no_more_problems_are_held_than_anybody_reads() -> None:
    problems = SchemaProblems(evolve(PROBLEM, line=line) for line in range(2 * MOST_PROBLEMS, 0, -1)).problems

    assert [problem.line for problem in problems] == list(range(1, MOST_PROBLEMS + 1))


def test_a_suggestion_ignores_case_and_needs_a_name_that_is_close() -> None:
    assert did_you_mean("reding", ["Reading", "Alarm"]) == "did you mean 'Reading'?"
    assert did_you_mean("Thermometer", ["Reading", "Alarm"]) == ""
    assert did_you_mean("Trip", ["string", "Strip"]) == "did you mean 'Strip'?"
    assert did_you_mean("Trip", ["string"]) == ""
    assert did_you_mean("flaot", ["float", "flat"]) == "did you mean 'float'?"
    assert did_you_mean("maxLength", ["max_length", "min_length"]) == "did you mean 'max_length'?"
    assert did_you_mean("in", ["int"]) == ""


def test_a_text_is_quoted_on_one_short_line() -> None:
    assert quoted("a\nb\x1b") == r"'a\nb\x1b'"
    assert quoted(r"[a\d]") == r"'[a\d]'"
    assert len(quoted("x" * 1000)) < 70
