"""The fixtures give a test a broker, keys and connected clients, and keep out of every other one's way."""

from __future__ import annotations

import inspect

import pytest

from emitter_typed import Client, Key, Message, Unauthorized
from emitter_typed.broker import Broker, Cluster
from emitter_typed.testing import BrokerOptions, ClusterOptions
from tests.helpers.listeners import LIMIT_S
from tests.helpers.loops import PROGRAM_LIMIT_S
from tests.unit.testing.suites import Suite

pytest_plugins = ["pytester"]


def test_a_run_that_uses_no_fixture_loads_nothing_for_them(suite: Suite) -> None:
    ran = suite(
        """
import sys

def test_that_needs_no_broker():
    loaded = {name.partition(".")[0] for name in sys.modules}
    # From Python 3.14 on, its debugger needs these, and pytest loads that.
    with_pdb = {"asyncio", "ssl"} if sys.version_info >= (3, 14) else set()
    unwanted = {"paho", "cattrs", "attrs", "attr", "zmqtt", "websockets", "asyncio", "ssl"} - with_pdb
    assert not loaded & unwanted
    ours = sorted(name for name in sys.modules if name.startswith("emitter_typed"))
    assert [name for name in ours if not name.startswith("emitter_typed._testing")] == ["emitter_typed"]
""",
        # The check of the suite's own conftest.py would load asyncio.
        "--noconftest",
    )
    ran.assert_outcomes(passed=1)


@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_a_broker_of_its_own(
    number: int, emitter_broker: Broker, emitter_client: Client, emitter_key: Key
) -> None:
    assert list(emitter_client.history(emitter_key, "chat/")) == []
    emitter_client.publish(emitter_key, "chat/", str(number), ttl=60, qos=1)
    assert [one.as_string() for one in emitter_client.history(emitter_key, "chat/")] == [str(number)]
    [message] = emitter_broker.published
    assert (message.channel, message.as_string()) == ("chat/", str(number))


def test_the_key_opens_everything(emitter_client: Client, emitter_key: Key) -> None:
    do_everything(emitter_client, emitter_key)


def test_the_key_of_the_session_opens_everything(emitter_client_session: Client, emitter_key_session: Key) -> None:
    do_everything(emitter_client_session, emitter_key_session)


def do_everything(client: Client, key: Key) -> None:
    with client.subscribe(key, "chat/") as all_of_it, client.subscribe_with_group(key, "jobs/", "workers") as jobs:
        client.publish(key, "chat/ann/", "hello", qos=1)
        client.publish(key, "jobs/", "work", qos=1)
        assert text(all_of_it.get(timeout_s=LIMIT_S)) == "hello"
        assert text(jobs.get(timeout_s=LIMIT_S)) == "work"
        assert len(client.presence(key, "chat/", status=True).who) == 1
    client.publish(key, "chat/ann/", "kept", ttl=60, qos=1)
    assert [one.as_string() for one in client.history(key, "chat/")] == ["kept"]
    with client.subscribe(key, "chat/", last=1) as stored:
        assert text(stored.get(timeout_s=LIMIT_S)) == "kept"
    client.link(key, "chat/", "c")
    client.publish_with_link("c", "linked", qos=1)


def text(message: Message | None) -> str | None:
    return None if message is None else message.as_string()


def test_time_passes_when_the_test_says_so(emitter_broker: Broker, emitter_client: Client, emitter_key: Key) -> None:
    short = emitter_broker.keygen("chat/", "w", ttl=60)
    emitter_client.publish(short, "chat/", "hello", qos=1)
    emitter_client.publish(emitter_key, "chat/", "kept", ttl=60, qos=1)

    emitter_broker.clock.advance(60)

    with pytest.raises(Unauthorized):
        emitter_client.publish(short, "chat/", "hello", qos=1)
    assert list(emitter_client.history(emitter_key, "chat/")) == []


def test_what_belongs_to_the_session_is_one_for_all_tests(suite: Suite) -> None:
    ran = suite(
        """
seen = set()

def test_one(emitter_broker_session, emitter_client_session, emitter_key_session):
    seen.add((emitter_broker_session.url, emitter_client_session.me().id, emitter_key_session))
    assert len(seen) == 1

test_two = test_one

def test_that_has_both(emitter_broker, emitter_broker_session):
    assert emitter_broker.url != emitter_broker_session.url
"""
    )
    ran.assert_outcomes(passed=3)


def test_options_choose_the_broker_and_the_clients_follow(suite: Suite) -> None:
    ran = suite(
        """
import pytest
from emitter_typed import Closed

@pytest.fixture(params=[0, None], scope="session")
def emitter_broker_options(request):
    return {"matcher": "mqtt", "port": request.param}

def hears_only_its_own_channel(broker, client, key):
    assert broker.matcher == "mqtt"
    with client.subscribe(key, "chat/") as subscription:
        client.publish(key, "chat/ann/", "not for it", qos=1)
        client.publish(key, "chat/", "for it", qos=1)
        assert subscription.get(timeout_s=10).as_string() == "for it"

def test_of_a_test(emitter_broker, emitter_client, emitter_key):
    hears_only_its_own_channel(emitter_broker, emitter_client, emitter_key)

def test_of_the_session(emitter_broker_session, emitter_client_session, emitter_key_session):
    hears_only_its_own_channel(emitter_broker_session, emitter_client_session, emitter_key_session)

async def test_in_asyncio(emitter_broker, emitter_async_client, emitter_key, emitter_broker_options):
    await emitter_async_client.publish(emitter_key, "chat/", "hello", qos=1)
    assert len(emitter_broker.published) == 1
    if emitter_broker_options["port"] is None:
        with pytest.raises(Closed):
            emitter_broker.port

async def test_of_its_client_alone(emitter_async_client):
    assert (await emitter_async_client.me()).id

class TestOthers:
    @pytest.fixture
    def emitter_broker_options(self):
        return {}

    def test_of_a_class(self, emitter_broker):
        assert emitter_broker.matcher == "emitter"
"""
    )
    ran.assert_outcomes(passed=9)


