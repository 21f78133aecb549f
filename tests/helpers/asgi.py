"""Asks an ASGI application, in a program of its own: `python -m tests.helpers.asgi module:app` with requests as input.

The input is a list in JSON, with a method, a path and a body for each request; the output is a list of status and body.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

# Any: whatever the messages of ASGI hold.
Event: TypeAlias = Mapping[str, Any]
Application: TypeAlias = Callable[
    [Event, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]], Awaitable[None]
]


async def ask(app: Application, method: str, path: str, body: object) -> tuple[int, object]:
    """Return what an application answers to one request."""
    sent: list[Event] = []

    async def receive() -> Event:
        return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

    async def send(event: Event) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "client": None,
        "server": ("service", 80),
    }
    await app(scope, receive, send)
    answer = b"".join(event.get("body", b"") for event in sent[1:])
    return sent[0]["status"], json.loads(answer) if answer else None


async def main(name: str) -> None:
    module, _, attribute = name.partition(":")
    app: Application = getattr(import_module(module), attribute)
    sys.stdout.write(json.dumps([await ask(app, *request) for request in json.load(sys.stdin)]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
