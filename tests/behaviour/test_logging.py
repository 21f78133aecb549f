"""What becomes of a connection can be followed in the log."""

from __future__ import annotations

import logging

import pytest

from emitter_typed.broker import Broker
from tests.behaviour.colours import Colour, both_colours, called, connected
from tests.behaviour.loops import LIMIT_S, in_loop


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.msg.partition(" ")[0] for each in caplog.records if each.name == "emitter_typed"]


@both_colours
@in_loop
async def test_a_connection_is_opened_lost_restored_and_closed(
    colour: Colour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "emitter_typed"):
        async with connected(colour, broker) as client:
            broker.faults.drop_inside("PUBACK")
            await client.publish(broker.keygen("a/", "w"), "a/", "hello", qos=1)

    assert events(caplog) == ["connection.opened", "connection.lost", "connection.restored", "connection.closed"]


@both_colours
@in_loop
async def test_a_client_that_gives_up_says_so_once(
    colour: Colour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "emitter_typed"):
        async with connected(colour, broker) as client:
            broker.faults.refuse_connections(return_code=5)
            broker.faults.drop_connections()
            assert await called(lambda each: each.connection.wait("closed", timeout_s=LIMIT_S), client)

    assert events(caplog) == ["connection.opened", "connection.lost", "connection.given_up", "connection.closed"]
