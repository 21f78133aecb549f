from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from emitter_typed import Client
from emitter_typed.broker import Broker

from migration_api import Ferry

HERE = Path(__file__).parent
SHOWN = ["harbour 0", "island 4", "castle 12", "notice: 12 minutes late"]
PUBLISHED = ["ferry/1/position/", "ferry/1/position/", "ferry/1/position/", "ferry/1/notice/"]


@pytest.mark.parametrize("program", ["before.py", "after.py"])
def test_both_programs_do_the_same(program: str, emitter_broker: Broker) -> None:
    environment = {"EMITTER_URL": emitter_broker.url, "EMITTER_MASTER_KEY": emitter_broker.master_key}
    done = subprocess.run(
        [sys.executable, HERE / program],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.splitlines() == SHOWN
    assert [message.channel for message in emitter_broker.published] == PUBLISHED


def test_what_the_old_program_published_is_read_by_the_schema(emitter_broker: Broker, emitter_client: Client) -> None:
    key = emitter_broker.keygen("ferry/#/", "rwsl")
    emitter_client.publish(key, "ferry/1/position/", '{"stop": "island", "late": 4}', ttl=60, qos=1)

    (message,) = Ferry(emitter_client, key).position.history()

    assert (message.params.line, message.payload.stop, message.payload.minutes_late) == (1, "island", 4)
