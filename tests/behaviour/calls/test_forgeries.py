"""A forged reply is not a reply: whoever may publish where the broker answers cannot make a call end as he likes.

The victim subscribes there with `allow_reserved=True`, and so receives what the forger publishes on the very topics of
its replies and errors, while the forger tries every packet identifier that may be in use.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import cycle, islice
from queue import SimpleQueue
from typing import Any, cast

import pytest
from attrs import frozen

from emitter_typed import (
    AmbiguousReply,
    AsyncClient,
    Client,
    Key,
    MeResponse,
    Message,
    Unauthorized,
)
from emitter_typed._protocol.packets import Delivery, InboundPacket, OutboundPacket, Puback, Publish, Subscribe
from emitter_typed._transport.base import Endpoint, Transport, TransportSink
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called
from tests.helpers.loops import LIMIT_S, in_loop

REQUESTS, MANY_REQUESTS = 2_500, 10_000
IN_FLIGHT = 16
# One identifier went to finding out the client's own id, and one to subscribing.
FIRST_PACKET_ID = 3
FORGED = "forged-forged-forged-forged-0123"
ERRORS = "emitter/error/"
NO = {"status": 401, "message": FORGED}

Forgery = Mapping[str, object]


@frozen
class Ask:
    """A request, what of its answer is the broker's alone to say, and what a forger would have it say."""

    topic: str
    call: Callable[[Any], Any]  # Any: a client of either flavour, and what it answers
    genuine: Callable[[Any], bool]  # Any: the answer, each of another class
    forgeries: Sequence[Forgery]


def asks(broker: Broker, key: Key, own_id: str) -> list[Ask]:
    """The requests of a client, with forgeries that differ from the genuine answer in everything or in one field."""
    return [
        Ask(
            "keygen",
            lambda client: client.keygen(broker.master_key, "a/", "r"),
            lambda answer: bool(answer.channel == "a/" and answer.key.reveal() != FORGED),
            [{"status": 200, "key": FORGED, "channel": "a/"}, {"status": 200, "key": FORGED, "channel": "x/"}, NO],
        ),
        Ask(
            "me",
            lambda client: client.me(),
            lambda answer: bool(answer == MeResponse(id=own_id)),
            [{"status": 200, "id": own_id, "links": {"f": "forged/"}}, {"status": 200, "id": FORGED}, NO],
        ),
        Ask(
            "presence",
            lambda client: client.presence(key, "a/", status=True),
            lambda answer: bool(answer.channel == "a/" and answer.who == ()),
            [{"status": 200, "time": 1, "event": "status", "channel": "a/", "who": [{"id": FORGED}]}, NO],
        ),
        Ask(
            "keyban",
            lambda client: client.keyban(broker.master_key, key, False),
            lambda answer: bool(answer.banned is False),
            [{"status": 200, "banned": True}, {"status": 200, "banned": 0}, NO],
        ),
    ]


