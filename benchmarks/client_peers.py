# pyright: basic, reportMissingImports=false
# mypy: disable-error-code="import-not-found, import-untyped"
"""Other clients that do what ours does. They are not typed, and need not be installed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any  # what untyped libraries give

from benchmarks.client_server import FLOOD, REQUEST, SINK
from benchmarks.client_work import (
    IN_FLIGHT,
    KEY,
    LIMIT_S,
    ClientCounters,
    Numbered,
    Reading,
    RichReading,
    batches,
    payload,
    reader,
)


class PahoThread:
    """paho-mqtt with its thread."""

    def __init__(self, port: int) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.client: Any = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.max_inflight_messages_set(IN_FLIGHT)
        ready = threading.Event()
        self.client.on_connect = lambda *_: ready.set()
        self.client.connect("127.0.0.1", port, keepalive=30)
        self.client.loop_start()
        assert ready.wait(LIMIT_S)

    def counted(self, count: int, decode: Callable[[bytes], Numbered] | None = None) -> None:
        tally = ClientCounters(count)
        take = tally.taking(decode)
        self.client.on_message = lambda client, userdata, message: take(message.payload)
        self.client.subscribe(f"{KEY}/{FLOOD}")
        tally.wait()

    def decoded(self, count: int) -> None:
        self.counted(count, reader(Reading))

    def rich(self, count: int) -> None:
        self.counted(count, reader(RichReading))

    def qos0(self, count: int) -> None:
        tally = ClientCounters(1)
        self.client.on_message = lambda client, userdata, message: tally.take(message.payload)
        for number in range(count):
            self.client.publish(f"{KEY}/{SINK}", payload(number))
        tally.wait()

    def qos1(self, count: int) -> None:
        for batch in batches(count):
            infos = [self.client.publish(f"{KEY}/{SINK}", payload(number), 1) for number in batch]
            for info in infos:
                info.wait_for_publish(LIMIT_S)
                assert info.is_published()

    def request(self, count: int, in_flight: int = 1) -> None:
        replies: dict[int, object] = {}
        some_came = threading.Condition()

        def on_message(client: object, userdata: object, message: Any) -> None:
            reply = json.loads(message.payload)
            with some_came:
                replies[reply["req"]] = reply
                some_came.notify()

        self.client.on_message = on_message
        for start in range(0, count, in_flight):
            asked = [self.client.publish(REQUEST, b"", 1).mid for _ in range(start, min(start + in_flight, count))]
            for mid in asked:
                with some_came:
                    while mid not in replies:
                        assert some_came.wait(LIMIT_S), "a reply was lost"
                    del replies[mid]

    def requests(self, count: int) -> None:
        self.request(count, IN_FLIGHT)


class EmitterIo:
    """emitter-io, Emitter's own client. It asks at QoS 0, so that replies are told apart by their order alone."""

    def __init__(self, port: int) -> None:
        from emitter import Client

        self.client: Any = Client()
        ready = threading.Event()
        self.client.on_connect = lambda *_: ready.set()
        self.client.connect(host="127.0.0.1", port=port, secure=False)
        self.client.loop_start()
        assert ready.wait(LIMIT_S)

    def counted(self, count: int, decode: Callable[[bytes], Numbered] | None = None) -> None:
        tally = ClientCounters(count)
        take = tally.taking(decode)
        self.client.subscribe(KEY, FLOOD, lambda message: take(message.as_binary()))
        tally.wait()

    def decoded(self, count: int) -> None:
        self.counted(count, reader(Reading))

    def rich(self, count: int) -> None:
        self.counted(count, reader(RichReading))

    def qos0(self, count: int) -> None:
        tally = ClientCounters(1)
        self.client.on_message = lambda message: tally.take(message.as_binary())
        for number in range(count):
            self.client.publish(KEY, SINK, payload(number))
        tally.wait()

    def qos1(self, count: int) -> None:
        # It has no way to wait for an acknowledgement: this reaches into it.
        acknowledged = threading.Semaphore(0)
        self.client._mqtt.on_publish = lambda *_: acknowledged.release()
        options = {self.client.with_at_least_once()}
        for batch in batches(count):
            for number in batch:
                self.client.publish(KEY, SINK, payload(number), options)
            for _ in batch:
                assert acknowledged.acquire(timeout=LIMIT_S)

    def request(self, count: int, in_flight: int = 1) -> None:
        came = threading.Semaphore(0)
        self.client.on_me = lambda reply: came.release()
        for start in range(0, count, in_flight):
            numbers = range(start, min(start + in_flight, count))
            for _ in numbers:
                self.client.me()
            for _ in numbers:
                assert came.acquire(timeout=LIMIT_S)

    def requests(self, count: int) -> None:
        self.request(count, IN_FLIGHT)


