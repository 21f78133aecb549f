"""Clocks that stand still, file systems that are made up and sockets that are forbidden leave the fixtures alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.installing import install
from tests.unit.testing.suites import Suite

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.tools

PACKAGES = ("freezegun==1.5.5", "python-dateutil==2.9.0.post0", "six==1.17.0", "time-machine==3.6.0")
PLUGINS = ("pyfakefs==6.3.2", "pytest-socket==0.8.1")

CLOCKS = """
import asyncio
import datetime
import freezegun
import pytest
import time_machine
from emitter_typed import AsyncClient, Client, RequestTimeout

FREEZERS = {
    "freezegun": lambda: freezegun.freeze_time("2020-01-01", real_asyncio=True),
    "time-machine": lambda: time_machine.travel(datetime.datetime(2020, 1, 1), tick=False),
}

@pytest.mark.parametrize("freezer", FREEZERS)
def test_limits_of_a_client_with_threads_hold(emitter_broker, emitter_key, freezer):
    with FREEZERS[freezer](), Client.from_url(emitter_broker.url, timeout_s=10) as client:
        subscription = client.subscribe(emitter_key, "a/")
        assert subscription.get(timeout_s=0.1) is None
        assert not client.connection.wait("closed", timeout_s=0.1)
        client.publish(emitter_key, "a/", "x", qos=1, ttl=60)
        assert subscription.get(timeout_s=10).as_string() == "x"
        assert [each.as_string() for each in client.history(emitter_key, "a/")] == ["x"]
        emitter_broker.faults.withhold_replies()
        with pytest.raises(RequestTimeout):
            client.me(timeout_s=0.1)
        client.drain(timeout_s=10)

@pytest.mark.parametrize("freezer", FREEZERS)
def test_limits_of_a_client_with_asyncio_hold(emitter_broker, emitter_key, freezer):
    async def main():
        async with AsyncClient.from_url(emitter_broker.url, timeout_s=10) as client:
            subscription = await client.subscribe(emitter_key, "a/")
            assert await subscription.get(timeout_s=0.1) is None
            assert not await client.connection.wait("closed", timeout_s=0.1)
            await client.publish(emitter_key, "a/", "x", qos=1)
            assert (await subscription.get(timeout_s=10)).as_string() == "x"
            emitter_broker.faults.withhold_replies()
            with pytest.raises(RequestTimeout):
                await client.me(timeout_s=0.1)
    with FREEZERS[freezer]():
        asyncio.run(main())

@pytest.mark.parametrize("freezer", FREEZERS)
def test_the_fixtures_begin_while_time_stands_still(request, freezer):
    with FREEZERS[freezer]():
        client, key = request.getfixturevalue("emitter_client"), request.getfixturevalue("emitter_key")
        subscription = client.subscribe(key, "a/")
        client.publish(key, "a/", "x", qos=1)
        assert subscription.get(timeout_s=10).as_string() == "x"
"""

OTHERS = """
import pytest

def use(client, key):
    subscription = client.subscribe(key, "a/")
    client.publish(key, "a/", {"a": 1}, qos=1, ttl=60)
    assert subscription.get(timeout_s=10).as_object() == {"a": 1}
    assert len(list(client.history(key, "a/"))) == 1

def test_files_first(fs, emitter_client, emitter_key):
    use(emitter_client, emitter_key)

def test_files_last(emitter_client, emitter_key, fs):
    use(emitter_client, emitter_key)

def test_sockets_first(socket_disabled, emitter_client, emitter_key):
    use(emitter_client, emitter_key)

def test_sockets_last(emitter_client, emitter_key, socket_disabled):
    use(emitter_client, emitter_key)

@pytest.mark.allow_hosts(["192.0.2.1"])
def test_another_host_alone(emitter_client, emitter_key):
    use(emitter_client, emitter_key)

async def test_both_first(socket_disabled, fs, emitter_async_client, emitter_key):
    await emitter_async_client.publish(emitter_key, "a/", "x", qos=1)

async def test_both_last(emitter_async_client, emitter_key, fs, socket_disabled):
    await emitter_async_client.publish(emitter_key, "a/", "x", qos=1)

def test_the_test_itself_gets_no_socket(socket_disabled, emitter_client):
    import socket
    from pytest_socket import SocketBlockedError
    with pytest.raises(SocketBlockedError):
        socket.socket()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_limits_hold_where_time_stands_still(suite: Suite, installed: Path) -> None:
    install(*PACKAGES, into=installed)

    suite(CLOCKS, "-W", "ignore").assert_outcomes(passed=6)


def test_the_fixtures_work_beside_other_plugins_in_any_order(suite: Suite, installed: Path) -> None:
    install(*PLUGINS, into=installed)

    ran = suite(OTHERS, "-W", "ignore", plugins=("pyfakefs.pytest_plugin", "pytest_socket"))
    ran.assert_outcomes(passed=8)
