"""Who waits for the end of what was asked for."""

from __future__ import annotations

from typing import Protocol, TypeVar

from emitter_typed.errors import EmitterError

ResultT = TypeVar("ResultT", contravariant=True)


class Waiter(Protocol[ResultT]):
    """Who waits for the end of an exchange."""

    def resolve(self, result: ResultT, /) -> None:
        """End well."""

    def reject(self, error: EmitterError, /) -> bool:
        """End with an error, and tell whether somebody may still see it."""
        ...


class Nobody:
    """Waits for nothing, and learns of nothing."""

    def resolve(self, result: object, /) -> None:
        """End well."""

    def reject(self, error: EmitterError, /) -> bool:
        """End with an error that nobody needs."""
        return True