class Aiomqtt:
    """aiomqtt. It hands out no packet identifiers, so that replies are told apart by their order alone."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect(self) -> None:
        import aiomqtt

        self.client: Any = aiomqtt.Client("127.0.0.1", self.port, max_inflight_messages=IN_FLIGHT)
        await self.client.__aenter__()

    async def take(self, count: int, take: Callable[[bytes], None] | None = None) -> None:
        left = count
        async for message in self.client.messages:
            if take is not None:
                take(message.payload)
            left -= 1
            if not left:
                return

    async def counted(self, count: int, decode: Callable[[bytes], Numbered] | None = None) -> None:
        tally = ClientCounters(count)
        await self.client.subscribe(f"{KEY}/{FLOOD}")
        await asyncio.wait_for(self.take(count, tally.taking(decode)), LIMIT_S)

    async def decoded(self, count: int) -> None:
        await self.counted(count, reader(Reading))

    async def rich(self, count: int) -> None:
        await self.counted(count, reader(RichReading))

    async def qos0(self, count: int) -> None:
        for number in range(count):
            await self.client.publish(f"{KEY}/{SINK}", payload(number))
        await asyncio.wait_for(self.take(1), LIMIT_S)

    async def qos1(self, count: int) -> None:
        for batch in batches(count):
            await asyncio.gather(*(self.client.publish(f"{KEY}/{SINK}", payload(n), qos=1) for n in batch))

    async def request(self, count: int, in_flight: int = 1) -> None:
        for start in range(0, count, in_flight):
            numbers = range(start, min(start + in_flight, count))
            await asyncio.gather(*(self.client.publish(REQUEST, b"", qos=1) for _ in numbers))
            await asyncio.wait_for(self.take(len(numbers), json.loads), LIMIT_S)

    async def requests(self, count: int) -> None:
        await self.request(count, IN_FLIGHT)


class Gmqtt:
    """gmqtt. It hands out no packet identifiers, so that replies are told apart by their order alone."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect(self) -> None:
        from gmqtt import Client
        from gmqtt.mqtt.constants import MQTTv311
        from gmqtt.storage import PersistentStorage

        self.storage: Any = PersistentStorage()
        self.client: Any = Client("bench", persistent_storage=self.storage)
        self.client.on_message = lambda *_: 0
        await self.client.connect("127.0.0.1", self.port, version=MQTTv311)

    def on_message(self, take: Callable[[bytes], object]) -> None:
        def on_message(client: object, topic: str, raw: bytes, qos: int, properties: object) -> int:
            take(raw)
            return 0

        self.client.on_message = on_message

    async def counted(self, count: int, decode: Callable[[bytes], Numbered] | None = None) -> None:
        tally, done = ClientCounters(count), asyncio.Event()
        take_one = tally.taking(decode)

        def take(raw: bytes) -> None:
            take_one(raw)
            if not tally.left:
                done.set()

        self.on_message(take)
        self.client.subscribe(f"{KEY}/{FLOOD}")
        await asyncio.wait_for(done.wait(), LIMIT_S)

    async def decoded(self, count: int) -> None:
        await self.counted(count, reader(Reading))

    async def rich(self, count: int) -> None:
        await self.counted(count, reader(RichReading))

    async def qos0(self, count: int) -> None:
        done = asyncio.Event()
        self.on_message(lambda raw: done.set())
        for batch in batches(count):
            for number in batch:
                self.client.publish(f"{KEY}/{SINK}", payload(number))
            await asyncio.sleep(0)
        await asyncio.wait_for(done.wait(), LIMIT_S)

    async def qos1(self, count: int) -> None:
        for batch in batches(count):
            for number in batch:
                self.client.publish(f"{KEY}/{SINK}", payload(number), qos=1)
            await asyncio.wait_for(self.storage.wait_empty(), LIMIT_S)

    async def request(self, count: int, in_flight: int = 1) -> None:
        waiting: deque[asyncio.Future[object]] = deque()
        self.on_message(lambda raw: waiting.popleft().set_result(json.loads(raw)))
        for start in range(0, count, in_flight):
            asked = [asyncio.get_running_loop().create_future() for _ in range(start, min(start + in_flight, count))]
            waiting.extend(asked)
            for _ in asked:
                self.client.publish(REQUEST, b"", qos=1)
            await asyncio.wait_for(asyncio.gather(*asked), LIMIT_S)

    async def requests(self, count: int) -> None:
        await self.request(count, IN_FLIGHT)
