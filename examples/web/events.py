"""Server-sent events, made of typed messages."""

from __future__ import annotations

from collections.abc import AsyncIterator

from emitter_typed import AsyncSubscription

from web_api import Shown, StationChannelMessage


async def events(subscription: AsyncSubscription[StationChannelMessage]) -> AsyncIterator[bytes]:
    """Yield an event for each message, and close the subscription when the browser has left."""
    async with subscription:
        async for message in subscription:
            shown = Shown(name=message.params.name, station=message.payload)
            yield b"data: " + shown.to_json() + b"\n\n"
