"""Runs tests with the extra `fast`, which development has installed, and without it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any  # what is made for a type

import pytest

from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.payloads.native import msgspec

_KNOWN: tuple[dict[Any, Any], ...] = (codec.json_reader, codec.json_writer, codec.reader, codec.writer)
_other_way: list[dict[Any, Any]] = [{} for _ in _KNOWN]


@contextmanager
def without_msgspec() -> Generator[None]:
    """Let everything be read and written as if msgspec were not installed."""
    _swap()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(codec, "msgspec", lambda: None)
        yield
    _swap()


def _swap() -> None:
    """Put what was made the other way in the place of what was made this way."""
    for known, other in zip(_KNOWN, _other_way, strict=True):
        before = dict(known)
        known.clear()
        known.update(other)
        other.clear()
        other.update(before)
    codec.fast_decoder.cache_clear()


@pytest.fixture(params=["msgspec", "json"], autouse=True, scope="module")
def json_library(request: pytest.FixtureRequest) -> Iterator[str]:
    """What reads and writes JSON in the tests of a module, each of which runs with both."""
    if request.param == "msgspec":
        assert msgspec() is not None
        yield request.param
    else:
        with without_msgspec():
            yield request.param
