"""The page for those who come from the official client: its programs run, and what it says of them is so.

That checkers accept the last one: tests/typing.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import cast

import pytest

from emitter_typed import Client, Key, Subscription
from emitter_typed.broker import Broker
from tests.helpers.classic_names import MESSAGE_ATTRIBUTES, MESSAGE_METHODS, METHODS, OPTION_MAKERS, OPTIONS, PROPERTIES
from tests.helpers.official import LIMIT_S, finish
from tests.helpers.official import Client as Official
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "how-to" / "migrating.md").read_text("utf-8")
(BEFORE, IMPORT, HANDLERS, AFTER) = blocks(PAGE, "python")
OLD_IMPORT = "from emitter import Client\n"

CHANNEL = "greenhouse/temperature/"
STORED = [f"{CHANNEL} 20.5", f"{CHANNEL} 21.5"]
HOT = f"{CHANNEL} 31.0"
THERE, CAME = ["0 there", "greenhouse came"], ["ann came"]


def replaced(program: str, functions: str) -> str:
    """Return a program with functions in the place of those that have their names."""
    for new in ast.parse(functions).body:
        assert isinstance(new, ast.FunctionDef)
        old = next(one for one in ast.parse(program).body if isinstance(one, ast.FunctionDef) and one.name == new.name)
        text, by = ast.get_source_segment(program, old), ast.get_source_segment(functions, new)
        assert text is not None
        assert by is not None
        program = program.replace(text, by)
    return program


class Greenhouse:
    """A program that runs, what it prints, and ann, who sees what comes of it."""

    def __init__(self, ann: Client, key: Key, log: Subscription, fan: Subscription) -> None:
        self.ann, self.key, self.log, self.fan = ann, key, log, fan
        self.printed: SimpleQueue[str] = SimpleQueue()
        self.context: dict[str, object] = {"__name__": "__main__", "print": self._print}

    def _print(self, *words: object) -> None:
        self.printed.put(" ".join(map(str, words)))

    def lines(self, *wanted: str) -> list[str]:
        """Return as many lines as are wanted, sorted: several threads print."""
        return sorted(self.printed.get(timeout=LIMIT_S) for _ in wanted)

    def come(self) -> None:
        """Let ann watch the temperature too."""
        self.ann.subscribe(self.key, CHANNEL)

    def heat(self) -> None:
        """Let it become hot, and return when the fan is on and the log tells it."""
        self.ann.publish(self.key, CHANNEL, '{"celsius": 31.0}', qos=1)
        for subscription, text in ((self.fan, "on"), (self.log, "too hot")):
            message = subscription.get(timeout_s=LIMIT_S)
            assert message is not None
            assert message.as_string() == text


@contextmanager
def running(program: str, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Generator[Greenhouse]:
    """Run a program of the page until it ends by itself, as it does when ann turns it off."""
    key = broker.keygen("greenhouse/#/", "rwslp")
    argv = ["greenhouse.py", broker.host, str(broker.port), key.reveal(), broker.master_key]
    monkeypatch.setattr(sys, "argv", argv)
    with Client.from_url(broker.url, username="ann", timeout_s=LIMIT_S) as ann:
        for celsius in (20.5, 21.5):
            ann.publish(key, CHANNEL, {"celsius": celsius}, ttl=60, qos=1)
        log, fan = ann.subscribe(key, "greenhouse/log/"), ann.subscribe(key, "greenhouse/fan/")
        greenhouse = Greenhouse(ann, key, log, fan)
        code = compile(program, "migrating.md", "exec")
        # What hangs is a failure here, and must not keep the tests from ending.
        thread = threading.Thread(target=exec, args=(code, greenhouse.context), daemon=True)
        thread.start()
        try:
            yield greenhouse
        finally:
            ann.publish(key, "greenhouse/off/", "", qos=1)
            thread.join(LIMIT_S)
        assert not thread.is_alive()


def go_through(greenhouse: Greenhouse) -> None:
    """Let everything happen that the page tells of, with one outcome for all of its programs."""
    seen = greenhouse.lines(*STORED, *THERE, "guests read with …")
    guests = seen.pop(-1)
    assert seen == sorted([*THERE, *STORED])
    assert re.fullmatch(r"guests read with [\w-]{32}", guests)
    greenhouse.come()
    assert greenhouse.lines(*CAME) == CAME
    greenhouse.heat()
    hot, refused = greenhouse.lines(HOT, "refused: …")
    assert hot == HOT
    assert re.match(r"refused: .*\b401\b", refused)


@pytest.mark.foreign
# emitter-io asks paho for its first callback interface, for which paho 2 has this word.
@pytest.mark.filterwarnings("ignore:Callback API version 1 is deprecated:DeprecationWarning")
def test_the_program_is_one_of_the_official_client(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(BEFORE, broker, monkeypatch) as greenhouse:
        go_through(greenhouse)
    finish(cast("Official", greenhouse.context["client"]))


def test_with_the_import_alone_all_works_but_what_takes_dicts(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(BEFORE.replace(OLD_IMPORT, IMPORT), broker, monkeypatch) as greenhouse:
        assert greenhouse.lines(*STORED) == STORED
        greenhouse.heat()
        assert greenhouse.lines(HOT) == [HOT]
    assert greenhouse.printed.empty()
    raised = {str(record.exc_info[1]) for record in caplog.records if record.exc_info}
    assert {error.partition(" is an object, not a dict: ")[::2] for error in raised} == {
        ("KeygenResponse", "write .key instead of ['key']"),
        ("PresenceStatus", "it has .time, .channel, .who"),
        ("PresenceSubscribe", "it has .time, .channel, .who"),
        ("Unauthorized", "write .status instead of ['status']"),
        ("HandlerFailed", "it has .message, .handler"),
    }
    assert any(f"TypeError: {error}`" in " ".join(PAGE.split()) for error in raised)


def test_with_three_handlers_anew_it_does_what_it_did(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    program = replaced(BEFORE.replace(OLD_IMPORT, IMPORT), HANDLERS)
    assert program != BEFORE
    with running(program, broker, monkeypatch) as greenhouse:
        go_through(greenhouse)


def test_the_last_program_does_what_it_did(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(AFTER, broker, monkeypatch) as greenhouse:
        go_through(greenhouse)


def test_the_page_names_every_name_of_the_official_client() -> None:
    table = PAGE[PAGE.index("| names |") : PAGE.index("What your program may notice")]
    named = {name for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)", cell)}
    message = set(re.findall(r"`(\w+)", table[table.index("`EmitterMessage`") :]))

    assert named == {"Client", "EmitterMessage", *METHODS, *OPTION_MAKERS, *OPTIONS, *PROPERTIES}
    assert message == {"EmitterMessage", "Message", *MESSAGE_METHODS, *MESSAGE_ATTRIBUTES}
