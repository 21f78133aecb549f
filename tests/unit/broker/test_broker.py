"""The broker on a real port: starting, stopping, and what it does to those who misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import threading

import pytest

from emitter_typed._broker.edge.sockets import IDLE_LIMIT_S
from emitter_typed._protocol.topics import Matcher
from emitter_typed.broker import AsyncBroker, Broker, CannotListen
from emitter_typed.errors import EmitterError, InvalidArgument
from tests.helpers.dialling import CONNACK, CONNECT, LIMIT_S, PINGRESP, Dialled, greeted
from tests.helpers.packets import PINGREQ, Sent, encode
from tests.helpers.threads import left_behind


def test_it_answers_as_soon_as_it_has_started() -> None:
    with Broker() as broker:
        assert broker.url == f"mqtt://127.0.0.1:{broker.port}"
        assert broker.port > 0
        assert len(broker.master_key) == 32
        with greeted(broker) as connection:
            assert connection.silent()


def test_it_leaves_no_thread_and_no_socket_behind() -> None:
    before = threading.enumerate()
    with Broker(host="localhost") as broker:
        connection = greeted(broker)
        half_open = Dialled(broker)
    assert left_behind(before, patience_s=0.0) == []
    with connection, half_open:
        assert connection.next() is None
        assert half_open.next() is None
    with pytest.raises(ConnectionRefusedError):
        Dialled(broker)


def test_stopping_twice_and_starting_twice_do_nothing_more() -> None:
    broker = Broker()
    broker.stop()
    assert broker.start() is broker
    port = broker.port
    assert broker.start().port == port
    broker.stop()
    broker.stop()


def test_each_of_many_restarts_ends_the_connections_that_there_are() -> None:
    with Broker() as broker:
        for _ in range(3):
            with greeted(broker) as connection:
                broker.restart()
                assert connection.next() is None


def test_it_starts_again_on_the_same_port_with_the_same_keys() -> None:
    broker = Broker()
    with broker:
        port, master_key = broker.port, broker.master_key
    with broker, greeted(broker):
        assert (broker.port, broker.master_key) == (port, master_key)


def test_a_port_in_use_is_a_typed_error_that_says_what_to_do() -> None:
    before = threading.enumerate()
    with Broker() as broker:
        second = Broker(port=broker.port)
        with pytest.raises(CannotListen, match=r"in use.*port 0") as refused:
            second.start()
        assert isinstance(refused.value, EmitterError)
        assert (refused.value.host, refused.value.port) == (broker.host, broker.port)
    assert left_behind(before, patience_s=0.0) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a..b"])
def test_a_host_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CannotListen, match="the host must be an address of this machine") as refused:
        Broker(host=host).start()
    assert "port 0" not in str(refused.value)
    assert "Unknown error" not in str(refused.value)


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_tcp_does_not_have_is_refused(port: int) -> None:
    with pytest.raises(InvalidArgument, match=f"port: must be 1 to 65535, or 0 .*, not {port}"):
        Broker(port=port)


def test_a_matcher_that_does_not_exist_is_refused() -> None:
    unknown: Matcher = "regex"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    with pytest.raises(InvalidArgument, match="must be one of emitter, mqtt"):
        Broker(matcher=unknown)


def test_a_master_key_of_another_form_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(InvalidArgument, match="32 characters"):
        Broker(master_key="secret")


def test_a_muted_broker_stops() -> None:
    with Broker() as broker, greeted(broker) as one:
        broker.faults.stall_reading()
        broker.stop()
        assert one.next() is None


def test_malformed_bytes_close_their_connection_and_no_other() -> None:
    with Broker() as broker, greeted(broker) as one, greeted(broker) as other:
        one.socket.sendall(b"\x00\x00")
        assert one.next() is None
        assert other.silent()


def test_a_reader_that_is_too_slow_is_cut_off_with_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "emitter_typed.broker")
    # An unknown request is answered on its own topic: as much comes back as was sent.
    request = encode(Sent("PUBLISH", topic="emitter/" + "x" * 60_000 + "/"))
    with Broker() as broker, greeted(broker) as slow, greeted(broker) as quick:
        with pytest.raises(ConnectionError):
            slow.socket.sendall(request * 1000)
        assert quick.silent()
    assert "reader.too_slow" in caplog.text


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be moved."""

    skipped_s = 0.0

    def time(self) -> float:
        return super().time() + self.skipped_s


def test_a_connection_that_is_silent_too_long_is_closed() -> None:
    loop = SkippingLoop()

    async def scenario() -> None:
        async with AsyncBroker() as broker:
            reader, writer = await asyncio.open_connection(broker.host, broker.port)
            writer.write(CONNECT)
            assert await reader.readexactly(4) == CONNACK
            loop.skipped_s += IDLE_LIMIT_S - 1
            writer.write(PINGREQ)
            assert await reader.readexactly(2) == PINGRESP
            loop.skipped_s += IDLE_LIMIT_S - 1
            writer.write(PINGREQ)
            assert await reader.readexactly(2) == PINGRESP
            loop.skipped_s += IDLE_LIMIT_S + 1
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scenario())


def test_it_runs_in_the_loop_of_its_user_and_leaves_no_task() -> None:
    async def scenario() -> None:
        async with AsyncBroker(matcher="mqtt") as broker:
            reader, writer = await asyncio.open_connection(broker.host, broker.port)
            writer.write(CONNECT)
            assert await reader.readexactly(4) == CONNACK
            broker.faults.drop_connections()
            assert await reader.read() == b""
            writer.close()
        await broker.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_a_connection_that_is_being_accepted_while_it_stops_is_turned_away() -> None:
    async def scenario() -> None:
        for turns in range(6):
            broker = await AsyncBroker().start()
            with socket.create_connection((broker.host, broker.port), timeout=LIMIT_S) as connection:
                for _ in range(turns):
                    await asyncio.sleep(0)
                await broker.stop()
                assert asyncio.all_tasks() == {asyncio.current_task()}
                # Reset or ended: nothing comes.
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(1) == b""

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost", "mqtt://localhost:1883"),
        ("::1", "mqtt://[::1]:1883"),
        ("0.0.0.0", "mqtt://127.0.0.1:1883"),
        ("::", "mqtt://[::1]:1883"),
    ],
)
def test_the_url_is_one_that_clients_can_connect_to(host: str, url: str) -> None:
    assert Broker(host=host, port=1883).url == url


def test_a_broker_shows_where_it_is() -> None:
    assert repr(Broker(port=None)) == "<Broker in memory, not running>"
    with Broker() as broker:
        assert repr(broker) == f"<Broker {broker.url}>"


def test_an_empty_host_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"127\.0\.0\.1"):
        Broker(host="")


def test_without_its_extra_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['zmqtt'] = None; import emitter_typed.broker"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert 'pip install "emitter-typed[broker]"' in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("second", ["stop", "kill"])
@pytest.mark.parametrize("first", ["stop", "kill"])
def test_a_broker_that_has_ended_is_left_as_it_is_by_another_end(first: str, second: str) -> None:
    broker = Broker().start()
    port = broker.port
    getattr(broker, first)()
    getattr(broker, second)()
    assert not broker.is_running
    with broker.start():
        assert broker.port == port
