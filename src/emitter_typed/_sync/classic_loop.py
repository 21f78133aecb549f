"""The network loop of the official client, which this one has no need of."""

from __future__ import annotations

from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._frames import hides_arguments
from emitter_typed._sync.lifecycle import SyncLifecycle
from emitter_typed.errors import Closed


@hides_arguments
class ClassicLoop(SyncLifecycle):
    """What programs of the official client call that connect, set their handlers, and then start the loop.

    This client receives from `connect` on. What is left to start is `on_connect`, which such programs expect to be
    called.
    """

    def loop_start(self) -> None:
        """Call `on_connect` if it was set after the connection was made, and return.

        Nothing else needs to be started: messages arrive from `connect` on. May be called at any time, and again.
        """
        self._tell_late_of_connection()

    def loop_stop(self) -> None:
        """Return at once. Messages arrive until `disconnect`, `close` or `abort`."""

    def loop(self, timeout: float) -> None:
        """Call `loop_start`, then wait.

        The client's own threads receive messages and call handlers meanwhile.

        Args:
            timeout: Seconds to wait, at least 0. The wait ends early if the client is closed or stops reconnecting.

        Raises:
            InvalidArgument: `timeout` is not a number, or is negative.
            Closed: The client was never connected.
        """
        self._wait_for_the_end("loop", check_time_limit(timeout, name="timeout", zero=True))

    def loop_forever(self) -> None:
        """Call `loop_start`, wait until the client ends, then close it.

        The client ends when it is closed, or stops reconnecting. It stops where another attempt cannot succeed, or with
        `reconnect=False`; `connection.error` says why. Handlers have finished by then, `on_disconnect` included.

        Raises:
            Closed: The client was never connected.
        """
        self._wait_for_the_end("loop_forever", None)
        # Programs end after this call, and with them threads that have not finished.
        self.close()

    def _wait_for_the_end(self, operation: str, timeout_s: float | None) -> None:
        if not self._driver.state.connects:
            raise Closed(f"{operation} needs a connection", "call connect() first")
        self._tell_late_of_connection()
        self._driver.state.wait("closed", timeout_s=timeout_s)

    def _tell_late_of_connection(self) -> None:
        handlers = self._driver.handlers
        with handlers.lock:
            worker = handlers.connects.worker
            if handlers.connects.missed and worker is not None:
                handlers.connects.missed = False
                worker.offer()
