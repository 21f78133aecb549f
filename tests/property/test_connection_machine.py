"""A connection's life: whatever happens in whatever order, one attempt at a time counts, and the end is the end."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.connection_machine import ConnectionMachine, Over, Phase, Retry
from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError

REFUSALS = [
    ConnectionRefused("nobody is there", host="h", port=1),
    ConnectionRefused("never", host="h", port=1, permanent=True),
    ConnectionRefused("no", host="h", port=1, permanent=True, return_code=5),
]


# A named function, as the oldest Hypothesis parses the source of a lambda anew with each step.
def ended(life: ConnectionLife) -> bool:
    return bool(life.over)


class ConnectionLife(RuleBasedStateMachine):
    """A driver with transports that may tell anything at any time, also after they were given up."""

    def __init__(self) -> None:
        super().__init__()
        self.brokers = 1
        # Whether each broker's last attempt since the last connection has failed for good.
        self.permanent: dict[int, bool] = {}
        self.take_turns(1)
        self.begun = 0
        # The transports that were started and have not been told to end, nor ended.
        self.live: set[int] = set()
        self.pending: int | None = 0
        self.over: list[Over] = []
        self.was_connected = False
        self.now_s = 0.0

    @initialize(brokers=st.integers(1, 3))
    def take_turns(self, brokers: int) -> None:
        self.brokers = brokers
        self.machine = ConnectionMachine(
            Backoff(base_s=1.0, max_s=4.0, turns=brokers), reconnect=True, retry_connect=True, brokers=brokers
        )

    def _note(self, follows: Retry | Over | None, attempt: int) -> None:
        if isinstance(follows, Retry):
            assert not self.over
            assert 0 <= follows.delay_s <= 4.0
            self.live.discard(attempt)
            self.pending = attempt
        elif isinstance(follows, Over):
            self.over.append(follows)
            self.live.clear()
            self.pending = None

    @rule(after=st.integers(0, 6))
    def begin(self, after: int) -> None:
        attempt = self.machine.begin(after)
        expected = self.pending is not None and after == self.pending and not self.over
        assert (attempt is not None) == expected
        if attempt is not None:
            self.begun += 1
            self.pending = None
            self.live.add(attempt)

    @rule(seconds=st.floats(0, 100))
    def accept(self, seconds: float) -> None:
        self.now_s += seconds
        before = self.machine.phase
        accepted = self.machine.accepted(self.now_s)
        assert (accepted is not None) == (before is Phase.CONNECTING)
        if accepted is not None:
            assert accepted.first is not self.was_connected
            assert accepted.down_s >= 0
            self.was_connected = True
            self.permanent.clear()

    @rule(
        attempt=st.integers(0, 6),
        error=st.sampled_from([None, ConnectionLost("gone"), *REFUSALS]),
        seconds=st.floats(0, 100),
    )
    def end(self, attempt: int, error: EmitterError | None, seconds: float) -> None:
        self.now_s += seconds
        phase, current, broker = self.machine.phase, self.machine.is_current(attempt), self.machine.broker
        assert current == (attempt in self.live)
        follows = self.machine.ended(attempt, error, self.now_s)
        if not current:
            assert follows is None
            assert self.machine.phase is phase
            return
        assert follows is not None
        permanent = isinstance(error, ConnectionRefused) and error.permanent
        login = isinstance(error, ConnectionRefused) and error.return_code == 5
        self.permanent[broker] = permanent
        refused = len(self.permanent) == self.brokers and all(self.permanent.values())
        assert isinstance(follows, Over) == (error is None or login or refused or phase is Phase.CLOSING)
        if permanent and isinstance(follows.error, ConnectionRefused):
            assert follows.error.permanent == (login or refused)
        if isinstance(follows, Retry) and phase is not Phase.CONNECTED:
            assert follows.broker == (broker + 1) % self.brokers
        self._note(follows, attempt)

    @rule(abort=st.booleans())
    def close(self, abort: bool) -> None:
        before = self.machine.phase
        over = self.machine.close(abort=abort)
        assert self.machine.is_left
        assert self.machine.is_over
        assert (over is not None) == (before is not Phase.CLOSED and (abort or before is Phase.WAITING))
        self._note(over, self.machine.attempt)
        self.pending = None

    @precondition(ended)
    @rule(attempt=st.integers(0, 6))
    def say_something_after_the_end(self, attempt: int) -> None:
        assert self.machine.begin(attempt) is None
        assert self.machine.accepted(self.now_s) is None
        assert self.machine.ended(attempt, None, self.now_s) is None
        assert self.machine.close(abort=True) is None
        assert not self.machine.is_current(attempt)

    @invariant()
    def one_attempt_at_a_time_and_one_end(self) -> None:
        assert len(self.live) <= 1
        assert len(self.over) <= 1
        assert self.machine.attempt == self.begun
        assert bool(self.over) == (self.machine.phase is Phase.CLOSED)


TestConnectionLife = ConnectionLife.TestCase
