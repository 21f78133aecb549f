"""The programs of the page about the client's behaviour run, and show what the page says of them."""

from __future__ import annotations

import pytest
from attrs import frozen

from emitter_typed import Client
from emitter_typed.broker import Broker
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "client.md").read_text("utf-8")
(REPLAY, PRESENCE, SEVERAL, RECOVERY, NUMBERS) = blocks(PAGE, "python")

LIMIT_S = 20.0


@frozen
class Reading:
    celsius: float


def test_stored_messages_come_first_with_their_time(broker: Broker) -> None:
    with Client.from_url(broker.url) as client:
        key = broker.keygen("chat/", "rwsl")
        shown: list[list[object]] = []

        def show(*words: object) -> None:
            shown.append([*words])
            # The stored one has been seen: now the live one.
            if len(shown) == 1:
                client.publish(key, "chat/", "now")

        client.publish(key, "chat/", "before", ttl=60, qos=1)
        exec(REPLAY, {"client": client, "key": key, "print": show})

        assert [words[1:] for words in shown] == [["chat/", "before"], ["chat/", "now"]]
        assert shown[1][0] == "live"


def test_presence_names_who_is_subscribed(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    with Client.from_url(broker.url, username="ann") as client:
        exec(PRESENCE, {"client": client, "key": broker.keygen("chat/", "rp")})

    assert capsys.readouterr().out == "ann is there\n"


def test_a_client_takes_several_urls() -> None:
    names: dict[str, object] = {"Client": Client}
    exec(SEVERAL, names)
    assert repr(names["client"]) == "<Client mqtt://one.example:8080 mqtt://two.example:8080 closed>"


def test_what_was_missed_follows_its_gap_and_what_does_not_fit_is_shown(broker: Broker) -> None:
    with (
        Client.from_url(broker.url, username="reader", reconnect_max_s=0.02) as client,
        Client.from_url(broker.url, username="publisher") as publisher,
    ):
        key = broker.keygen("sensors/", "rwsl")
        shown: list[str] = []

        def show(*words: object) -> None:
            shown.append(" ".join(str(word) for word in words).strip())
            if len(shown) == 1:
                broker.faults.refuse_connections()
                broker.faults.drop_connections("reader")
                assert client.connection.wait("reconnecting", timeout_s=LIMIT_S)
                publisher.publish(key, "sensors/", Reading(21.5), ttl=60, qos=1)
                broker.faults.accept_connections()

        publisher.publish(key, "sensors/", {"celsius": "warm"}, ttl=60, qos=1)
        exec(RECOVERY, {"client": client, "key": key, "Reading": Reading, "print": show})

        assert shown[0].startswith("not a reading: sensors/")
        assert shown[1:] == ["missed 1 messages, which follow", "21.5"]


def test_the_numbers_are_there(broker: Broker) -> None:
    with Client.from_url(broker.url) as client:
        client.me()
        shown: list[object] = []

        def show(*words: object) -> None:
            shown.extend(words)

        exec(NUMBERS, {"client": client, "print": show})
        assert shown[:3] == [1, 0, 0]
        assert isinstance(shown[3], float)
