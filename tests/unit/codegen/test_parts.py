"""Large modules are parted so that a change of the schema changes what it is about, and no other part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed_codegen.view.parts import Part, parts

NAMES = [f"Type{number}" for number in range(3000)]


def test_what_one_would_write_in_one_module_stays_there() -> None:
    assert parts(".types", NAMES[:200]) == []


@pytest.mark.parametrize("count", [201, 1000, 3000])
def test_every_name_is_in_one_part_and_in_order(count: int) -> None:
    made = parts(".types", NAMES[:count])

    assert [name for part in made for name in part.names] == NAMES[:count]
    assert all(16 <= len(part.names) <= 96 for part in made[:-1])
    assert len({part.module for part in made}) == len(made)
    assert all(part.module.startswith("._types_") for part in made)


@given(at=st.integers(0, 3000), name=st.sampled_from(["Added", "Warning", "名前", "x"]))
def test_a_new_name_changes_the_parts_around_it(at: int, name: str) -> None:
    before = parts(".types", NAMES)
    after = parts(".types", [*NAMES[:at], name, *NAMES[at:]])

    changed = {*after} - {*before}
    # Where it moves an end, the parts find each other's ends again soon.
    assert 1 <= len(changed) <= 6
    assert name in held(changed)
    assert held(changed) - {name} <= {*NAMES[max(0, at - 400) : at + 400]}


def held(changed: set[Part]) -> set[str]:
    return {name for part in changed for name in part.names}
