"""Why there is no connection, in words."""

from __future__ import annotations


def words(error: Exception) -> str:
    """Say what an attempt to connect raised."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
