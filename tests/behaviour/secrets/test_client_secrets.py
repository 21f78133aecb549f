"""What a client with threads shows of keys: nothing."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from emitter_typed import BadRequest, Client, EmitterError, InvalidArgument
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S
from tests.helpers.samples import Point


def test_no_key_shows_in_any_log_error_or_repr(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    shown: list[object] = []
    caught: list[EmitterError] = []

    def refused(call: Callable[[], object]) -> None:
        with pytest.raises(EmitterError) as info:
            call()
        caught.append(info.value)

    with caplog.at_level(logging.DEBUG), Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect=False) as client:
        reported: SimpleQueue[EmitterError] = SimpleQueue()
        client.on_error = reported.put
        key = client.keygen(broker.master_key, "a/#/", "rwp").key
        text = key.reveal()
        subscription = client.subscribe(text, "a/", max_messages=1, payload=Point)
        pending = client.publish_nowait(text, "a/", b"no point", ttl=5)
        pending.wait()
        client.publish(text, "a/", Point(x=1), qos=1)
        next(subscription)
        shown += [key, subscription, pending, client, client.presence(text, "a/", status=True)]
        refused(lambda: client.publish(text, "b/", "x", qos=1))
        refused(lambda: client.subscribe(text, "b/"))
        refused(lambda: client.unsubscribe(text, "b/"))
        refused(lambda: client.keygen(text, "b/", "r"))
        refused(lambda: client.publish(text, "a/", "x" * 70_000))
        refused(lambda: client.publish(text, "a b/", "x"))
        refused(lambda: client.publish(text + "/", "a/", "x"))
        refused(lambda: client.publish(text + "é", "a/", "x"))
        refused(lambda: client.subscribe(text, "emitter/"))
        refused(lambda: client.publish(text, "a/", key, qos=1))
        client.publish(text, "b/", "x")
        caught.append(reported.get(timeout=LIMIT_S))
        broker.faults.drop_connections()
        refused(lambda: subscription.get(LIMIT_S))
        refused(lambda: client.publish(text, "a/", "x", qos=1))
    shown += [BadRequest(400, "x", "y"), *caught, *(error.__dict__ for error in caught)]
    written = caplog.text + "".join(f"{each!s} {each!r}" for each in shown)
    for secret in (text, broker.master_key):
        assert secret not in written
        assert secret[:12] not in written
    for error in caught:
        if not (isinstance(error, InvalidArgument) and error.value is key):
            assert text.encode() not in pickle.dumps(error)
