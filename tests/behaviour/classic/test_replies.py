"""on_keygen, on_keyban and on_me receive what the requests return, of each one that was answered, in order."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue

import pytest

from emitter_typed import Client, KeybanResponse, KeygenResponse, MeResponse, Unauthorized
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop

WRONG_KEY = "wrong-wrong-wrong-wrong-wrong-00"


@both_flavours
@in_loop
async def test_each_reply_reaches_the_call_and_then_the_handler(flavour: Flavour, broker: Broker) -> None:
    keygens: SimpleQueue[KeygenResponse] = SimpleQueue()
    keybans: SimpleQueue[KeybanResponse] = SimpleQueue()
    mes: SimpleQueue[MeResponse] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_keygen, client.on_keyban, client.on_me = keygens.put, keybans.put, mes.put
        made = [await client.keygen(broker.master_key, f"a/{number}/", "rw") for number in range(3)]
        banned = [await client.keyban(broker.master_key, made[0].key, ban) for ban in (True, False)]
        me = await client.me()

        assert [await asyncio.to_thread(keygens.get, timeout=LIMIT_S) for _ in made] == made
        assert [await asyncio.to_thread(keybans.get, timeout=LIMIT_S) for _ in banned] == banned
        assert [each.banned for each in banned] == [True, False]
        assert await asyncio.to_thread(mes.get, timeout=LIMIT_S) == me
    assert (keygens.empty(), keybans.empty(), mes.empty()) == (True, True, True)


@both_flavours
@in_loop
async def test_a_refusal_is_raised_and_no_reply(flavour: Flavour, broker: Broker) -> None:
    replies: SimpleQueue[KeygenResponse] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_keygen = replies.put
        with pytest.raises(Unauthorized):
            await client.keygen(WRONG_KEY, "a/", "rw")
        made = await client.keygen(broker.master_key, "a/", "rw")
        assert await asyncio.to_thread(replies.get, timeout=LIMIT_S) == made
    assert replies.empty()


def test_a_handler_may_go_on_from_what_it_got(client: Client, broker: Broker) -> None:
    """As old programs do, for which no call returned anything."""
    done = threading.Event()

    def on_keygen(reply: KeygenResponse) -> None:
        client.subscribe(reply.key, "a/", lambda _: done.set())
        client.publish(reply.key, "a/", "x")

    client.on_keygen = on_keygen
    client.keygen(broker.master_key, "a/", "rw")
    assert done.wait(LIMIT_S)
