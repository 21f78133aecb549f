"""How a program with typed channels is tested: a broker in the test's process, and readings that Hypothesis makes."""

from __future__ import annotations

from emitter_typed import Client, Key
from hypothesis import given, settings

from home_api import Home, Reading, TemperatureParams
from home_api.testing import reading, temperature_params


@settings(max_examples=20, deadline=None)
@given(measured=reading(), params=temperature_params())
def test_every_reading_arrives_as_it_was_published(
    measured: Reading, params: TemperatureParams, emitter_client_session: Client, emitter_key_session: Key
) -> None:
    temperature = Home(emitter_client_session, emitter_key_session).temperature(room=params.room)
    with temperature.subscribe(last=0) as temperatures:
        temperature.publish(measured)
        message = temperatures.get(timeout_s=10)
    assert message is not None
    assert (message.params, message.payload) == (params, measured)
