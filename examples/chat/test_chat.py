from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from emitter_typed import AsyncClient, InvalidArgument, Unauthorized
from emitter_typed.broker import Broker

from chat import Member, obey


class Screen:
    """What a member is shown."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self.show = self._lines.put_nowait

    async def shows(self, *lines: str) -> None:
        """Wait for these lines, in whatever order handlers tell them."""
        async with asyncio.timeout(10):
            assert sorted([await self._lines.get() for _ in lines]) == sorted(lines)


@asynccontextmanager
async def entered(broker: Broker, name: str) -> AsyncGenerator[tuple[Member, Screen]]:
    """A member in the garden."""
    key, private_key = broker.keygen("chat/#/", "rwslp"), broker.keygen("private/", "rwe")
    screen = Screen()
    async with AsyncClient.from_url(broker.url, username=name) as client:
        member = Member(client, name, key, private_key, screen.show)
        await member.enter("garden")
        yield member, screen


# The fixture runs the test in its event loop, with any plugin or none.
async def test_members_see_who_is_there_and_what_is_said(
    emitter_async_client: AsyncClient, emitter_broker: Broker
) -> None:
    async with entered(emitter_broker, "ann") as (ann, at_ann):
        await at_ann.shows("here: ann")
        await ann.say("anyone here?")
        await at_ann.shows("ann: anyone here?")
        async with entered(emitter_broker, "bob") as (bob, at_bob):
            await at_bob.shows("ann: anyone here?", "here: ann, bob")
            await at_ann.shows("bob came")
            await bob.say("me")
            await at_ann.shows("bob: me")
        await at_ann.shows("bob left")


async def test_a_private_room_is_for_those_who_are_invited(
    emitter_async_client: AsyncClient, emitter_broker: Broker
) -> None:
    async with entered(emitter_broker, "ann") as (ann, at_ann), entered(emitter_broker, "bob") as (bob, at_bob):
        await at_ann.shows("here: ann", "bob came")
        await at_bob.shows("here: ann, bob")
        await obey(bob, "/whisper hello?")
        await at_bob.shows("you are in no private room: /invite somebody")

        await obey(ann, "/invite bob")
        await at_bob.shows("ann invited you to a private room: /whisper there")
        await obey(bob, "/whisper only for you")
        await at_ann.shows("bob (private): only for you")
        await at_bob.shows("bob (private): only for you")

        (room,) = {one.channel for one in emitter_broker.published if one.channel.startswith("private/")}
        # A stranger who may open private rooms has a key for a room of another connection.
        own = await emitter_async_client.keygen(emitter_broker.keygen("private/", "rwe"), "private/", "rw")
        with pytest.raises(Unauthorized):
            await emitter_async_client.subscribe(own.key, room)


async def test_a_line_that_is_too_long_is_refused_before_it_is_sent(
    emitter_async_client: AsyncClient, emitter_broker: Broker
) -> None:
    async with entered(emitter_broker, "ann") as (ann, _):
        with pytest.raises(InvalidArgument, match="at most 500"):
            await ann.say("hello" * 101)
    assert not emitter_broker.published
