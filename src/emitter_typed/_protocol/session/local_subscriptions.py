"""Who receives what: local subscriptions, and the subscriptions on the wire that they share."""

from __future__ import annotations

from attrs import define, field

from emitter_typed._masking import hide_keys
from emitter_typed._protocol.operations import Prepared
from emitter_typed._protocol.session.inflight import MessageSink
from emitter_typed._protocol.topics import (
    SHARE,
    Matcher,
    could_match_prefix,
    filters_overlap,
    matches,
    segments,
    split_share,
)
from emitter_typed._protocol.trie import ChannelTrie
from emitter_typed.errors import EmitterError, InvalidArgument

_MAX_KNOWN_TOPICS = 4_096
_MAX_KNOWN_CHARACTERS = 256


@define(eq=False)
class _WireSubscription:
    """The sinks that share a subscription on the wire."""

    # Each with what it asked for, which another key may have composed.
    sinks: dict[MessageSink, Prepared] = field(factory=dict["MessageSink", Prepared], repr=False)
    # How many of them asked for each topic.
    asked: dict[str, int] = field(factory=dict[str, int], repr=False)
    # What the broker has granted, by topic, the newest last. What none of them asked for is there only if it is alone.
    granted: dict[str, Prepared] = field(factory=dict[str, Prepared], repr=False)

    @property
    def newest(self) -> Prepared | None:
        """What the broker has granted last."""
        return next(reversed(self.granted.values()), None)

    def add(self, prepared: Prepared, sink: MessageSink) -> None:
        """Add a sink."""
        self.sinks[sink] = prepared
        self.asked[prepared.bare_topic] = self.asked.get(prepared.bare_topic, 0) + 1

    def drop(self, sink: MessageSink) -> Prepared:
        """Take a sink out, and return what it asked for."""
        own = self.sinks.pop(sink)
        topic = own.bare_topic
        self.asked[topic] -= 1
        if not self.asked[topic]:
            del self.asked[topic]
            if len(self.granted) > 1:
                self.granted.pop(topic, None)
        return own

    def grant(self, prepared: Prepared) -> None:
        """Note what the broker has granted."""
        self.granted = {topic: each for topic, each in self.granted.items() if topic in self.asked}
        self.granted.pop(prepared.bare_topic, None)
        self.granted[prepared.bare_topic] = prepared


