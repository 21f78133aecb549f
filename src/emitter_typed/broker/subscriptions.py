"""Who receives what: plain subscriptions and share groups."""

from __future__ import annotations

import random

from emitter_typed.broker.connection import Connection
from emitter_typed.broker.limits import weight_bytes
from emitter_typed.protocol.topics import SHARE, Matcher, split_share
from emitter_typed.protocol.trie import ChannelTrie


class Subscriptions:
    """The subscriptions of all connections of one broker. A connection's subscriptions are a set."""

    def __init__(self, matcher: Matcher) -> None:
        """Start with none."""
        self._plain: ChannelTrie[Connection] = ChannelTrie(matcher)
        self._shared: ChannelTrie[tuple[str, Connection]] = ChannelTrie(matcher)

    def add(self, connection: Connection, channel: str) -> bool:
        """Subscribe a connection to a channel, `$share/<group>/` included; return whether this is new.

        Raises:
            Refused: the connection has as many subscriptions as it may.
        """
        if channel in connection.subscriptions:
            return False
        connection.budget.take(weight_bytes(channel))
        connection.subscriptions[channel] = None
        group, plain = split_share(channel)
        if group is None:
            return self._plain.add(plain, connection)
        return self._shared.add(plain, (group, connection))

    def discard(self, connection: Connection, channel: str) -> bool:
        """End a subscription; return whether it was there."""
        if channel not in connection.subscriptions:
            return False
        del connection.subscriptions[channel]
        connection.budget.give_back(weight_bytes(channel))
        group, plain = split_share(channel)
        if group is None:
            return self._plain.discard(plain, connection)
        return self._shared.discard(plain, (group, connection))

    def receivers(self, channel: str, *, without: Connection | None = None) -> list[Connection]:
        """Return who receives a message on a channel, each connection once.

        These are all plain subscribers and one member of every share group, picked at random; and every
        member of a group if the channel is `$share/<group>/<channel>/`.

        Args:
            channel: The channel of the message.
            without: A connection that is left out, and not picked for its groups either.
        """
        found = dict.fromkeys(self._plain.match(channel))
        if len(self._shared):
            groups: dict[str, list[Connection]] = {}
            for group, member in self._shared.match(channel):
                if member is not without:
                    groups.setdefault(group, []).append(member)
            for members in groups.values():
                found[random.choice(members)] = None
            if channel.startswith(SHARE):
                addressed, plain = split_share(channel)
                found |= {member: None for group, member in self._shared.match(plain) if group == addressed}
        if without is not None:
            found.pop(without, None)
        return list(found)