def test_options_are_what_a_broker_takes() -> None:
    taken = set(inspect.signature(Broker).parameters)
    assert BrokerOptions.__optional_keys__ == taken
    assert BrokerOptions.__required_keys__ == frozenset()


def test_options_of_a_cluster_are_what_a_cluster_takes() -> None:
    assert ClusterOptions.__optional_keys__ == set(inspect.signature(Cluster).parameters)
    assert ClusterOptions.__required_keys__ == frozenset()


def hears_of_the_other_node(cluster: Cluster) -> None:
    key = cluster.keygen("#/", "rwsl")
    one, other = (Client.from_url(url) for url in cluster.urls[:2])
    with one, other, one.subscribe(key, "chat/") as subscription:
        assert list(one.history(key, "chat/")) == []
        other.publish(key, "chat/", "hello", ttl=60, qos=1)
        assert text(subscription.get(timeout_s=LIMIT_S)) == "hello"
        cluster.nodes[1].kill()
        assert list(one.history(key, "chat/")) == []
    assert len(cluster.published) == 1


@pytest.mark.parametrize("number", [1, 2])
def test_each_test_has_a_cluster_of_its_own(number: int, emitter_cluster: Cluster) -> None:
    assert len(emitter_cluster.nodes) == 2, number
    hears_of_the_other_node(emitter_cluster)


class TestOfThree:
    @pytest.fixture
    def emitter_cluster_options(self) -> ClusterOptions:
        return {"size": 3}

    def test_options_choose_the_cluster(self, emitter_cluster: Cluster) -> None:
        assert len(emitter_cluster.nodes) == 3
        hears_of_the_other_node(emitter_cluster)


def test_workers_of_xdist_do_not_meet(suite: Suite) -> None:
    ran = suite(
        """
import pytest

@pytest.mark.parametrize("number", range(20))
def test_alone(number, emitter_broker, emitter_client, emitter_key, emitter_client_session):
    emitter_client.publish(emitter_key, "chat/", str(number), qos=1)
    assert [one.as_string() for one in emitter_broker.published] == [str(number)]

async def test_alone_in_asyncio(emitter_async_client, emitter_broker, emitter_key):
    await emitter_async_client.publish(emitter_key, "chat/", "hello", qos=1)
    assert len(emitter_broker.published) == 1
""",
        "-n2",
        plugins=("xdist",),
    )
    ran.assert_outcomes(passed=21)


def test_with_every_plugin_that_is_installed_it_is_found_and_works(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makepyfile("def test_it(emitter_client): assert emitter_client.me().id")
    pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=PROGRAM_LIMIT_S).assert_outcomes(passed=1)


def test_a_broken_connection_and_a_stopped_broker_are_cleaned_up(suite: Suite) -> None:
    ran = suite(
        """
def test_dropped(emitter_broker, emitter_client, emitter_client_session):
    emitter_broker.faults.drop_connections()

def test_stopped(emitter_broker, emitter_client):
    emitter_broker.stop()

async def test_dropped_in_asyncio(emitter_broker, emitter_async_client):
    emitter_broker.faults.drop_connections()

async def test_stopped_in_asyncio(emitter_broker, emitter_async_client):
    emitter_broker.stop()

def test_closed(emitter_client):
    emitter_client.close()
"""
    )
    ran.assert_outcomes(passed=5)
    assert ran.stderr.str() == ""


def test_no_key_is_in_the_report_of_a_failing_test(suite: Suite, pytester: pytest.Pytester) -> None:
    ran = suite(
        """
from pathlib import Path

def publish(broker, client, key, channel):
    client.publish(key, channel, "hello", qos=1)

def test_failing(emitter_broker, emitter_client, emitter_key, emitter_key_session, emitter_broker_session):
    keys = [emitter_key, emitter_key_session, read_only := emitter_broker.keygen("chat/", "r")]
    texts = [key.reveal() for key in keys] + [emitter_broker.master_key, emitter_broker_session.master_key]
    Path("keys").write_text("\\n".join(texts))
    del texts
    emitter_client.subscribe(emitter_key, "chat/")
    publish(emitter_broker, emitter_client, read_only, "chat/")

async def test_failing_too(emitter_broker, emitter_async_client, emitter_key):
    with Path("keys").open("a") as file:
        file.write("\\n" + emitter_key.reveal())
    await emitter_async_client.subscribe(emitter_key, "chat/ /")
""",
        "--showlocals",
        "--tb=long",
        "-vv",
    )
    ran.assert_outcomes(failed=2)
    keys = (pytester.path / "keys").read_text().splitlines()
    assert len(keys) == 6
    assert [key for key in keys if key in ran.stdout.str() + ran.stderr.str()] == []


def test_without_the_extra_it_says_in_one_line_what_to_install(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(away="import sys; sys.modules['zmqtt'] = None")
    ran = suite("def test_it(emitter_client): pass", "-p", "away", "--tb=long")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(['the embedded broker needs the extra broker: pip install "emitter-typed[[]broker]"'])
    assert "Traceback" not in ran.stdout.str()


def test_each_fixture_is_described(suite: Suite) -> None:
    listed = suite("", "--fixtures").stdout.str()
    names = ("broker_options", "broker", "key", "client", "async_client")
    sessions = ("broker_session", "key_session", "client_session")
    for name in (*names, *sessions):
        assert f"\nemitter_{name} " in listed
    assert "no docstring available" not in listed.partition("emitter_typed.testing")[2].partition("fixtures defined")[0]
