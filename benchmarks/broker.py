"""How fast the embedded broker is, beside mosquitto: `make bench-broker`.

One publisher and ten subscribers, each a process of its own, the same for both brokers. Time runs from the word to the
publisher until the last subscriber has the last message and, with QoS 1, the publisher the last PUBACK. Subscriptions
are of QoS 0 for both, since Emitter delivers no other way. A round is a burst that is small enough for every buffer on
its way, so that no broker has a reason to drop anything: one message that is missing, comes twice or out of order, for
one subscriber, and the broker has failed instead of being fast.

Rounds are interleaved, so that a busy moment of the machine hits both. What is printed are medians, with the lowest and
the highest: deliveries a second, and the ratio of each round to mosquitto's. With paho it shows what a test suite will
see, where the clients are the bottleneck; with bare sockets it shows the brokers themselves. The exit code is 3 if a
broker failed.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from benchmarks.broker_clients import PAYLOAD_BYTES, READY, Job, Kind, dial, read, serve, subscribe
from benchmarks.broker_servers import HOST, LIMIT_S, MOSQUITTO, Server, memory_kib, mosquitto, ours, version_of
from benchmarks.processes import CONTESTANT_FAILED
from emitter_typed._broker.wire import encode_connect, encode_outbound, encode_publish
from emitter_typed._protocol.packets import Publish
from emitter_typed.broker import Broker

if TYPE_CHECKING:
    from benchmarks.broker_clients import ToClient

SUBSCRIBERS = 10
CONNECTIONS = 1000
STARTS = 50
MESSAGES: dict[Kind, int] = {"paho": 5_000, "socket": 20_000}


@frozen
class Case:
    """What is measured: with which clients, at which QoS."""

    kind: Kind
    qos: int

    def __str__(self) -> str:
        """Name it."""
        return f"{self.kind}, QoS {self.qos}"


@define
class Outcome:
    """What a broker did in a case."""

    rates: list[float] = Factory(list[float])
    failure: str = ""


CASES = [Case(kind, qos) for kind in MESSAGES for qos in (0, 1)]


class Clients:
    """The processes of the clients."""

    def __init__(self) -> None:
        """Start them."""
        context = multiprocessing.get_context("spawn")
        self._pipes: list[ToClient] = []
        for _ in range(1 + SUBSCRIBERS):
            here, there = context.Pipe()
            context.Process(target=serve, args=(there,), daemon=True).start()
            self._pipes.append(here)

    def close(self) -> None:
        """Let them end."""
        for pipe in self._pipes:
            pipe.send(None)

    def run(self, case: Case, server: Server) -> float:
        """Send one burst through a broker, and return the deliveries a second.

        Raises:
            RuntimeError: the broker did not deliver every message once and in order.
        """
        count = MESSAGES[case.kind]
        publisher, *subscribers = self._pipes
        publication = Job(case.kind, "publish", server, case.qos, count)
        for pipe in subscribers:
            pipe.send(Job(case.kind, "subscribe", server, case.qos, count))
        publisher.send(publication)
        for pipe in self._pipes:
            if (answer := _answer(pipe)) != READY:
                sys.exit(f"{server.name} takes no clients: {answer}")
        started_s = time.perf_counter()
        publisher.send(publication)
        problems = [problem for pipe in self._pipes if (problem := _answer(pipe))]
        took_s = time.perf_counter() - started_s
        if problems:
            raise RuntimeError(problems[0])
        return count * SUBSCRIBERS / took_s


def _answer(pipe: ToClient) -> str:
    if not pipe.poll(2 * LIMIT_S):
        sys.exit("a client does not answer")
    return pipe.recv()


def throughput(servers: Sequence[Server], rounds: int) -> dict[tuple[Case, Server], Outcome]:
    """Measure every broker in every case, the rounds interleaved."""
    outcomes = {(case, server): Outcome() for case in CASES for server in servers}
    with contextlib.closing(Clients()) as clients:
        for number in range(rounds):
            for case in CASES:
                # Each goes first as often as last.
                for server in servers if number % 2 else reversed(servers):
                    outcome = outcomes[case, server]
                    try:
                        outcome.rates.append(clients.run(case, server))
                    except RuntimeError as error:
                        outcome.failure = outcome.failure or str(error)
    return outcomes


def spread(values: Sequence[float], digits: int) -> str:
    """Write a median, with the lowest and the highest."""
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} to {high})"


def print_throughput(outcomes: dict[tuple[Case, Server], Outcome], peer: Server | None) -> None:
    """Print a row a case and broker."""
    print(f"{'1 publisher, 10 subscribers':28}{'':16}{'deliveries a second':34}{'beside mosquitto'}")
    for (case, server), outcome in outcomes.items():
        ratio = ""
        if outcome.failure:
            print(f"{case!s:28}{server.name:16}FAILED: {outcome.failure}")
            continue
        if peer is not None and server != peer and not (theirs := outcomes[case, peer]).failure:
            ratio = spread([mine / other for mine, other in zip(outcome.rates, theirs.rates, strict=True)], 2)
        print(f"{case!s:28}{server.name:16}{spread(outcome.rates, 0):34}{ratio}")


def print_slower(outcomes: dict[tuple[Case, Server], Outcome], peer: Server | None) -> None:
    """Print where we deliver less than mosquitto."""
    slower: list[str] = []
    for (case, server), outcome in outcomes.items():
        if peer is not None and server != peer and not (outcome.failure or (theirs := outcomes[case, peer]).failure):
            ratio = statistics.median(mine / other for mine, other in zip(outcome.rates, theirs.rates, strict=True))
            if ratio < 1:
                slower.append(f"{case}: {server.name} delivers {ratio:.2f} times as much as {peer.name}")
    if peer is not None:
        print("\n".join(["\nwhere we are slower", *(slower or ["nowhere"])]))


def starts() -> Iterator[float]:
    """Yield how many milliseconds pass from the start of a broker in this process to the first CONNACK."""
    for _ in range(STARTS):
        started_s = time.perf_counter()
        with Broker() as broker, socket.create_connection((HOST, broker.port)) as connection:
            connection.sendall(encode_connect())
            read(connection, 4)
            yield 1000 * (time.perf_counter() - started_s)


def crowd(server: Server) -> str:
    """Let 1,000 connections subscribe and hear one message; return how that went.

    Raises:
        OSError: one of them was not served.
    """
    payload = b"to everybody".ljust(PAYLOAD_BYTES, b".")
    before_kib = memory_kib(server.pid)
    started_s = time.perf_counter()
    with ExitStack() as stack:
        connections = [stack.enter_context(dial(server)) for _ in range(CONNECTIONS)]
        for connection in connections:
            subscribe(connection, server.topic)
        subscribed_s = time.perf_counter()
        connections[0].sendall(encode_outbound(Publish(server.topic, payload, 0, False, 0)))
        channel = server.topic.rpartition("/")[0].rpartition("/")[2] + "/"
        expected = encode_publish(channel, payload) or b""
        for connection in connections:
            if read(connection, len(expected)) != expected:
                raise ConnectionError("another message came than was sent")
        heard_s = time.perf_counter()
        after_kib = memory_kib(server.pid)
    told = f"subscribed in {subscribed_s - started_s:.2f} s, all heard within {1000 * (heard_s - subscribed_s):.0f} ms"
    if before_kib is None or after_kib is None:
        return told
    return f"{told}, {(after_kib - before_kib) / CONNECTIONS:.1f} KiB each"


def raise_file_limit() -> None:
    """Let this process, and those that it starts, hold as many sockets as the system permits."""
    try:
        import resource
    except ImportError:
        return  # This system has no such limit.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 4 * CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description="How fast the embedded broker is, beside mosquitto.")
    parser.add_argument("--rounds", type=int, default=7, help="how many rounds (default: %(default)s)")
    rounds: int = parser.parse_args().rounds
    raise_file_limit()
    failed = False
    with ExitStack() as stack:
        servers = [stack.enter_context(ours())]
        peer: Server | None = None
        if MOSQUITTO is None:
            print("mosquitto is not installed (Debian: apt install mosquitto): only our own rows follow\n", flush=True)
        else:
            print(f"compared with {version_of(MOSQUITTO)}\n", flush=True)
            servers.append(peer := stack.enter_context(mosquitto(MOSQUITTO)))
        outcomes = throughput(servers, rounds)
        print_throughput(outcomes, peer)
        print_slower(outcomes, peer)
        failed = any(outcome.failure for outcome in outcomes.values())
        print(f"\n{CONNECTIONS:,} connections with a subscription each")
        for server in servers:
            try:
                print(f"{'':28}{server.name:16}{crowd(server)}")
            except OSError as error:
                failed = True
                print(f"{'':28}{server.name:16}FAILED: {error}")
    first_ms, *other_ms = starts()
    print("\nin-process start to first CONNACK")
    print(f"{'':28}{'emitter-typed':16}first {first_ms:.1f} ms, then {spread(other_ms, 1)} ms")
    return CONTESTANT_FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
