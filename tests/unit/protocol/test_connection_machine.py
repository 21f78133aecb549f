"""When a connection is made again, when it is over, and what is told of that."""

from __future__ import annotations

import pytest

from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.connection_machine import Accepted, ConnectionMachine, Over, Phase, Retry
from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError

AWAY = ConnectionRefused("nobody is there", host="h", port=1)
NEVER = ConnectionRefused("never", host="h", port=1, permanent=True)
LOST = ConnectionLost("the broker closed it")


def machine(*, reconnect: bool = True, retry_connect: bool = False, brokers: int = 1) -> ConnectionMachine:
    return ConnectionMachine(
        Backoff(base_s=1.0, max_s=8.0, steady_s=30.0, turns=brokers, random=lambda: 1.0),
        reconnect=reconnect,
        retry_connect=retry_connect,
        brokers=brokers,
    )


def connected(**settings: bool) -> ConnectionMachine:
    life = machine(**settings)
    assert life.begin(0) == 1
    assert life.accepted(10.0) == Accepted(first=True, down_s=0.0, attempts=1)
    return life


def test_a_loss_is_followed_by_attempts_with_growing_delays_until_one_succeeds() -> None:
    life = connected()
    lost = life.ended(1, LOST, 20.0)
    assert isinstance(lost, Retry)
    assert (lost.delay_s, lost.lost, lost.first, lost.attempts) == (1.0, True, False, 0)
    assert isinstance(lost.error, ConnectionLost)
    assert lost.error.reconnecting
    assert life.begin(1) == 2
    failed = life.ended(2, AWAY, 22.0)
    assert failed == Retry(error=AWAY, delay_s=2.0, lost=False, first=False, attempts=1, broker=0)
    assert life.begin(2) == 3
    assert life.accepted(25.0) == Accepted(first=False, down_s=5.0, attempts=2)


def test_a_connection_that_ends_while_things_are_asked_for_again_counts_as_a_failed_attempt() -> None:
    life = connected()
    life.ended(1, LOST, 20.0)
    life.begin(1)
    again = life.ended(2, LOST, 21.0)
    assert isinstance(again, Retry)
    assert (again.lost, again.attempts) == (False, 1)
    assert life.begin(2) == 3
    assert life.accepted(24.0) == Accepted(first=False, down_s=4.0, attempts=2)


def test_the_delay_is_a_first_one_again_after_a_connection_that_was_steady() -> None:
    life = connected()
    life.ended(1, LOST, 11.0)
    life.begin(1)
    life.accepted(12.0)
    steady = life.ended(2, LOST, 100.0)
    assert isinstance(steady, Retry)
    assert steady.delay_s == 1.0


@pytest.mark.parametrize(
    ("retry_connect", "error", "goes_on"), [(False, AWAY, False), (True, AWAY, True), (True, NEVER, False)]
)
def test_a_first_attempt_that_fails_is_over_unless_it_is_to_be_tried_again(
    retry_connect: bool, error: EmitterError, goes_on: bool
) -> None:
    life = machine(retry_connect=retry_connect)
    life.begin(0)
    follows = life.ended(1, error, 0.0)
    if goes_on:
        assert follows == Retry(error=error, delay_s=1.0, lost=False, first=True, attempts=1, broker=0)
    else:
        assert follows == Over(error=error, lost=False, given_up=False)


def test_a_loss_is_the_end_where_no_other_connection_is_wanted_or_possible() -> None:
    assert connected(reconnect=False).ended(1, LOST, 0.0) == Over(error=LOST, lost=True, given_up=True)
    assert connected().ended(1, NEVER, 0.0) == Over(error=NEVER, lost=True, given_up=True)


@pytest.mark.parametrize("error", [None, LOST, AWAY])
def test_a_close_lasts_until_the_transport_has_ended_for_whatever_reason(error: EmitterError | None) -> None:
    life = connected()
    assert life.close(abort=False) is None
    assert (life.phase, life.is_left, life.is_current(1)) == (Phase.CLOSING, True, True)
    assert life.close(abort=False) is None
    assert life.ended(1, error, 0.0) == Over(error=None, lost=True, given_up=False)
    assert life.close(abort=True) is None


def test_a_close_that_takes_too_long_is_aborted() -> None:
    life = connected()
    life.close(abort=False)
    assert life.close(abort=True) == Over(error=None, lost=True, given_up=False)
    assert not life.is_current(1)


def test_a_close_before_everything_is_there_again_loses_no_connection() -> None:
    life = machine()
    life.begin(0)
    life.close(abort=False)
    assert life.ended(1, LOST, 0.0) == Over(error=None, lost=False, given_up=False)


