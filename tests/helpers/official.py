"""The official Python client, `emitter-io`, with types and a queue for each thing that it tells."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Protocol, cast

from emitter_typed._types.values import Json
from emitter_typed.broker import Broker

LIMIT_S = 20.0

Document = dict[str, Json]


class Message(Protocol):
    """What its message handlers get."""

    channel: str
    binary: bytes


class Client(Protocol):
    """What it offers. It has no types of its own, and each call returns at once, without a result."""

    on_connect: Callable[[], None]
    on_disconnect: Callable[[], None]
    on_error: Callable[[Document], None]
    on_keyban: Callable[[Document], None]
    on_keygen: Callable[[Document], None]
    on_me: Callable[[Document], None]
    on_message: Callable[[Message], None]
    on_presence: Callable[[Document], None]

    def connect(self, host: str, port: int, secure: bool, keepalive: int = 30, username: str | None = None) -> None: ...
    def disconnect(self) -> None: ...
    def loop_start(self) -> None: ...
    def loop_stop(self) -> None: ...
    def keyban(self, master_key: str, target_key: str, ban: bool) -> None: ...
    def keygen(self, key: str, channel: str, permissions: str, ttl: int = 0) -> None: ...
    def link(self, key: str, channel: str, name: str, subscribe: bool, options: Iterable[str] = ()) -> None: ...
    def me(self) -> None: ...
    def presence(
        self,
        key: str,
        channel: str,
        status: bool = False,
        changes: bool = False,
        optional_handler: Callable[[Document], None] | None = None,
    ) -> None: ...
    def publish(self, key: str, channel: str, message: str, options: Iterable[str] = ()) -> None: ...
    def publish_with_link(self, link: str, message: str) -> None: ...
    def subscribe(
        self,
        key: str,
        channel: str,
        optional_handler: Callable[[Message], None] | None = None,
        options: Iterable[str] = (),
    ) -> None: ...
    def subscribe_with_group(
        self,
        key: str,
        channel: str,
        share_group: str,
        optional_handler: Callable[[Message], None] | None = None,
        options: Iterable[str] = (),
    ) -> None: ...
    def unsubscribe(self, key: str, channel: str) -> None: ...

    @staticmethod
    def with_at_least_once() -> str: ...
    @staticmethod
    def with_at_most_once() -> str: ...
    @staticmethod
    def with_last(last: int) -> str: ...
    @staticmethod
    def with_retain() -> str: ...
    @staticmethod
    def with_ttl(ttl: int) -> str: ...
    @staticmethod
    def without_echo() -> str: ...


new_client = cast("Callable[[], Client]", importlib.import_module("emitter").Client)


class Official:
    """A connected client, and what it was told."""

    def __init__(self) -> None:
        self.client = new_client()
        self.connects: SimpleQueue[None] = SimpleQueue()
        self.disconnects: SimpleQueue[None] = SimpleQueue()
        self.errors: SimpleQueue[Document] = SimpleQueue()
        self.keybans: SimpleQueue[Document] = SimpleQueue()
        self.keygens: SimpleQueue[Document] = SimpleQueue()
        self.mes: SimpleQueue[Document] = SimpleQueue()
        self.messages: SimpleQueue[Message] = SimpleQueue()
        self.presences: SimpleQueue[Document] = SimpleQueue()
        self.client.on_connect = lambda: self.connects.put(None)
        self.client.on_disconnect = lambda: self.disconnects.put(None)
        self.client.on_error = self.errors.put
        self.client.on_keyban = self.keybans.put
        self.client.on_keygen = self.keygens.put
        self.client.on_me = self.mes.put
        self.client.on_message = self.messages.put
        self.client.on_presence = self.presences.put

    def keygen(self, master_key: str, channel: str, permissions: str) -> str:
        """Have a key made, and wait for it."""
        self.client.keygen(master_key, channel, permissions)
        return str(self.keygens.get(timeout=LIMIT_S)["key"])

    def me(self) -> Document:
        """Ask who this is. By the time of the answer, the broker has dealt with all that was sent before."""
        self.client.me()
        return self.mes.get(timeout=LIMIT_S)

    def message(self) -> tuple[str, str]:
        """Wait for a message; channel and text."""
        return shown(self.messages.get(timeout=LIMIT_S))


def shown(message: Message) -> tuple[str, str]:
    return message.channel, message.binary.decode()


def finish(client: Client) -> None:
    """Disconnect a client, and leave nothing of it behind."""
    client.disconnect()
    client.loop_stop()
    # It and its paho client hold each other. paho closes what it wakes itself with when nobody holds it.
    del vars(client)["_mqtt"]


@contextmanager
def official(broker: Broker, *, secure: bool = False, username: str | None = None) -> Generator[Official]:
    """A client that is connected, and disconnects in the end."""
    one = Official()
    one.client.connect(broker.host, broker.port, secure, username=username)
    one.client.loop_start()
    try:
        one.connects.get(timeout=LIMIT_S)
        yield one
    finally:
        finish(one.client)
