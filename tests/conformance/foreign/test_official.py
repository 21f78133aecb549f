"""The official Python client works with the embedded broker as with Emitter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from emitter_typed.broker import Broker
from tests.helpers.official import LIMIT_S, Document, Message, Official, official, shown

pytestmark = [
    pytest.mark.foreign,
    # emitter-io asks paho for its first callback interface, for which paho 2 has this word.
    pytest.mark.filterwarnings("ignore:Callback API version 1 is deprecated:DeprecationWarning"),
]


@pytest.fixture(params=["plain", "tls"])
def ann(
    request: pytest.FixtureRequest, broker: Broker, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Official]:
    """A client, over TCP and over TLS."""
    # It trusts whom the system trusts, and can be told nothing else.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    with official(broker, secure=request.param == "tls", username="ann") as one:
        yield one


@pytest.fixture
def bob(broker: Broker) -> Iterator[Official]:
    """Another client."""
    with official(broker) as one:
        yield one


def everything(broker: Broker) -> str:
    return broker.keygen("#/", "rwslp").reveal()


def test_a_key_is_made_and_opens_its_channel(ann: Official, broker: Broker) -> None:
    ann.client.keygen(broker.master_key, "chat/", "rw")
    made = ann.keygens.get(timeout=LIMIT_S)
    assert (made["status"], made["channel"]) == (200, "chat/")
    key = str(made["key"])

    ann.client.subscribe(key, "chat/")
    ann.client.publish(key, "chat/", "hello")

    assert ann.message() == ("chat/", "hello")


def test_an_expired_key_is_refused(ann: Official, broker: Broker) -> None:
    ann.client.keygen(broker.master_key, "chat/", "rw", 60)
    key = str(ann.keygens.get(timeout=LIMIT_S)["key"])
    broker.clock.advance(61)

    ann.client.publish(key, "chat/", "hello")

    assert ann.errors.get(timeout=LIMIT_S)["status"] == 401


def test_a_wrong_master_key_makes_no_key(ann: Official, broker: Broker) -> None:
    ann.client.keygen(everything(broker), "chat/", "rw")

    assert ann.keygens.get(timeout=LIMIT_S)["status"] == 401


def test_a_message_reaches_the_handler_of_its_channel_and_no_other(ann: Official, broker: Broker) -> None:
    key = everything(broker)
    handled: SimpleQueue[Message] = SimpleQueue()
    ann.client.subscribe(key, "chat/", handled.put)
    ann.client.subscribe(key, "news/")

    ann.client.publish(key, "chat/room/", "below")
    ann.client.publish(key, "news/", "elsewhere")

    assert shown(handled.get(timeout=LIMIT_S)) == ("chat/room/", "below")
    assert ann.message() == ("news/", "elsewhere")
    assert handled.empty()


def test_an_unsubscribed_channel_is_silent(ann: Official, broker: Broker) -> None:
    key = everything(broker)
    ann.client.subscribe(key, "chat/")
    ann.client.subscribe(key, "news/")
    ann.client.unsubscribe(key, "chat/")

    ann.client.publish(key, "chat/", "nobody hears it")
    ann.client.publish(key, "news/", "hello")

    assert ann.message() == ("news/", "hello")


def test_a_publisher_does_not_hear_itself_without_echo(ann: Official, broker: Broker) -> None:
    key = everything(broker)
    ann.client.subscribe(key, "chat/")

    ann.client.publish(key, "chat/", "quiet", {ann.client.without_echo()})
    ann.client.publish(key, "chat/", "loud")

    assert ann.message() == ("chat/", "loud")


def test_a_message_with_a_time_to_live_is_there_for_the_next_one(ann: Official, bob: Official, broker: Broker) -> None:
    key = everything(broker)
    for text in ("one", "two", "three"):
        ann.client.publish(key, "chat/", text, {ann.client.with_ttl(60), ann.client.with_at_least_once()})
    ann.me()

    bob.client.subscribe(key, "chat/", options={bob.client.with_last(2)})

    # Which of one second comes first is the broker's flaw, and ours with it.
    assert sorted([bob.message(), bob.message()]) == [("chat/", "three"), ("chat/", "two")]
    broker.clock.advance(61)
    bob.client.subscribe(key, "chat/", options={bob.client.with_last(2)})
    bob.client.publish(key, "chat/", "live")
    assert bob.message() == ("chat/", "live")


def test_a_retained_message_is_there_for_the_next_one(ann: Official, bob: Official, broker: Broker) -> None:
    key = everything(broker)
    ann.client.publish(key, "chat/", "kept", [ann.client.with_retain(), ann.client.with_at_most_once()])
    ann.me()

    bob.client.subscribe(key, "chat/")

    assert bob.message() == ("chat/", "kept")


def test_presence_tells_who_is_there_and_who_comes_and_goes(ann: Official, broker: Broker) -> None:
    key = everything(broker)
    ann_id = ann.me()["id"]
    ann.client.subscribe(key, "chat/")
    ann.client.presence(key, "chat/", status=True, changes=True)
    status = ann.presences.get(timeout=LIMIT_S)
    assert (status["event"], status["channel"]) == ("status", "chat/")
    assert status["who"] == [{"id": ann_id, "username": "ann"}]

    with official(broker, username="bob") as bob:
        bob_id = bob.me()["id"]
        bob.client.subscribe(key, "chat/")
        came = ann.presences.get(timeout=LIMIT_S)
        assert (came["event"], came["who"]) == ("subscribe", {"id": bob_id, "username": "bob"})
    gone = ann.presences.get(timeout=LIMIT_S)
    assert (gone["event"], gone["who"]) == ("unsubscribe", {"id": bob_id, "username": "bob"})


def test_presence_goes_to_the_handler_of_its_channel(ann: Official, broker: Broker) -> None:
    handled: SimpleQueue[Document] = SimpleQueue()

    ann.client.presence(everything(broker), "chat/", True, False, handled.put)

    assert handled.get(timeout=LIMIT_S)["who"] == []


def test_a_link_stands_for_its_channel_and_options(ann: Official, broker: Broker) -> None:
    key = everything(broker)
    ann.client.link(key, "chat/", "a0", True, {ann.client.with_ttl(60)})

    ann.client.publish_with_link("a0", "through the link")

    assert ann.message() == ("chat/", "through the link")
    assert ann.me()["links"] == {"a0": "chat/?ttl=60"}
    assert [each.ttl_s for each in broker.published] == [60]


def test_a_banned_key_opens_nothing_until_it_is_allowed_again(ann: Official, broker: Broker) -> None:
    key = ann.keygen(broker.master_key, "chat/", "rw")

    ann.client.keyban(broker.master_key, key, True)
    assert ann.keybans.get(timeout=LIMIT_S)["banned"] is True
    ann.client.publish(key, "chat/", "no")
    assert ann.errors.get(timeout=LIMIT_S)["status"] == 401

    ann.client.keyban(broker.master_key, key, False)
    assert ann.keybans.get(timeout=LIMIT_S)["banned"] is False
    ann.client.subscribe(key, "chat/")
    ann.client.publish(key, "chat/", "yes")
    assert ann.message() == ("chat/", "yes")


def test_one_member_of_a_share_group_gets_each_message(ann: Official, bob: Official, broker: Broker) -> None:
    key = everything(broker)
    received: SimpleQueue[Message] = SimpleQueue()
    for member in (ann, bob):
        member.client.subscribe_with_group(key, "jobs/", "workers", received.put)
        member.me()

    sent = {f"job {number}" for number in range(20)}
    for text in sent:
        ann.client.publish(key, "jobs/", text)

    assert {received.get(timeout=LIMIT_S).binary.decode() for _ in sent} == sent
    ann.me()
    bob.me()
    assert received.empty()


def test_a_refusal_says_why(ann: Official, broker: Broker) -> None:
    reader = broker.keygen("chat/", "r").reveal()

    ann.client.publish(reader, "chat/", "hello", {ann.client.with_at_least_once()})

    refused = ann.errors.get(timeout=LIMIT_S)
    assert refused["status"] == 401
    assert "not authorized" in str(refused["message"])


def test_a_client_that_disconnects_is_told_so(ann: Official) -> None:
    ann.client.disconnect()

    ann.disconnects.get(timeout=LIMIT_S)
    assert ann.disconnects.empty(), "told twice"


def test_a_dropped_client_comes_back_and_has_to_subscribe_anew(ann: Official, broker: Broker) -> None:
    key = everything(broker)
    ann.client.subscribe(key, "chat/")
    before = ann.me()["id"]

    broker.faults.drop_connections()

    ann.disconnects.get(timeout=LIMIT_S)
    ann.connects.get(timeout=LIMIT_S)
    assert ann.me()["id"] != before
    ann.client.publish(key, "chat/", "nobody hears it")
    ann.client.subscribe(key, "chat/")
    ann.client.publish(key, "chat/", "hello again")
    assert ann.message() == ("chat/", "hello again")