class Tap:
    """Looks at what passes between a client and a broker, and counts the forgeries for requests that are under way."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._asked: dict[int, str] = {}
        self._sent: SimpleQueue[OutboundPacket] = SimpleQueue()
        self._forged: SimpleQueue[None] = SimpleQueue()
        self.landed = 0

    def __call__(self, endpoint: Endpoint) -> Transport:
        return _Tapped(self._broker.memory(endpoint), self)

    async def next_forged(self) -> None:
        """Wait until the client has taken in another forgery."""
        await asyncio.to_thread(self._forged.get, timeout=LIMIT_S)

    async def next_sent(self) -> OutboundPacket:
        """Wait for the next packet that the client sends."""
        return await asyncio.to_thread(self._sent.get, timeout=LIMIT_S)

    def sent(self, packet: OutboundPacket) -> None:
        self._sent.put(packet)
        if isinstance(packet, Publish) and packet.qos and packet.topic.startswith("emitter/"):
            self._asked[packet.packet_id] = packet.topic.partition("?")[0]

    def received(self, packets: Iterable[InboundPacket]) -> None:
        for packet in packets:
            if isinstance(packet, Puback):
                self._asked.pop(packet.packet_id, None)
            elif (packet_id := _forged_for(packet)) is not None:
                asked = self._asked.get(packet_id)
                self.landed += asked is not None and isinstance(packet, Delivery) and packet.topic in (asked, ERRORS)

    def handed_on(self, packets: Iterable[InboundPacket]) -> None:
        for packet in packets:
            if _forged_for(packet) is not None:
                self._forged.put(None)


def _forged_for(packet: InboundPacket) -> int | None:
    found = re.match(rb'\{"forged": 1, "req": (\d+)', packet.payload) if isinstance(packet, Delivery) else None
    return None if found is None else int(found[1])


class _Tapped:
    """A transport that lets a tap see its packets."""

    def __init__(self, inner: Transport, tap: Tap) -> None:
        self._inner = inner
        self._tap = tap
        self._sink: TransportSink | None = None
        self.close, self.abort, self.join = inner.close, inner.abort, inner.join

    def start(self, sink: TransportSink) -> None:
        self._sink = sink
        self._inner.start(self)

    def send(self, packet: OutboundPacket) -> None:
        self._tap.sent(packet)
        self._inner.send(packet)

    @property
    def congested(self) -> bool:
        return self._inner.congested

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        assert self._sink is not None
        self._tap.received(packets)
        self._sink.received(packets)
        self._tap.handed_on(packets)

    def drained(self) -> None:
        assert self._sink is not None
        self._sink.drained()

    def ended(self, error: Any, /) -> None:
        assert self._sink is not None
        self._sink.ended(error)


def forged(packet_id: int, fields: Forgery) -> bytes:
    return json.dumps({"forged": 1, "req": packet_id, **fields}).encode()


class Forger:
    """Publishes forgeries for the identifiers that a client may be using, whenever it has had another answer."""

    def __init__(self, broker: Broker, everything: Sequence[Ask], tally: ClientCounters) -> None:
        self._client = Client(transport=broker.memory, username="forger")
        self._key = broker.keygen("emitter/#/", "w")
        self._asks = everything
        self._tally = tally
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._forge, name="forger")

    def __enter__(self) -> Forger:
        self._client.connect()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._tally.grown.set()
        self._thread.join()
        self._client.close()

    def _forge(self) -> None:
        choices = [
            cycle([(f"emitter/{ask.topic}/", forgery) for forgery in ask.forgeries] + [(ERRORS, NO)])
            for ask in self._asks
        ]
        while not self._enough.is_set():
            self._tally.grown.wait()
            self._tally.grown.clear()
            first = self._tally.ended
            for number in range(first, first + IN_FLIGHT):
                topic, forgery = next(choices[number % len(choices)])
                self._client.publish(self._key, topic, forged(FIRST_PACKET_ID + number, forgery))


@asynccontextmanager
async def victim(flavour: Flavour, broker: Broker, tap: Tap) -> AsyncGenerator[Any]:
    """A client of a flavour, as it is."""
    if flavour == "threads":
        with Client(transport=tap, username="victim", timeout_s=LIMIT_S, reconnect_max_s=0.02) as client:
            yield client
    else:
        async with AsyncClient(transport=tap, username="victim", timeout_s=LIMIT_S, reconnect_max_s=0.02) as client:
            yield client


class ClientCounters:
    """How the requests ended."""

    def __init__(self) -> None:
        self.genuine = 0
        self.ambiguous = 0
        self.forged: list[object] = []
        self.grown = threading.Event()

    @property
    def ended(self) -> int:
        return self.genuine + self.ambiguous + len(self.forged)

    def count(self, ask: Ask, end: object) -> None:
        if isinstance(end, AmbiguousReply):
            self.ambiguous += 1
        elif not isinstance(end, Exception) and ask.genuine(end):
            self.genuine += 1
        else:
            self.forged.append(end)
        self.grown.set()


def ask_in_threads(client: Client, everything: Iterable[Ask], tally: ClientCounters) -> None:
    lock = threading.Lock()

    def ask(one: Ask) -> None:
        try:
            end: object = one.call(client)
        except Exception as error:
            end = error
        with lock:
            tally.count(one, end)

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for _ in pool.map(ask, everything):
            pass


async def ask_in_tasks(client: AsyncClient, everything: Iterable[Ask], tally: ClientCounters) -> None:
    left = iter(everything)

    async def ask_on() -> None:
        for one in left:
            try:
                tally.count(one, await one.call(client))
            except Exception as error:
                tally.count(one, error)

    await asyncio.gather(*(ask_on() for _ in range(IN_FLIGHT)))


@both_flavours
@pytest.mark.parametrize("requests", [REQUESTS, pytest.param(MANY_REQUESTS, marks=pytest.mark.long)])
@in_loop
async def test_no_request_of_many_returns_a_forged_answer(flavour: Flavour, broker: Broker, requests: int) -> None:
    tap, tally = Tap(broker), ClientCounters()
    async with victim(flavour, broker, tap) as client:
        own = client.me()
        own_id = (own if flavour == "threads" else await own).id
        kinds = asks(broker, broker.keygen("a/#/", "rwslp"), own_id)
        subscribing = client.subscribe(broker.keygen("emitter/#/", "r"), "emitter/", allow_reserved=True)
        subscription = subscribing if flavour == "threads" else await subscribing
        everything = islice(cycle(kinds), requests)
        with Forger(broker, kinds, tally):
            if flavour == "threads":
                await asyncio.to_thread(ask_in_threads, client, everything, tally)
            else:
                await ask_in_tasks(client, everything, tally)
        assert subscription.pending > 0
    assert tally.forged == []
    assert tally.genuine + tally.ambiguous == requests
    assert tap.landed > requests / 100, "hardly anything was forged for a request that was under way"


class Scene:
    """A victim that subscribes where the broker answers, and whose calls the broker leaves unanswered for a while."""

    def __init__(self, flavour: Flavour, broker: Broker, tap: Tap, client: Any, forger: Client) -> None:
        self.broker = broker
        self.client = client
        self.key = broker.keygen("a/#/", "rwslp")
        self._flavour = flavour
        self.tap = tap
        self._forger = forger
        self._forgers_key = broker.keygen("emitter/#/", "w")

    async def listen(self, channel: str = "emitter/") -> None:
        key = self.broker.keygen("emitter/#/", "r")
        await self.begin("subscribe", key, channel, allow_reserved=True)
        await self.tap.next_sent()

    def begin(self, name: str, *arguments: object, **named: object) -> asyncio.Task[object]:
        """Begin a call of the client, of whatever flavour."""
        method = getattr(self.client, name)
        if self._flavour == "threads":
            return asyncio.create_task(asyncio.to_thread(method, *arguments, **named))
        return asyncio.create_task(method(*arguments, **named))

    async def forge(self, call: asyncio.Task[object], *forgeries: tuple[str, Forgery]) -> OutboundPacket:
        """Let forgeries arrive between what a call sends and the broker's answer; return what was sent."""
        packet = await self.tap.next_sent()
        for topic, fields in forgeries:
            self.publish_forgery(topic, packet.packet_id, fields)
            await self.tap.next_forged()
        assert not call.done()
        self.broker.faults.release_replies()
        return packet

    def publish_forgery(self, topic: str, packet_id: int, fields: Forgery) -> None:
        self._forger.publish(self._forgers_key, topic, forged(packet_id, fields))

    async def refused_publish(self) -> None:
        """Publish with a key that does not allow it."""
        await self.begin("publish", self.broker.keygen("a/", "r"), "a/", "x", qos=1)


