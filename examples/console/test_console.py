from __future__ import annotations

import re
from queue import SimpleQueue

import pytest
from emitter_typed import Client
from emitter_typed.broker import Broker

from console import Shell


class Screen:
    """What a shell shows."""

    def __init__(self, client: Client, broker: Broker) -> None:
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._shell = Shell(client, broker.master_key, self._lines.put)

    def type(self, command: str, *shown: str) -> None:
        """Run a command, and expect these lines, in whatever order threads tell them."""
        self._shell.onecmd(command)
        assert sorted(self._lines.get(timeout=10) for _ in shown) == sorted(shown)

    def line(self) -> str:
        return self._lines.get(timeout=10)

    def quiet(self) -> bool:
        return self._lines.empty()


@pytest.fixture
def screen(emitter_client: Client, emitter_broker: Broker) -> Screen:
    return Screen(emitter_client, emitter_broker)


def test_what_is_published_is_shown_until_unsubscribed(screen: Screen) -> None:
    screen.type("subscribe garden", "subscribed to garden")
    screen.type("publish garden it rains", "notes/garden/ it rains")
    screen.type("unsubscribe garden", "unsubscribed from garden")
    screen.type("publish garden it stopped")
    assert screen.quiet()


def test_a_group_gets_its_share(screen: Screen) -> None:
    screen.type("share garden gardeners", "a member of gardeners")
    screen.type("publish garden it rains", "shared notes/garden/ it rains")


def test_what_is_retained_is_stored(screen: Screen) -> None:
    screen.type("retain garden buy seeds")
    screen.type("publish garden it rains")
    screen.type("history garden", "stored notes/garden/ buy seeds")


def test_a_link_is_a_short_name(screen: Screen) -> None:
    screen.type("subscribe garden", "subscribed to garden")
    screen.type("link garden ga", "ga is notes/garden/")
    screen.type("send ga it rains", "notes/garden/ it rains")
    screen.type("me")
    assert re.fullmatch(r"\w+ \{'ga': 'notes/garden/'\}", screen.line())


def test_who_comes_and_goes_is_shown(screen: Screen, emitter_broker: Broker) -> None:
    key = emitter_broker.keygen("notes/#/", "r")
    screen.type("presence garden", "there: nobody")
    with Client.from_url(emitter_broker.url, username="bob") as bob, bob.subscribe(key, "notes/garden/"):
        screen.type("", "came: bob")
    screen.type("", "left: bob")


def test_a_banned_key_is_refused_until_it_is_allowed(screen: Screen) -> None:
    screen.type("keygen notes/garden/ rw")
    assert screen.line().startswith("using Key(…")
    screen.type("ban")
    assert screen.line().startswith("banned Key(…")
    screen.type("publish garden it rains")
    assert screen.line().startswith("Unauthorized: ")
    screen.type("unban")
    assert screen.line().startswith("allowed Key(…")
    screen.type("publish garden it rains")
    assert screen.quiet()


def test_a_topic_that_does_not_fit_is_refused_before_it_is_sent(screen: Screen) -> None:
    screen.type("publish Garden it rains")
    assert screen.line().startswith("InvalidArgument: ")
