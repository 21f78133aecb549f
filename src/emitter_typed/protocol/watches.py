"""Who iterates over the events of a channel, which a request has begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from attrs import NOTHING, evolve, fields

from emitter_typed.errors import EmitterError
from emitter_typed.protocol.definition import EventDefinition, RequestDefinition
from emitter_typed.protocol.payloads import codec
from emitter_typed.protocol.subscribers import Receiver
from emitter_typed.protocol.trie import ChannelTrie
from emitter_typed.protocol.waiter import Waiter
from emitter_typed.values import Record

EventT = TypeVar("EventT")


class Watches:
    """The receivers of events, by what has begun them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_name: dict[tuple[str, object], dict[Receiver, None]] = {}
        self._by_channel: dict[str, ChannelTrie[Receiver]] = {}

    def add(self, definition: RequestDefinition[object], request: Record, receiver: Receiver) -> None:
        """Add a receiver of the events that a request begins."""
        self._by_name.setdefault(_name(definition, request), {})[receiver] = None
        # Whoever watches a channel hears of those below it, whatever the broker's matcher for messages is.
        trie = self._by_channel.setdefault(_event(definition), ChannelTrie("emitter"))
        trie.add(watched_channel(definition, request), receiver)

    def drop(self, definition: RequestDefinition[object], request: Record, receiver: Receiver) -> bool:
        """Take a receiver out, and tell whether it was the last one that the request has begun."""
        name = _name(definition, request)
        receivers = self._by_name.get(name, {})
        if receiver not in receivers:
            return False
        del receivers[receiver]
        self._by_channel[_event(definition)].discard(watched_channel(definition, request), receiver)
        if not receivers:
            del self._by_name[name]
        return not receivers

    def of(self, definition: RequestDefinition[object], request: Record) -> tuple[Receiver, ...]:
        """Return the receivers of what a request has begun."""
        return tuple(self._by_name.get(_name(definition, request), ()))

    def lost(self) -> None:
        """Tell every receiver that the connection is lost, and another one is to follow."""
        for receiver in self._all():
            receiver.lost()

    def offer(self, event: EventDefinition[object], payload: object) -> None:
        """Give an event to those who watch its channel, or one above it."""
        trie = self._by_channel.get(event.name)
        if trie is None or not len(trie) or event.channel is None:
            return
        channel: str = getattr(payload, event.channel)
        receivers = trie.match(channel)
        if receivers:
            raw = codec.encode(payload, event.payload)
            for receiver in receivers:
                receiver.offer(channel, raw)

    def end(self, definition: RequestDefinition[object], request: Record, receivers: Iterable[Receiver]) -> None:
        """Tell receivers of what a request had begun, and another has ended, that no more will come."""
        there = self.of(definition, request)
        for receiver in receivers:
            if receiver in there:
                self.drop(definition, request, receiver)
                receiver.end(None)

    def end_all(self, error: EmitterError | None) -> None:
        """Tell every receiver that no more will come, and forget them."""
        receivers = self._all()
        self._by_name.clear()
        self._by_channel.clear()
        for receiver in receivers:
            receiver.end(error)

    def _all(self) -> list[Receiver]:
        return [one for receivers in self._by_name.values() for one in receivers]


class Beginning:
    """Waits for the answer to a request that begins a watch."""

    def __init__(
        self,
        watches: Watches,
        definition: RequestDefinition[object],
        request: Record,
        receiver: Receiver,
        waiter: Waiter[None],
    ) -> None:
        """Wait, for a receiver that is there already and a waiter of its own."""
        self._watches = watches
        self._definition = definition
        self._request = request
        self._receiver = receiver
        self._waiter = waiter

    def resolve(self, result: object, /) -> None:
        """Take the answer; what it tells has come as an event."""
        self._receiver.granted(self._waiter)

    def reject(self, error: EmitterError, /) -> bool:
        """Take a refusal."""
        self._watches.drop(self._definition, self._request, self._receiver)
        self._receiver.end(error)
        return self._waiter.reject(error)


def ending(definition: RequestDefinition[object], request: Record) -> Record:
    """Return the request that ends what another one has begun, and asks for nothing else."""
    assert definition.lasting is not None, "only what lasts can be ended"
    known = {one.name: one.default for one in fields(type(request))}  # type: ignore[arg-type]  # each subclass of Record is an attrs class
    plain = {name: known[name] for name in definition.lasting.again if known[name] is not NOTHING}
    ended: Record = evolve(request, **{**plain, **definition.lasting.ends})  # type: ignore[misc]  # as above
    return ended


def watched_channel(definition: RequestDefinition[object], request: Record) -> str:
    """Return the channel whose events a request begins."""
    return str(_name(definition, request)[1])


def event_reader(event: EventDefinition[EventT]) -> Callable[[str, bytes], EventT]:
    """Return what reads the events that receivers get."""

    def read(channel: str, raw: bytes) -> EventT:
        found: EventT = codec.decode(raw, event.payload, channel=channel)
        return found

    return read


def _name(definition: RequestDefinition[object], request: Record) -> tuple[str, object]:
    assert definition.lasting is not None, "only what lasts can be watched"
    return definition.name, getattr(request, definition.lasting.by)


def _event(definition: RequestDefinition[object]) -> str:
    assert definition.event is not None, "only what tells events can be watched"
    return definition.event
