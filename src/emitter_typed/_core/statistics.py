"""What a client has done so far, in numbers."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from itertools import count

from attrs import field, frozen

from emitter_typed._protocol.counters import ClientCounters, Ending
from emitter_typed._protocol.receiving.mailbox import Mailbox
from emitter_typed._types.frozen import FrozenMap


@frozen(kw_only=True)
class RequestCounts:
    """Counts of finished calls of one operation, by outcome.

    Calls in progress are not counted.
    """

    answered: int = 0
    """Calls that the broker carried out."""
    refused: int = 0
    """Calls that ended with a BrokerError."""
    timed_out: int = 0
    """Calls that ended with RequestTimeout. An answer that came later is not counted."""
    lost: int = 0
    """Calls that ended with ConnectionLost, after they were sent or while they waited for a connection."""
    failed: int = 0
    """Calls that ended with another error: a reply was missing, ambiguous or undecodable."""


@frozen(kw_only=True)
class RoundTrips:
    """Times from a call to its reply, acknowledgement or refusal.

    Calls that waited for a connection, or were resent on another one, are not counted.
    """

    count: int
    """Number of measured times."""
    min_s: float | None
    """The shortest time in seconds. None before the first."""
    mean_s: float | None
    """The mean time in seconds. None before the first."""
    max_s: float | None
    """The longest time in seconds. None before the first."""
    last_s: float | None
    """The last time in seconds. None before the first."""


@frozen(kw_only=True)
class Statistics:
    """Counters of a client, over all its connections.

    `close` and `connect` do not reset them.
    """

    connects: int
    """Number of connections that the broker has accepted, the first one included."""
    requests: Mapping[str, RequestCounts] = field(hash=False)
    """Counts of finished calls by operation, such as `keygen`, `subscribe`, or `publish` at QoS 1. Read-only. Each page
    of a history counts as one call of `history`, also if a subscription fetches it. An operation that was never called
    has no entry."""
    messages_in: int
    """Number of live messages that have arrived, also those that no subscription waits for any more. Not counted:
    replies, events, messages of others below `emitter/`, and messages fetched from storage."""
    bytes_in: int
    """Bytes of payload of the messages in `messages_in`."""
    messages_out_qos0: int
    """Number of messages sent at QoS 0."""
    messages_out_qos1: int
    """Number of messages sent at QoS 1. A message that was resent counts once; one that still waits in the outbox is
    not counted."""
    bytes_out: int
    """Bytes of payload of the messages in `messages_out_qos0` and `messages_out_qos1`."""
    dropped: int
    """Number of messages that full queues of subscriptions have dropped."""
    undecodable: int
    """Number of messages and events that did not fit their type, live or stored. Each is an `Undecodable` for
    `on_error` or `events()`. Errors that a call raised, such as `as_object`, are not counted."""
    pending: int
    """Number of messages that wait in the queues of subscriptions now, also of ended ones that can still be read."""
    round_trips: RoundTrips
    """How long the broker took to answer."""


def statistics(counters: ClientCounters, mailboxes: Mailboxes, connects: int) -> Statistics:
    """Return what was counted, as it is now. What happens meanwhile may show in some of the numbers only."""
    endings: dict[str, dict[Ending, int]] = {}
    for (operation, ending), times in list(counters.endings.items()):
        endings.setdefault(operation, {})[ending] = times
    return Statistics(
        connects=connects,
        requests=FrozenMap({name: RequestCounts(**each) for name, each in sorted(endings.items())}),
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
