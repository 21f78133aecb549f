"""Presence: who is subscribed to a channel, and who wants to hear when that changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable

from emitter_typed._broker.connection import Connection
from emitter_typed._broker.held_filters import Held
from emitter_typed._broker.limits import weight_bytes
from emitter_typed._broker.subscriptions import Subscriptions
from emitter_typed._broker.wire import encode_publish
from emitter_typed._protocol.topics import Matcher
from emitter_typed._protocol.trie import ChannelTrie

_TOPIC = "emitter/presence/"


class Presence:
    """Keeps the subscriptions, and tells the watchers of a channel when they change."""

    def __init__(
        self, matcher: Matcher, clock: Callable[[], float], others: Callable[[], Iterable[Presence]] = tuple
    ) -> None:
        """Start without subscriptions and watchers.

        Args:
            matcher: How channels match.
            clock: Gives the Unix time in seconds.
            others: Gives the presence of the other nodes, whose watchers hear of changes here. Default: none.
        """
        self.subscriptions: Subscriptions = Subscriptions(matcher)
        self._watchers: ChannelTrie[Connection] = ChannelTrie(matcher)
        self._clock = clock
        self._others = others

    def subscribe(self, connection: Connection, channel: str) -> None:
        """Subscribe a connection, and tell the watchers if this is new. Raises Refused, as `Subscriptions.add`."""
        if self.subscriptions.add(connection, channel):
            self._tell("subscribe", connection, channel)

    def unsubscribe(self, connection: Connection, channel: str) -> None:
        """End a subscription, and tell the watchers if it was there."""
        if self.subscriptions.discard(connection, channel):
            self._tell("unsubscribe", connection, channel)

    def watch(self, connection: Connection, channel: str, *, on: bool) -> None:
        """Begin or end to tell a connection of changes on a channel and below.

        Raises:
            Refused: the connection watches as much as it may.
        """
        watch = Held(channel, watch=True)
        if not on:
            if (held := connection.held.discard(watch)) is not None:
                self._watchers.discard(channel, connection)
                if held == watch:
                    connection.budget.give_back(weight_bytes(channel))
        elif not connection.held.holds(watch):
            connection.budget.take(weight_bytes(channel))
            connection.held.add(watch)
            self._watchers.add(channel, connection)

    def forget(self, connection: Connection) -> None:
        """End all that a connection had, telling the watchers that remain."""
        held = list(connection.held)
        for each in held:
            if each.watch:
                self.watch(connection, each.channel, on=False)
        for each in held:
            if not each.watch:
                self.unsubscribe(connection, each.channel)
        for each in connection.held.clear():
            if each.watch:
                self._watchers.discard(each.channel, connection)
            else:
                self.subscriptions.remove(connection, each.channel)

    def status(self, channel: str) -> dict[str, object]:
        """Return who would receive a message on a channel, as the answer to a presence request."""
        who = [connection.who() for connection in self.subscriptions.receivers(channel)]
        return {"time": int(self._clock()), "event": "status", "channel": channel, "who": who}

    def watchers(self, channel: str) -> Collection[Connection]:
        """Return who hears of a change on a channel."""
        return self._watchers.match(channel)

    def _tell(self, event: str, connection: Connection, channel: str) -> None:
        watchers = [*self.watchers(channel), *(each for other in self._others() for each in other.watchers(channel))]
        if not watchers:
            return
        notification = {
            "time": int(self._clock()),
            "event": event,
            "channel": channel,
            "who": connection.who(),
        }
        packet = encode_publish(_TOPIC, json.dumps(notification, ensure_ascii=False).encode())
        if packet is not None:
            for watcher in watchers:
                watcher.queue(packet)
