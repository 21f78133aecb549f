"""What a client with asyncio can do for any protocol: connect, end, and tell its handlers."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from emitter_typed._core.client_base import AsyncCallback, AsyncClientBase, AsyncHandler
from emitter_typed._core.configured import ConfiguredClient
from emitter_typed._core.settings import DEFAULT_HOST, DEFAULT_KEEPALIVE_S, DEFAULT_PORT, Settings
from emitter_typed._core.state import AsyncConnectionState
from emitter_typed._protocol.message import Message
from emitter_typed.errors import EmitterError

if TYPE_CHECKING:
    from emitter_typed._async.driver import AsyncDriver


class AsyncLifecycle(ConfiguredClient, AsyncClientBase):
    """A client without the calls of its protocol, which generated code adds."""

    def _set_up(self, settings: Settings) -> None:
        # Loaded with the first client: with it come the session and paho.
        from emitter_typed._async.driver import AsyncDriver

        self._async_driver = AsyncDriver(self._protocol, settings)
        self._calls = self._async_driver

    @property
    def _driver(self) -> AsyncDriver:
        return self._async_driver

    async def connect(
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
        await self._driver.connect(host, port, secure, keepalive, username)

    @property
    def connection(self) -> AsyncConnectionState:
        """Whether the client is connected, and why not: read it, or wait for it."""
        return self._driver.state

    async def drain(self, timeout_s: float | None = None) -> None:
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
        await self._driver.drain(timeout_s)

    async def disconnect(self) -> None:
        """Do what `close` does, by its old name."""
        await self.close()

    async def close(self) -> None:
        """Send what waits, disconnect, and end every subscription. May be called again, and from a handler.

        What the network does not take within 2 seconds is lost. Messages of QoS 1 that the broker has not acknowledged
        end with ConnectionLost. Messages that have arrived can still be read. Handlers that are running are waited for,
        up to 5 seconds in all. See `drain` for a gentler end and `abort` for a quicker one.
        """
        await self._driver.end()

    async def abort(self) -> None:
        """Drop the connection at once: nothing more is sent, not even that the client leaves.

        Calls that are under way end with ConnectionLost, and subscriptions in peace. Handlers that are running are
        waited for, up to 5 seconds in all. May be called again, and from a handler.
        """
        await self._driver.end(abort=True)

    async def __aenter__(self) -> Self:
        if not self._driver.begun:
            await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def on_connect(self) -> AsyncCallback | None:
        """Called, without arguments, each time that the broker has accepted a connection; the first one included.

        Subscriptions are there again by then. To subscribe again in it does no harm: a subscription with the
        same key, channel, options and handler is the one that there is, also where the handler is a function that the
        same code makes anew.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.connects)

    @on_connect.setter
    def on_connect(self, handler: AsyncCallback | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.connects, handler)

    @property
    def on_disconnect(self) -> AsyncCallback | None:
        """Called, without arguments, each time that a connection has ended; `client.connection` says why."""
        handlers = self._driver.handlers
        return handlers.get(handlers.disconnects)

    @on_disconnect.setter
    def on_disconnect(self, handler: AsyncCallback | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.disconnects, handler)

    @property
    def on_message(self) -> AsyncHandler[Message] | None:
        """Receives the messages that no other handler and no queue gets.

        Those are the messages of subscriptions that were made while it was set and without a handler of their own, and
        those that arrive without a subscription of this client, such as a link's that subscribes.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.messages)

    @on_message.setter
    def on_message(self, handler: AsyncHandler[Message] | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.messages, handler)

    @property
    def on_error(self) -> AsyncHandler[EmitterError] | None:
        """Receives what no call can raise: refused QoS 0 publishes, undecodable messages, what handlers raise.

        Without one, they are logged as warnings under `emitter_typed`; what handlers raise is logged in any case.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.errors)

    @on_error.setter
    def on_error(self, handler: AsyncHandler[EmitterError] | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.errors, handler)
