"""The brokers that are measured, each a process of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from emitter_typed import Client

HOST = "127.0.0.1"
LIMIT_S = 60.0
MOSQUITTO = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
_CHANNEL = "bench/"


def version_of(program: str) -> str:
    """Return mosquitto with its version."""
    help_ = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    return help_.partition("\n")[0] or "mosquitto (version unknown)"


_MOSQUITTO_CONF = """\
listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
persistence false
set_tcp_nodelay true
"""


@frozen
class Server:
    """A broker that runs."""

    name: str
    port: int
    topic: str
    """The topic to subscribe and publish to: the channel, behind a key where there are keys."""
    pid: int


@contextmanager
def ours() -> Generator[Server]:
    """Run the embedded broker as `emitter-typed broker` does."""
    command = [sys.executable, "-m", "emitter_typed", "broker", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            with Client.from_url(told["url"]) as client:
                key = client.keygen(told["master_key"], _CHANNEL, "rw").key.reveal()
            yield Server("emitter-typed", int(told["url"].rpartition(":")[2]), f"{key}/{_CHANNEL}", process.pid)
        finally:
            process.terminate()


@contextmanager
def mosquitto(program: str) -> Generator[Server]:
    """Run mosquitto, told to drop nothing and to write nothing to disk."""
    with socket.create_server((HOST, 0)) as listener:
        port = int(listener.getsockname()[1])
    with TemporaryDirectory() as folder:
        conf = Path(folder) / "mosquitto.conf"
        conf.write_text(_MOSQUITTO_CONF.format(port=port))
        with subprocess.Popen([program, "-c", str(conf)], stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(port)
                yield Server("mosquitto", port, _CHANNEL, process.pid)
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def memory_kib(pid: int) -> int | None:
    """Return the resident memory of a process; None where the system does not tell it in /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
