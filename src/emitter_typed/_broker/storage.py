"""Stored messages: kept for their time to live, found by filter, window and number."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterable
from hashlib import blake2b
from itertools import chain

from attrs import frozen

from emitter_typed._broker.disorder import Disorder, Numbers
from emitter_typed._protocol.topics import Topic, matches, segments

EARLIEST_S = 1_514_764_800
"""2018-01-01 in Unix seconds: a window's end before it is ignored, and identifiers count from it."""
LATEST_S = 3_029_529_600
"""2066-01-01 in Unix seconds: a window's end after it is ignored."""
MAX_NUMBER = 2**31 - 1
"""The largest number that `last` and `ttl` may have; a larger one is ignored."""
MAX_FOUND_BYTES = 65_536
"""How much one look into the storage gives: identifiers, channels and payloads together."""

PROCESS_BYTES = 4
"""How long the name of a process is in an identifier."""

_DIGEST_BYTES = 4
# Of one contract, as all that one broker stores.
_CONTRACT = bytes(4)
_IDENTIFIER = struct.Struct(f">{_DIGEST_BYTES}sII{PROCESS_BYTES}s4s")
_MAX_COUNT = 0xFFFFFFFF


@frozen
class StoredMessage:
    """One stored message."""

    identifier: bytes
    """Bytes 4 to 7 count seconds down, bytes 8 to 11 messages: sorted by them, the newest of one process comes first.

    What it begins with is of the channel's first segment. Bytes 12 to 15 name the process that stored it, whose count
    is its own. What follows is of each segment, so that an identifier is as long as Emitter's: 20 bytes, and 4 a
    segment.
    """
    channel: str
    payload: bytes
    stored_at_s: int
    expires_at_s: int

    @property
    def order(self) -> bytes:
        """What messages are sorted by: the smallest is the newest."""
        return self.identifier[_DIGEST_BYTES:]

    @property
    def size_bytes(self) -> int:
        """How much of `MAX_FOUND_BYTES` the message takes."""
        return len(self.identifier) + len(self.channel) + len(self.payload)


@frozen
class Window:
    """Which stored messages a subscribe or a history request asks for."""

    last: int = 1
    """How many, counted from the newest."""
    from_s: int = 0
    """The first second, in Unix time, that counts."""
    until_s: int = LATEST_S
    """The last second, in Unix time, that counts."""

    @classmethod
    def of(cls, topic: Topic) -> Window:
        """Read a window from a topic's options; what makes no sense is ignored."""
        last = topic.number("last")
        return cls(
            last=1 if last is None or last > MAX_NUMBER else last,
            from_s=_moment(topic.number("from"), 0),
            until_s=_moment(topic.number("until"), LATEST_S),
        )


def _moment(given_s: int | None, default_s: int) -> int:
    return given_s if given_s is not None and EARLIEST_S <= given_s <= LATEST_S else default_s


