"""What an editor completes and shows in the examples, asked of pyright's language server.

A place is a piece of one line of the file, with `¦` where the cursor is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from tests.helpers.tree import ROOT
from tools.language_server import Pyright

pytestmark = [pytest.mark.tools, pytest.mark.timeout(300)]

EXAMPLES = ROOT / "examples"
CURSOR = "¦"
# More does not fit above the arguments without scrolling.
MAX_LINES_ABOVE_ARGUMENTS = 8

OPTIONS = {"ttl=", "echo=", "retain=", "qos="}

COMPLETED = {
    "the fields of a payload": ("sensors/monitor.py", 'f"{reading.¦celsius} °C"', {"celsius", "humidity", "battery"}),
    "the fields of a payload in a handler": ("chat/chat.py", "{message.payload.¦by}: {", {"by", "text", "said_at"}),
    "the parameters of a message": ("home/app.py", "message.params.¦room", {"room"}),
    "the channels of a facade": ("migration/after.py", "line = ferry.¦position", {"position", "notice"}),
    "the parameters of a channel": ("sensors/sensor.py", "reading(¦house=house", {"house=", "sensor="}),
    "the options of a publish": ("home/app.py", "publish(reading, ¦ttl=3600)", {*OPTIONS, "timeout_s="}),
    "the options of a subscription": (
        "sensors/monitor.py",
        "reading.subscribe(¦last=1000",
        {"last=", "since=", "until=", "recover=", "overflow="},
    ),
    "the fields of a new payload": (
        "sensors/sensor.py",
        "yield Reading(¦celsius",
        {"celsius=", "humidity=", "measured_at=", "battery="},
    ),
    "the values of an enum": ("sensors/monitor.py", "reason=Reason.¦FROST", {"FROST", "HEAT", "BATTERY"}),
    "what a presence event tells": ("console/console.py", "one.¦username or one.id for", {"id", "username"}),
}

HOVERED = {
    "a channel": (
        "home/app.py",
        "made.key).tempera¦ture.subscribe",
        [
            "temperature: TemperatureChannels",
            "What each room measures.",
            "`home/{room}/temperature/`",
            "To publish, pass the parameters first:",
            "`temperature(room=...)`",
            "ttl=3600",
        ],
    ),
    "a field": (
        "migration/after.py",
        "position.minutes¦_late > 10",
        ["minutes_late: int", "How late it was there.", "Unit: minutes. At least 0."],
    ),
    "a publish": (
        "home/app.py",
        "publ¦ish(reading, ttl=3600)",
        [
            "payload: Reading",
            "ttl: float | timedelta | None = 3600",
            "qos: Literal[0, 1] | None = None",
            "retain: True to",
        ],
    ),
    "a publish whose options are all the broker's": (
        "hello/hello.py",
        "publ¦ish(",
        ["payload: str", "ttl: float | timedelta | None = None"],
    ),
    "a publish without waiting": (
        "sensors/sensor.py",
        "channel.publish_no¦wait(",
        [
            "ttl: float | timedelta | None = 3600",
            "qos: Literal[0, 1] | None = 1",
            "-> Pending",
            "`.wait()` returns when",
        ],
    ),
    "a publish in asyncio": (
        "chat/chat.py",
        "self._chat.room(room=self._room).publ¦ish(",
        [
            "-> CoroutineType[Any, Any, None]",
            "payload: Line",
            "ttl: float | timedelta | None = 86400",
            "qos: Literal[0, 1] | None = 1",
        ],
    ),
    "a subscription": (
        "home/app.py",
        "temperature.subscr¦ibe()",
        ["-> Subscription[ChannelMessage[Reading, TemperatureParams]]", "Subscribe to a channel", "last: Number of"],
    ),
    "a membership": (
        "workers/worker.py",
        "client.subscribe_with_gr¦oup(",
        ["payload: TypeForm[", "as a member of a share group"],
    ),
    "a request": (
        "chat/chat.py",
        "self._client.key¦gen(",
        ["-> CoroutineType[Any, Any, KeygenResponse]", "permissions"],
    ),
    "who is there": ("chat/chat.py", "self._client.pres¦ence(", ["status: bool", "changes: bool | None"]),
}
CALLS = [name for name, (_, place, _) in HOVERED.items() if place.endswith(("(", ")"))]


class Editor:
    """An editor with the examples open."""

    def __init__(self, server: Pyright) -> None:
        self._server = server
        self._opened: dict[str, str] = {}

    def complete(self, file: str, place: str) -> set[str]:
        """Return what is offered at a place."""
        lines, row, column = self._find(file, place)
        uri = self._open(file)
        # What a call has already is not offered again.
        rest = "" if lines[row][:column].rstrip().endswith(("(", ",")) else lines[row][column:]
        self._server.edit(uri, "\n".join([*lines[:row], lines[row][:column] + rest, *lines[row + 1 :]]))
        items = self._server.complete(uri, row, column)
        self._server.edit(uri, "\n".join(lines))
        return {item.label for item in items}

    def hover(self, file: str, place: str) -> str:
        """Return what is shown over a place, without the signs of Markdown."""
        _, row, column = self._find(file, place)
        shown = html.unescape(self._server.hover(self._open(file), row, column)).replace("\xa0", " ")
        return re.sub(r"\\(.)", r"\1", shown)

    def _open(self, file: str) -> str:
        if file not in self._opened:
            self._opened[file] = self._server.open(EXAMPLES / file)
        return self._opened[file]

    def _find(self, file: str, place: str) -> tuple[list[str], int, int]:
        before, after = place.split(CURSOR)
        lines = (EXAMPLES / file).read_text("utf-8").splitlines()
        (found,) = ((row, line.index(before + after)) for row, line in enumerate(lines) if before + after in line)
        row, column = found
        return lines, row, column + len(before)


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    with Pyright(EXAMPLES) as server:
        yield Editor(server)


@pytest.mark.parametrize(("file", "place", "offered"), COMPLETED.values(), ids=COMPLETED)
def test_an_editor_completes(editor: Editor, file: str, place: str, offered: set[str]) -> None:
    assert offered - editor.complete(file, place) == set()


@pytest.mark.parametrize(("file", "place", "texts"), HOVERED.values(), ids=HOVERED)
def test_an_editor_shows(editor: Editor, file: str, place: str, texts: list[str]) -> None:
    shown = editor.hover(file, place)

    assert [text for text in texts if text not in shown] == [], shown


@pytest.mark.parametrize("name", CALLS)
def test_little_stands_above_the_arguments(editor: Editor, name: str) -> None:
    file, place, _ = HOVERED[name]
    _, _, told = editor.hover(file, place).partition("\n---\n")
    above, arguments, _ = told.partition("\nArgs:")

    assert arguments
    assert len([line for line in above.splitlines() if line.strip()]) <= MAX_LINES_ABOVE_ARGUMENTS, above
