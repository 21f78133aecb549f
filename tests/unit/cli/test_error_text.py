"""What somebody who uses the program reads names options, and nothing of the client's API."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from emitter_typed import Client, NotFound, Unauthorized, errors
from emitter_typed._cli.error_text import error_text
from emitter_typed._cli.main import exit_code
from emitter_typed._transport.reasons import words
from emitter_typed.broker import Broker

NOT_TRUSTED = ssl.SSLCertVerificationError()
NOT_TRUSTED.verify_message = "x"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_find_api = re.compile(r"[a-z]+_[a-z_]+|\w+=|\w+\(\)|Client\b|`since`|call again|connect again").findall


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            Unauthorized(401, "no", "publish_nowait", channel="a/"),
            "the broker refused it for a/ with 401 (no): use a key for this channel that has the needed permission",
        ),
        (
            Unauthorized(401, "no", "keygen", channel="a/"),
            "the broker refused it for a/ with 401 (no): use the broker's master key: --master-key @FILE",
        ),
        (
            errors.ConnectionLost(words(NOT_TRUSTED)),
            "the connection was lost (its certificate was not accepted, x; pass --tls-ca FILE",
        ),
        (
            errors.ConnectionRefused("x", host="localhost", port=8080),
            "no connection to localhost:8080: x: check the host and the port, that the broker runs, and whether",
        ),
        (errors.ConnectionRefused("x", host="a.example", port=1), "no connection to a.example:1: x: check the host"),
        (NotFound(404, "no", "me"), "the broker refused it with 404 (no): the broker may be too old"),
        (errors.RequestTimeout("publish_nowait", 10.0), "no answer within 10 s: the broker may have carried it out;"),
        (errors.RequestTimeout("connect", 10.0), "no answer within 10 s: check the address"),
        (errors.RequestTimeout("publish_nowait", 10.0, offline="x"), "no connection for 10 s (x): run the command"),
        (errors.ConnectionLost("x", operation="publish_nowait"), "the connection was lost (x): run the command again"),
        (errors.ConnectionLost("x", reconnecting=True), "the connection was lost (x): connecting again"),
        (errors.AmbiguousReply("subscribe_with_group"), "the answer may be forged"),
        (errors.HistoryIncomplete("history", [datetime(2026, 1, 1, tzinfo=UTC)]), "history may lack messages"),
        (errors.ReplyMissing("me"), "me was acknowledged, but no reply came: check that this is an Emitter broker"),
    ],
)
def test_an_error_is_told_in_the_words_of_a_shell(error: errors.EmitterError, text: str) -> None:
    said = error_text(error)
    assert said.startswith(text)
    assert _find_api(said.replace("EMITTER_MASTER_KEY", "")) == []


def test_a_broker_that_does_not_run_here_can_be_started() -> None:
    said = [error_text(errors.ConnectionRefused("x", host=host, port=8080)) for host in ("localhost", "a.example")]

    assert ["`emitter-typed broker` runs one" in each for each in said] == [True, False]


def test_a_broker_that_does_not_reply_is_no_broker() -> None:
    assert exit_code(errors.ReplyMissing("me")) == exit_code(errors.RequestTimeout("me", 10.0)) == 3


def test_what_is_refused_before_it_is_sent_names_the_option(broker: Broker) -> None:
    key = broker.keygen("#/", "rwslp")
    said: list[str] = []
    with Client.from_url(broker.url) as client:
        for refused in (
            lambda: client.subscribe(key, "a/#/"),
            lambda: client.subscribe_with_group(key, "a/", "a/b"),
            lambda: client.publish(key, "a/", "x" * 70_000),
            lambda: client.publish(key, "a/+/", "x"),
            lambda: client.link(key, "a/", "abc"),
            lambda: client.history(key, "a/", since=NOON, until=NOON - timedelta(hours=1)),
            lambda: client.me(timeout_s=-1),
            lambda: client.keygen(key, "a/", "y"),
            lambda: Client.from_url("mqtt://ann:secret@host"),
        ):
            with pytest.raises(errors.InvalidArgument) as caught:
                refused()
            said.append(error_text(caught.value))
    assert [text for text in said if _find_api(text) or "\n" in text] == []
    assert "pass --matcher mqtt" in said[0]
    assert said[1].startswith("--group: ")
    assert said[6].startswith("--timeout")
    assert said[7] == "'y' is not a permission: expected letters of rwslpe"
    assert said[8].endswith("a name goes to --username, and a key to --key @FILE")
