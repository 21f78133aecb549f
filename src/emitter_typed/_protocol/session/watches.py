"""Who iterates over the events of a channel, which a request has begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from emitter_typed._protocol.definition import EventDefinition, RequestDefinition
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.session.inflight import CallResult, MessageSink
from emitter_typed._protocol.trie import ChannelTrie
from emitter_typed._types.values import Record
from emitter_typed.errors import EmitterError

EventT = TypeVar("EventT")


class Watches:
    """The sinks of events, by what has begun them."""

    def __init__(self) -> None:
        """Begin with none."""
        # Each with its request, which may have another key.
        self._by_id: dict[tuple[str, object], dict[MessageSink, Record]] = {}
        self._by_channel: dict[str, ChannelTrie[MessageSink]] = {}

    def add(self, definition: RequestDefinition[object], request: Record, sink: MessageSink) -> None:
        """Add a sink of the events that a request begins."""
        self._by_id.setdefault(definition.lasting_id(request), {})[sink] = request
        # Whoever watches a channel hears of those below it, whatever the broker's matcher for messages is.
        trie = self._by_channel.setdefault(_event(definition), ChannelTrie("emitter"))
        trie.add(watched_channel(definition, request), sink)

    def drop(self, definition: RequestDefinition[object], request: Record, sink: MessageSink) -> bool:
        """Take a sink out, and tell whether it was the last one that the request has begun."""
        id_ = definition.lasting_id(request)
        sinks = self._by_id.get(id_, {})
        if sink not in sinks:
            return False
        del sinks[sink]
        self._by_channel[_event(definition)].discard(watched_channel(definition, request), sink)
        if not sinks:
            del self._by_id[id_]
        return not sinks

    def of(self, definition: RequestDefinition[object], request: Record) -> tuple[MessageSink, ...]:
        """Return the sinks of what a request has begun."""
        return tuple(self._by_id.get(definition.lasting_id(request), ()))

    def requests(self, definition: RequestDefinition[object], request: Record) -> list[tuple[MessageSink, Record]]:
        """Return the same, each with the request that it made, in their order."""
        return list(self._by_id.get(definition.lasting_id(request), {}).items())

    def lost(self) -> None:
        """Tell every sink that the connection is lost, and another one is to follow."""
        for sink in self._all():
            sink.lost()

    def offer(self, event: EventDefinition[object], payload: object) -> None:
        """Give an event to those who watch its channel, or one above it."""
        trie = self._by_channel.get(event.name)
        if trie is None or not len(trie) or event.channel is None:
            return
        channel: str = getattr(payload, event.channel)
        sinks = trie.match(channel)
        if sinks:
            raw = codec.encode(payload, event.payload)
            for sink in sinks:
                sink.offer(((channel, raw),))

    def end(self, definition: RequestDefinition[object], request: Record, sinks: Iterable[MessageSink]) -> None:
        """Tell sinks of what a request had begun, and another has ended, that no more will come."""
        there = self.of(definition, request)
        for sink in sinks:
            if sink in there:
                self.drop(definition, request, sink)
                sink.end(None)

    def end_all(self, error: EmitterError | None) -> None:
        """Tell every sink that no more will come, and forget them."""
        sinks = self._all()
        self._by_id.clear()
        self._by_channel.clear()
        for sink in sinks:
            sink.end(error)

    def _all(self) -> list[MessageSink]:
        return [one for sinks in self._by_id.values() for one in sinks]


class WatchResult:
    """The result of a request that begins a watch."""

    def __init__(
        self,
        watches: Watches,
        definition: RequestDefinition[object],
        request: Record,
        sink: MessageSink,
        call_result: CallResult[None],
    ) -> None:
        """Wait, for a sink that is there already and a result of its own."""
        self._watches = watches
        self._definition = definition
        self._request = request
        self._sink = sink
        self._call_result = call_result

    def resolve(self, result: object, /) -> None:
        """Take the answer; what it tells has come as an event."""
        if self._is_there:
            self._sink.granted(self._call_result)
        else:
            self._call_result.resolve(None)

    def reject(self, error: EmitterError, /) -> bool:
        """Take a refusal."""
        if self._is_there:
            self._watches.drop(self._definition, self._request, self._sink)
            self._sink.end(error)
        return self._call_result.reject(error)

    @property
    def _is_there(self) -> bool:
        """Whether the sink has not ended meanwhile, as with a drain."""
        return self._sink in self._watches.of(self._definition, self._request)


def watched_channel(definition: RequestDefinition[object], request: Record) -> str:
    """Return the channel whose events a request begins."""
    return str(definition.lasting_id(request)[1])


def event_reader(event: EventDefinition[EventT]) -> Callable[[str, bytes], EventT]:
    """Return what reads the events that sinks get."""

    def read(channel: str, raw: bytes) -> EventT:
        found: EventT = codec.decode(raw, event.payload, channel=channel)
        return found

    return read


def _event(definition: RequestDefinition[object]) -> str:
    assert definition.event is not None, "only what tells events can be watched"
    return definition.event
