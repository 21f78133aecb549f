"""A number that no call can use is refused with the numbers that it can, in their unit."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from emitter_typed import AsyncClient, Client, InvalidArgument
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import in_loop

KEY = "k" * 32
LONGEST_S = int(threading.TIMEOUT_MAX)

# Python refuses to write the last one.
TOO_LARGE = (1e10, 1e308, math.inf, 2**63, 10**400, 10**5000)
TOO_SMALL = (-1, -1e308, -math.inf, -(2**63), -(10**5000))
OTHERS: tuple[object, ...] = (True, "5", Decimal(5), [])

# Any: the clients of both flavours. Each takes a number; the words say which ones are taken.
CALLS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "timeout_s": (lambda client, value: client.me(timeout_s=value), f"more than 0 and at most {LONGEST_S} seconds"),
    "reconnect_max_s": (
        lambda client, value: Client(reconnect_max_s=value),
        f"more than 0 and at most {LONGEST_S} seconds",
    ),
    "keepalive": (lambda client, value: AsyncClient().connect("h", 1, False, keepalive=value), "1 to 119 seconds"),
    "port": (lambda client, value: Client().connect("h", value), "1 to 65535"),
    "max_messages": (lambda client, value: client.subscribe(KEY, "a/", max_messages=value), f"1 to {sys.maxsize}"),
    "max_bytes": (lambda client, value: AsyncClient(max_bytes=value), f"1 to {sys.maxsize}"),
    "outbox_max_bytes": (lambda client, value: Client(outbox_max_bytes=value), f"1 to {sys.maxsize}"),
    "max_packet_bytes": (lambda client, value: Client(max_packet_bytes=value), "1024 to 268435455"),
    "last": (lambda client, value: client.history(KEY, "a/", last=value), "at most 100000"),
}
# A duration may also be given as one.
DURATIONS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "publish": (lambda client, value: client.publish(KEY, "a/", "x", ttl=value), "at most 4294967295 s"),
    "keygen": (lambda client, value: client.keygen(KEY, "a/", "r", ttl=value), "at most 2147483647 s"),
}


async def refused(call: Callable[[Any, Any], Any], client: object, value: object) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        await called(lambda each: call(each, value), client)
    assert len(str(caught.value)) < 200
    return caught.value


@pytest.mark.parametrize("argument", CALLS)
@both_flavours
@in_loop
async def test_a_number_beyond_the_limits_is_told_them(flavour: Flavour, broker: Broker, argument: str) -> None:
    call, words = CALLS[argument]
    # What is a number of things is no float.
    numbers = [each for each in (*TOO_LARGE, *TOO_SMALL, math.nan) if argument.endswith("_s") or isinstance(each, int)]
    async with connected(flavour, broker) as client:
        for number in numbers:
            error = await refused(call, client, number)
            assert error.argument == argument
            expected = "must be at least 0" if argument == "last" and number < 0 else f"must be {words}, not "
            assert str(error).startswith(f"{argument}: {expected}"), (number, str(error))


@pytest.mark.parametrize("argument", CALLS)
@both_flavours
@in_loop
async def test_what_is_no_number_is_told_what_to_give(flavour: Flavour, broker: Broker, argument: str) -> None:
    call, _ = CALLS[argument]
    async with connected(flavour, broker) as client:
        for value in OTHERS:
            error = await refused(call, client, value)
            assert error.argument == argument
            assert f"{argument}: expected a" in str(error)
        if argument.endswith("_s"):
            assert "pass its total_seconds()" in str(await refused(call, client, timedelta(seconds=5)))


@pytest.mark.parametrize("name", DURATIONS)
@both_flavours
@in_loop
async def test_a_time_to_live_beyond_the_limits_is_told_them(flavour: Flavour, broker: Broker, name: str) -> None:
    call, words = DURATIONS[name]
    async with connected(flavour, broker) as client:
        for value in (*TOO_LARGE, timedelta.max):
            error = str(await refused(call, client, value))
            # A duration that no timedelta holds is refused before anybody asks for what it is.
            longer = "ttl: must be -86399999913600 to 86399999913600 seconds"
            assert error.startswith(
                (f"ttl: must be {words}, not ", longer) if name == "keygen" else f"ttl: must be {words}"
            ), error
        for value in (-1, timedelta(seconds=-1)):
            assert str(await refused(call, client, value)) == "ttl: must be at least 0 s, not -1 s"
        for other in OTHERS:
            assert "ttl: expected" in str(await refused(call, client, other))
        assert "nan" in str(await refused(call, client, math.nan))


@both_flavours
@in_loop
async def test_the_largest_limits_can_be_used(flavour: Flavour, broker: Broker) -> None:
    key = broker.keygen("a/", "rwsl")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(
            key, "a/", recover=True, max_messages=sys.maxsize, max_bytes=sys.maxsize, timeout_s=LONGEST_S
        )
        await client.publish(key, "a/", "x", ttl=4294967295, qos=1, timeout_s=LONGEST_S)
        message = await subscription.get(timeout_s=LONGEST_S)
        assert message is not None
        assert message.as_string() == "x"
        assert await called(lambda each: each.connection.wait("connected", timeout_s=LONGEST_S), client)
