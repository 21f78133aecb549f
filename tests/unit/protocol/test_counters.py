"""What a client counts: each end by operation and kind, and how long answers took."""

from __future__ import annotations

import pytest

from emitter_typed import Unauthorized
from emitter_typed._protocol.counters import ClientCounters, Ending, ending_of
from emitter_typed.errors import AmbiguousReply, Closed, ConnectionLost, EmitterError, RequestTimeout


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, "answered"),
        (Unauthorized(401, "no", "me"), "refused"),
        (RequestTimeout("me", 1), "timed_out"),
        (ConnectionLost("the cable was cut"), "lost"),
        (AmbiguousReply("me"), "failed"),
        (Closed("me needs a connection"), "failed"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_end_is_named_by_its_error(error: EmitterError | None, ending: Ending) -> None:
    assert ending_of(error) == ending


def test_ends_are_counted_by_operation_and_kind() -> None:
    counters = ClientCounters()
    for operation, ending in (("me", "answered"), ("me", "answered"), ("me", "lost"), ("keygen", "answered")):
        counters.count(operation, ending)  # type: ignore[arg-type]  # a loop widens the words

    assert counters.endings == {("me", "answered"): 2, ("me", "lost"): 1, ("keygen", "answered"): 1}


def test_round_trips_are_summed_up() -> None:
    counters = ClientCounters()
    for duration_s in (0.5, 0.25, 2.0, 1.0):
        counters.measure(duration_s)

    assert (counters.round_trips, counters.total_s) == (4, 3.75)
    assert (counters.min_s, counters.max_s, counters.last_s) == (0.25, 2.0, 1.0)
