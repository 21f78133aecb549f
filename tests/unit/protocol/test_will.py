"""A last will is checked where it is written, does not show its key, and is published once the connection is gone."""

from __future__ import annotations

import pytest

from emitter_typed import AsyncClient, Client, InvalidArgument, Key, Will
from emitter_typed.broker import Broker

KEY = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"


def test_a_will_holds_what_the_broker_wants() -> None:
    will = Will(Key(KEY), "a/b", {"x": 1}, retain=True)
    assert (will.channel, will.topic, will.payload, will.retain) == ("a/b/", f"{KEY}/a/b/", b'{"x":1}', True)


def test_no_text_of_a_will_shows_its_key() -> None:
    assert KEY not in repr(Will(KEY, "a/", "gone"))
    settings = Client(will=Will(KEY, "a/", "gone"))._driver.settings  # pyright: ignore[reportPrivateUsage]  # what an error may show
    assert KEY not in repr(settings)
    assert KEY not in repr(settings.endpoint("localhost", 1, False, 30, None))


@pytest.mark.parametrize(
    ("key", "channel", "message", "argument"),
    [
        (KEY, "a/#/", "", "channel"),
        (KEY, "a/+/", "", "channel"),
        (KEY, "", "", "channel"),
        (KEY, f"{KEY}//", "", "channel"),
        ("", "a/", "", "key"),
        (f"{KEY}/a", "a/", "", "key"),
        (KEY, "a/", "x" * 65_536, "message"),
        (KEY, "a/", float("nan"), "$"),
    ],
)
def test_a_will_that_the_broker_would_drop_is_refused(key: str, channel: str, message: object, argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Will(key, channel, message)
    assert caught.value.argument == argument
    assert KEY not in f"{caught.value} {caught.value!r} {caught.value.value!r}"


def test_a_will_that_leaves_no_room_in_the_connect_is_refused() -> None:
    client = Client(will=Will(KEY, "a/", "x" * 65_400), username="n" * 200)
    with pytest.raises(InvalidArgument, match="CONNECT packet of 65") as caught:
        client.connect("localhost", 1, secure=False)
    assert caught.value.argument == "will"


def test_a_will_and_a_username_may_fill_the_connect(broker: Broker) -> None:
    key = broker.keygen("a/", "rws")
    # A CONNECT has 12 bytes besides texts, and each text has two bytes before it (MQTT 3.1.1, 3.1).
    room = 65_536 - 12 - (2 + len(f"{key.reveal()}/a/")) - 2 - (2 + len("ann"))
    with Client.from_url(broker.url, will=Will(key, "a/", "x" * room), username="ann") as client:
        assert client.me().id
    with pytest.raises(InvalidArgument, match="CONNECT packet of 65537 bytes"):
        Client(broker.url, will=Will(key, "a/", "x" * (room + 1)), username="ann").connect()


@pytest.mark.parametrize("flavour", [Client, AsyncClient])
def test_a_will_is_a_will(flavour: type[Client] | type[AsyncClient]) -> None:
    with pytest.raises(InvalidArgument, match="expected a Will"):
        flavour(will="gone")  # type: ignore[arg-type]  # what a caller without a checker gives


@pytest.mark.parametrize("over", ["tcp", "memory"])
def test_the_broker_publishes_the_will_of_a_client_that_has_gone(broker: Broker, over: str) -> None:
    will = Will(broker.keygen("a/", "rws"), "a/", "gone", retain=True)
    transport = broker.memory if over == "memory" else None
    with Client.from_url(broker.url, will=will, transport=transport):
        assert broker.published == ()
    [message] = broker.wait_published()
    assert (message.channel, message.as_string()) == ("a/", "gone")
