"""What watches sockets and clocks for transports: a thread of its own, or an event loop.

A loop that cannot watch sockets, as asyncio's default on Windows, has one thread that does so for all of its clients.
It only watches: reading and writing stay in the loop.
"""

from __future__ import annotations

import contextlib
import heapq
import selectors
import socket
import threading
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

from emitter_typed._clock import monotonic
from emitter_typed._guards import Guard, Log, wake_threads, wake_threads_late
from emitter_typed._on_use import asyncio
from emitter_typed._transport.base import Timer

_log = Log("emitter_typed")

_LONGEST_WAIT_S: Final = 3600.0
_PATIENCE_S: Final = 0.1
_MANY_TIMERS: Final = 50
_LOOP_CHECK_S: Final = 10.0


class _ThreadTimer:
    """A call that a thread is to make."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class ThreadReactor:
    """A daemon thread that watches sockets and clocks. It lives from `start` to `stop`."""

    def __init__(self) -> None:
        """Prepare. Raises OSError if there are too few file descriptors."""
        self._calls: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, _ThreadTimer]] = []
        self._many_timers = _MANY_TIMERS
        self._numbers = count()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._asleep = False
        self._stopping = False
        # Held by the thread but while it sleeps, and then by who calls something in its place.
        self._awake = Guard()
        self._waking = Guard()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        try:
            # Not select(): it cannot watch a descriptor of 1024 or more.
            self._selector = selectors.DefaultSelector()
            self._selector.register(self._wake_reader, selectors.EVENT_READ)
        except BaseException:
            self._close()
            raise
        self._thread = threading.Thread(target=self._run, name="emitter-network", daemon=True)

    def start(self) -> None:
        """Start the thread. Raises RuntimeError if there is none; nothing is left then."""
        try:
            self._thread.start()
        except RuntimeError:
            self._selector.close()
            self._close()
            raise
        except BaseException:
            # A signal handler has raised while this waited for the thread, which cleans up by itself.
            self.stop()
            raise

    def stop(self) -> None:
        """End the thread, after the calls that are to be made soon. From any thread; may be called again."""
        self._stopping = True
        self.call_soon(_nothing)

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end, and tell whether that came; the thread itself is not waited for."""
        if self._thread is threading.current_thread() or self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # What a Reactor promises

    @property
    def is_here(self) -> bool:
        """Whether this is its thread."""
        return self._thread is threading.current_thread()

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Watch a socket, or watch it no more."""
        if not events:
            if self._watched.pop(fd, None) is not None:
                self._selector.unregister(fd)
        elif fd in self._watched:
            self._watched[fd] = ready
            self._selector.modify(fd, events)
        else:
            self._selector.register(fd, events)
            self._watched[fd] = ready

    def call_soon(self, call: Callable[[], None]) -> None:
        """Call soon."""
        self._calls.append(call)
        # After the append: awake, the thread looks at its calls once more before it sleeps. It alone says that it is
        # awake, so that whoever calls next wakes it if a signal handler raises here.
        if self._asleep:
            with self._waking, contextlib.suppress(OSError):
                self._wake_writer.send(b"\0")

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call later."""
        timer = _ThreadTimer(call)
        due_s = monotonic() + delay_s
        if self.is_here:
            self._add_timer(due_s, timer)
        else:
            self.call_soon(partial(self._add_timer, due_s, timer))
        return timer

    def call_now(self, call: Callable[[], None]) -> bool:
        """Call at once, in the calling thread, while the reactor's own sleeps: none of its calls runs meanwhile.

        To wake that thread would take longer than most calls do.

        Returns:
            Whether it was called. If not, the thread is awake, or somebody else does the same: `call_soon` is the way.
        """
        if not self._asleep or self._awake.is_mine or not self._awake.try_enter():
            return False
        try:
            call()
        finally:
            self._awake.__exit__(None, None, None)
        return True

    @property
    def is_held_up(self) -> bool:
        """Whether this thread is inside `call_now`, so that the reactor's own cannot go on: in a signal handler."""
        return self._awake.is_mine and not self.is_here

    def _add_timer(self, due_s: float, timer: _ThreadTimer) -> None:
        if len(self._timers) >= self._many_timers:
            # Most that are cancelled would otherwise wait for their time.
            self._timers = [each for each in self._timers if each[2].call is not None]
            heapq.heapify(self._timers)
            self._many_timers = max(_MANY_TIMERS, 2 * len(self._timers))
        heapq.heappush(self._timers, (due_s, next(self._numbers), timer))

    # The thread

    def _run(self) -> None:
        self._awake.acquire()
        wake_threads_late()
        while not self._stopping or self._calls:
            self._turn()
        self._selector.close()
        # Whoever is about to wake it must not write to a descriptor that is somebody else's by then. That takes no
        # time, but where a signal handler has stopped it there, to wait for this thread: the last reference closes
        # them then.
        if self._waking.acquire(timeout=_PATIENCE_S):
            self._close()
            self._waking.release()

    def _turn(self) -> None:
        wait_s = self._timers[0][0] - monotonic() if self._timers else _LONGEST_WAIT_S
        self._asleep = True
        if self._calls or self._stopping:
            wait_s = 0.0
        self._awake.release()
        try:
            found = self._selector.select(min(max(wait_s, 0.0), _LONGEST_WAIT_S))
        except OSError:
            # A socket of a loop was closed under select(); that it is watched no more stands among the calls.
            found = []
        finally:
            self._awake.acquire()
        # At worst somebody wakes a thread that is awake.
        self._asleep = False
        for key, events in found:
            if key.fileobj is self._wake_reader:
                with contextlib.suppress(BlockingIOError):
                    self._wake_reader.recv(64)
            elif (ready := self._watched.get(key.fd)) is not None:
                _guarded(partial(ready, events))
        for _ in range(len(self._calls)):
            _guarded(self._calls.popleft())
        now_s = monotonic()
        while self._timers and self._timers[0][0] <= now_s:
            call = heapq.heappop(self._timers)[2].call
            if call is not None:
                _guarded(call)
        wake_threads()

    def _close(self) -> None:
        self._wake_reader.close()
        self._wake_writer.close()

    def __del__(self) -> None:
        # Nobody can wake it any more.
        if hasattr(self, "_wake_writer"):
            self._close()


