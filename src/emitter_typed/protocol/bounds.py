"""How much a queue may hold, and what happens when it is full."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

Overflow = Literal["drop_oldest", "drop_newest", "fail"]
"""What a full queue does: lose its oldest messages, lose the new one, or end the subscription with SlowConsumer."""


@frozen(kw_only=True)
class Bounds:
    """The bounds of one subscription's queue. None: the client's own setting."""

    max_messages: int | None = None
    """How many messages may wait."""
    max_bytes: int | None = None
    """How many bytes of payload may wait."""
    overflow: Overflow | None = None
    """What happens to a message that does not fit."""