class LocalSubscriptions:
    """The sinks by the channel that they subscribed to, `$share/<group>/` included."""

    def __init__(self, matcher: Matcher, reserved: str) -> None:
        """Begin without sinks; `reserved` is what the broker's own topics begin with."""
        self._matcher: Matcher = matcher
        self._reserved = reserved
        self._reserved_sinks = 0
        self._by_filter: ChannelTrie[MessageSink] = ChannelTrie(matcher)
        self.receivers: dict[str, tuple[MessageSink, ...]] = {}
        """Who receives what arrives on a topic, for those that `find_receivers` was asked for since that changed."""
        self._wire: dict[str, _WireSubscription] = {}
        # The channels among them that are a share group's, for there are few of these beside many plain ones.
        self._shared: set[str] = set()

    def check_reachable(self, channel: str) -> None:
        """Raise InvalidArgument for a filter that no message can match."""
        group, wanted = split_share(channel)
        if self._matcher == "mqtt" or segments(wanted)[-1] != "#":
            return
        above = wanted.removesuffix("#/")
        raise InvalidArgument(
            hide_keys(
                f"channel: {_described(channel)} receives no live messages under the broker's default matcher: "
                f"subscribe to {above or '+/'!r}, which includes every channel below; or, if the broker matches as "
                'MQTT does, make the client with matcher="mqtt"'
            )
            + ("" if group is not None else "; or call history for what is stored"),
            argument="channel",
            value=hide_keys(wanted),
        )

    def check_separable(self, channel: str) -> None:
        """Raise InvalidArgument where nobody could tell for which of two subscriptions a message came.

        The broker picks one member of each share group, beside all plain subscribers, and sends one copy to a
        connection that it picked more than once. So a group stands beside plain subscriptions and other groups only
        where no message may match both.
        """
        if channel in self._wire:
            return
        group, wanted = split_share(channel)
        for name in self._shared if group is None else self._wire:
            other_group, other = split_share(name)
            if group != other_group and filters_overlap(wanted, other, self._matcher):
                raise InvalidArgument(
                    hide_keys(
                        f"channel: {_described(channel)} overlaps {_described(name)}, to which this client subscribes: "
                        "the broker sends one copy for both, and they cannot be told apart: use a second client"
                    ),
                    argument="channel",
                    value=hide_keys(wanted),
                )

    def add(self, prepared: Prepared, sink: MessageSink) -> None:
        """Add a sink of what is asked for."""
        channel = prepared.channel
        self._reserved_sinks += could_match_prefix(channel, self._reserved)
        self._by_filter.add(split_share(channel)[1], sink)
        self.receivers.clear()
        self._wire.setdefault(channel, _WireSubscription()).add(prepared, sink)
        if split_share(channel)[0] is not None:
            self._shared.add(channel)

    def grant(self, prepared: Prepared) -> bool:
        """Note what the broker has granted, and tell whether anybody still needs the channel."""
        wire = self._wire.get(prepared.channel)
        if wire is not None:
            wire.grant(prepared)
        return wire is not None

    def granted(self) -> list[tuple[Prepared, tuple[MessageSink, ...]]]:
        """Return what the broker has granted last of each channel and somebody asked for, with the channel's sinks."""
        newest = [(wire.newest, wire) for wire in self._wire.values()]
        return [(one, tuple(wire.sinks)) for one, wire in newest if one is not None and one.bare_topic in wire.asked]

    def has_granted(self, channel: str) -> bool:
        """Tell whether the broker has granted a channel that somebody still needs."""
        return channel in self._wire and self._wire[channel].newest is not None

    def shares(self, channel: str) -> bool:
        """Tell whether a sink that is there may also match something at or below a channel."""
        return self._by_filter.touches(split_share(channel)[1])

    def of(self, channel: str) -> tuple[MessageSink, ...]:
        """Return the sinks that subscribed to just this channel."""
        return tuple(self._wire[channel].sinks) if channel in self._wire else ()

    def asked(self, channel: str, sink: MessageSink) -> Prepared | None:
        """Return what a sink of this channel asked for; None if it has left."""
        return self._wire[channel].sinks.get(sink) if channel in self._wire else None

    def all(self) -> list[tuple[str, MessageSink]]:
        """Return all sinks, each with its channel."""
        return [(channel, one) for channel, each in self._wire.items() for one in each.sinks]

    def drop(self, channel: str, sink: MessageSink) -> str | None:
        """Take a sink out; return the topic that ends the subscription on the wire if nobody needs it now."""
        wire = self._wire.get(channel)
        if wire is None or sink not in wire.sinks:
            return None
        self._by_filter.discard(split_share(channel)[1], sink)
        self.receivers.clear()
        self._reserved_sinks -= could_match_prefix(channel, self._reserved)
        own = wire.drop(sink)
        if wire.sinks:
            return None
        del self._wire[channel]
        self._shared.discard(channel)
        # Its own key, if the broker has granted that.
        return (wire.granted.get(own.bare_topic) or wire.newest or own).bare_topic

    def find_receivers(self, topic: str) -> tuple[MessageSink, ...]:
        """Return those that receive what arrives on a topic, once each, and note them in `receivers`.

        What the broker may have sent, and what was published to a share group by its name, is left to `offer`.
        """
        found = () if topic.startswith((self._reserved, SHARE)) else tuple(self._by_filter.match(topic))
        if len(topic) <= _MAX_KNOWN_CHARACTERS:
            if len(self.receivers) >= _MAX_KNOWN_TOPICS:
                self.receivers.clear()
            self.receivers[topic] = found
        return found

    def offer(self, topic: str, payload: bytes) -> bool:
        """Give a message to all that match, once each, and tell whether there was one."""
        if topic.startswith(SHARE):
            return self._offer_to_group(topic, payload)
        sinks = self._by_filter.match(topic)
        for sink in sinks:
            sink.offer(((topic, payload),))
        return bool(sinks)

    def published_without_echo(self, channel: str, payload: bytes) -> None:
        """Tell those whose channel matches that a message is sent which they will not receive."""
        for sink in self._by_filter.match(channel):
            sink.published_without_echo(channel, payload)

    def offer_reserved(self, topic: str, payload: bytes) -> bool:
        """Do the same for what arrived where the broker answers; mostly nobody subscribes there."""
        return self._reserved_sinks > 0 and self.offer(topic, payload)

    def _offer_to_group(self, topic: str, payload: bytes) -> bool:
        # What was published to a share group by its own name is for the members, on the plain channel.
        group, channel = split_share(topic)
        found = [
            sink
            for name, wire in self._wire.items()
            if split_share(name)[0] == group and matches(split_share(name)[1], channel, self._matcher)
            for sink in wire.sinks
        ]
        for sink in found:
            sink.offer(((channel, payload),))
        return bool(found)

    def lost(self) -> None:
        """Tell every sink that the connection is lost, and another one is to follow."""
        for _, sink in self.all():
            sink.lost()

    def end_all(self, error: EmitterError | None) -> None:
        """Tell every sink that no more will come, and forget them."""
        subscriptions, self._wire = self._wire, {}
        self._by_filter = ChannelTrie(self._matcher)
        self.receivers.clear()
        self._reserved_sinks = 0
        self._shared.clear()
        for wire in subscriptions.values():
            for sink in wire.sinks:
                sink.end(error)


def _described(channel: str) -> str:
    group, plain = split_share(channel)
    return repr(plain) if group is None else f"{plain!r} in share group {group!r}"
