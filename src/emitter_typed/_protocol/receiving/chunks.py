"""What a pager has found: messages in memory, up to a limit, and of the rest what it takes to ask for them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from attrs import define, field, frozen

from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.receiving.merge import Fingerprint, Found
from emitter_typed._protocol.receiving.stored_ids import process_of

# What a message takes in memory besides its channel and payload (measured, CPython 3.11).
_MESSAGE_BYTES = 272

Spans = Mapping[bytes, tuple[bytes, bytes]]
"""For each process, the ids of its newest and its oldest message.

A process counts its messages, so what it stored between the two is the same at any time, but for what has expired. That
holds neither for a number of messages nor for a window of time: a node whose clock is behind stores into a second that
has passed, and one that was away brings its messages back.
"""


@frozen
class Start:
    """Where a page within a second begins."""

    process: bytes
    after: bytes
    witness: bytes | None = None
    """The id of the message behind `after`, which is known and which the page holds, unless one of them is gone."""
    alone: bool = False
    """Whether there was no room for a witness."""
    before: bytes | None = None
    """The id of the message that stands before `after`, if that is alone and this is known."""


@define
class Chunk:
    """Messages that lie side by side, or what it takes to ask for them again."""

    start: Start | None
    """Where the page began that held them; None: at the newest message of their newest second."""
    messages: list[StoredMessage] | None = field(repr=False)
    """The newest first; None: they were forgotten."""
    entries: Sequence[tuple[bytes, Fingerprint | None]]
    """Their ids and what they are known by, if that is kept; None where a message is not to be given."""
    spans: Spans
    count: int
    size_bytes: int
    """How much memory the messages take."""


class Chunks:
    """Chunks in the order in which they were found, the newest messages first.

    The newest ones are forgotten first, for they are needed last. The very newest are held in any case: more and more
    is stored before them.
    """

    def __init__(self, max_held_bytes: int) -> None:
        """Begin with none.

        Args:
            max_held_bytes: How much is held in memory, besides the first chunk and the last.
        """
        self._max_held_bytes = max_held_bytes
        self._held_bytes = 0
        self._chunks: list[Chunk] = []
        # The index of the chunk to forget next.
        self._forget = 1

    def __len__(self) -> int:
        return len(self._chunks)

    def add(
        self,
        messages: list[StoredMessage],
        start: Start | None,
        entries: Sequence[tuple[bytes, Fingerprint | None]] = (),
    ) -> None:
        """Add messages, which come newest first and are older than all before. Forget others, if these are too many."""
        size_bytes = _size_bytes(messages)
        self._chunks.append(Chunk(start, messages, entries, _spans(messages), len(messages), size_bytes))
        self._held_bytes += size_bytes
        while self._held_bytes > self._max_held_bytes and self._forget < len(self._chunks) - 1:
            forgotten = self._chunks[self._forget]
            if forgotten.messages is not None:
                forgotten.messages = None
                self._held_bytes -= forgotten.size_bytes
            self._forget += 1

    def pop(self) -> Chunk:
        """Remove the chunk with the oldest messages, and return it."""
        chunk = self._chunks.pop()
        self._forget = max(1, min(self._forget, len(self._chunks)))
        if chunk.messages is not None:
            self._held_bytes -= chunk.size_bytes
        return chunk

    def found(self) -> list[Found]:
        """Return the entries of all messages that are to be given, oldest first."""
        entries = [entry for chunk in reversed(self._chunks) for entry in reversed(chunk.entries)]
        return [(id_, known_by) for id_, known_by in entries if known_by is not None]

    def held(self, ids: Set[bytes]) -> list[StoredMessage]:
        """Return the messages with these ids that are held in memory, oldest first."""
        return [
            message
            for chunk in reversed(self._chunks)
            for message in reversed(chunk.messages or ())
            if message.id in ids
        ]

    def keep(self, is_wanted: Callable[[bytes], bool], leave_out: frozenset[bytes]) -> None:
        """Keep only what is wanted, and no chunk of which all that is kept is left out.

        Args:
            is_wanted: Tells it from an id.
            leave_out: The ids of messages that are not to be given.
        """
        chunks, self._chunks, self._held_bytes = self._chunks, [], 0
        for chunk in chunks:
            chunk.entries = tuple(entry for entry in chunk.entries if is_wanted(entry[0]))
            if leave_out.issuperset(id_ for id_, _ in chunk.entries):
                continue
            if chunk.messages is not None:
                chunk.messages = [each for each in chunk.messages if is_wanted(each.id)]
                chunk.count, chunk.size_bytes = len(chunk.messages), _size_bytes(chunk.messages)
                self._held_bytes += chunk.size_bytes
            self._chunks.append(chunk)
        forgotten = sum(chunk.messages is None for chunk in self._chunks)
        self._forget = max(1, forgotten + (forgotten < len(self._chunks) and self._chunks[0].messages is not None))


def _spans(messages: Iterable[StoredMessage]) -> Spans:
    spans: dict[bytes, tuple[bytes, bytes]] = {}
    for message in messages:
        process = process_of(message.id)
        newest, _ = spans.get(process, (message.id, message.id))
        spans[process] = newest, message.id
    return spans


def _size_bytes(messages: Iterable[StoredMessage]) -> int:
    return sum(len(each.channel) + len(each.payload) + _MESSAGE_BYTES for each in messages)