def test_what_a_transport_ends_for_no_reason_is_over() -> None:
    assert connected().ended(1, None, 0.0) == Over(error=None, lost=True, given_up=False)


def test_nothing_waits_for_a_connection_that_is_not_there() -> None:
    life = connected()
    life.ended(1, LOST, 0.0)
    assert life.close(abort=False) == Over(error=None, lost=False, given_up=False)
    assert life.begin(1) is None


def test_what_is_given_up_is_over_and_not_left() -> None:
    life = connected(reconnect=False)
    life.ended(1, LOST, 0.0)
    assert life.is_over
    assert not life.is_left
    assert life.close(abort=False) is None
    assert life.is_left


def failing(life: ConnectionMachine, error: EmitterError) -> Retry | Over:
    """Make the attempt that is due fail."""
    attempt = life.begin(life.attempt)
    assert attempt is not None
    follows = life.ended(attempt, error, 100.0)
    assert follows is not None
    return follows


def test_brokers_take_turns_and_the_delay_doubles_once_a_round() -> None:
    life = machine(retry_connect=True, brokers=2)
    follows = [failing(life, AWAY) for _ in range(6)]
    assert [each.broker for each in follows if isinstance(each, Retry)] == [1, 0, 1, 0, 1, 0]
    delays_s = [each.delay_s for each in follows if isinstance(each, Retry)]
    assert delays_s == pytest.approx([0.0, 1.0, 2**0.5, 2.0, 2 * 2**0.5, 4.0])


def test_the_first_attempt_of_a_client_is_one_of_each_broker() -> None:
    life = machine(brokers=3)
    assert isinstance(failing(life, NEVER), Retry)
    assert isinstance(failing(life, AWAY), Retry)
    over = failing(life, AWAY)
    assert isinstance(over, Over)
    assert isinstance(over.error, ConnectionRefused)
    assert not over.error.permanent
    assert [each.permanent for each in over.error.others] == [True, False]


def test_a_failure_is_a_matter_of_time_only_if_it_is_one_at_every_broker() -> None:
    late, gone = ConnectionRefused("late", host="h", port=1), ConnectionRefused("gone", host="h", port=1)
    late.__cause__, gone.__cause__ = TimeoutError(), OSError()
    for errors, cause in (((late, gone), gone), ((gone, late), gone), ((late, late), late)):
        life = machine(brokers=2)
        failing(life, errors[0])
        over = failing(life, errors[1])
        assert over.error is not None
        assert over.error.__cause__ is cause.__cause__


def test_a_refusal_is_final_once_every_broker_has_refused() -> None:
    life = machine(retry_connect=True, brokers=2)
    first = failing(life, NEVER)
    assert isinstance(first, Retry)
    assert isinstance(first.error, ConnectionRefused)
    assert not first.error.permanent
    assert isinstance(failing(life, AWAY), Retry)
    assert isinstance(failing(life, NEVER), Retry)
    over = failing(life, NEVER)
    assert isinstance(over, Over)
    assert isinstance(over.error, ConnectionRefused)
    assert over.error.permanent


@pytest.mark.parametrize("return_code", [4, 5])
def test_a_refused_login_is_final_at_the_first_broker(return_code: int) -> None:
    login = ConnectionRefused("no", host="h", port=1, return_code=return_code, permanent=True)
    assert failing(machine(retry_connect=True, brokers=2), login) == Over(error=login, lost=False, given_up=False)


@pytest.mark.parametrize(("lived_s", "broker"), [(29.0, 1), (30.0, 0)])
def test_a_steady_connection_is_made_again_at_the_same_broker(lived_s: float, broker: int) -> None:
    life = machine(brokers=2)
    life.begin(0)
    life.accepted(10.0)
    lost = life.ended(1, LOST, 10.0 + lived_s)
    assert isinstance(lost, Retry)
    assert lost.broker == broker
    follows = failing(life, AWAY)
    assert isinstance(follows, Retry)
    assert follows.broker == 1 - broker


def test_what_brokers_met_before_a_connection_does_not_count_after_it() -> None:
    life = machine(brokers=2)
    assert isinstance(failing(life, NEVER), Retry)
    attempt = life.begin(1)
    assert attempt is not None
    life.accepted(10.0)
    assert isinstance(life.ended(attempt, LOST, 100.0), Retry)
    assert isinstance(failing(life, NEVER), Retry)
    over = failing(life, NEVER)
    assert isinstance(over, Over)
    assert over.given_up
