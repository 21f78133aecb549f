"""Lost connections, chosen by a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

import pytest

from emitter_typed._broker.faults import SentPacket
from emitter_typed.broker import Broker

if TYPE_CHECKING:
    # pytest has no public name for it.
    from _pytest.mark.structures import ParameterSet

LOSSES = 100
SEED = "EMITTER_FAULT_SEED"
RUNS = int(os.environ.get("EMITTER_FAULT_RUNS", "100"))
"""How many seeds `make test-long` draws; the variable of this name tells another number."""
# A change is judged by what it changes, so that CI always loses the same connections; other ones are lost at the desk.
_CI_SEEDS: tuple[int | None, ...] = (20_260_101, 20_260_102)

WRITER, READER = "writer", "reader"


def seeds() -> tuple[ParameterSet, ...]:
    """Return the seeds to run with; None for one that is drawn when the test runs."""
    if SEED in os.environ:
        return (pytest.param(int(os.environ[SEED])),)
    always = _CI_SEEDS if os.environ.get("CI") else (None,)
    more = (pytest.param(None, marks=pytest.mark.long, id=f"drawn-{number}") for number in range(1, RUNS + 1))
    return (*(pytest.param(each) for each in always), *more)


class Losses:
    """Makes a broker lose connections, each in a way and after a number of messages that the seed chooses."""

    def __init__(self, broker: Broker, seed: int | None) -> None:
        self._broker = broker
        self.seed = random.SystemRandom().randrange(2**32) if seed is None else seed
        self._random = random.Random(self.seed)
        # Shown if the test fails.
        print(f"to lose the same connections again: {SEED}={self.seed}")  # noqa: T201  pytest shows it

    def messages_until_next(self) -> int:
        """Choose after how many more acknowledged messages the next connection is lost."""
        return self._random.randint(1, 12)

    def lose(self) -> None:
        """Lose the connection of one client, or of both: at once, or inside some packet that is to come."""
        who = self._random.choice([WRITER, READER, None])
        ways: list[Callable[[], None]] = [
            lambda: self._broker.faults.drop_connections(who),
            lambda: self._broker.faults.drop_after(sent_bytes=self._random.randint(1, 80), username=who),
            lambda: self._broker.faults.drop_after(received_bytes=self._random.randint(1, 300), username=who),
            lambda: self._drop_inside(who),
        ]
        self._random.choice(ways)()

    def _drop_inside(self, who: str | None) -> None:
        packet: SentPacket = self._random.choice([each for each in get_args(SentPacket) if each != "PINGRESP"])
        self._broker.faults.drop_inside(packet)
        if packet in ("CONNACK", "SUBACK", "UNSUBACK"):
            # It takes a connection that begins to have one sent.
            self._broker.faults.drop_connections(who)