class Storage:
    """The stored messages of one broker, in memory and bounded: the oldest go first.

    They lie in the order of their identifiers, as Emitter keeps them. That is the order of publishing, but for messages
    that were numbered out of order on purpose, and for processes that stored in the same second.
    """

    def __init__(
        self, clock: Callable[[], float], *, max_messages: int = 100_000, max_bytes: int = 64 * 1024 * 1024
    ) -> None:
        """Make an empty storage.

        Args:
            clock: Gives the Unix time in seconds.
            max_messages: How many messages are kept at most.
            max_bytes: How many bytes of channels and payloads are kept at most.
        """
        self._clock = clock
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[StoredMessage] = deque()
        self._bytes = 0
        self.begin_process(bytes(PROCESS_BYTES))

    def __len__(self) -> int:
        """Count the messages, expired ones that still take room included."""
        return len(self._messages)

    def begin_process(self, process: bytes) -> None:
        """Number what is stored from now on as a new process of the broker does: from the beginning, as its own.

        Args:
            process: The name of the process, of `PROCESS_BYTES`.
        """
        self._process = process
        self._latest_s = EARLIEST_S
        self._numbers = Numbers()

    def store(
        self, channel: str, payload: bytes, ttl_s: int, *, publisher: str = "", disorder: Disorder | None = None
    ) -> None:
        """Keep a message.

        Args:
            channel: The channel that it was published to.
            payload: What was published.
            ttl_s: For how many seconds. 0 keeps nothing.
            publisher: The id of the connection that published it.
            disorder: Which messages change places. Default: none.
        """
        if ttl_s <= 0:
            return
        now_s = int(self._clock())
        if now_s > self._latest_s:
            # The order of identifiers is the order of publishing, also where the machine's clock was set back.
            self._latest_s = now_s
            self._numbers.forget_free()
        number = self._numbers.take(publisher, disorder)
        identifier = _IDENTIFIER.pack(
            _tree(channel),
            _MAX_COUNT - (self._latest_s - EARLIEST_S),
            _MAX_COUNT - number % _MAX_COUNT,
            self._process,
            _CONTRACT,
        ) + b"".join(_digest(segment) for segment in segments(channel))
        message = StoredMessage(identifier, channel, payload, self._latest_s, now_s + ttl_s)
        self._insert(message)
        self._bytes += _size_bytes(message)
        self._make_room(now_s)

    def find(self, filter_channel: str, window: Window, after: bytes | None = None) -> list[StoredMessage]:
        """Return stored messages as Emitter orders them: by second, oldest first, newest first within one.

        They are collected from the newest on, until the number or `MAX_FOUND_BYTES` is reached. The
        filter matches by prefix under both matchers, and a `#` in it stands for one segment, as `+` does.
        Messages are kept by their first segment, so that a filter which begins with a wildcard finds none.

        Args:
            filter_channel: The filter with its last slash.
            window: How many, and from which time.
            after: Where to go on: of the messages at or after this identifier, the newest is left out, being
                the last one of the page before. An identifier of another first segment finds none.
        """
        if filter_channel.startswith(("+/", "#/")):
            return []
        tree = _tree(filter_channel)
        if after is not None and after[: len(tree)] != tree[: len(after)]:
            return []
        wanted = filter_channel.replace("#", "+")
        now_s = self._clock()
        found: list[StoredMessage] = []
        size_bytes = 0
        for message in reversed(self._messages):
            if len(found) >= window.last or message.stored_at_s < window.from_s:
                break
            if message.expires_at_s <= now_s or not message.identifier.startswith(tree):
                continue
            if after is not None:
                if message.identifier >= after:
                    after = None
                continue
            if message.stored_at_s > window.until_s or not matches(wanted, message.channel, "emitter"):
                continue
            size_bytes += message.size_bytes
            if size_bytes > MAX_FOUND_BYTES:
                break
            found.append(message)
        return sorted(found, key=lambda message: message.stored_at_s)

    def _insert(self, message: StoredMessage) -> None:
        """Put a message where its identifier belongs, which is the end but for a few of the same second."""
        newer: list[StoredMessage] = []
        while self._messages and self._messages[-1].order < message.order:
            newer.append(self._messages.pop())
        self._messages.append(message)
        self._messages.extend(reversed(newer))

    def _make_room(self, now_s: int) -> None:
        if not self._over_bounds():
            return
        self._messages = deque(message for message in self._messages if message.expires_at_s > now_s)
        self._bytes = sum(map(_size_bytes, self._messages))
        while self._over_bounds():
            self._bytes -= _size_bytes(self._messages.popleft())

    def _over_bounds(self) -> bool:
        return len(self._messages) > self._max_messages or self._bytes > self._max_bytes


def merged(found: Iterable[list[StoredMessage]], last: int) -> list[StoredMessage]:
    """Return what one look into several storages gives, as the nodes of a cluster merge it.

    They are sorted by second alone: within one, the messages of the first storage come first.

    Args:
        found: What each storage has found.
        last: How many are wanted, counted from the newest.
    """
    together = sorted(chain.from_iterable(found), key=lambda message: message.stored_at_s)
    return together[max(len(together) - last, 0) :]


def _size_bytes(message: StoredMessage) -> int:
    return len(message.channel) + len(message.payload)


def _tree(channel: str) -> bytes:
    """Return what the identifiers of all messages below one first segment begin with."""
    return _digest(segments(channel)[0])


def _digest(segment: str) -> bytes:
    return blake2b(segment.encode(), digest_size=_DIGEST_BYTES).digest()
