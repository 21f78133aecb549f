"""`max_packet_bytes` bounds what is sent, what is taken in and how much a page of stored messages holds."""

from __future__ import annotations

import pytest

from emitter_typed import AsyncClient, Client, InvalidArgument, StoredMessage
from emitter_typed._generated.types import HistoryRequest
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._types.values import Record
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S
from tests.helpers.real import fresh_channel


@pytest.mark.parametrize("qos", [0, 1])
def test_what_is_larger_is_not_sent_and_the_refusal_names_the_setting(broker: Broker, qos: int) -> None:
    key = broker.keygen("a/#/", "rw")
    largest = 1_024 - 2 - len(f"{key.reveal()}/a/") - 2 * qos

    with Client.from_url(broker.url, timeout_s=LIMIT_S, max_packet_bytes=1_024) as client:
        with client.subscribe(key, "a/") as subscription:
            client.publish(key, "a/", "x" * largest, qos=1 if qos else 0)
            message = subscription.get(LIMIT_S)
        with pytest.raises(InvalidArgument, match="max_packet_bytes is 1024"):
            client.publish(key, "a/", "x" * (largest + 1), qos=1 if qos else 0)
        with pytest.raises(InvalidArgument, match="max_packet_bytes is 1024"):
            client.subscribe(key, "x" * 1_000)
        with pytest.raises(InvalidArgument, match="max_packet_bytes is 1024"):
            client.keygen(key, "x" * 1_000, "r")

    assert message is not None
    assert len(message.payload) == largest


def test_it_is_the_brokers_own_bound_unless_said_otherwise(broker: Broker) -> None:
    key = broker.keygen("a/#/", "rw")
    client = Client.from_url(broker.url, timeout_s=LIMIT_S)
    with client, pytest.raises(InvalidArgument, match="max_packet_bytes is 65536"):
        client.publish(key, "a/", "x" * 65_536)


@pytest.mark.parametrize("wrong", [0, -1, 1_023, 268_435_456, True, 65_536.0, "65536"])
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_size_that_no_packet_can_have_is_refused(make: type[Client] | type[AsyncClient], wrong: int) -> None:
    with pytest.raises(InvalidArgument) as caught:
        make(max_packet_bytes=wrong)
    assert caught.value.argument == "max_packet_bytes"


@pytest.mark.parametrize(("max_packet_bytes", "first"), [(None, 256), (1_000_000, 3_906)])
def test_pages_are_as_large_as_packets_may_be_and_smaller_where_the_broker_has_another_bound(
    broker: Broker, max_packet_bytes: int | None, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rwls")
    sizes: list[int] = []
    request = Pager.request

    def noted(pager: Pager) -> Record:
        made = request(pager)
        assert isinstance(made, HistoryRequest)
        sizes.append(int(made.topic.rpartition("last=")[2].partition("&")[0]))
        return made

    monkeypatch.setattr(Pager, "request", noted)
    with Client.from_url(broker.url, timeout_s=LIMIT_S, max_packet_bytes=max_packet_bytes) as client:
        for number in range(100):
            client.publish_nowait(key, channel, f"{number:02}" + "x" * 1_000, ttl=60)
        client.publish(key, channel, "last" + "x" * 998, ttl=60, qos=1)
        stored: list[StoredMessage] = list(client.history(key, channel))

    assert [message.as_string()[:2] for message in stored] == [*(f"{number:02}" for number in range(100)), "la"]
    assert sizes[0] == first
