"""A side that sends anything is alive; one that is asked and says nothing for the whole interval is not."""

from __future__ import annotations

from emitter_typed._protocol.keepalive import KeepAlive


def test_a_ping_follows_silence_in_either_direction() -> None:
    alive = KeepAlive(30.0, 0.0)
    alive.read(20.0)
    alive.wrote(25.0, all_of_it=True)
    assert alive.due_s == 50.0
    assert alive.look(49.9) == "wait"
    assert alive.look(50.0) == "ping"
    alive.wrote(50.0, all_of_it=True)
    alive.read(50.1)
    # What was sent last is the ping.
    assert alive.due_s == 80.0


def test_silence_after_a_ping_is_the_end() -> None:
    alive = KeepAlive(30.0, 0.0)
    assert alive.look(30.0) == "ping"
    alive.wrote(30.0, all_of_it=True)
    alive.wrote(45.0, all_of_it=True)
    assert alive.look(59.9) == "wait"
    assert alive.look(60.0) == "lost"


def test_whatever_comes_after_a_ping_answers_it() -> None:
    alive = KeepAlive(30.0, 0.0)
    assert alive.look(30.0) == "ping"
    alive.wrote(30.0, all_of_it=True)
    for second in range(31, 300):
        alive.read(float(second))
        assert alive.look(float(second)) in ("wait", "ping")
        alive.wrote(float(second), all_of_it=True)


def test_the_time_of_a_ping_begins_when_it_has_left() -> None:
    alive = KeepAlive(30.0, 0.0)
    assert alive.look(30.0) == "ping"
    alive.wrote(50.0, all_of_it=False)
    assert alive.look(79.9) == "wait"
    alive.wrote(70.0, all_of_it=True)
    alive.wrote(90.0, all_of_it=True)
    assert alive.look(99.9) == "wait"
    assert alive.look(100.0) == "lost"


def test_a_ping_that_waits_to_leave_is_not_asked_for_again() -> None:
    alive = KeepAlive(30.0, 0.0)
    assert alive.look(30.0) == "ping"
    for second in range(31, 200):
        alive.read(float(second))
        assert alive.look(float(second)) == "wait"


def test_a_socket_that_takes_nothing_and_gives_nothing_is_lost() -> None:
    alive = KeepAlive(30.0, 0.0)
    assert alive.look(30.0) == "ping"
    assert alive.look(60.0) == "lost"
