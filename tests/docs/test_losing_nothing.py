"""The programs of the page about losing nothing lose nothing, though both connections are cut while they run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from emitter_typed import Client, ConnectionLost
from emitter_typed.broker import Broker
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

(PUBLISHER, CONSUMER) = blocks((ROOT / "docs" / "how-to" / "losing-nothing.md").read_text("utf-8"), "python")

COUNT = 500
LIMIT_S = 20.0


def function(program: str, name: str, show: Callable[..., None] = print) -> Callable[..., None]:
    context: dict[str, Any] = {"print": show, "__name__": "losing_nothing"}  # Any: whatever the program defines
    exec(compile(program, "losing-nothing.md", "exec"), context)
    defined: Callable[..., None] = context[name]
    return defined


def answers(client: Client) -> bool:
    try:
        return bool(client.me())
    except ConnectionLost:
        return False


def test_every_sample_is_consumed_once(broker: Broker) -> None:
    shown: list[str] = []
    progress, ended = threading.Condition(), threading.Event()

    def show(*words: object) -> None:
        with progress:
            shown.append(" ".join(map(str, words)))
            progress.notify_all()

    def samples() -> list[str]:
        return [line for line in shown if line.startswith("sample ")]

    def come(count: int) -> None:
        assert progress.wait_for(lambda: len(samples()) >= count, LIMIT_S)

    key = broker.keygen("samples/", "rwsl").reveal()
    consumer = Client.from_url(broker.url, reconnect_max_s=0.02)
    publisher = Client.from_url(broker.url, reconnect_max_s=0.02)
    with consumer, publisher:
        # So that the consumer is there before the first sample.
        watch = publisher.watch_presence(broker.keygen("samples/", "p"), "samples/")
        assert watch.get(timeout_s=LIMIT_S) is not None

        def consume() -> None:
            function(CONSUMER, "consume", show)(consumer, key, None)
            ended.set()

        reader = threading.Thread(target=consume)
        reader.start()
        assert watch.get(timeout_s=LIMIT_S) is not None

        writer = threading.Thread(target=function(PUBLISHER, "publish_all"), args=(publisher, key, range(COUNT)))
        writer.start()
        with progress:
            for cut in range(1, 5):
                come(cut * COUNT // 6)
                broker.faults.drop_connections()
            come(COUNT)
        # All samples may have been on their way before the last cut: the consumer is to come back from it.
        while not answers(consumer):
            assert consumer.connection.wait("connected", timeout_s=LIMIT_S)
        with progress:
            assert progress.wait_for(lambda: any(line.startswith("back again: ") for line in shown), LIMIT_S)
        writer.join(LIMIT_S)
        consumer.close()
        assert ended.wait(LIMIT_S)
        reader.join()
    assert samples() == [f"sample {number}" for number in range(COUNT)]
    assert not any("missing" in line for line in shown)
