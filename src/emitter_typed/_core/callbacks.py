"""What programs hand in for a client to call: handlers of messages and events, and callbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Handler: TypeAlias = Callable[[T], None]
"""What a `Client` calls with each message or event, in a thread of its own."""

AsyncHandler: TypeAlias = Callable[[T], Awaitable[None] | None]
"""What an `AsyncClient` calls with each message or event, in a task of its own: a function or a coroutine function."""

Callback: TypeAlias = Callable[[], None]
"""What a `Client` calls after a connect or a loss of the connection, in a thread of its own."""

AsyncCallback: TypeAlias = Callable[[], Awaitable[None] | None]
"""What an `AsyncClient` calls after a connect or a loss of the connection, in a task of its own."""
