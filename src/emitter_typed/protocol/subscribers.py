"""Who receives what: local subscriptions, and the subscriptions on the wire that they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from attrs import define, field

from emitter_typed.errors import EmitterError, InvalidArgument, hide_keys
from emitter_typed.protocol.operations import Prepared
from emitter_typed.protocol.topics import (
    SHARE,
    Matcher,
    could_match_prefix,
    filters_overlap,
    matches,
    segments,
    split_share,
)
from emitter_typed.protocol.trie import ChannelTrie
from emitter_typed.protocol.waiter import Waiter

_MAX_FILTERS = 512


class Receiver(Protocol):
    """Who receives the messages of a subscription."""

    def offer(self, channel: str, raw: bytes, /) -> None:
        """Take a message in."""

    def publish_silently(self, channel: str, raw: bytes, /) -> None:
        """Learn of a message of this client that the broker does not send back."""

    def granted(self, waiter: Waiter[None], /) -> None:
        """Learn that the broker has granted it; the waiter is to get None once the first message is known."""

    def lost(self) -> None:
        """Learn that the connection is lost, and another one is to follow."""

    def restored(self) -> None:
        """Learn that it is there again on the next connection."""

    def end(self, error: EmitterError | None, /) -> None:
        """Learn that no more will come, and why."""

    def __hash__(self) -> int: ...


@define(eq=False)
class _Membership:
    """The receivers that share a subscription on the wire."""

    # What the broker granted last, whose topic ends the subscription on the wire. None: it has granted nothing yet.
    granted: Prepared | None = None
    # Each with what it asked for, which another key may have composed.
    receivers: dict[Receiver, Prepared] = field(factory=dict["Receiver", Prepared], repr=False)


class Subscribers:
    """The receivers by the channel that they subscribed to, `$share/<group>/` included."""

    def __init__(self, matcher: Matcher, reserved: str) -> None:
        """Begin without receivers; `reserved` is what the broker's own topics begin with."""
        self._matcher: Matcher = matcher
        self._reserved = reserved
        self._reserved_receivers = 0
        self._by_filter: ChannelTrie[Receiver] = ChannelTrie(matcher)
        self._memberships: dict[str, _Membership] = {}
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
                f"{_described(channel)} receives no live message under the broker's default matcher: subscribe to "
                f"{above or '+/'!r}, which has everything below it too; or, if the broker is configured so, make the "
                'client with matcher="mqtt"'
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
        if channel in self._memberships:
            return
        group, wanted = split_share(channel)
        for name in self._shared if group is None else self._memberships:
            other_group, other = split_share(name)
            if group != other_group and filters_overlap(wanted, other, self._matcher):
                raise InvalidArgument(
                    hide_keys(
                        f"{_described(channel)} overlaps {_described(name)}, to which this client subscribes: the "
                        "broker sends one copy of what both match, and nobody could tell for which; use a second client"
                    ),
                    argument="channel",
                    value=hide_keys(wanted),
                )

    def add(self, prepared: Prepared, receiver: Receiver) -> None:
        """Add a receiver of what is asked for."""
        channel = prepared.channel
        self._reserved_receivers += could_match_prefix(channel, self._reserved)
        self._by_filter.add(split_share(channel)[1], receiver)
        self._memberships.setdefault(channel, _Membership()).receivers[receiver] = prepared
        if split_share(channel)[0] is not None:
            self._shared.add(channel)

    def grant(self, prepared: Prepared) -> bool:
        """Note what the broker has granted, and tell whether anybody still needs the channel."""
        membership = self._memberships.get(prepared.channel)
        if membership is not None:
            membership.granted = prepared
        return membership is not None

    def granted(self, max_packet_bytes: int) -> Iterator[tuple[Prepared, ...]]:
        """Yield what the broker has granted and somebody needs, as much at once as fits a SUBSCRIBE.

        The broker rations what it sends, so that fewer packets are back sooner.
        """
        packet: list[Prepared] = []
        size_bytes = 2
        for granted in [each.granted for each in self._memberships.values()]:
            if granted is None:
                continue
            # Each filter has its length and its QoS (MQTT 3.1.1, 3.8.3).
            own_bytes = len(granted.quiet_topic) + 3
            if packet and (size_bytes + own_bytes > max_packet_bytes or len(packet) == _MAX_FILTERS):
                yield tuple(packet)
                packet, size_bytes = [], 2
            packet.append(granted)
            size_bytes += own_bytes
        if packet:
            yield tuple(packet)

    def has_granted(self, channel: str) -> bool:
        """Tell whether the broker has granted a channel that somebody still needs."""
        return channel in self._memberships and self._memberships[channel].granted is not None

    def share(self, channel: str) -> bool:
        """Tell whether a receiver that is there may also match something at or below a channel."""
        return self._by_filter.touches(split_share(channel)[1])

    def of(self, channel: str) -> tuple[Receiver, ...]:
        """Return the receivers that subscribed to just this channel."""
        return tuple(self._memberships[channel].receivers) if channel in self._memberships else ()

    def all(self) -> list[tuple[str, Receiver]]:
        """Return all receivers, each with its channel."""
        return [(channel, one) for channel, each in self._memberships.items() for one in each.receivers]

    def drop(self, channel: str, receiver: Receiver) -> str | None:
        """Take a receiver out; return the topic that ends the subscription on the wire if nobody needs it now."""
        membership = self._memberships.get(channel)
        if membership is None or receiver not in membership.receivers:
            return None
        self._by_filter.discard(split_share(channel)[1], receiver)
        self._reserved_receivers -= could_match_prefix(channel, self._reserved)
        own = membership.receivers.pop(receiver)
        if membership.receivers:
            return None
        del self._memberships[channel]
        self._shared.discard(channel)
        return (membership.granted or own).bare_topic

    def offer(self, topic: str, payload: bytes) -> bool:
        """Give a message to all that match, once each, and tell whether there was one."""
        if topic.startswith(SHARE):
            return self._offer_to_group(topic, payload)
        receivers = self._by_filter.match(topic)
        for receiver in receivers:
            receiver.offer(topic, payload)
        return bool(receivers)

    def publish_silently(self, channel: str, payload: bytes) -> None:
        """Tell those whose channel matches that a message is sent which they will not receive."""
        for receiver in self._by_filter.match(channel):
            receiver.publish_silently(channel, payload)

    def offer_reserved(self, topic: str, payload: bytes) -> bool:
        """Do the same for what arrived where the broker answers; mostly nobody subscribes there."""
        return self._reserved_receivers > 0 and self.offer(topic, payload)

    def _offer_to_group(self, topic: str, payload: bytes) -> bool:
        # What was published to a share group by its own name is for the members, on the plain channel.
        group, channel = split_share(topic)
        found = [
            receiver
            for name, membership in self._memberships.items()
            if split_share(name)[0] == group and matches(split_share(name)[1], channel, self._matcher)
            for receiver in membership.receivers
        ]
        for receiver in found:
            receiver.offer(channel, payload)
        return bool(found)

    def lost(self) -> None:
        """Tell every receiver that the connection is lost, and another one is to follow."""
        for _, receiver in self.all():
            receiver.lost()

    def end_all(self, error: EmitterError | None) -> None:
        """Tell every receiver that no more will come, and forget them."""
        memberships, self._memberships = self._memberships, {}
        self._by_filter = ChannelTrie(self._matcher)
        self._reserved_receivers = 0
        self._shared.clear()
        for membership in memberships.values():
            for receiver in membership.receivers:
                receiver.end(error)


def _described(channel: str) -> str:
    group, plain = split_share(channel)
    return f"channel {plain!r}" if group is None else f"share group {group!r} on channel {plain!r}"
