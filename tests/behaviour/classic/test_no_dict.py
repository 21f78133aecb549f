"""What was a dict says how it is read now, in an error that names the attribute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import field, frozen

from emitter_typed import (
    ConnectionLost,
    Key,
    KeygenResponse,
    LinkResponse,
    Message,
    PresenceInfo,
    PresenceResponse,
    PresenceSubscribe,
    Unauthorized,
)
from emitter_typed.contract import Record, wire

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN = PresenceInfo(id="x", username="ann")


@frozen(kw_only=True)
class Reading(Record):
    sensor_id: str = field(metadata=wire("sensorId"))


@pytest.mark.parametrize(
    ("value", "name", "attribute"),
    [
        (KeygenResponse(key=Key("k" * 32), channel="a/"), "key", "key"),
        (LinkResponse(name="ab", channel="a/"), "channel", "channel"),
        (PresenceResponse(who=(ANN,)), "who", "who"),
        (PresenceSubscribe(time=NOW, channel="a/", who=ANN), "who", "who"),
        (ANN, "username", "username"),
        (Message("a/", b"x", b"x"), "channel", "channel"),
        (Unauthorized(401, "no", "publish"), "status", "status"),
        (ConnectionLost("gone", operation="publish"), "message", "message"),
        (Reading(sensor_id="x"), "sensorId", "sensor_id"),
        (Reading(sensor_id="x"), "sensor_id", "sensor_id"),
    ],
)
def test_the_attribute_is_named(value: Any, name: str, attribute: str) -> None:  # Any: the checker would object
    with pytest.raises(TypeError) as caught:
        value[name]
    assert str(caught.value) == (
        f"{type(value).__name__} is an object, not a dict: write .{attribute} instead of [{name!r}]"
    )
    assert hasattr(value, attribute)


@pytest.mark.parametrize(
    ("value", "name", "attributes"),
    [
        (PresenceSubscribe(time=NOW, channel="a/", who=ANN), "event", ".time, .channel, .who"),
        (ANN, 0, ".id, .username"),
        (Message("a/", b"x", b"x"), "celsius", ".channel, .payload, .stored_at, .as_object()"),
        (Unauthorized(401, "no", "publish"), "req", ".message, .status, .operation, .channel"),
    ],
)
def test_what_no_attribute_has_is_answered_with_all_of_them(value: Any, name: object, attributes: str) -> None:
    """The word that told events apart is one: their class tells."""
    with pytest.raises(TypeError) as caught:
        value[name]
    # Without the word itself, which may be a key in the wrong place.
    assert str(caught.value) == (f"{type(value).__name__} is an object, not a dict: it has {attributes}")
