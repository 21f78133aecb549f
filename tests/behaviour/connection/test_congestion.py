"""A broker that does not read: publishing says that there is no room, and goes on when the broker reads again."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from emitter_typed import AsyncClient, Client, Congested, PresenceUnsubscribe
from emitter_typed._async import driver as async_driver
from emitter_typed._sync import driver as sync_driver
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop

MESSAGE = b"x" * 60_000
# More than the network of one machine holds, and our own megabyte.
MANY = 1_000


async def fill(client: AsyncClient, broker: Broker, key: str) -> int:
    """Publish to a broker that does not read until there is no room, and return how many messages went."""
    broker.faults.stall_reading()
    sent = 0
    with suppress(Congested):
        while sent < MANY:
            await client.publish(key, "a/", MESSAGE, timeout_s=0.3)
            sent += 1
    # The network may have taken something since.
    with suppress(Congested):
        while sent < MANY:
            client.publish_nowait(key, "a/", MESSAGE)
            sent += 1
    assert sent < MANY, "there was always room"
    return sent


@both_flavours
@in_loop
async def test_publishing_waits_for_room_within_its_time_limit_and_loses_nothing(
    flavour: Flavour, broker: Broker
) -> None:
    key = broker.keygen("a/", "rw").reveal()

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as reader:
        subscription = reader.subscribe(key, "a/", max_bytes=MANY * len(MESSAGE))
        async with connected(flavour, broker) as client:
            sent = await fill(client, broker, key)
            with pytest.raises(Congested, match="publish_nowait was not sent: more than a megabyte waits to be sent"):
                client.publish_nowait(key, "a/", MESSAGE)
            with pytest.raises(Congested, match=r"the network accepted too little data within 0\.01 s"):
                await client.publish(key, "a/", MESSAGE, qos=1, timeout_s=0.01)
            timer = threading.Timer(0.1, broker.faults.resume_reading)
            timer.start()
            await client.publish(key, "a/", b"there is room")
            timer.join()
            await client.publish(key, "a/", b"the last", qos=1)
        for _ in range(sent):
            message = subscription.get(LIMIT_S)
            assert message is not None
            assert message.as_binary() == MESSAGE
        assert [message.as_string() for _ in range(2) if (message := subscription.get(LIMIT_S))] == [
            "there is room",
            "the last",
        ]


@pytest.mark.parametrize("ending", ["close", "abort"])
@both_flavours
@in_loop
async def test_close_sends_what_waits_and_abort_does_not(
    flavour: Flavour, broker: Broker, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for driver in (sync_driver, async_driver):
        # The machine may be busy.
        monkeypatch.setattr(driver, "CLOSE_TIMEOUT_S", LIMIT_S)
    key, there = broker.keygen("a/", "w").reveal(), broker.keygen("b/", "rp").reveal()

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as watcher:
        watch = watcher.watch_presence(there, "b/")
        async with connected(flavour, broker) as client:
            await client.subscribe(there, "b/")
            sent = await fill(client, broker, key)
            timer = threading.Timer(0.3, broker.faults.resume_reading)
            timer.start()
            await (client.close() if ending == "close" else client.abort())
            timer.join()
        # By then, the broker has read all that it gets.
        while not isinstance(event := watch.get(LIMIT_S), PresenceUnsubscribe):
            assert event is not None

    arrived = sum(one.channel == "a/" for one in broker.published)
    assert arrived == sent if ending == "close" else arrived < sent
