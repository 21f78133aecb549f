"""What a client has done so far, in numbers."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from itertools import count
from types import MappingProxyType

from attrs import field, frozen

from emitter_typed._protocol.counters import ClientCounters, Ending
from emitter_typed._protocol.receiving.mailbox import Mailbox


@frozen(kw_only=True)
class RequestCounts:
    """Counts of finished calls of one operation, by outcome.

    Calls in progress are not counted.
    """

    answered: int = 0
    """The broker did it."""
    refused: int = 0
    """It ended with a BrokerError."""
    timed_out: int = 0
    """It ended with RequestTimeout; an answer that came later is not counted."""
    lost: int = 0
    """It ended with ConnectionLost, after it was sent or while it waited for a connection."""
    failed: int = 0
    """It ended with another error: a reply that was missing, ambiguous or undecodable."""


@frozen(kw_only=True)
class RoundTrips:
    """Times from a call to its reply, acknowledgement or refusal.

    Calls that waited for a connection, or were resent on another one, are not counted.
    """

    count: int
    """How many were measured."""
    min_s: float | None
    """The shortest, in seconds; None before the first."""
    mean_s: float | None
    """The mean, in seconds; None before the first."""
    max_s: float | None
    """The longest, in seconds; None before the first."""
    last_s: float | None
    """The last, in seconds; None before the first."""


@frozen(kw_only=True)
class Statistics:
    """Counters of a client, over all its connections.

    `close` and `connect` do not reset them.
    """

    connects: int
    """How many times the broker has accepted a connection; the first one included."""
    requests: Mapping[str, RequestCounts] = field(hash=False)
    """How often each operation ended how, by its name, such as `keygen`, `subscribe`, or `publish` at QoS 1; read-only.
    Each page of a history is one, also where a subscription fetches it. What was never asked is missing."""
    messages_in: int
    """How many messages have arrived, whether or not a subscription still wanted them; without replies and events,
    without what others send below `emitter/`, and without what was fetched from storage."""
    bytes_in: int
    """How many bytes of payload these had."""
    messages_out_qos0: int
    """How many messages were sent at QoS 0."""
    messages_out_qos1: int
    """How many messages were sent at QoS 1: again and again counts once, and waiting in the outbox not yet."""
    bytes_out: int
    """How many bytes of payload the messages of both had."""
    dropped: int
    """How many messages the queues of subscriptions have lost because they were full."""
    undecodable: int
    """How many messages and events did not fit their type, live or stored: each is an `Undecodable` that `on_error` or
    `events()` got. What a call raised, `as_object` included, is left out."""
    pending: int
    """How many messages wait in the queues of subscriptions now; those that have ended and can be read included."""
    round_trips: RoundTrips
    """How long the broker's answers took."""


def statistics(counters: ClientCounters, mailboxes: Mailboxes, connects: int) -> Statistics:
    """Return what was counted, as it is now. What happens meanwhile may show in some of the numbers only."""
    endings: dict[str, dict[Ending, int]] = {}
    for (operation, ending), times in list(counters.endings.items()):
        endings.setdefault(operation, {})[ending] = times
    return Statistics(
        connects=connects,
        requests=MappingProxyType({name: RequestCounts(**each) for name, each in sorted(endings.items())}),
        messages_in=counters.messages_in,
        bytes_in=counters.bytes_in,
        messages_out_qos0=counters.messages_out_qos0,
        messages_out_qos1=counters.messages_out_qos1,
        bytes_out=counters.bytes_out,
        dropped=mailboxes.dropped,
        undecodable=counters.undecodable,
        pending=mailboxes.pending,
        round_trips=_round_trips(counters),
    )


class Mailboxes:
    """The mailboxes of a client's subscriptions, for as long as somebody has these, and what they lost for ever.

    Every step is atomic, since a finalizer may run in the middle of anything and must not wait for a lock.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._mailboxes: dict[int, Mailbox] = {}
        self._numbers = count()
        self._dropped_before: deque[int] = deque()

    def add(self, owner: object, mailbox: Mailbox) -> None:
        """Add a mailbox, which lives as long as its owner."""
        number = next(self._numbers)
        self._mailboxes[number] = mailbox
        weakref.finalize(owner, self._forget, number).atexit = False

    def _forget(self, number: int) -> None:
        if dropped := self._mailboxes.pop(number).dropped:
            self._dropped_before.append(dropped)

    @property
    def dropped(self) -> int:
        """How many messages they have lost because they were full."""
        return sum(each.dropped for each in list(self._mailboxes.values())) + sum(tuple(self._dropped_before))

    @property
    def pending(self) -> int:
        """How many messages wait in them now."""
        return sum(map(len, list(self._mailboxes.values())))


def _round_trips(counters: ClientCounters) -> RoundTrips:
    times = counters.round_trips
    if not times:
        return RoundTrips(count=0, min_s=None, mean_s=None, max_s=None, last_s=None)
    return RoundTrips(
        count=times, min_s=counters.min_s, mean_s=counters.total_s / times, max_s=counters.max_s, last_s=counters.last_s
    )
