from __future__ import annotations

from emitter_typed._broker.processes import Processes


def names(node: int, count: int) -> list[bytes]:
    processes = Processes(node)
    return [processes.next() for _ in range(count)]


def test_each_start_of_each_node_has_a_name_of_its_own() -> None:
    found = [name for node in range(5) for name in names(node, 200)]
    assert len({name[:2] for name in found}) == len(found)
    assert {len(name) for name in found} == {4}


def test_another_broker_has_other_names_in_the_same_order() -> None:
    one, other = names(0, 20), names(0, 20)
    assert not set(one) & set(other)
    assert [name[:2] for name in one] == [name[:2] for name in other]


def test_the_order_of_names_tells_nothing() -> None:
    found = names(0, 20)
    assert sorted(found) != found != sorted(found, reverse=True)
