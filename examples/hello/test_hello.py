from __future__ import annotations

import pytest
from emitter_typed import Client, Unauthorized
from emitter_typed.broker import Broker

from hello import say_hello


def test_a_greeting_comes_back(emitter_broker: Broker, emitter_client: Client) -> None:
    key = emitter_broker.keygen("chat/#/", "rw")

    assert say_hello(emitter_client, key, "ann") == "ann: hello, emitter!"
    assert [message.channel for message in emitter_broker.published] == ["chat/ann/"]


def test_a_key_for_another_channel_is_refused(emitter_broker: Broker, emitter_client: Client) -> None:
    key = emitter_broker.keygen("news/#/", "rw")

    with pytest.raises(Unauthorized):
        say_hello(emitter_client, key, "ann")
