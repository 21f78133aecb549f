import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed_codegen.export.patterns import portable

PATTERNS = [
    "[a-z0-9-]{1,32}", "a|b", "a.b", r"a\.b", r"\d{3}-\d{4}", "[^/]+", "[]a]+", "[^]a]", "[a-]", "[-a]", r"[\]\\^-]",
    "(?P<year>[0-9]{4})", "(?:ab)+?", "a{,3}", "a{2,}", "a{2}", "{}", "a{", "x{a}", "}", "]", r"\x41\u00e9\n\t", r"\0",
    r"\101", r"\N{BULLET}", "(?#note)a", r"\Aab\Z", r"a\-b\_c\@", "[a-c-e]", r"[\d_.]+", "é+", "/", r"[\b]", "a*b?",
    "😀", r"\U0001F600", "[+-]?[0-9]+", "^a$", "(a|b)c", "a//b", "#", " ", r"\ ",
]  # fmt: skip
TEXTS = st.one_of(
    st.text("abcdex0149-_/.]{}[^\\ \n\t@+&#", max_size=6),
    st.sampled_from(
        ["a.b", "123-4567", "2026", "Aé\n\t", "\0", "A", "•", "a-b_c@", "x{a}", "{}", "a{", "😀", "\b", "a//b"]
    ),
)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=TEXTS)
def test_a_pattern_matches_what_it_matched_in_python(pattern: str, text: str) -> None:
    made = portable(pattern)

    assert made is not None
    # Python's `$` stands before a last line break as well.
    if not text.endswith("\n"):
        assert (re.search(made, text) is not None) == (re.fullmatch(pattern, text) is not None), made


@pytest.mark.parametrize("pattern", ["(?i)a", "(?s:.)", "(?m)a", "(?>a|ab)c", "a++b", "a{2}+"])
def test_what_other_languages_cannot_say_is_no_pattern_there(pattern: str) -> None:
    assert portable(pattern) is None


def test_a_pattern_that_is_simple_stays_as_it_is() -> None:
    assert portable("[a-z0-9-]{1,32}") == r"^[a-z0-9\-]{1,32}$"
    assert portable("on|off") == "^(?:on|off)$"
    assert json.dumps(portable(r"\d+")) == json.dumps(r"^\d+$")
