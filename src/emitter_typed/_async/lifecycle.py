"""What a client with asyncio can do for any protocol: connect, end, and tell its handlers."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from emitter_typed._core.async_calls import AsyncClientBase
from emitter_typed._core.callbacks import AsyncCallback, AsyncHandler
from emitter_typed._core.configured import ConfiguredClient
from emitter_typed._core.settings import DEFAULT_HOST, DEFAULT_KEEPALIVE_S, DEFAULT_PORT, Settings
from emitter_typed._core.state import AsyncConnectionState
from emitter_typed._frames import hides_arguments
from emitter_typed._protocol.message import Message
from emitter_typed.errors import EmitterError

if TYPE_CHECKING:
    from emitter_typed._async.driver import AsyncDriver


@hides_arguments
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

        If the connection is lost later, the client reconnects, unless it was made with `reconnect=False`.

        Args:
            host: The broker's name or address, instead of the client's URLs. Default: the client's URLs, unless `port`
                or `secure` is given; without URLs, Emitter's hosted service.
            port: The broker's port. Default: 443.
            secure: True to connect with TLS. Default: True.
            keepalive: Seconds without traffic after which the client sends a ping, 1 to 119. Default: 30.
            username: The name that presence events show. Default: the constructor's.

        Raises:
            InvalidArgument: The client is already connected, or an argument is not valid.
            ConnectionRefused: Nothing listens there, TLS failed, no thread or file descriptor is left, or the broker
                refused the connection. With several brokers: all of them failed; `others` has the errors of the earlier
                ones. With `retry_connect`: the error of the last attempt within `timeout_s`. Nothing is left open.
            RequestTimeout: The name server, the network or the broker did not answer within the client's `timeout_s`.
                Nothing is left open.
        """
        await self._driver.connect(host, port, secure, keepalive, username)

    @property
    def connection(self) -> AsyncConnectionState:
        """The state of the connection. Read it, or wait for it."""
        return self._driver.state

    async def drain(self, timeout_s: float | None = None) -> None:
        """Wait for messages in flight and for handlers, then close.

        Subscriptions receive nothing new from now on. Waits until the broker has acknowledged messages of QoS 1, the
        network has taken those of QoS 0, and handlers have handled what had arrived. May be called from a handler.

        Args:
            timeout_s: Seconds for all of that. Default: the client's `timeout_s`. The client is closed afterwards in
                any case.

        Raises:
            InvalidArgument: `timeout_s` is not a number above 0.
            RequestTimeout: It took longer. `unacknowledged`, `unsent` and `handlers_running` count what is lost.
            ConnectionLost: The client was closed meanwhile, or stopped reconnecting. What was left is lost.
        """
        await self._driver.drain(timeout_s)

    async def disconnect(self) -> None:
        """Close the client. Another name for `close`, from the official client."""
        await self.close()

    async def close(self) -> None:
        """Send what waits, disconnect, and end every subscription.

        Data that cannot be sent within 2 seconds is lost. Unacknowledged messages of QoS 1 end with ConnectionLost.
        Messages that have arrived can still be read. Waits for running handlers, up to 5 seconds in all. May be called
        again, and from a handler. `drain` waits for acknowledgements first; `abort` is quicker.
        """
        await self._driver.end()

    async def abort(self) -> None:
        """Drop the connection at once. Nothing more is sent, not even a DISCONNECT.

        Calls in progress raise ConnectionLost; subscriptions end without an error. Waits for running handlers, up to 5
        seconds in all. May be called again, and from a handler.
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
        """Called without arguments after each connect, the first one included.

        Subscriptions are restored before it is called. Subscribing again here is safe: the same key, channel, options
        and handler return the existing subscription, even for a newly created lambda.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.connects)

    @on_connect.setter
    def on_connect(self, handler: AsyncCallback | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.connects, handler)

    @property
    def on_disconnect(self) -> AsyncCallback | None:
        """Called without arguments after each loss of the connection.

        `client.connection.error` says why.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.disconnects)

    @on_disconnect.setter
    def on_disconnect(self, handler: AsyncCallback | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.disconnects, handler)

    @property
    def on_message(self) -> AsyncHandler[Message] | None:
        """Called with messages that have no other handler or queue.

        These are messages of subscriptions that were made without a handler while this was set, and messages without a
        subscription of this client, such as those of a link with `subscribe=True`.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.messages)

    @on_message.setter
    def on_message(self, handler: AsyncHandler[Message] | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.messages, handler)

    @property
    def on_error(self) -> AsyncHandler[EmitterError] | None:
        """Called with errors that no call can raise.

        These are refused publishes of QoS 0, messages that do not fit their type, stored messages that a subscription
        could not fetch, and exceptions of handlers. If None, they are logged as warnings under `emitter_typed`.
        Exceptions of handlers are always logged.
        """
        handlers = self._driver.handlers
        return handlers.get(handlers.errors)

    @on_error.setter
    def on_error(self, handler: AsyncHandler[EmitterError] | None) -> None:
        handlers = self._driver.handlers
        handlers.set(handlers.errors, handler)