@asynccontextmanager
async def scene(flavour: Flavour, broker: Broker) -> AsyncGenerator[Scene]:
    tap = Tap(broker)
    with Client(transport=broker.memory, username="forger") as forger:
        async with victim(flavour, broker, tap) as client:
            yield Scene(flavour, broker, tap, client, forger)


ERROR: tuple[str, Forgery] = (ERRORS, NO)


@both_flavours
@in_loop
async def test_a_request_tells_its_reply_from_all_forgeries(flavour: Flavour, broker: Broker) -> None:
    async with scene(flavour, broker) as at:
        await at.listen()
        for ask in asks(broker, at.key, ""):
            if ask.topic == "me":
                continue
            broker.faults.withhold_replies()
            call = asyncio.create_task(_called(flavour, ask, at.client))
            await at.forge(call, ERROR, *((f"emitter/{ask.topic}/", each) for each in ask.forgeries))
            assert ask.genuine(await call)


async def _called(flavour: Flavour, ask: Ask, client: Any) -> object:
    return await asyncio.to_thread(ask.call, client) if flavour == "threads" else await ask.call(client)


@both_flavours
@in_loop
async def test_a_reply_that_the_broker_could_not_send_is_not_replaced_by_a_forged_one(
    flavour: Flavour, broker: Broker
) -> None:
    async with scene(flavour, broker) as at:
        for _ in range(2):
            await at.begin("publish", at.key, "a/", b"x" * 30_000, ttl=60, qos=1)
            await at.tap.next_sent()
        await at.listen()
        broker.faults.withhold_replies()
        call = asyncio.create_task(_first_page(flavour, at))
        packet = await at.forge(call, ("emitter/history/", {"messages": []}))
        with pytest.raises(AmbiguousReply, match="history"):
            await call
        assert isinstance(packet, Publish)


async def _first_page(flavour: Flavour, at: Scene) -> object:
    if flavour == "threads":
        return await asyncio.to_thread(lambda: list(at.client.history(at.key, "a/", last=2)))
    return [message async for message in at.client.history(at.key, "a/", last=2)]


@both_flavours
@in_loop
async def test_a_forged_refusal_of_a_publish_is_told_as_one_that_may_be_forged(
    flavour: Flavour, broker: Broker
) -> None:
    async with scene(flavour, broker) as at:
        await at.listen()
        broker.faults.withhold_replies()
        call = at.begin("publish", at.key, "a/", "x", qos=1)
        await at.forge(call, ERROR)
        with pytest.raises(AmbiguousReply, match="publish"):
            await call
        # Nothing tells a genuine one from it.
        with pytest.raises(AmbiguousReply, match="publish"):
            await at.refused_publish()
        assert [each.as_string() for each in broker.published if each.channel == "a/"] == ["x"]


