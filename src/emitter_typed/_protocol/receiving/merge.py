"""Where what is stored and what arrived live belong together: without a gap, a reversal or a needless repeat.

Stored messages have an id and live ones have none, so they can only be told apart by channel and payload. What was
stored while a subscription stood also arrived, in the same order, unless this client published it without echo (so that
its own subscriptions do not receive it). So the stored messages that also arrived form one piece that is, in
order, among the live ones: the longest such piece is an upper bound. A pair of channel and payload that stands once on
either side is taken for one message: up to there the piece is certain. Where both bounds meet, the merge point is
exact; else the certain piece is taken, for a repeat is better than a loss.

This takes for granted that messages with the same channel and payload are alike: all stored, for the same time, or none
is. Where they are not, or where the stored copy of the one that was delivered has expired, a stored message may be left
out that equals, in channel and payload, one that was delivered.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from attrs import evolve, frozen

Fingerprint = int
"""A channel and a payload, in little room. Differs from one process to another, so that nobody can make two alike."""

MAX_RECENT_MESSAGES: Final = 1_000
"""How many messages `RecentDeliveries` remembers, unless it is told otherwise."""


def fingerprint(channel: str, payload: bytes) -> Fingerprint:
    """Return what a message is known by."""
    return hash((channel, payload))


@frozen(kw_only=True)
class MergePoint:
    """How to join stored messages and live ones: the stored ones but for the last `overlap`, then the live ones."""

    overlap: int
    """How many of the newest stored messages are left out, for they are also among the live ones."""
    exact: bool
    """Whether nothing is delivered twice."""
    fresh: int
    """The index of the first live message that certainly came after the newest stored one."""
    whole: bool
    """Whether that are all that came after it."""


@frozen(kw_only=True)
class Resumption:
    """Where the missed ones begin among stored messages."""

    first: int
    """The index of the first stored message that was missed; the number of messages if none was."""
    exact: bool
    """Whether everything from there on was missed."""


def find_merge_point(
    stored: Sequence[Fingerprint],
    live: Sequence[Fingerprint],
    *,
    no_echo: Collection[Fingerprint] = (),
    arrived: int | None = None,
) -> MergePoint:
    """Find how many of the newest stored messages also arrived live since a subscription was asked for.

    Args:
        stored: The stored messages, oldest first, as the broker gave them after it had accepted the subscription. Those
            that are known to be older than the subscription, such as what an earlier request gave, may be left out.
            So may all but the newest `len(live) + len(no_echo)` and one more.
            `RecentDeliveries` needs the newest one, even where none is to be delivered.
        live: What arrived since, in order. It must hold all that was published before the broker gave its newest page;
            where the oldest of it had to be dropped, nothing is lost or repeated.
        no_echo: What this client published meanwhile so that it does not receive it.
        arrived: How many of `live` were there when the newest page came. What came later is not stored in it, and is no
            evidence that it is. Default: not known; then any of them may be.

    Returns:
        How to join them. `overlap` never counts a message that is not among the live ones, or without echo.
    """
    unheard = frozenset(no_echo)
    unique = _unique(stored, live, unheard) & {*live[:arrived], *unheard}
    piece = _measure(stored[::-1], live[::-1], unheard, unique)
    if arrived is not None:
        fresh, whole = arrived, True
    elif piece.exact and not (stored and (stored[-1] in unheard or live.count(stored[-1]) > 1)):
        # The newest stored message has one place among the live ones, or was there before them.
        fresh, whole = (0 if piece.first_match is None else len(live) - piece.first_match), True
    else:
        fresh, whole = len(live), False
    return MergePoint(overlap=piece.certain, exact=piece.exact, fresh=fresh, whole=whole)


def resume(
    stored: Sequence[Fingerprint],
    delivered: Sequence[Fingerprint],
    *,
    no_echo: Collection[Fingerprint] = (),
    truncated: bool = False,
) -> Resumption:
    """Find where the messages begin that were missed while a connection was down.

    Args:
        stored: All stored messages after the cursor, oldest first. A part of them cannot do: a missed message in it may
            equal one that was delivered before.
        delivered: What arrived live since the cursor, in order: the newest of it, if it is `truncated`.
        no_echo: What this client published since the cursor, and before the connection was down, so that it does not
            receive it.
        truncated: Whether older ones were delivered that `delivered` does not hold.

    Returns:
        Where the missed ones begin; join them to what is live now.
    """
    unheard = frozenset(no_echo)
    unique = _unique(stored, delivered, unheard)
    begin = 0
    if truncated:
        # Nothing is known of the first ones, so it begins with the oldest message that certainly was delivered.
        first = next((index for index, one in enumerate(stored) if one in unique and one not in unheard), None)
        if first is None:
            return Resumption(first=0, exact=not stored)
        begin = first
        delivered = delivered[delivered.index(stored[begin]) :]
    piece = _measure(stored[begin:], delivered, unheard, unique)
    return Resumption(first=begin + piece.certain, exact=piece.exact)


@frozen(kw_only=True)
class _Piece:
    """The first stored messages that are among others, in order."""

    certain: int
    exact: bool
    first_match: int | None
    """The index in the others of the first message that is in both."""


def _unique(
    stored: Sequence[Fingerprint], others: Sequence[Fingerprint], no_echo: frozenset[Fingerprint]
) -> frozenset[Fingerprint]:
    """Return what stands for one message: stored once, and arrived once; or sent without echo, and not arrived."""
    own = Counter(stored)
    arrivals = Counter(others)
    return frozenset(one for one in stored if own[one] == 1 and arrivals[one] == (0 if one in no_echo else 1))


def _measure(
    stored: Sequence[Fingerprint],
    others: Sequence[Fingerprint],
    no_echo: frozenset[Fingerprint],
    unique: frozenset[Fingerprint],
) -> _Piece:
    possible = certain = place = 0
    first_match: int | None = None
    for one in stored:
        if one not in no_echo:
            try:
                place = others.index(one, place) + 1
            except ValueError:
                break
            first_match = place - 1 if first_match is None else first_match
        possible += 1
        # One without echo tells nothing of the others beside it: they may be lost though it was published.
        if one in unique and (one not in no_echo or certain == possible - 1):
            certain = possible
    # What should be the same message and is not in its place shows that equal ones are about, or that some got lost.
    contradicted = any(one in unique and one not in no_echo for one in stored[possible:])
    return _Piece(certain=certain, exact=certain == possible and not contradicted, first_match=first_match)


class RecentDeliveries:
    """What a subscription has received since the last stored message whose id is known. It locks nothing.

    Before it is truncated is a good time to ask for what is stored after the cursor, and to `restart` from there: then
    little is asked for after a loss of the connection, and little is in doubt.
    """

    __slots__ = ("_delivered", "_no_echo", "cursor", "forgetful", "truncated")

    def __init__(self, *, max_messages: int = MAX_RECENT_MESSAGES) -> None:
        """Begin empty, where nothing is stored."""
        self.cursor: bytes | None = None
        """The id of a stored message: whatever is stored up to it was delivered. None: nothing was stored."""
        self.truncated: bool = False
        """Whether messages that were delivered since the cursor were forgotten."""
        self.forgetful: bool = False
        """Whether messages published without echo since the cursor were forgotten: they will count as missed."""
        self._delivered: deque[Fingerprint] = deque(maxlen=max_messages)
        self._no_echo: deque[Fingerprint] = deque(maxlen=max_messages)

    @property
    def delivered(self) -> Sequence[Fingerprint]:
        """What was delivered since the cursor, oldest first."""
        return tuple(self._delivered)

    @property
    def no_echo(self) -> Collection[Fingerprint]:
        """What this client published since the cursor so that it does not receive it."""
        return tuple(self._no_echo)

    def deliver(self, message: Fingerprint) -> None:
        """Remember a message that arrived live."""
        self.truncated = self.truncated or len(self._delivered) == self._delivered.maxlen
        self._delivered.append(message)

    def published_without_echo(self, message: Fingerprint) -> None:
        """Remember a message of this client that it does not receive."""
        self.forgetful = self.forgetful or len(self._no_echo) == self._no_echo.maxlen
        self._no_echo.append(message)

    def resume(self, stored: Sequence[Fingerprint]) -> Resumption:
        """Find what was missed among all that is stored after the cursor, oldest first."""
        found = resume(stored, self.delivered, no_echo=self.no_echo, truncated=self.truncated)
        return evolve(found, exact=found.exact and (not self.forgetful or found.first == len(stored)))

    def begin(self, cursor: bytes, *, keep: int, keep_no_echo: int) -> None:
        """Begin at a stored message: what arrived before is not newer than that one.

        Args:
            cursor: Its id.
            keep: How many of the newest messages that were delivered may be newer.
            keep_no_echo: How many of those that were published without echo.
        """
        self.cursor = cursor
        self.truncated = keep > len(self._delivered)
        while len(self._delivered) > keep:
            self._delivered.popleft()
        while len(self._no_echo) > keep_no_echo:
            self._no_echo.popleft()
        self.forgetful = self.forgetful and keep_no_echo > len(self._no_echo)

    def restart(
        self,
        cursor: bytes | None,
        merge_point: MergePoint,
        live: Sequence[Fingerprint],
        *,
        no_echo: Iterable[Fingerprint] = (),
    ) -> None:
        """Go on from where stored messages and live ones were joined.

        Args:
            cursor: The id of the newest stored message, or the cursor as it was if there was none after it.
            merge_point: How they were joined.
            live: The live messages that were joined.
            no_echo: What was published without echo and is not certain to be stored before the cursor.
        """
        self.cursor = cursor
        self._delivered.clear()
        self._no_echo.clear()
        self.truncated = not merge_point.whole
        self.forgetful = False
        for message in live[merge_point.fresh :]:
            self.deliver(message)
        for message in no_echo:
            self.published_without_echo(message)
