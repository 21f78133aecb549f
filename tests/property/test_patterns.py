"""No text of 64 KiB takes a pattern long that the compiler accepts."""

import re
import time

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from emitter_typed_codegen.resolve.pattern_parts import SlowPattern
from emitter_typed_codegen.resolve.patterns import LONGEST_TEXT, check_speed
from tests.helpers.examples import share

CHARACTERS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", r"\w", "[bc]", r"\W", "[a-c]", "x"])
TIMES = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{3,}", "{2,40}", "*?", "+?", "??", "*+", "++"])
GROUPS = st.sampled_from(["({})", "(?:{})", "(?>{})", "(?i:{})"])


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.builds(str.format, GROUPS, inner | st.lists(inner, min_size=2, max_size=4).map("|".join))
    return (
        st.lists(inner, min_size=2, max_size=4).map("".join) | group | st.tuples(group | CHARACTERS, TIMES).map("".join)
    )


# Reads a text once from its start to its end, with no group to remember.
ONCE = re.compile("(?:[ab]|c)*x")
# Groups take twenty times as long on any text; a pattern that is too slow, thousands of times as long.
MUCH_LONGER = 200
PATTERNS = st.recursive(CHARACTERS, _wider, max_leaves=9)
WORDS = st.text("abcx!", min_size=1, max_size=4)


@settings(max_examples=share(400), suppress_health_check=[HealthCheck.filter_too_much])
@given(PATTERNS, st.lists(st.tuples(st.text("abcx", max_size=6), WORDS, st.text("abcx!", max_size=3)), min_size=6))
def test_no_text_takes_an_accepted_pattern_long(pattern: str, parts: list[tuple[str, str, str]]) -> None:
    try:
        compiled = re.compile(pattern)
        check_speed(pattern)
    except (re.error, SlowPattern):
        reject()

    limit_s = MUCH_LONGER * min(_seconds(ONCE, "ab" * (LONGEST_TEXT // 2)) for _ in range(3))
    for before, word, after in parts:
        whole = before + word * (LONGEST_TEXT // len(word))
        text = whole[: LONGEST_TEXT - len(after)] + after
        # Others use the processor too, so that one of three is enough.
        assert any(_seconds(compiled, text) < limit_s for _ in range(3)), (pattern, before, word, after)


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    start = time.thread_time()
    pattern.fullmatch(text)
    return time.thread_time() - start
