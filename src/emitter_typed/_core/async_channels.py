"""What generated channels and facades over an `AsyncClient` derive from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from emitter_typed._core.async_calls import AsyncCaller, AsyncClientBase
from emitter_typed._core.async_subscriptions import AsyncSubscription
from emitter_typed._core.callbacks import AsyncHandler
from emitter_typed._core.pending import AsyncPending
from emitter_typed._core.typed_channels import (
    Channel,
    Facade,
    KeySource,
    ParamsT,
    PayloadT,
    check_client,
    held_keys,
    offer_channels,
)
from emitter_typed._frames import hides_arguments
from emitter_typed._protocol.message import ChannelMessage
from emitter_typed._protocol.receiving.mailbox import QueueLimits


@hides_arguments
class AsyncChannel(Channel[PayloadT, ParamsT], AsyncCaller):
    """Base of the generated channels that a facade over an `AsyncClient` has."""

    def __init__(self, client: AsyncClientBase, keys: KeySource, params: Mapping[str, object] | None = None) -> None:
        """Hold the client, the keys and the known parameters. Nothing is sent.

        Args:
            client: What carries the calls out.
            keys: The keys of the schema's channels, as a facade takes them.
            params: The values of the address's parameters, by name. Default: none is known.

        Raises:
            InvalidArgument: The client is of another kind, the keys are none, or a parameter is missing and
                the channel cannot be called to give it.
        """
        keys = held_keys(keys)
        check_client(client, AsyncClientBase, "AsyncClient")
        self._client = client
        self._calls = client._calls
        self._hold(keys, params)

    async def _publish(
        self, operation: str, payload: PayloadT, options_given: Mapping[str, object], *, timeout_s: float | None
    ) -> None:
        arguments = self._arguments(static=True)
        await self._calls.publish(
            operation, arguments, self._encode(payload), (), self._with_defaults(options_given), timeout_s=timeout_s
        )

    def _publish_nowait(self, operation: str, payload: PayloadT, options_given: Mapping[str, object]) -> AsyncPending:
        arguments = self._arguments(static=True)
        return self._calls.publish_nowait(
            operation, arguments, self._encode(payload), (), self._with_defaults(options_given)
        )

    async def _subscribe(
        self,
        operation: str,
        handler: AsyncHandler[ChannelMessage[PayloadT, ParamsT]] | None,
        options_given: Mapping[str, object],
        *,
        limits: QueueLimits,
        recover: bool = False,
        timeout_s: float | None,
    ) -> AsyncSubscription[ChannelMessage[PayloadT, ParamsT]]:
        arguments = self._arguments(static=False)
        return await self._calls.subscribe(
            operation,
            arguments,
            self._definition.decode,
            handler,
            (),
            options_given,
            limits=limits,
            recover=recover,
            timeout_s=timeout_s,
        )

    def _fetch(
        self, operation: str, options_given: Mapping[str, object], *, timeout_s: float | None
    ) -> AsyncIterator[ChannelMessage[PayloadT, ParamsT]]:
        fetched = self._calls.fetch(operation, self._arguments(static=False), (), options_given, timeout_s=timeout_s)
        return self._calls.decoded(fetched, self._definition.decode_stored)


@hides_arguments
class AsyncFacade(Facade):
    """Base of a generated facade over an `AsyncClient` that has too many channels to make them all at once."""

    def __init__(self, client: AsyncClientBase, keys: KeySource, module: str, table: str) -> None:
        """Hold the client and the keys. Channels are made when they are first used.

        Args:
            client: What the channels use.
            keys: The keys of the channels.
            module: The name of the facade's module, whose package has the classes of the channels.
            table: A line for each channel: the attribute, and the class of the sync channel.

        Raises:
            InvalidArgument: The client is of another kind, or the keys are none.
        """
        keys = held_keys(keys)
        check_client(client, AsyncClientBase, "AsyncClient")
        offer_channels(self, client, keys, module, table, prefix="Async")
