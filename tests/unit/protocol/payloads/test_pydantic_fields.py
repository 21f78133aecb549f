"""Where pydantic is told that something is; `tests/conformance/test_fastapi.py` tries the rest with pydantic itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emitter_typed import Json
from emitter_typed._protocol.payloads.pydantic_fields import place_of
from emitter_typed._protocol.payloads.unfit import step

NAMES = st.text(max_size=8) | st.sampled_from(["a", "ab", "a.b", "a b", "0", "[0]", "['a']", "it's", ""])
DOCUMENTS: st.SearchStrategy[Json] = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS, st.data())
def test_the_steps_of_a_path_lead_to_what_they_were_made_of(document: Json, data: st.DataObject) -> None:
    steps: list[str] = []
    place: list[str | int] = []
    found: Json = document
    while found and isinstance(found, list | dict) and data.draw(st.booleans()):
        if isinstance(found, list):
            index = data.draw(st.integers(0, len(found) - 1))
            place.append(index)
            steps.append(f"[{index}]")
            found = found[index]
        else:
            name: str = data.draw(st.sampled_from(sorted(found)))
            place.append(name)
            steps.append(step(name))
            found = found[name]

    assert place_of(steps, document) == (tuple(place), found)


def test_the_steps_of_constraints_are_told_apart() -> None:
    document = {"limits": {"living room": [1, 2]}}

    assert place_of([".limits", "['living room'][1]"], document) == (("limits", "living room", 1), 2)


def test_what_is_not_there_has_a_place_and_the_last_that_is() -> None:
    assert place_of([".a", ".b", "[3]"], {"a": {}}) == (("a", "b", 3), {})
    assert place_of(["[3]"], [1]) == ((3,), [1])


def test_a_name_that_looks_like_a_key_is_hidden() -> None:
    key = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"

    place, _ = place_of([step(key)], {key: 1})

    assert key not in str(place)
