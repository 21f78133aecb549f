"""Stored and live messages at the seam, letter by letter: one letter is one channel and payload."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from emitter_typed._protocol.receiving.merge import (
    Fingerprint,
    MergePoint,
    RecentDeliveries,
    Resumption,
    find_merge_point,
    fingerprint,
    resume,
)


def letters(text: str) -> list[Fingerprint]:
    return [ord(letter) for letter in text]


@pytest.mark.parametrize(
    ("stored", "live", "overlap", "exact"),
    [
        ("", "", 0, True),
        ("abc", "", 0, True),
        ("", "abc", 0, True),
        ("abc", "def", 0, True),
        ("abc", "cd", 1, True),
        ("abc", "abcd", 3, True),
        # Live messages that were not stored lie between.
        ("abc", "xbycz", 2, True),
        # b arrived live, so the stored x before it may be the one that did, too, or an older one.
        ("xbx", "xbx", 2, False),
        ("xbx", "bx", 2, True),
        # Nothing tells equal ones apart: they are delivered again.
        ("aoo", "o", 0, False),
        ("aoo", "oo", 0, False),
        ("ao", "oo", 0, False),
        # Equal messages at its end leave no doubt where the overlap begins.
        ("abooo", "booo", 4, True),
        # The a that arrived is another one, for it came before an overlap of which b would be part.
        ("ab", "a", 0, False),
    ],
)
def test_the_newest_stored_ones_that_also_arrived_are_left_out(
    stored: str, live: str, overlap: int, exact: bool
) -> None:
    point = find_merge_point(letters(stored), letters(live))

    assert (point.overlap, point.exact) == (overlap, exact)


@pytest.mark.parametrize(
    ("stored", "live", "overlap", "exact"),
    [
        ("aSb", "b", 2, True),
        ("abS", "b", 2, True),
        ("abS", "", 1, True),
        # Somebody else may have published one of them before.
        ("aSS", "", 0, False),
        ("aS", "S", 0, False),
    ],
)
def test_what_was_published_without_echo_is_in_the_overlap_though_it_did_not_arrive(
    stored: str, live: str, overlap: int, exact: bool
) -> None:
    point = find_merge_point(letters(stored), letters(live), no_echo=letters("S"))

    assert (point.overlap, point.exact) == (overlap, exact)


def test_what_arrived_after_the_history_is_no_evidence_that_it_is_in_it() -> None:
    assert find_merge_point(letters("ab"), letters("b"), arrived=1) == MergePoint(
        overlap=1, exact=True, fresh=1, whole=True
    )
    # The stored one may be an older equal one.
    assert find_merge_point(letters("ab"), letters("b"), arrived=0) == MergePoint(
        overlap=0, exact=False, fresh=0, whole=True
    )


@pytest.mark.parametrize(("stored", "live", "fresh"), [("abc", "bxcde", 3), ("abc", "de", 0), ("oo", "oxoy", 4)])
def test_fresh_is_what_certainly_arrived_after_the_last_stored_one(stored: str, live: str, fresh: int) -> None:
    assert find_merge_point(letters(stored), letters(live)).fresh == fresh


def test_behind_a_message_without_echo_only_the_moment_of_the_history_tells_what_is_fresh() -> None:
    unknown = find_merge_point(letters("aS"), letters("ab"), no_echo=letters("S"))
    known = find_merge_point(letters("aS"), letters("ab"), no_echo=letters("S"), arrived=1)

    assert (unknown.fresh, unknown.whole) == (2, False)
    assert (known.fresh, known.whole) == (1, True)


@pytest.mark.parametrize(
    ("stored", "delivered", "first", "exact"),
    [
        ("", "", 0, True),
        ("", "abc", 0, True),
        ("abc", "", 0, True),
        ("abc", "abc", 3, True),
        ("abc", "a", 1, True),
        ("abc", "xaybz", 2, True),
        # a expired.
        ("bc", "ab", 1, True),
        ("oooo", "oo", 0, False),
        ("aooo", "ao", 1, False),
        ("ooab", "ooa", 3, True),
        # The broker lost b on the way here: it is delivered late, and c again.
        ("abcd", "ac", 1, False),
        # A message that was missed equals one that was delivered and not stored.
        ("abx", "axb", 2, False),
    ],
)
def test_what_was_missed_begins_behind_what_was_delivered(stored: str, delivered: str, first: int, exact: bool) -> None:
    assert resume(letters(stored), letters(delivered)) == Resumption(first=first, exact=exact)


@pytest.mark.parametrize(
    ("stored", "delivered", "first", "exact"),
    [
        ("", "ab", 0, True),
        ("abcdef", "cd", 4, True),
        ("abcdef", "cxdy", 4, True),
        ("aooaoob", "oo", 0, False),
        ("abcoood", "cooo", 3, False),
        # The x that was delivered is not the stored one, since y was missed before it.
        ("abyx", "xb", 2, False),
        ("abcd", "", 0, False),
    ],
)
def test_of_what_was_delivered_the_newest_part_can_do(stored: str, delivered: str, first: int, exact: bool) -> None:
    assert resume(letters(stored), letters(delivered), truncated=True) == Resumption(first=first, exact=exact)


def test_what_was_published_without_echo_was_not_missed() -> None:
    assert resume(letters("aSbc"), letters("ab"), no_echo=letters("S")) == Resumption(first=3, exact=True)
    assert resume(letters("aSc"), letters("a"), no_echo=letters("S")) == Resumption(first=2, exact=True)


def trailing(recent: RecentDeliveries, text: str) -> None:
    for one in letters(text):
        recent.deliver(one)


def test_a_trail_remembers_what_came_since_its_cursor() -> None:
    recent = RecentDeliveries()
    trailing(recent, "ab")
    recent.published_without_echo(ord("S"))

    assert recent.resume(letters("aSbc")) == Resumption(first=3, exact=True)


def test_a_trail_is_bounded_and_says_so() -> None:
    recent = RecentDeliveries(max_messages=2)
    truncated: list[bool] = []
    for one in letters("abc"):
        recent.deliver(one)
        truncated.append(recent.truncated)

    assert truncated == [False, False, True]
    assert recent.delivered == tuple(letters("bc"))
    assert recent.resume(letters("abcd")) == Resumption(first=3, exact=True)


def test_a_trail_goes_on_behind_the_seam() -> None:
    recent = RecentDeliveries(max_messages=2)
    trailing(recent, "xyz")
    live = letters("bcd")

    recent.restart(b"id of c", find_merge_point(letters("abc"), live), live, no_echo=letters("S"))

    assert (recent.cursor, recent.truncated) == (b"id of c", False)
    assert (recent.delivered, recent.no_echo) == (tuple(letters("d")), tuple(letters("S")))


def test_a_trail_behind_a_seam_in_doubt_may_lack_something() -> None:
    recent = RecentDeliveries()
    live = letters("oo")

    recent.restart(b"id of o", find_merge_point(letters("o"), live), live)

    assert recent.truncated


def test_a_fingerprint_tells_channels_and_payloads_apart() -> None:
    messages: Sequence[tuple[str, bytes]] = [("a/", b"b"), ("a/", b"c"), ("b/", b"b"), ("a/b/", b"")]

    assert len({fingerprint(*message) for message in messages}) == len(messages)
    assert fingerprint("a/", b"b") == fingerprint("a/", b"b")
