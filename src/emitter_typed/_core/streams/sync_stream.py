"""Streams that any thread may read."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from emitter_typed._clock import monotonic
from emitter_typed._core.forks import renew_in_child
from emitter_typed._core.streams.stream import MessageT, Stream
from emitter_typed._guards import GuardedCondition

if TYPE_CHECKING:
    from emitter_typed._protocol.receiving.feed import Item
    from emitter_typed._protocol.receiving.mailbox import Arrival


class SyncStream(Stream[MessageT]):
    """A stream that any thread may read."""

    def _prepare(self) -> None:
        self._changed = GuardedCondition()
        renew_in_child(self)

    def forked(self) -> None:
        """Go on in a process that was forked, where nobody else holds what another thread held."""
        self._changed = GuardedCondition()

    @property
    def _guard(self) -> AbstractContextManager[object]:
        return self._changed

    def _wake(self) -> None:
        self._changed.notify_all()

    def offer(self, arrivals: Collection[Arrival]) -> None:
        """Take messages in."""
        with self._changed:
            self._put(arrivals)
            if self._ended:
                # The overflow was the end, which is for everybody who waits.
                self._changed.notify_all()
            else:
                self._changed.notify(len(arrivals))
        if self._ended or self._feed.cursor_is_old:
            self._go_on()

    def get(self, timeout_s: float | None) -> MessageT | None:
        """Wait for the next message; None at the end, or when the time is over. Raises what `take` raises."""
        deadline_s = None if timeout_s is None else monotonic() + timeout_s
        while (item := self.take(deadline_s)) is not None:
            if (message := self.message(item)) is not None:
                return message
        return None

    def take(self, deadline_s: float | None = None) -> Item | None:
        """Wait for what comes next; None at the end, or when the time is over. Raises why it ended."""
        while self.ready:
            try:
                return self.ready.popleft()
            except IndexError:
                # Another reader was faster.
                break
        with self._changed:
            item = self._feed.take()
        return self._wait(deadline_s) if item is None else item

    def _wait(self, deadline_s: float | None) -> Item | None:
        while True:
            with self._changed:
                left_s = None if deadline_s is None else deadline_s - monotonic()
                in_time, overdue = True, None
                while (item := self._feed.take()) is None and not self._feed.has_request:
                    page_s = self._page_limit_s()
                    if page_s is not None and page_s <= 0:
                        overdue = self._fetch
                    if self._ended or overdue is not None:
                        break
                    if not in_time:
                        return None
                    self._changed.wait(_sooner(left_s, page_s))
                    # Whoever is too late looks once more: it may have been woken, and nobody else for the same message.
                    left_s = None if deadline_s is None else deadline_s - monotonic()
                    in_time = left_s is None or left_s > 0
                ended = item is None and self._ended
            if item is not None:
                return item
            if ended:
                self._finish()
                return None
            if overdue is not None:
                self._give_up_overdue(overdue)
            self._go_on()


def _sooner(one_s: float | None, other_s: float | None) -> float | None:
    return other_s if one_s is None or (other_s is not None and other_s < one_s) else one_s
