"""Errors carry facts, survive a pickle, and are what other libraries take them for."""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import emitter_typed
from emitter_typed import Key, Unauthorized
from emitter_typed._masking import hide_keys
from emitter_typed.errors import (
    AmbiguousReply,
    BrokerError,
    Closed,
    Congested,
    ConnectionLost,
    ConnectionRefused,
    ContractMismatch,
    EmitterError,
    HandlerFailed,
    HistoryIncomplete,
    InvalidArgument,
    ReplyMissing,
    RequestTimeout,
    SlowConsumer,
    Undecodable,
)

ON_THE_WIRE = Undecodable("expected an integer", channel="a/", raw=b"x", path="$.a[0]")
ERRORS: list[EmitterError] = [
    EmitterError("it broke", "mend it"),
    InvalidArgument("no", argument="key", value=Key("k" * 32)),
    Closed("closed"),
    BrokerError(418, "tea", "publish"),
    BrokerError(418, "tea", "publish", channel="a/"),
    Unauthorized(401, "the security key", "subscribe"),
    AmbiguousReply("keygen"),
    ReplyMissing("history"),
    HistoryIncomplete("history", [datetime(2026, 1, 1, tzinfo=UTC)]),
    HistoryIncomplete("history", [], node_missing=True),
    ON_THE_WIRE,
    RequestTimeout("keygen", 1.5),
    RequestTimeout("publish", 1.5, offline="cut"),
    RequestTimeout("drain", 1.5, unacknowledged=2, handlers_running=1),
    ConnectionRefused("nothing listens", host="localhost", port=1, return_code=5),
    ConnectionLost("cut", operation="publish"),
    ConnectionLost("cut"),
    ConnectionLost("cut", reconnecting=True),
    Congested("publish", "full"),
    SlowConsumer("a/", max_messages=1, max_bytes=2),
    HandlerFailed("presence"),
    ContractMismatch("too old", package="home_api", advice="run: x"),
]


def classes(root: type[EmitterError]) -> Iterator[type[EmitterError]]:
    yield root
    for each in root.__subclasses__():
        yield from classes(each)


@pytest.mark.parametrize("error", ERRORS, ids=[f"{type(each).__name__}-{at}" for at, each in enumerate(ERRORS)])
def test_an_error_survives_a_pickle_and_a_copy(error: EmitterError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.__dict__ == error.__dict__
        assert again.args == error.args


def test_each_class_says_where_it_is_imported_from() -> None:
    """In tracebacks, and in pickles, which another version has to read too."""
    public = [each for each in classes(EmitterError) if getattr(emitter_typed, each.__name__, None) is each]
    assert {Unauthorized, InvalidArgument} <= {*public}
    for each in public:
        assert each.__module__ in ("emitter_typed", "emitter_typed.errors")
        assert getattr(importlib.import_module(each.__module__), each.__name__) is each
    assert b"_generated" not in pickle.dumps(Unauthorized(401, "no", "publish"), protocol=0)


def test_every_class_is_tried() -> None:
    ours = {each for each in classes(EmitterError) if each.__module__ == "emitter_typed.errors"}
    assert ours == {type(each) for each in ERRORS if type(each).__module__ == "emitter_typed.errors"}


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (InvalidArgument, ValueError),
        (Undecodable, ValueError),
        (RequestTimeout, TimeoutError),
        (ConnectionLost, ConnectionError),
        (ConnectionRefused, ConnectionError),
        (ContractMismatch, ImportError),
        (Unauthorized, BrokerError),
    ],
)
def test_an_error_is_also_the_builtin_that_others_catch(cls: type[Exception], base: type[Exception]) -> None:
    assert issubclass(cls, base)
    assert issubclass(cls, EmitterError)


def test_a_refusal_says_what_was_refused_and_what_to_do() -> None:
    error = Unauthorized(401, "the key is not good", "publish")
    assert (error.status, error.message, error.operation) == (401, "the key is not good", "publish")
    assert "publish" in str(error)
    assert "401" in str(error)
    assert error.hint in str(error)


def test_an_incomplete_history_names_a_restart_which_a_single_broker_has_too() -> None:
    error = HistoryIncomplete("history", [datetime(2026, 1, 1, tzinfo=UTC)])
    assert "several nodes of a cluster, or a broker before and after a restart" in str(error)


def test_an_error_of_the_wire_has_its_place_in_its_text() -> None:
    assert "a/" in str(ON_THE_WIRE)
    assert "$.a[0]" in str(ON_THE_WIRE)


def test_what_looks_like_a_key_is_hidden_and_an_identifier_is_not() -> None:
    identifier = "0123456789abcdef0123456789abcdef"
    key = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"
    assert hide_keys(f"rooms/{identifier}/{key}/") == f"rooms/{identifier}/…/"
