"""The network loop that programs of the official client run, where a client runs its own."""

from __future__ import annotations

from emitter_typed._core.pending import check_time_limit
from emitter_typed._sync.driver import SyncDriver
from emitter_typed.errors import Closed


class SyncLoop(SyncDriver):
    """What programs rest on that connect, set their handlers, and then start the loop.

    The client has received from `connect` on, in threads of its own. So all that is left to start is `on_connect`, of
    which such a program expects to hear although it was connected before.
    """

    def loop_start(self) -> None:
        """Call `on_connect` for the connection that there is, if it was set only after `connect`, and return.

        There is nothing else to start: messages come from `connect` on. May be called at any time, and again.
        """
        self._tell_late_of_connection()

    def loop_stop(self) -> None:
        """Return at once. There is nothing to stop: messages come until `disconnect`, `close` or `abort`."""

    def loop(self, timeout: float) -> None:
        """Do what `loop_start` does, and wait, while the client's own threads receive messages and call handlers.

        Args:
            timeout: Seconds to wait, at least 0. The wait is shorter if the client is closed, or gives up.

        Raises:
            InvalidArgument: `timeout` is no number of seconds, or negative.
            Closed: The client was never connected.
        """
        self._wait_for_the_end("loop", check_time_limit(timeout, name="timeout", zero=True))

    def loop_forever(self) -> None:
        """Do what `loop_start` does, wait until the client is closed, or gives up, and do what `close` does.

        It gives up when a lost connection cannot be made again, as with `reconnect=False`; `connection.error` says why.
        What handlers have been given is handled by then, `on_disconnect` included.

        Raises:
            Closed: The client was never connected.
        """
        self._wait_for_the_end("loop_forever", None)
        # Programs end after this call, and with them threads that have not finished.
        self.close()

    def _wait_for_the_end(self, operation: str, timeout_s: float | None) -> None:
        if not self._state.connects:
            raise Closed(f"{operation} needs a connection", "call connect() first")
        self._tell_late_of_connection()
        self._state.wait("closed", timeout_s=timeout_s)
