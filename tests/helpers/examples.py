"""How many examples the property tests draw: a fifth in `make test`, all of them in `make test-long`."""

from hypothesis import settings

ALL = "long"
"""The profile of Hypothesis in which all are drawn."""
EXAMPLES = 100
"""What Hypothesis draws then for a test that names no number."""


def share(count: int) -> int:
    """Return how many of `count` examples this run draws. Ask when tests are collected: the profile is chosen then."""
    return max(1, count * settings().max_examples // EXAMPLES)
