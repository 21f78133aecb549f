"""A broker that runs elsewhere, in the place of the embedded one: for tests of what any Emitter broker does."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import pytest

from emitter_typed import Client, Key
from emitter_typed._broker.faults import Faults
from emitter_typed._protocol.topics import Matcher
from emitter_typed._transport.base import Endpoint
from emitter_typed.broker import Broker, Clock, Published

URLS = tuple(os.environ.get("EMITTER_URL", "").split())
"""The nodes of a cluster, or one broker. What needs one takes the first."""
URL = URLS[0] if URLS else None


class RealBroker(Broker):
    """Tells where the broker is and makes keys with it; a test that asks it for more is skipped.

    What a test stores, others find. So most have keys that neither store nor load, and the others a fresh channel.
    """

    def __init__(self) -> None:
        super().__init__()
        self._url = URL or ""
        self._keys: dict[tuple[str, str, int | timedelta], Key] = {}

    @property
    def url(self) -> str:
        return self._url

    @property
    def host(self) -> str:
        return urlsplit(self._url).hostname or "localhost"

    @property
    def port(self) -> int:
        return urlsplit(self._url).port or 8080

    @property
    def matcher(self) -> Matcher:
        return "mqtt" if os.environ.get("EMITTER_MATCHER") == "mqtt" else "emitter"

    @property
    def master_key(self) -> str:
        return os.environ["EMITTER_MASTER_KEY"]

    def keygen(self, channel: str, permissions: str, *, ttl: int | timedelta = 0) -> Key:
        wanted = channel, permissions, ttl
        if wanted not in self._keys:
            with Client.from_url(self._url) as client:
                self._keys[wanted] = client.keygen(self.master_key, channel, permissions, ttl).key
        return self._keys[wanted]

    @property
    def faults(self) -> Faults:
        _skip("fails on purpose")

    @property
    def clock(self) -> Clock:
        _skip("has a clock that can be moved")

    @property
    def published(self) -> tuple[Published, ...]:
        _skip("tells what was published")

    def wait_published(
        self, count: int = 1, *, channel: str | None = None, timeout_s: float = 5.0
    ) -> tuple[Published, ...]:
        _skip("tells what was published")

    def restart(self, *, keep_stored: bool = True) -> None:
        _skip("can be restarted")

    def stop(self) -> None:
        _skip("can be stopped")

    def kill(self) -> None:
        _skip("can be killed")

    def memory(self, endpoint: Endpoint) -> NoReturn:
        _skip("can be reached without a network")


def fresh_channel() -> str:
    """Return a channel that nobody has stored anything to, nor will: the broker may serve other tests too."""
    return f"{secrets.token_hex(8)}/"


def _skip(ability: str) -> NoReturn:
    pytest.skip(f"only the embedded broker {ability}")
