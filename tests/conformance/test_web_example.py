"""The example of a web application with the real FastAPI: both checkers accept it, and a browser shows its messages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from web_api import Bikes, Station

from emitter_typed import Client, Key
from emitter_typed.broker import Broker
from tests.helpers.browser import browser
from tests.helpers.installing import install
from tests.helpers.tree import ROOT

# pip may take its time.
pytestmark = [pytest.mark.tools, pytest.mark.timeout(600)]

EXAMPLE = ROOT / "examples" / "web"
PACKAGES = ("fastapi", "uvicorn")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the service needs beside us."""
    folder = tmp_path_factory.mktemp("packages")
    install(*PACKAGES, into=folder, with_dependencies=True)
    # mypy wants no second one, and that of this environment does.
    (folder / "typing_extensions.py").unlink(missing_ok=True)
    return folder


@contextmanager
def serving(packages: Path, broker: Broker, key: Key) -> Generator[str]:
    """The service on a free port; its URL."""
    places = os.pathsep.join(map(str, (EXAMPLE, ROOT / "src", packages)))
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "service:app", "--port", "0", "--timeout-graceful-shutdown", "1"],
        env={**os.environ, "PYTHONPATH": places, "EMITTER_URL": broker.url, "EMITTER_KEY": key.reveal()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"running on (http://\S+)", line):
                yield found[1]
                break
        else:
            pytest.fail("".join(lines))
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_a_browser_shows_typed_messages_and_publishes_others(
    packages: Path, broker: Broker, emitter_client: Client, tmp_path: Path
) -> None:
    key = broker.keygen("bikes/#/", "rwsl")
    station = Bikes(emitter_client, key).station
    station(name="harbour").publish(Station(bikes=3, docks=2), qos=1)
    with serving(packages, broker, key) as url, browser(tmp_path) as page, station.subscribe(last=0) as changes:
        page.go(url)
        assert "harbour\t3\t2" in page.text("harbour\t3\t2")

        station(name="market").publish(Station(bikes=0, docks=9))
        assert "harbour\t3\t2" in page.text("market\t0\t9")
        message = changes.get(timeout_s=30)
        assert message is not None
        assert message.params.name == "market"

        page.run("document.querySelector('button').click()")
        page.text("harbour\t2\t3")
        message = changes.get(timeout_s=30)
        assert message is not None
        assert (message.params.name, message.payload) == ("harbour", Station(bikes=2, docks=3))


def test_mypy_accepts_the_service(packages: Path, tmp_path: Path) -> None:
    places = os.pathsep.join(map(str, (EXAMPLE, ROOT / "src", packages)))
    configuration = tmp_path / "mypy.ini"
    # What others wrote is theirs to check.
    settings = f"strict = True\nmypy_path = {places}\nfollow_imports = silent\nfollow_imports_for_stubs = True\n"
    configuration.write_text(f"[mypy]\n{settings}", "utf-8")
    cache = str(tmp_path / "cache")
    _accepted(["mypy", "--config-file", str(configuration), "--cache-dir", cache, str(EXAMPLE / "service.py")])


def test_pyright_accepts_the_service(packages: Path, tmp_path: Path) -> None:
    places = [str(EXAMPLE), str(ROOT / "src"), str(packages)]
    settings = f'{{"include": ["service.py"], "typeCheckingMode": "strict", "extraPaths": {json.dumps(places)}}}'
    (tmp_path / "pyrightconfig.json").write_text(settings, "utf-8")
    (tmp_path / "service.py").write_text((EXAMPLE / "service.py").read_text("utf-8"), "utf-8")
    _accepted(["pyright", "--project", str(tmp_path), "--pythonpath", sys.executable])


def _accepted(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
