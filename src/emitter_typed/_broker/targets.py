"""The targets of keys: which channels a key is for.

| target | channels |
| --- | --- |
| `a/b/` | `a/b/` alone |
| `a/b/#/` | `a/b/` and everything below |
| `a/+/c/` | every `a/x/c/` |
| `+/+/` | every channel of two segments |
| `#/` | everything |
| `a/+/`, `+/a/+/`, `a/+/#/`, `+/+/#/`, `a/#/b/` | none: Emitter makes such keys, and they open nothing |
| `+/#/` | what is written with `+` as its first segment, such as the subscription `+/x/` |

(docs: Emitter protocol, what a key opens)
"""

from __future__ import annotations

from enum import IntEnum

from attrs import frozen

from emitter_typed._broker.refusals import Refusal, Refused
from emitter_typed._protocol.topics import segments

MAX_SEGMENTS = 23


class KeyScope(IntEnum):
    """How far a target reaches."""

    NOTHING = 0
    EXACT = 1
    BELOW = 2


_DEPTH_BITS, _SCOPE_BITS = 5, 2


@frozen
class Form:
    """What a key must remember of its target in clear; the names themselves it keeps as a digest."""

    scope: KeyScope
    depth: int
    """How many segments the target names or leaves free."""
    free: int
    """A bit for each segment that is free, the first segment's being the lowest."""

    def as_number(self) -> int:
        """Return the form as a number of 30 bits."""
        return (self.free << _DEPTH_BITS | self.depth) << _SCOPE_BITS | self.scope

    @classmethod
    def of_number(cls, number: int) -> Form:
        """Read what `as_number` gave."""
        rest, scope = divmod(number, 1 << _SCOPE_BITS)
        free, depth = divmod(rest, 1 << _DEPTH_BITS)
        return cls(KeyScope(scope), depth, free)

    def claim(self, channel: str) -> str | None:
        """Return the names that the target must have had to mean a channel; None if it cannot mean it.

        Args:
            channel: The channel, or a subscription's with its wildcards. A last `#` asks for what the channel
                before it asks for.
        """
        names = segments(channel)
        if names[-1] == "#":
            names.pop()
        if self.scope is KeyScope.NOTHING or len(names) < self.depth:
            return None
        if self.scope is KeyScope.EXACT and len(names) > self.depth:
            return None
        return "/".join("+" if self.free >> place & 1 else name for place, name in enumerate(names[: self.depth]))


def read_target(target: str) -> tuple[Form, str]:
    """Return the form of a target, and its names as `Form.claim` writes them.

    Raises:
        Refused: the target does not end with a slash, or is too deep.
    """
    if not target.endswith("/"):
        raise Refused(Refusal.TARGET_FORM)
    # Slashes at the end count once.
    names = target.rstrip("/").split("/")
    scope = KeyScope.EXACT
    if names[-1] == "#":
        names.pop()
        scope = KeyScope.BELOW
    if len(names) > MAX_SEGMENTS:
        raise Refused(Refusal.TARGET_DEPTH)
    free = sum(1 << place for place, name in enumerate(names) if name == "+")
    if names == ["+"] and scope is KeyScope.BELOW:
        free = 0
    elif _opens_nothing(names, scope):
        scope = KeyScope.NOTHING
    return Form(scope, len(names), free), "/".join(names)


def _opens_nothing(names: list[str], scope: KeyScope) -> bool:
    """Tell whether Emitter makes a key for such a target that opens no channel."""
    if "#" in names:
        return len(names) > 1
    return bool(names) and names[-1] == "+" and (scope is KeyScope.BELOW or set(names) != {"+"})
