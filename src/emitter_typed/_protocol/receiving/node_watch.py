"""Notices that a node of a cluster did not answer, or has gone, while stored messages were fetched.

Nothing in a page says which nodes it is from. The node that was asked waits for one that does not answer, and answers
without it in the end; it leaves out one that has died at once. So

- a page that took so long is asked for again. If it takes as long again, a node is missing if a cluster is known. If
  not, a single message is asked for at the end of the walk: if that takes as long, it was not the network.
- a page that goes up to a second has to show every process of which messages of that second are known. If it does not,
  a node was away.
- a process that the last page of a walk does not show is looked for, in the second of its newest message.

A node that was away for pages between, and is back, is noticed only by the second of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from emitter_typed._protocol.receiving.stored_ids import KnownProcesses, process_of, stored_s

NODE_TIMEOUT_S: Final = 1.95
"""How long the broker waits at least for a node that does not answer (measured: 2.0 seconds)."""


class NodeWatch:
    """Watches which processes of brokers the pages show, and asks for pages of its own where one is not shown."""

    def __init__(self, known_processes: KnownProcesses, most_messages: int) -> None:
        """Begin with nothing seen.

        Args:
            known_processes: What the client has seen of brokers before; learns from the pages.
            most_messages: How many messages a page holds at most.
        """
        self.processes: set[bytes] = set()
        """The processes whose messages were seen."""
        self.missing: bool = False
        """Whether a node did not answer, or has gone meanwhile: what it has stored may be missing."""
        self.slow: bool = False
        """Whether a page took so long, and did so again."""
        self.again: bool = False
        """Whether the last page took so long, and is asked for again."""
        self._known_processes = known_processes
        self._most_messages = most_messages
        # The newest second of each process, and those that the last page showed.
        self._newest_s: dict[bytes, int] = {}
        self._shown: set[bytes] = set()
        # Those that are looked for, and how many messages are asked for.
        self._absent: list[bytes] = []
        self._look_messages = most_messages
        self._probing = False

    @property
    def several(self) -> bool:
        """Whether it is a cluster, or a broker that was started again; False: nobody knows."""
        return len(self.processes) > 1 or self._known_processes.several

    @property
    def asks(self) -> bool:
        """Whether the next page is to tell what the last one did not show."""
        return self._probing or bool(self._absent)

    @property
    def second(self) -> int | None:
        """The second of the page that it asks for; None: of the newest message, whenever it was stored."""
        return self._newest_s[self._absent[-1]] if self._absent else None

    @property
    def messages(self) -> int:
        """How many messages it asks for."""
        return 1 if self._probing else self._look_messages

    def is_again(self, took_s: float) -> bool:
        """Note how long a page took, and tell whether it is to be asked for again."""
        slow = took_s >= NODE_TIMEOUT_S
        self.again = slow and not (self.again or self.slow or self.asks)
        if slow and not self.again and not self._probing:
            self.slow = True
        return self.again

    def saw(self, ids: Iterable[bytes], expected: Set[bytes]) -> None:
        """Learn of a page.

        Args:
            ids: The ids of its messages.
            expected: The processes that it has to show.
        """
        shown: set[bytes] = set()
        for id_ in ids:
            process = process_of(id_)
            shown.add(process)
            self._newest_s[process] = max(stored_s(id_), self._newest_s.get(process, 0))
        self._known_processes.add(ids)
        self.processes |= shown
        self._shown = shown
        # Where there is one process, its messages have expired.
        self.missing = self.missing or (self.several and not expected <= shown)

    def saw_nothing_of(self, process: bytes) -> None:
        """Learn of an empty page behind an id: nothing may be there, or the node of that process has gone."""
        self._shown -= {process}

    def end(self, expected: Set[bytes]) -> None:
        """Look for what the last page of a walk did not show.

        Args:
            expected: The processes that have to be there still.
        """
        if self.several:
            self.missing = self.missing or self.slow
            self._absent = sorted(expected - self._shown)
        else:
            self._probing = self.slow and not self.missing

    def take(self, ids: Iterable[bytes], *, took_s: float = 0.0) -> None:
        """Take in the page that it asked for."""
        if self._probing:
            self.missing = self.missing or took_s >= NODE_TIMEOUT_S
            self._probing = self.slow = False
            return
        shown = set(map(process_of, ids))
        self.missing = self.missing or self.slow or self._absent[-1] not in shown
        self._absent = [each for each in self._absent[:-1] if each not in shown]
        self._look_messages = self._most_messages

    def shrink(self) -> None:
        """Ask for less, for the page that it asked for did not fit a packet."""
        if self._probing:
            self.take(())
        elif self._look_messages > 1:
            self._look_messages //= 2
        else:
            # Something as large as a reply hides it.
            self._absent.pop()
            self._look_messages = self._most_messages
