"""What a subscription received last: so that after a loss it is known what was missed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from attrs import evolve

from emitter_typed._protocol.receiving.merge import (
    DISORDER_S,
    Arrived,
    Comparison,
    Fingerprint,
    Found,
    find_delivered,
)
from emitter_typed._protocol.receiving.stored_ids import age, oldest_of_each, process_of, stored_s

# How long before the cursor something arrived that may be stored within DISORDER_S of it: times are whole seconds, and
# the cursor itself may have been late.
_KEPT_S: Final = DISORDER_S + 3.0


class RecentDeliveries:
    """What a subscription has received since the last stored message whose id is known. It locks nothing.

    Before it is truncated is a good time to ask for what is stored newest, and to `begin` there: then little is asked
    for after a loss of the connection, and little is in doubt.
    """

    __slots__ = (
        "_anchor",
        "_delivered",
        "_forgotten",
        "_no_echo",
        "_seen",
        "arrived_at_s",
        "behind",
        "cursor",
        "forgetful",
        "known",
        "truncated",
        "unseen_until_s",
    )

    def __init__(self, *, max_messages: int) -> None:
        """Begin empty, where nothing is stored; remember at most so many messages."""
        self.cursor: bytes | None = None
        """The id of a stored message: what is stored more than `DISORDER_S` before it was delivered. None: no id."""
        self.arrived_at_s: float | None = None
        """When that message arrived; None: it did not, or nobody knows."""
        self.known: frozenset[bytes] = frozenset()
        """The ids of what is stored about the cursor and was delivered."""
        self.behind: dict[bytes, bytes] = {}
        """Ids of stored messages, by the process that stored each: what that stored earlier is not to be delivered."""
        self.unseen_until_s: int | None = None
        """Up to this second, processes that `behind` does not name may have stored something before the subscription
        began. None: they have not."""
        # The ids of what else is stored about the cursor, delivered or not.
        self._seen: frozenset[bytes] = frozenset()
        self.truncated: bool = False
        """Whether messages that were delivered since the cursor were forgotten."""
        self.forgetful: bool = False
        """Whether messages published without echo since the cursor were forgotten: they will count as missed."""
        # Whether one of those is stored behind the cursor, if at all.
        self._forgotten = False
        # The id of a stored message, and when it arrived: where the cursor did not, it says how long ago others did.
        self._anchor: tuple[bytes, float] | None = None
        self._delivered: deque[Arrived] = deque(maxlen=max_messages)
        self._no_echo: deque[tuple[Fingerprint, float]] = deque(maxlen=max_messages)

    @property
    def delivered(self) -> Sequence[Arrived]:
        """What was delivered since the cursor, oldest first."""
        return tuple(self._delivered)

    @property
    def no_echo(self) -> Collection[Fingerprint]:
        """What this client published since the cursor so that it does not receive it."""
        return tuple(known_by for known_by, _ in self._no_echo)

    @property
    def since_s(self) -> int | None:
        """The first second of which everything that is stored is to be looked at; None: look at all."""
        return None if self.cursor is None else stored_s(self.cursor) - DISORDER_S

    @property
    def processes(self) -> frozenset[bytes]:
        """The processes that stored what is known about the cursor."""
        cursor = () if self.cursor is None else (self.cursor,)
        return frozenset(process_of(id_) for id_ in (*self.known, *self._seen, *cursor))

    def deliver(self, message: Arrived) -> None:
        """Remember a message that arrived live."""
        if len(self._delivered) == self._delivered.maxlen:
            self.truncated = True
            self._forgotten = self._forgotten or not self._delivered[0].may_be_known
        self._delivered.append(message)

    def published_without_echo(self, message: Fingerprint, at_s: float) -> None:
        """Remember a message of this client that it does not receive."""
        self.forgetful = self.forgetful or len(self._no_echo) == self._no_echo.maxlen
        self._no_echo.append((message, at_s))

    def may_be_older(self, id_: bytes) -> bool:
        """Return whether what is stored under an id may be older than the subscription."""
        until_s = self.unseen_until_s
        return until_s is not None and process_of(id_) not in self.behind and stored_s(id_) <= until_s

    def compare(self, stored: Sequence[Found]) -> Comparison:
        """Find what was delivered among all that is stored since the cursor and not known, oldest first."""
        since = self._anchor
        if self.cursor is not None and self.arrived_at_s is not None:
            since = self.cursor, self.arrived_at_s
        found = find_delivered(stored, self.delivered, no_echo=self.no_echo, truncated=self.truncated, since=since)
        certain = not self.forgetful or len(found.matched) == len(stored)
        return evolve(found, exact=found.exact and certain and not self._forgotten)

    def begin(self, found: Sequence[Found], *, asked_at_s: float, whole: bool) -> None:
        """Begin at the newest stored message, if it is one that was delivered, or published without echo.

        What arrived long before it is forgotten. What arrived shortly before may be stored behind it.

        Args:
            found: The ids of the newest stored messages, and what they are known by, oldest first.
            asked_at_s: When the broker was asked for it. What had arrived by then is not stored behind it.
            whole: Whether nothing else is stored.
        """
        newest = found[-1] if found else None
        heard_at_s = {one.fingerprint: one.at_s for one in self._delivered}
        at_s = None if newest is None else heard_at_s.get(newest[1], dict(self._no_echo).get(newest[1]))
        anchors = ((id_, heard_at_s[known_by]) for id_, known_by in reversed(found) if known_by in heard_at_s)
        self._anchor = next(anchors, None)
        if newest is None or at_s is None or newest[0] == self.cursor or newest[0] in self.known:
            # What had arrived and is not found is not stored, so that an equal one will be another.
            stored_now = {known_by for _, known_by in found}
            kept = [
                evolve(one, may_be_known=True) if one.fingerprint in stored_now else one
                for one in self._delivered
                if not whole or one.at_s > asked_at_s or one.fingerprint in stored_now
            ]
            # A clock ticks: what arrived in the moment of the request may have been stored after the page.
            forgotten = (one.at_s == asked_at_s and one.fingerprint not in stored_now for one in self._delivered)
            self._forgotten = self._forgotten or (whole and any(forgotten))
        else:
            self.cursor, self.arrived_at_s = newest[0], at_s
            first_s = stored_s(newest[0]) - DISORDER_S
            self.known = frozenset(id_ for id_ in self.known if stored_s(id_) >= first_s)
            kept = [
                one if one.at_s > max(asked_at_s, at_s) else evolve(one, may_be_known=True)
                for one in self._delivered
                if one.at_s >= at_s - _KEPT_S
            ]
            self.truncated = self.truncated and len(kept) == len(self._delivered)
            self._forgotten = False
            while self._no_echo and self._no_echo[0][1] < at_s - _KEPT_S:
                self._no_echo.popleft()
                self.forgetful = False
        begin_s = self.since_s
        seen = (*self._seen, *(id_ for id_, _ in found))
        self._seen = frozenset(id_ for id_ in seen if begin_s is not None and stored_s(id_) >= begin_s)
        self._delivered.clear()
        self._delivered.extend(kept)

    def place(self, found: Sequence[Found], *, asked_at_s: float, whole: bool) -> None:
        """Begin at the newest stored message, whatever it is: what is stored by then has arrived, or is not wanted.

        Args:
            found: The ids of the newest stored messages, and what they are known by, oldest first.
            asked_at_s: When the broker was asked for it. What arrived shortly before may be stored behind it.
            whole: Whether nothing else is stored.
        """
        stored = Counter(known_by for _, known_by in found)
        kept: deque[Arrived] = deque()
        for one in reversed(self._delivered):
            stored[one.fingerprint] -= 1
            if stored[one.fingerprint] < 0 and one.at_s >= asked_at_s - _KEPT_S:
                kept.appendleft(evolve(one, may_be_known=one.at_s <= asked_at_s))
        ids = [id_ for id_, _ in found]
        self.restart(
            ids[-1] if ids else None,
            ids,
            kept,
            no_echo=[each for each in self._no_echo if each[1] >= asked_at_s - _KEPT_S],
            behind=oldest_of_each(ids),
            unseen_until_s=None if whole or not ids else stored_s(ids[0]),
        )

    def restart(
        self,
        newest: bytes | None,
        known: Iterable[bytes],
        live: Iterable[Arrived],
        *,
        arrived_at_s: float | None = None,
        no_echo: Iterable[tuple[Fingerprint, float]] = (),
        behind: Iterable[bytes] = (),
        unseen_until_s: int | None = None,
    ) -> None:
        """Go on from where stored messages and live ones were joined.

        Args:
            newest: The id of the newest stored message, or the cursor as it was if there was none after it.
            known: The ids of stored messages that were delivered, or are going to be.
            live: The live messages that are not certain to be among them.
            arrived_at_s: When the newest stored message arrived; None: it did not, or nobody knows.
            no_echo: What was published without echo and is not certain to be stored before the cursor.
            behind: The ids of stored messages: what their processes stored earlier is not to be delivered any more.
            unseen_until_s: Up to which second other processes may have stored what is not wanted. None: not at all.
        """
        self.unseen_until_s = unseen_until_s
        for id_ in behind:
            process = process_of(id_)
            if process not in self.behind or age(id_) < age(self.behind[process]):
                self.behind[process] = id_
        if newest != self.cursor:
            self.cursor, self.arrived_at_s = newest, arrived_at_s
        self._anchor = None
        first_s = self.since_s
        self.known = frozenset(id_ for id_ in (*self.known, *known) if first_s is not None and stored_s(id_) >= first_s)
        self._delivered.clear()
        self._no_echo.clear()
        self._seen = frozenset()
        self.truncated = self._forgotten = False
        self.forgetful = False
        for message in live:
            self.deliver(message)
        for known_by, at_s in no_echo:
            self.published_without_echo(known_by, at_s)
