"""The programs of the page of recipes that end at a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed.broker import Broker
from tests.docs.page_runner import noted_blocks
from tests.helpers.tree import ROOT

PAGE = ROOT / "docs" / "how-to" / "recipes.md"
PROGRAMS = {
    block.file: block.code
    for block in noted_blocks(PAGE.read_text("utf-8"))
    if block.language == "python" and block.file is not None
}

LIMIT_S = 60.0


@pytest.mark.posix
@pytest.mark.parametrize(("name", "ending"), [*zip(PROGRAMS, (signal.SIGTERM, signal.SIGINT), strict=True)])
def test_a_signal_ends_the_program_after_the_messages_that_have_arrived(
    name: str, ending: signal.Signals, broker: Broker, tmp_path: Path
) -> None:
    key = broker.keygen("jobs/", "rw")
    (tmp_path / name).write_text(PROGRAMS[name], "utf-8")
    environment = {**os.environ, "EMITTER_URL": broker.url, "EMITTER_KEY": key.reveal()}
    with (
        subprocess.Popen(
            [sys.executable, name], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as program,
        Client.from_url(broker.url) as client,
    ):
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            client.publish(key, "jobs/", "sweep", qos=1)
            assert program.stdout.readline() == "done: sweep\n"
            program.send_signal(ending)
            assert program.stdout.read() == ""
            assert program.wait(LIMIT_S) == 0
        finally:
            program.kill()