def _guarded(call: Callable[[], None]) -> None:
    try:
        call()
    except BaseException as failure:
        # The next call is somebody else's, and nobody above would learn that the thread has ended.
        _log.error("transport.failed", exc_info=failure)


def _nothing() -> None:
    pass


class LoopReactor:
    """An event loop, as clients use it. Only `call_soon` may be called from elsewhere."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use a loop that runs."""
        self.loop: asyncio.AbstractEventLoop = loop
        self._watched: dict[int, int] = {}

    @property
    def is_here(self) -> bool:
        """Whether this is called in the loop; a loop that is closed is wherever somebody cleans up after it."""
        try:
            return self.loop.is_closed() or asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Watch a socket, or watch it no more."""
        loop = self.loop
        before = self._watched.pop(fd, 0)
        if loop.is_closed():
            # It has forgotten its sockets.
            return
        if events:
            self._watched[fd] = events
        thread = _watching_threads.get(loop)
        if thread is not None:
            thread.watch(fd, events, ready)
            return
        try:
            if events & selectors.EVENT_READ:
                if not before & selectors.EVENT_READ:
                    loop.add_reader(fd, ready, selectors.EVENT_READ)
            elif before & selectors.EVENT_READ:
                loop.remove_reader(fd)
            if events & selectors.EVENT_WRITE:
                if not before & selectors.EVENT_WRITE:
                    loop.add_writer(fd, ready, selectors.EVENT_WRITE)
            elif before & selectors.EVENT_WRITE:
                loop.remove_writer(fd)
        except NotImplementedError:
            thread = _watching_threads[loop] = _WatchingThread(loop)
            thread.watch(fd, events, ready)

    def call_soon(self, call: Callable[[], None]) -> None:
        """Call soon."""
        # The loop may be closed, and with it all that could be called in it.
        with contextlib.suppress(RuntimeError):
            (self.loop.call_soon if self.is_here else self.loop.call_soon_threadsafe)(call)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call later."""
        return self.loop.call_later(delay_s, call)


class _WatchingThread:
    """Watches sockets for a loop that cannot. It has a thread as long as there is something to watch.

    A socket that is ready is not watched until the loop has dealt with it, so that nothing piles up.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Weakly: this is kept as long as the loop is.
        self._loop = weakref.ref(loop)
        self._thread: ThreadReactor | None = None
        self._wanted: dict[int, tuple[int, Callable[[int], None]]] = {}

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Watch a socket, or watch it no more; in the loop."""
        if not events:
            self._wanted.pop(fd, None)
            self._arm(fd, 0)
            if not self._wanted and self._thread is not None:
                self._thread.stop()
                self._thread = None
            return
        if self._thread is None:
            thread = ThreadReactor()
            thread.start()
            self._thread = thread
            self._look_after_loop(thread)
        self._wanted[fd] = events, ready
        self._arm(fd, events)

    def _look_after_loop(self, thread: ThreadReactor) -> None:
        # One that is closed with clients in it says nothing any more.
        loop = self._loop()
        if loop is None or loop.is_closed():
            self._wanted.clear()
            thread.stop()
        else:
            thread.call_later(_LOOP_CHECK_S, partial(self._look_after_loop, thread))

    def _arm(self, fd: int, events: int) -> None:
        if (thread := self._thread) is not None:
            thread.call_soon(partial(self._watch, thread, fd, events))

    def _watch(self, thread: ThreadReactor, fd: int, events: int) -> None:
        # In the thread. By now the loop may have closed the socket, and have it watched no more by the next call.
        with contextlib.suppress(OSError, ValueError, KeyError):
            thread.watch(fd, events, partial(self._found, thread, fd))

    def _found(self, thread: ThreadReactor, fd: int, events: int) -> None:
        # In the thread.
        self._watch(thread, fd, 0)
        loop = self._loop()
        if loop is None or loop.is_closed():
            thread.stop()
            return
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._ready, fd, events)

    def _ready(self, fd: int, events: int) -> None:
        if (wanted := self._wanted.get(fd)) is None:
            return
        wanted[1](events & wanted[0])
        if (wanted := self._wanted.get(fd)) is not None:
            self._arm(fd, wanted[0])


_watching_threads: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _WatchingThread] = weakref.WeakKeyDictionary()
