"""A service that streams typed messages to browsers, and publishes what they send.

`uvicorn service:app` needs a broker and a key: `EMITTER_URL` and `EMITTER_KEY` say which.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from emitter_typed import AsyncClient, ConnectionLost, RequestTimeout
from fastapi import Body, Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse

from events import events
from web_api import AsyncBikes, Station

PAGE = Path(__file__).with_name("page.html")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Keep one client for the whole process."""
    async with AsyncClient.from_url(username="web") as client:
        app.state.bikes = AsyncBikes(client, os.environ["EMITTER_KEY"])
        yield


app = FastAPI(lifespan=lifespan)


def channels(request: Request) -> AsyncBikes:
    """Return the channels of the process."""
    bikes: AsyncBikes = request.app.state.bikes
    return bikes


Bikes = Annotated[AsyncBikes, Depends(channels)]


@app.get("/")
async def page() -> FileResponse:
    """Return the page."""
    return FileResponse(PAGE, media_type="text/html; charset=utf-8")


@app.get("/events")
async def stream(bikes: Bikes) -> StreamingResponse:
    """Stream what stations have: stored messages first, then live ones."""
    subscription = await bikes.station.subscribe(last=100)
    return StreamingResponse(events(subscription), media_type="text/event-stream")


@app.put("/stations/{name}", status_code=204)
async def change(name: str, station: Annotated[Station, Body()], bikes: Bikes) -> None:
    """Publish what a station has now. FastAPI has checked it by the schema."""
    try:
        await bikes.station(name=name).publish(station, qos=1)
    except (ConnectionLost, RequestTimeout):
        raise HTTPException(503, "the broker does not answer") from None
