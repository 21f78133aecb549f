"""Where others may speak as the broker does: what a client subscribed to below the reserved prefix.

A message that somebody publishes there looks like a reply or an error, and no order of arrival tells them apart. But
the broker repeats the options behind a request in the topic of its reply, and delivers what is published without any.
So a request that carries one is answered where nobody else can publish, and needs no other sign.
"""

from __future__ import annotations

from attrs import fields

from emitter_typed._masking import hide_keys
from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._protocol.topics import could_match_prefix
from emitter_typed._types.values import Record
from emitter_typed.errors import InvalidArgument

# Any option that means nothing to the broker will do.
_MARK = "?r=1"


class SpoofGuard:
    """The subscriptions of one connection that let others speak so, from before they are asked for until they end."""

    def __init__(self, reserved: str) -> None:
        """Begin with none; `reserved` is what the broker's own topics begin with."""
        self._reserved = reserved
        self._channels: set[str] = set()

    def check(self, channel: str) -> None:
        """Raise InvalidArgument if a subscription would let others speak so."""
        if could_match_prefix(channel, self._reserved):
            raise InvalidArgument(
                hide_keys(f"channel: {channel!r} may match {self._reserved}")
                + ", where other clients can forge replies: subscribe to a narrower channel, or "
                "pass allow_reserved=True",
                argument="channel",
                value=hide_keys(channel),
            )

    def begin(self, channel: str) -> None:
        """Learn of a subscription."""
        if could_match_prefix(channel, self._reserved):
            self._channels.add(channel)

    def end(self, channel: str) -> None:
        """Learn that the broker has ended a subscription, or refused it."""
        self._channels.discard(channel)

    def reply_topic(self, definition: RequestDefinition[object], request: Record) -> str:
        """Return the topic to send a request to, whose reply arrives on the same one."""
        if definition.lasting is not None:
            # A link may subscribe, to the channel that one of its fields names.
            for each in fields(type(request)):  # type: ignore[arg-type]  # each subclass of Record is an attrs class
                if isinstance(value := getattr(request, each.name), str):
                    self.begin(value)
        return definition.topic + _MARK if self._channels else definition.topic

    def is_exposed(self, topic: str) -> bool:
        """Tell whether what arrives on a topic may come from anybody."""
        return any(could_match_prefix(each, topic) for each in self._channels)


def is_from_broker(topic: str) -> bool:
    """Tell whether only the broker can have sent the payload on a topic."""
    return topic.endswith(_MARK)
