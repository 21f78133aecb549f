"""A real browser, asked by its debugging protocol; only tests with the marker `tools` want one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, cast

import pytest
from websockets.sync.client import ClientConnection, connect

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Without its sandbox, for root in a container has none to give; it opens our own pages alone, and asks nobody else.
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
LIMIT_S = 60.0

# A promise of the page's text, once it has the text that is waited for.
_TEXT = """
new Promise(done => {
  const look = () => document.body.innerText.includes(%s) && done(document.body.innerText);
  if (!look()) new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
})
"""


class Page:
    """The one page of a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0

    def go(self, url: str) -> None:
        """Open a URL, and return when the page has been loaded."""
        self._ask("Page.enable")
        self._ask("Page.navigate", url=url)
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def text(self, wanted: str) -> str:
        """Wait until this is among what the page shows, and return all of it."""
        return str(self.run(_TEXT % json.dumps(wanted)))

    def run(self, script: str) -> Json:
        """Return what JavaScript gives; a promise is waited for."""
        answer = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return cast("dict[str, Json]", answer["result"]).get("value")

    def _ask(self, method: str, **params: Json) -> dict[str, Json]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while (answer := self._receive()).get("id") != self._number:
            pass
        return cast("dict[str, Json]", answer["result"])

    def _receive(self) -> dict[str, Json]:
        return cast("dict[str, Json]", json.loads(self._connection.recv(LIMIT_S)))


def find_browser() -> str:
    """Return the program. Where there is none, the test is skipped with the reason."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)")
    return program


def dump_dom(url: str, profile: Path) -> str:
    """Return a page as the browser has it after its scripts have run. Skips as `find_browser` does.

    Args:
        url: The page.
        profile: A folder for all that the browser keeps.
    """
    done = subprocess.run(
        [find_browser(), *OPTIONS, f"--user-data-dir={profile}", "--virtual-time-budget=5000", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def browser(profile: Path) -> Generator[Page]:
    """Start a browser without windows. Where there is none, the test is skipped with the reason.

    Args:
        profile: A folder for all that it keeps.
    """
    program = find_browser()
    process = subprocess.Popen(
        [program, *OPTIONS, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = (re.search(r"DevTools listening on ws://([\d.:]+)/", line) for line in process.stderr)
        address = next((found[1] for found in told if found), None)
        assert address is not None, f"{program} has ended"
        with urllib.request.urlopen(f"http://{address}/json/list", timeout=LIMIT_S) as answer:
            pages = json.load(answer)
        (url,) = (page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        with connect(url, proxy=None, max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        # What it still says is read, so that it can end.
        process.communicate(timeout=LIMIT_S)
