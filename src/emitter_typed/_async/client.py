"""The client for asyncio programs."""

from __future__ import annotations

from emitter_typed._async.lifecycle import AsyncLifecycle
from emitter_typed._classic import ClassicOptions
from emitter_typed._generated.async_api import AsyncApi
from emitter_typed._generated.protocol import PROTOCOL


class AsyncClient(AsyncLifecycle, AsyncApi, ClassicOptions, protocol=PROTOCOL):
    """A connection to Emitter for asyncio programs: `Client` with await.

    Use it in the event loop that connected it.

    Each call returns its own response or raises the broker's refusal. Each handler runs in its own task, one message at
    a time. A handler may be a function or a coroutine function, and may call every method.

    >>> import asyncio
    >>> from emitter_typed import AsyncClient
    >>> from emitter_typed.broker import Broker
    >>> async def main(broker: Broker) -> str:
    ...     async with AsyncClient.from_url(broker.url) as client:
    ...         key = (await client.keygen(broker.master_key, "chat/#/", "rw")).key
    ...         async with await client.subscribe(key, "chat/") as subscription:
    ...             await client.publish(key, "chat/ann/", "hello", qos=1)
    ...             async for message in subscription:
    ...                 return message.as_string()
    ...     return ""
    >>> with Broker() as broker:
    ...     asyncio.run(main(broker))
    'hello'
    """
