"""What a client with threads can do for any protocol: connect, end, and tell its handlers."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from emitter_typed._core.client_base import Callback, Handler, SyncClientBase
from emitter_typed._core.configured import ConfiguredClient
from emitter_typed._core.settings import DEFAULT_HOST, DEFAULT_KEEPALIVE_S, DEFAULT_PORT, Settings
from emitter_typed._core.state import ConnectionState
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._protocol.message import Message
from emitter_typed.errors import Closed, EmitterError

if TYPE_CHECKING:
    from emitter_typed._sync.driver import SyncDriver


class SyncLifecycle(ConfiguredClient, SyncClientBase):
    """A client without the calls of its protocol, which generated code adds."""

    def _set_up(self, settings: Settings) -> None:
        # Loaded with the first client: with it come the session and paho.
        from emitter_typed._sync.driver import SyncDriver

        self._sync_driver = SyncDriver(self._protocol, settings)
        self._calls = self._sync_driver

    @property
    def _driver(self) -> SyncDriver:
        return self._sync_driver

    def connect(
        self,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
        secure: bool = True,
        keepalive: int = DEFAULT_KEEPALIVE_S,
        username: str | None = None,
    ) -> None:
        """Connect, and return when the broker has accepted the connection.

        When the connection is lost later, the client connects again by itself, unless it was made with
        `reconnect=False`.

        Args:
            host: The broker's name or address, instead of the client's URLs. Default: the client's URLs, unless `port`
                or `secure` is given; without URLs, Emitter's hosted service.
            port: The broker's port.
            secure: Whether to connect with TLS.
            keepalive: Seconds without traffic after which the broker is asked for a sign of life; 1 to 119.
            username: The name that presence shows to others. Default: the constructor's.

        Raises:
            InvalidArgument: The client is connected already, or an argument makes no sense.
            ConnectionRefused: Nothing listens there, TLS failed, the process has no thread or descriptor left, or the
                broker does not accept the connection. Of several brokers, none accepts it: `others` has what those
                before the last one met. With `retry_connect`, what the last attempt met when `timeout_s` was over.
                Nothing is left open.
            RequestTimeout: A name server, the network or the broker does not answer within the client's `timeout_s`.
                Nothing is left open.
        """
        self._driver.connect(host, port, secure, keepalive, username)

    @property
    def connection(self) -> ConnectionState:
        """Whether the client is connected, and why not: read it, or wait for it."""
        return self._driver.state

    def drain(self, timeout_s: float | None = None) -> None:
        """End in peace: let what is under way arrive and handlers finish, then close. May be called from a handler.

        From the moment of the call, subscriptions receive nothing new. Messages of QoS 1 are waited for until the
        broker has acknowledged them, those of QoS 0 until the network has taken them, and handlers until they have had
        what had arrived.

        Args:
            timeout_s: Seconds for all of that. Default: the client's `timeout_s`. After it, the client is closed all
                the same.

        Raises:
            InvalidArgument: `timeout_s` is no number of seconds, or not above 0.
            RequestTimeout: It took longer; `unacknowledged`, `unsent` and `handlers_running` count what was left, which
                is lost, as with `close`.
            ConnectionLost: The client was closed meanwhile, or has given up; what was left is lost.
        """
        self._driver.drain(timeout_s)

    def disconnect(self) -> None:
        """Do what `close` does, by its old name."""
        self.close()

    def close(self) -> None:
        """Send what waits, disconnect, and end every subscription. May be called again, and from a handler.

        What the network does not take within 2 seconds is lost. Messages of QoS 1 that the broker has not acknowledged
        end with ConnectionLost. Messages that have arrived can still be read. Handlers that are running are waited for,
        up to 5 seconds in all. See `drain` for a gentler end and `abort` for a quicker one.
        """
        self._driver.end()

    def abort(self) -> None:
        """Drop the connection at once: nothing more is sent, not even that the client leaves.

        Calls that are under way end with ConnectionLost, and subscriptions in peace. Handlers that are running are
        waited for, up to 5 seconds in all. May be called again, and from a handler.
        """
        self._driver.end(abort=True)

    def __enter__(self) -> Self:
        if not self._driver.begun:
            self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def on_connect(self) -> Callback | None:
        """Called, without arguments, each time that the broker has accepted a connection; the first one included.

        Subscriptions are there again by then. To subscribe again in it does no harm: a subscription with the
        same key, channel, options and handler is the one that there is, also where the handler is a function that the
        same code makes anew.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.connects)

    @on_connect.setter
    def on_connect(self, handler: Callback | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.connects, handler)

    @property
    def on_disconnect(self) -> Callback | None:
        """Called, without arguments, each time that a connection has ended; `client.connection` says why."""
        handlers = self._driver.handlers
        return handlers.get(handlers.disconnects)

    @on_disconnect.setter
    def on_disconnect(self, handler: Callback | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.disconnects, handler)

    @property
    def on_message(self) -> Handler[Message] | None:
        """Receives the messages that no other handler and no queue gets.

        Those are the messages of subscriptions that were made while it was set and without a handler of their own, and
        those that arrive without a subscription of this client, such as a link's that subscribes.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.messages)

    @on_message.setter
    def on_message(self, handler: Handler[Message] | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.messages, handler)

    @property
    def on_error(self) -> Handler[EmitterError] | None:
        """Receives what no call can raise: refused QoS 0 publishes, undecodable messages, what handlers raise.

        Without one, they are logged as warnings under `emitter_typed`; what handlers raise is logged in any case.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.errors)

    @on_error.setter
    def on_error(self, handler: Handler[EmitterError] | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.errors, handler)

    # What programs of the official client call that connect, set their handlers, and then start the loop. This client
    # receives from `connect` on; what is left to start is `on_connect`, which such programs expect to be called.

    def loop_start(self) -> None:
        """Call `on_connect` for the connection that there is, if it was set only after `connect`, and return.

        There is nothing else to start: messages come from `connect` on. May be called at any time, and again.
        """
        self._driver.handlers.tell_late_of_connection()

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
        if not self._driver.state.connects:
            raise Closed(f"{operation} needs a connection", "call connect() first")
        self._driver.handlers.tell_late_of_connection()
        self._driver.state.wait("closed", timeout_s=timeout_s)
