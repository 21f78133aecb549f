"""What a program without a checker gets wrong is an InvalidArgument at the call, before anything is sent."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from emitter_typed import (
    AsyncClient,
    Client,
    ConnectionRefused,
    InvalidArgument,
    Key,
    KeygenResponse,
    Message,
    RequestTimeout,
)
from emitter_typed.broker import Broker
from tests.behaviour.conftest import Generated
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.listeners import listener
from tests.helpers.loops import LIMIT_S, in_loop

KEY = "k" * 32
MADE = KeygenResponse(key=Key(KEY), channel="a/")
MESSAGE = Message("a/", b"", b"")


class Plain:
    """No class that JSON can be read as."""


# Any: the clients of both flavours, with arguments of any type. The second part of a name is the argument at fault.
CALLS: dict[str, Callable[[Any], Any]] = {
    "text: timeout_s": lambda client: client.publish(KEY, "a/", "x", timeout_s="5"),
    "negative: timeout_s": lambda client: client.me(timeout_s=-1),
    "true: timeout_s": lambda client: client.subscribe(KEY, "a/", timeout_s=True),
    "of history: timeout_s": lambda client: client.history(KEY, "a/", timeout_s="5"),
    "number: options": lambda client: client.publish(KEY, "a/", "x", 3),
    "one: options": lambda client: client.publish(KEY, "a/", "x", client.with_ttl(3)),
    "numbers: options": lambda client: client.publish(KEY, "a/", "x", [3]),
    "text of a subscription: options": lambda client: client.subscribe(KEY, "a/", None, "last"),
    "of history: options": lambda client: client.history(KEY, "a/", 3),
    "of a link: options": lambda client: client.link(KEY, "a/", "x", False, 3),
    "none: channel": lambda client: client.publish(KEY, None, "x"),
    "bytes: channel": lambda client: client.keygen(KEY, b"a/", "r"),
    "handler of a subscription: handler": lambda client: client.subscribe(KEY, "a/", optional_handler=3),
    "handler of a request: handler": lambda client: client.presence(KEY, "a/", optional_handler=3),
    "text: recover": lambda client: client.subscribe(KEY, "a/", recover="no"),
    "text: allow_reserved": lambda client: client.subscribe(KEY, "a/", allow_reserved="no"),
    "of a group: allow_reserved": lambda client: client.subscribe_with_group(KEY, "a/", "g", allow_reserved=1),
    "number: payload": lambda client: client.subscribe(KEY, "a/", payload=3),
    "text: payload": lambda client: client.subscribe(KEY, "a/", payload="str"),
    "class: payload": lambda client: client.subscribe(KEY, "a/", payload=Plain),
    "list of a class: payload": lambda client: client.subscribe(KEY, "a/", payload=tuple[Plain, ...]),
    "names that are no texts: $": lambda client: client.publish(KEY, "a/", {1: 2}),
}


@pytest.mark.parametrize("case", CALLS)
@both_flavours
@in_loop
async def test_a_wrong_argument_of_a_call_is_refused_by_name(flavour: Flavour, broker: Broker, case: str) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument) as caught:
            await called(CALLS[case], client)
        assert caught.value.argument == case.partition(": ")[2]


# Any: the clients of both flavours, with arguments of any type. The name is what the text ends with.
PYTHONS_WORDS: dict[str, Callable[[Any], Any]] = {
    "key: expected a text, got None": lambda client: client.publish(None, "a/", "x"),
    "key: expected a text, got bytes: decode them with .decode()": lambda client: client.publish(b"k" * 32, "a/", "x"),
    "channel: expected a text, got bytes: decode them with .decode()": lambda client: client.keygen(KEY, b"a/", "r"),
    "channel: expected a text, got a dict": lambda client: client.publish(KEY, {}, "x"),
    "channel: expected a text, got None": lambda client: client.keygen(KEY, None, "r"),
    "channel: expected a text, got the class str": lambda client: client.publish(KEY, str, "x"),
    "key: expected a text, got a KeygenResponse: pass its .key": lambda client: client.publish(MADE, "a/", "x"),
    "master_key: expected a text, got a KeygenResponse: pass its .key": lambda client: client.keyban(MADE, KEY, True),
    "target_key: expected a text, got a KeygenResponse: pass its .key": lambda client: client.keyban(KEY, MADE, True),
    "target_key: must not be empty": lambda client: client.keyban(KEY, "", True),
    "channel: expected a text, got a KeygenResponse: pass its .channel": lambda client: client.publish(KEY, MADE, "x"),
    "channel: expected a text, got a Message: pass its .channel": lambda client: client.presence(KEY, MESSAGE),
    "expected an integer, got a dict": lambda client: client.history(KEY, "a/", last={}),
    "expected a text, got None": lambda client: client.link(KEY, "a/", None),
    "expected a boolean, got a dict": lambda client: client.presence(KEY, "a/", {}),
}


@pytest.mark.parametrize("text", PYTHONS_WORDS)
@both_flavours
@in_loop
async def test_what_was_given_is_named_in_pythons_words(flavour: Flavour, broker: Broker, text: str) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match=re.escape(text) + "$"):
            await called(PYTHONS_WORDS[text], client)


@both_flavours
@in_loop
async def test_what_arrived_is_named_in_jsons_words(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = broker.keygen("a/", "rw")
        subscription = await client.subscribe(key, "a/", payload=int)
        await client.publish(key, "a/", {"a": None})
        await client.publish(key, "a/", "null", qos=1)
        events = subscription.events()
        assert str(await anext(events)).endswith("expected an integer, got an object")
        assert str(await anext(events)).endswith("expected an integer, got null")


NOTHING_MATCHES: dict[str, Callable[[Any], Any]] = {
    "subscribe to 'a/'": lambda client: client.subscribe(KEY, "a/#/"),
    "subscribe to 'a/+/'": lambda client: client.subscribe(KEY, "a/+/#", last=5),
    "subscribe to '+/'": lambda client: client.subscribe(KEY, "#/", allow_reserved=True),
    "subscribe to 'b/'": lambda client: client.subscribe_with_group(KEY, "b/#/", "g"),
}


@pytest.mark.parametrize("advice", NOTHING_MATCHES)
@both_flavours
@in_loop
async def test_a_filter_that_no_message_can_match_is_refused_before_anything_is_sent(
    flavour: Flavour, broker: Broker, advice: str
) -> None:
    """The broker would say that it does not know the key."""
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match=re.escape(advice)) as caught:
            await called(NOTHING_MATCHES[advice], client)
        assert caught.value.argument == "channel"
        assert 'matcher="mqtt"' in str(caught.value)
        assert ("call history" in str(caught.value)) is (advice != "subscribe to 'b/'")


@both_flavours
@in_loop
async def test_what_is_not_live_takes_a_filter_of_everything_below(flavour: Flavour, broker: Broker) -> None:
    key = broker.keygen("#/", "rwlp")
    async with connected(flavour, broker) as client:
        assert [each async for each in client.history(key, "a/#/")] == []
        assert (await client.presence(key, "a/#/", status=True)).who == ()
        await client.unsubscribe(key, "a/#/")
        assert (await client.keygen(broker.master_key, "a/#/", "r")).channel == "a/#/"


@both_flavours
@in_loop
async def test_a_single_option_is_to_be_put_in_a_list(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="in a list or a set"):
            await client.publish(KEY, "a/", "x", client.with_ttl(3))  # type: ignore[arg-type]  # on purpose


@both_flavours
@pytest.mark.parametrize("handler", ["on_error", "on_message", "on_presence"])
@in_loop
async def test_a_handler_that_cannot_be_called_is_refused(flavour: Flavour, broker: Broker, handler: str) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="handler"):
            setattr(client, handler, 3)


@both_flavours
@pytest.mark.parametrize("wrong", ["5", -1, True, float("nan")])
@in_loop
async def test_waiting_takes_a_number_of_seconds(flavour: Flavour, broker: Broker, wrong: Any) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key
        subscription = await client.subscribe(key, "a/")
        pending = client.publish_nowait(key, "a/", "x")
        for call in (subscription.get, pending.wait):
            with pytest.raises(InvalidArgument, match="timeout_s"):
                await call(timeout_s=wrong)
        await pending.wait()


@pytest.mark.parametrize("cls", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("timeout_s", "5"),
        ("timeout_s", None),
        ("tls", 3),
        ("username", 3),
        ("max_messages", "5"),
        ("max_bytes", 1.5),
        ("matcher", ["mqtt"]),
        ("reconnect", 1),
        ("retry_connect", "no"),
    ],
)
def test_a_setting_of_another_type_is_refused_by_name(cls: Any, argument: str, wrong: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        cls(**{argument: wrong})
    assert caught.value.argument == argument


@both_flavours
@pytest.mark.parametrize(
    ("argument", "wrong"), [("host", 3), ("port", "8080"), ("keepalive", "30"), ("secure", "no"), ("username", b"ann")]
)
@in_loop
async def test_a_place_to_connect_to_of_another_type_is_refused_by_name(
    flavour: Flavour, argument: str, wrong: object
) -> None:
    client: Any = Client() if flavour == "threads" else AsyncClient()
    with pytest.raises(InvalidArgument) as caught:
        await called(lambda each: each.connect(**{"host": "localhost", argument: wrong}), client)
    assert caught.value.argument == argument


@pytest.mark.parametrize("cls", [Client, AsyncClient])
def test_a_url_is_a_text(cls: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        cls.from_url(b"mqtt://localhost")
    assert caught.value.argument == "url"


def _connect(flavour: Flavour, port: int, timeout_s: float) -> Callable[[], Any]:
    client: Any = (Client if flavour == "threads" else AsyncClient).from_url(
        f"mqtt://127.0.0.1:{port}", timeout_s=timeout_s
    )
    return lambda: called(lambda each: each.connect(), client)


@both_flavours
@in_loop
async def test_nobody_who_answers_is_told_of_as_a_wrong_place(flavour: Flavour) -> None:
    with listener() as port, pytest.raises(RequestTimeout, match="the peer may not be an MQTT broker") as caught:
        await _connect(flavour, port, 0.05)()
    assert "carried out" not in str(caught.value)


@both_flavours
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00" * 8])
@in_loop
async def test_a_peer_that_speaks_something_else_is_no_broker(flavour: Flavour, answer: bytes) -> None:
    def answers(peer: socket.socket) -> None:
        # Read first: closing with bytes unread would cut the answer off.
        peer.recv(1024)
        peer.sendall(answer)

    with listener(answers) as port, pytest.raises(ConnectionRefused, match="the peer is not an MQTT broker"):
        await _connect(flavour, port, LIMIT_S)()


def _refuse(peer: socket.socket) -> None:
    peer.recv(1024)
    peer.sendall(b"\x20\x02\x00\x05")


@both_flavours
@in_loop
async def test_a_broker_that_refuses_is_there_and_needs_no_advice_about_tls(flavour: Flavour) -> None:
    with listener(_refuse) as port, pytest.raises(ConnectionRefused) as caught:
        await _connect(flavour, port, LIMIT_S)()
    assert caught.value.return_code == 5
    assert "TLS" not in str(caught.value)


@both_flavours
@in_loop
async def test_words_say_what_is_wrong(flavour: Flavour, broker: Broker, generated: Generated) -> None:
    made = generated("types: {Mode: {enum: [auto]}, T: {fields: {mode: Mode, level: {type: int, minimum: 1}}}}")
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="expected a Mode, got a text"):
            await client.publish(KEY, "a/", made.T(mode="auto", level=1))
        with pytest.raises(InvalidArgument, match="level: expected a number, got a text"):
            made.T(mode=made.Mode.AUTO, level="1")
        with pytest.raises(InvalidArgument, match="ttl: expected a finite number of seconds"):
            await client.publish(KEY, "a/", "x", ttl=float("nan"))
        with pytest.raises(InvalidArgument, match="ttl: expected seconds or a timedelta, got a text"):
            await client.publish(KEY, "a/", "x", ttl="60")  # type: ignore[arg-type]  # on purpose
        with pytest.raises(InvalidArgument, match="key: must not be empty"):
            await client.publish("", "a/", "x")
        with pytest.raises(InvalidArgument, match="key: must not be empty"):
            await client.presence("", "a/")
