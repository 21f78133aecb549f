"""Lost connections, chosen by a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from tests.helpers.proxy import CuttingProxy

if TYPE_CHECKING:
    # pytest has no public name for it.
    from _pytest.mark.structures import ParameterSet

LOSSES = 100
SEED = "EMITTER_FAULT_SEED"
RUNS = int(os.environ.get("EMITTER_FAULT_RUNS", "100"))
"""How many seeds `make test-long` draws; the variable of this name tells another number."""
# A change is judged by what it changes, so that CI always loses the same connections; other ones are lost at the desk.
_CI_SEEDS: tuple[int | None, ...] = (20_260_101, 20_260_102)


def seeds() -> tuple[ParameterSet, ...]:
    """Return the seeds to run with; None for one that is drawn when the test runs."""
    if SEED in os.environ:
        return (pytest.param(int(os.environ[SEED])),)
    always = _CI_SEEDS if os.environ.get("CI") else (None,)
    more = (pytest.param(None, marks=pytest.mark.long, id=f"drawn-{number}") for number in range(1, RUNS + 1))
    return (*(pytest.param(each) for each in always), *more)


class Losses:
    """Cuts connections of writers and readers, each in a way and after a number of messages that the seed chooses."""

    def __init__(self, writers: Sequence[CuttingProxy], readers: Sequence[CuttingProxy], seed: int | None) -> None:
        self._writers = writers
        self._readers = readers
        self.seed = random.SystemRandom().randrange(2**32) if seed is None else seed
        self._random = random.Random(self.seed)
        # Shown if the test fails.
        print(f"to lose the same connections again: {SEED}={self.seed}")  # noqa: T201  pytest shows it

    def messages_until_next(self) -> int:
        """Choose after how many more acknowledged messages the next connection is lost."""
        return self._random.randint(1, 12)

    def lose(self) -> None:
        """Lose the connection of one client, or of all: at once, or inside some packet that is to come."""
        everyone = [*self._writers, *self._readers]
        who = self._random.choice([*([each] for each in everyone), everyone])
        ways: list[Callable[[CuttingProxy], None]] = [
            CuttingProxy.cut,
            lambda proxy: proxy.cut_after(to_client_bytes=self._random.randint(1, 80)),
            lambda proxy: proxy.cut_after(to_broker_bytes=self._random.randint(1, 300)),
            self._cut_twice,
            self._cut_and_refuse,
            self._hold,
        ]
        way = self._random.choice(ways)
        for proxy in who:
            way(proxy)

    def clear(self) -> None:
        """Lose nothing any more."""
        for proxy in (*self._writers, *self._readers):
            proxy.clear()

    def _cut_twice(self, proxy: CuttingProxy) -> None:
        # Inside the CONNACK, the SUBACK, or the first stored messages.
        proxy.cut_next_after(to_client_bytes=self._random.choice([self._random.randint(1, 30), 200, 1000]))
        proxy.cut()

    def _cut_and_refuse(self, proxy: CuttingProxy) -> None:
        proxy.refuse(self._random.randint(1, 3))
        proxy.cut()

    def _hold(self, proxy: CuttingProxy) -> None:
        # A writer that is held acknowledges nothing, and losses wait for acknowledgements.
        if proxy in self._readers:
            proxy.hold()
        else:
            proxy.cut()