@both_flavours
@in_loop
async def test_a_publish_that_may_have_been_refused_is_sent_again_after_a_loss(
    flavour: Flavour, broker: Broker
) -> None:
    async with scene(flavour, broker) as at:
        await at.listen()
        broker.faults.withhold_replies()
        call = at.begin("publish", at.key, "a/", "x", qos=1)
        packet = await at.tap.next_sent()
        at.publish_forgery(ERRORS, packet.packet_id, NO)
        await at.tap.next_forged()
        broker.faults.drop_connections(username="victim")
        broker.faults.release_replies()
        await call
        assert [each.as_string() for each in broker.published if each.channel == "a/"] == ["x", "x"]


@both_flavours
@in_loop
async def test_what_covers_replies_alone_leaves_refusals_as_they_are(flavour: Flavour, broker: Broker) -> None:
    async with scene(flavour, broker) as at:
        await at.listen("emitter/keygen/")
        with pytest.raises(Unauthorized):
            await at.refused_publish()


@both_flavours
@in_loop
async def test_a_subscription_is_granted_or_refused_by_what_nobody_can_forge(flavour: Flavour, broker: Broker) -> None:
    wrong = broker.keygen("b/", "r")
    async with scene(flavour, broker) as at:
        await at.listen()
        broker.faults.withhold_replies()
        call = at.begin("subscribe", at.key, "a/")
        await at.forge(call, ERROR)
        await call
        with pytest.raises(Unauthorized):
            await at.begin("subscribe", wrong, "a/")
        await at.tap.next_sent()
        broker.faults.withhold_replies()
        call = at.begin("subscribe", wrong, "a/")
        await at.forge(call, ERROR)
        with pytest.raises(AmbiguousReply, match="subscribe"):
            await call


@both_flavours
@in_loop
async def test_a_subscription_that_is_refused_after_a_loss_ends_for_no_forged_reason(
    flavour: Flavour, broker: Broker
) -> None:
    short = broker.keygen("a/", "r", ttl=60)
    async with scene(flavour, broker) as at:
        await at.listen()
        refused = cast("Any", await at.begin("subscribe", short, "a/"))
        await at.tap.next_sent()
        broker.clock.advance(60)
        broker.faults.withhold_replies()
        broker.faults.drop_connections(username="victim")
        packet = await at.tap.next_sent()
        assert isinstance(packet, Subscribe)
        at.publish_forgery(ERRORS, packet.packet_id, NO)
        await at.tap.next_forged()
        broker.faults.release_replies()
        with pytest.raises(AmbiguousReply, match="subscribe"):
            await called(lambda each: each.get(timeout_s=LIMIT_S), refused)
        at.publish_forgery(ERRORS, 1, NO)
        await at.tap.next_forged()


@both_flavours
@in_loop
async def test_a_forged_refusal_to_unsubscribe_is_told_as_one_that_may_be_forged(
    flavour: Flavour, broker: Broker
) -> None:
    async with scene(flavour, broker) as at:
        await at.listen()
        await at.begin("subscribe", at.key, "a/")
        await at.tap.next_sent()
        broker.faults.withhold_replies()
        call = at.begin("unsubscribe", at.key, "a/")
        await at.forge(call, ERROR)
        with pytest.raises(AmbiguousReply, match="unsubscribe"):
            await call


@both_flavours
@in_loop
async def test_after_the_subscription_all_is_as_before_it(flavour: Flavour, broker: Broker) -> None:
    async with scene(flavour, broker) as at:
        await at.listen()
        await at.begin("unsubscribe", broker.keygen("emitter/#/", "r"), "emitter/")
        await at.tap.next_sent()
        with pytest.raises(Unauthorized):
            await at.refused_publish()
        await at.tap.next_sent()
        await at.begin("me")
        assert await at.tap.next_sent() == Publish("emitter/me/", b"{}", 1, False, 4)


@both_flavours
@in_loop
async def test_a_link_that_subscribes_where_the_broker_answers_deceives_nobody(
    flavour: Flavour, broker: Broker
) -> None:
    heard: SimpleQueue[Message] = SimpleQueue()
    async with scene(flavour, broker) as at:
        at.client.on_message = heard.put
        await at.begin("link", broker.keygen("emitter/#/", "rw"), "emitter/keygen/", "l", subscribe=True)
        await at.tap.next_sent()
        broker.faults.withhold_replies()
        call = at.begin("keygen", broker.master_key, "a/", "r")
        packet = await at.tap.next_sent()
        at.publish_forgery("emitter/keygen/", packet.packet_id, {"status": 200, "key": FORGED, "channel": "a/"})
        broker.faults.release_replies()
        assert cast("Any", await call).key.reveal() != FORGED
