"""The CPU time of programs that a benchmark runs."""

import resource


def cpu_s() -> float:
    """Return the CPU time of all processes that this one has started and seen off, with what those started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
