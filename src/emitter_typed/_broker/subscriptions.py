"""Who receives what: plain subscriptions and share groups."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from emitter_typed._broker.connection import Connection
from emitter_typed._broker.held_filters import Held
from emitter_typed._broker.limits import weight_bytes
from emitter_typed._protocol.topics import SHARE, Matcher
from emitter_typed._protocol.trie import ChannelTrie


class Subscriptions:
    """The subscriptions of all connections of one broker. A connection's subscriptions are a set."""

    def __init__(self, matcher: Matcher) -> None:
        """Start with none."""
        self._all: ChannelTrie[Connection] = ChannelTrie(matcher)
        # What a group asks for stands below `$share/`, so that a group that names no channel has a filter too.
        self._members: ChannelTrie[tuple[str, Connection]] = ChannelTrie(matcher)

    def add(self, connection: Connection, channel: str) -> bool:
        """Subscribe a connection to a channel, `$share/<group>/` included; return whether this is new.

        Raises:
            Refused: the connection has as many subscriptions as it may.
        """
        wanted = Held(channel)
        if connection.held.holds(wanted):
            return False
        connection.budget.take(weight_bytes(channel))
        connection.held.add(wanted)
        self._all.add(channel, connection)
        if shared := _shared(channel):
            group, asked = shared
            self._members.add(asked, (group, connection))
        return True

    def discard(self, connection: Connection, channel: str) -> bool:
        """End a subscription; return whether it was there."""
        unwanted = Held(channel)
        held = connection.held.discard(unwanted)
        if held is None:
            return False
        self.remove(connection, channel)
        # Another one, that this was taken for, stays in effect.
        if held == unwanted:
            connection.budget.give_back(weight_bytes(channel))
        return True

    def receivers(self, channel: str) -> list[Connection]:
        """Return who receives a message on a channel here, each connection once: see `route`."""
        return self.route(channel)[0]

    def route(
        self, channel: str, *, without: Connection | None = None, others: Sequence[Subscriptions] = ()
    ) -> tuple[list[Connection], list[Subscriptions]]:
        """Return who receives a message on a channel, each connection once, and which other nodes it is sent to.

        A connection receives it whose subscription matches as it is written, so that a message to
        `$share/<group>/<channel>/` reaches every member; and one member of every share group, picked at random. Another
        node gets it if a subscription there matches, or if the pick of a group falls on it: to its group, a node counts
        as one member, however many are there. The other node then sends it to all who receive it there, and picks a
        member of each group anew. So a group may get it twice.

        Args:
            channel: The channel of the message.
            without: A connection that is left out, and not picked for its groups either.
            others: The subscriptions of the other nodes.
        """
        found = dict.fromkeys(self._all.match(channel))
        nodes = [other for other in others if other._all.match(channel)]
        groups: dict[str, dict[Connection | Subscriptions, None]] = {}
        for holder in (self, *others):
            for group, member in holder._grouped(channel):
                if member is not without:
                    groups.setdefault(group, {})[member if holder is self else holder] = None
        for members in groups.values():
            pick = random.choice(list(members))
            if isinstance(pick, Connection):
                found[pick] = None
            elif pick not in nodes:
                nodes.append(pick)
        if without is not None:
            found.pop(without, None)
        return list(found), nodes

    def _grouped(self, channel: str) -> Iterable[tuple[str, Connection]]:
        return self._members.match(f"{SHARE}/{channel}") if len(self._members) else ()

    def remove(self, connection: Connection, channel: str) -> None:
        """Send a connection no more of a channel, whatever it holds."""
        self._all.discard(channel, connection)
        if shared := _shared(channel):
            group, asked = shared
            self._members.discard(asked, (group, connection))


def _shared(channel: str) -> tuple[str, str] | None:
    """Return the group of a subscription, and what it asks for below `$share/`; None for a plain one.

    To Emitter the channel behind a group may be missing: such a group asks for the root.
    """
    if not channel.startswith(f"{SHARE}/"):
        return None
    group, slash, asked = channel.removeprefix(f"{SHARE}/").partition("/")
    return (group, f"{SHARE}/{asked}") if slash else None
