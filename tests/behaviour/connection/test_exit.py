"""A program ends when its last line has run, whatever it did with its client."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emitter_typed.broker import Broker
from tests.helpers.loops import PROGRAM_LIMIT_S

LEFT_OPEN = {
    "threads": """
from emitter_typed import Client
client = Client.from_url(URL)
client.connect()
client.on_error = client.on_presence = client.on_connect = print
iterated = client.subscribe(KEY, "a/")
handled = client.subscribe(KEY, "a/b/", lambda message: None)
client.publish(KEY, "a/", "x", qos=1)
print("done")
""",
    "asyncio": """
import asyncio
from emitter_typed import AsyncClient

async def main():
    client = AsyncClient.from_url(URL)
    await client.connect()
    iterated = await client.subscribe(KEY, "a/")
    handled = await client.subscribe(KEY, "a/b/", lambda message: None)
    await client.publish(KEY, "a/", "x", qos=1)
    print("done")

asyncio.run(main())
""",
}
CLOSED = {
    "threads": LEFT_OPEN["threads"] + "client.close()\n",
    "asyncio": LEFT_OPEN["asyncio"]
    # With -X dev, asyncio would tell of what took long, as everything may on a busy machine.
    .replace("async def main():\n", "async def main():\n    asyncio.get_running_loop().slow_callback_duration = 60\n")
    .replace('    print("done")', '    await client.close()\n    print("done")'),
}
UNANSWERED = {
    "threads": """
from emitter_typed import Client
client = Client.from_url(URL)
client.connect()
pending = client.publish_nowait(KEY, "a/", "x")
print("done")
""",
    "asyncio": """
import asyncio
from emitter_typed import AsyncClient

async def main():
    client = AsyncClient.from_url(URL)
    await client.connect()
    pending = client.publish_nowait(KEY, "a/", "x")
    print("done")

asyncio.run(main())
""",
}


def run(broker: Broker, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    preface = f"URL, KEY = {broker.url!r}, {broker.keygen('a/#/', 'rw').reveal()!r}\n"
    return subprocess.run(
        [sys.executable, *options, "-c", preface + program],
        capture_output=True,
        text=True,
        timeout=PROGRAM_LIMIT_S,
        check=False,
    )


@pytest.mark.parametrize("flavour", LEFT_OPEN)
def test_a_client_that_was_never_closed_holds_nothing_up(broker: Broker, flavour: str) -> None:
    done = run(broker, LEFT_OPEN[flavour])
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.parametrize("flavour", UNANSWERED)
def test_nor_does_one_that_waits_for_a_silent_broker(broker: Broker, flavour: str) -> None:
    broker.faults.withhold_replies()
    done = run(broker, UNANSWERED[flavour])
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.parametrize("flavour", CLOSED)
def test_a_client_that_was_closed_leaves_nothing_to_warn_of(broker: Broker, flavour: str) -> None:
    done = run(broker, CLOSED[flavour], "-X", "dev", "-W", "error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
