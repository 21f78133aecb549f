"""Programs that a benchmark runs: their CPU time, and how they end."""

import resource

CONTESTANT_FAILED = 3
"""The exit code of a benchmark that has measured everything but a contestant that failed; its text says which."""


def cpu_s() -> float:
    """Return the CPU time of all processes that this one has started and seen off, with what those started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
