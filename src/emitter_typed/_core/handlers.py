"""Who handles what: the place of one handler, and handlers of the broker's events, which channels may have too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

from emitter_typed._protocol.definition import EventDefinition
from emitter_typed._protocol.trie import ChannelTrie

W = TypeVar("W")


class HandlerSlot(Generic[W]):
    """Where the worker of one handler stands. It locks nothing: its owner does."""

    def __init__(self, name: str, *, arguments: Literal[0, 1] = 1) -> None:
        """Begin without a worker.

        Args:
            name: What is handled, for errors and logs.
            arguments: With how many arguments the handler is called.
        """
        self.name: str = name
        self.arguments: Literal[0, 1] = arguments
        self.worker: W | None = None
        self.missed: bool = False
        """Whether what was to be handled last came while there was no worker."""

    def put(self, worker: W | None) -> W | None:
        """Set or remove the worker, and return the one before."""
        before, self.worker = self.worker, worker
        return before


class EventHandlers(Generic[W]):
    """Workers by event, and by event and channel. It locks nothing: its owner does."""

    def __init__(self) -> None:
        """Begin without handlers."""
        self._general: dict[str, W] = {}
        self._by_channel: dict[tuple[str, str], W] = {}
        self._tries: dict[str, ChannelTrie[W]] = {}

    def get(self, event: str) -> W | None:
        """Return the worker for what no channel's worker handles."""
        return self._general.get(event)

    def set(self, event: str, worker: W | None) -> W | None:
        """Set or remove the worker for what no channel's worker handles, and return the one before."""
        before = self._general.pop(event, None)
        if worker is not None:
            self._general[event] = worker
        return before

    def set_for_channel(self, event: str, channel: str, worker: W | None) -> W | None:
        """Set or remove the worker for what is told of a channel and those below it; return the one before."""
        # Whoever watches a channel hears of those below it, whatever the broker's matcher for messages is.
        trie = self._tries.setdefault(event, ChannelTrie("emitter"))
        before = self._by_channel.pop((event, channel), None)
        if before is not None:
            trie.discard(channel, before)
        if worker is not None:
            self._by_channel[event, channel] = worker
            trie.add(channel, worker)
        return before

    def find(self, definition: EventDefinition[object], payload: object) -> list[W]:
        """Return the workers for an event: its channel's if there are any, else the general one, else none."""
        channel = getattr(payload, definition.channel) if definition.channel is not None else None
        trie = self._tries.get(definition.name)
        found = trie.match(channel) if trie is not None and isinstance(channel, str) else []
        general = self._general.get(definition.name)
        return found or ([general] if general is not None else [])

    def __bool__(self) -> bool:
        """Tell whether there is any worker."""
        return bool(self._general or self._by_channel)

    def __iter__(self) -> Iterator[W]:
        """Go through all workers."""
        yield from self._general.values()
        yield from self._by_channel.values()
