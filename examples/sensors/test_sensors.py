from __future__ import annotations

from datetime import UTC, datetime

import pytest
from emitter_typed import Client, Key
from emitter_typed.broker import Broker
from hypothesis import given
from hypothesis import strategies as st

from monitor import alarms, follow, subscribe
from sensor import measure, publish
from sensors_api import Battery, Greenhouses, Reading, Reason
from sensors_api.testing import reading

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@given(measured=reading(celsius=st.floats(2, 35), battery=st.just(Battery.GOOD)))
def test_nothing_is_wrong_between_frost_and_heat(measured: Reading) -> None:
    assert list(alarms(measured)) == []


@given(measured=reading(celsius=st.floats(-60, 90).filter(lambda celsius: not 2 <= celsius <= 35)))
def test_each_alarm_says_what_was_measured(measured: Reading) -> None:
    found = list(alarms(measured))

    assert (Reason.FROST if measured.celsius < 2 else Reason.HEAT) in [alarm.reason for alarm in found]
    assert {alarm.celsius for alarm in found} == {measured.celsius}


def test_a_monitor_sees_stored_and_live_readings_and_raises_alarms(emitter_client: Client, emitter_key: Key) -> None:
    greenhouses = Greenhouses(emitter_client, emitter_key)
    publish(emitter_client, emitter_key, "tomatoes", 1, measure(1, every_s=0))
    with greenhouses.alarm.subscribe() as raised, subscribe(greenhouses) as readings:
        followed = follow(greenhouses, readings)
        assert next(followed).params.sensor == 1

        frost = Reading(celsius=-1.5, humidity=80, measured_at=NOON)
        publish(emitter_client, emitter_key, "tomatoes", 2, [frost])
        assert next(followed).payload == frost

        alarm = raised.get(timeout_s=10)
    assert alarm is not None
    assert (alarm.params.house, alarm.payload.reason) == ("tomatoes", Reason.FROST)


def test_a_monitor_misses_nothing_while_its_connection_is_lost(
    emitter_broker: Broker, emitter_client: Client, emitter_key: Key, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = [Reading(celsius=celsius, humidity=50, measured_at=NOON) for celsius in (20, 21, 22)]
    with Client.from_url(emitter_broker.url, reconnect_max_s=0.05) as other:
        greenhouses = Greenhouses(other, emitter_key)
        with subscribe(greenhouses) as readings:
            followed = follow(greenhouses, readings)
            publish(emitter_client, emitter_key, "tomatoes", 1, measured[:1])
            seen = [next(followed).payload]

            emitter_broker.faults.drop_connections()
            publish(emitter_client, emitter_key, "tomatoes", 1, measured[1:])
            seen += [next(followed).payload, next(followed).payload]
    assert seen == measured
    assert "the connection was lost" in capsys.readouterr().out
