"""The mailbox against a list that is cut by hand: however messages come, and whoever takes them from which end."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from emitter_typed._protocol.receiving.mailbox import Mailbox, Overflow

# A number takes so many messages out, as readers do: with the owner's lock, and without.
STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.booleans()) | st.lists(st.binary(max_size=6), max_size=4),
    max_size=40,
)
POLICIES: st.SearchStrategy[Overflow] = st.sampled_from(["drop_oldest", "drop_newest", "fail"])


@given(STEPS, POLICIES, st.integers(1, 4), st.integers(1, 10))
def test_the_bounds_hold_and_every_message_is_accounted_for(
    steps: list[tuple[int, bool] | list[bytes]], overflow: Overflow, max_messages: int, max_bytes: int
) -> None:
    mailbox = Mailbox(max_messages=max_messages, max_bytes=max_bytes, overflow=overflow)
    queue: list[bytes] = []
    dropped = 0
    failed = False
    for step in steps:
        if isinstance(step, tuple):
            count, locked = step
            for _ in range(count):
                taken = mailbox.take() if locked or not mailbox.ready else mailbox.ready.popleft()
                assert (None if taken is None else taken[1]) == (queue.pop(0) if queue else None)
            continue
        arrivals = [("a/", payload) for payload in step]
        at_once = mailbox.put_all(arrivals)
        for arrival in arrivals:
            payload = arrival[1]
            if not at_once:
                mailbox.put(arrival)
            if failed:
                continue
            wanted = [*queue, payload]
            while overflow == "drop_oldest" and len(wanted) > 1 and len(payload) <= max_bytes:
                if len(wanted) <= max_messages and sum(map(len, wanted)) <= max_bytes:
                    break
                wanted.pop(0)
                dropped += 1
            if len(wanted) <= max_messages and sum(map(len, wanted)) <= max_bytes:
                queue = wanted
            else:
                dropped += 1
                failed = overflow == "fail"
        assert (len(mailbox), mailbox.dropped, mailbox.failed) == (len(queue), dropped, failed)
    assert len(mailbox) <= max_messages
