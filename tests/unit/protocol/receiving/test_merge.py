"""Stored and live messages at the merge point, letter by letter: one letter is one channel and payload."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from emitter_typed._protocol.receiving.merge import (
    Arrived,
    Comparison,
    Found,
    find_delivered,
    find_overlap,
    fingerprint,
)
from emitter_typed._protocol.receiving.recent_deliveries import RecentDeliveries
from emitter_typed._protocol.receiving.stored_ids import stored_s

NUMBERS = "".join(chr(0x100 + number) for number in range(102))
"""As many letters, all different."""


def stored(text: str, *, times_s: Sequence[int] = (), process: bytes = b"node", first: int = 0) -> list[Found]:
    """Stored messages of one process, oldest first; default: all in the same second."""
    return [
        (
            b"tree"
            + (0xFFFF_FFFF - (times_s[place] if times_s else 0)).to_bytes(4)
            + (0xFFFF_FFFF - first - place).to_bytes(4)
            + process,
            ord(letter),
        )
        for place, letter in enumerate(text)
    ]


def arrived(text: str, *, times_s: Sequence[float] = ()) -> list[Arrived]:
    return [Arrived(ord(letter), times_s[place] if times_s else 0.0) for place, letter in enumerate(text)]


def letters(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def rest(found: Sequence[Found], comparison: Comparison) -> str:
    """What is given of the stored messages."""
    return "".join(chr(known_by) for id_, known_by in found if id_ not in comparison.matched)


@pytest.mark.parametrize(
    ("history", "live", "given", "exact"),
    [
        ("", "", "", True),
        ("abc", "", "abc", True),
        ("", "abc", "", True),
        ("abc", "def", "abc", True),
        ("abc", "cd", "ab", True),
        ("abc", "abcd", "", True),
        # Live messages that were not stored lie between.
        ("abc", "xbycz", "a", True),
        # b arrived live, so the stored x before it may be the one that did, too, or an older one.
        ("xbx", "xbx", "x", False),
        ("xbx", "bx", "x", True),
        # Nothing tells equal ones apart: they are delivered again.
        ("aoo", "o", "aoo", False),
        ("aoo", "oo", "aoo", False),
        ("ao", "oo", "ao", False),
        # Equal messages at its end leave no doubt where the overlap begins.
        ("abooo", "booo", "a", True),
        # The a that arrived may be another one, for b was stored behind the stored one and did not arrive.
        ("ab", "a", "ab", False),
        # Stored in another order than they arrived.
        ("abcdefgh", "bcedfgh", "a", True),
    ],
)
def test_the_stored_ones_that_also_arrived_are_left_out(history: str, live: str, given: str, exact: bool) -> None:
    found = stored(history)

    overlap = find_overlap(found, arrived(live), arrived=len(live))

    assert (rest(found, overlap), overlap.exact) == (given, exact)


@pytest.mark.parametrize(
    ("history", "live", "given", "exact"),
    [
        ("aSb", "b", "a", True),
        ("abS", "b", "a", True),
        ("abS", "", "ab", True),
        # Somebody else may have published one of them before.
        ("aSS", "", "aSS", False),
        ("aS", "S", "aS", False),
    ],
)
def test_what_was_published_without_echo_is_in_the_overlap_though_it_did_not_arrive(
    history: str, live: str, given: str, exact: bool
) -> None:
    found = stored(history)

    overlap = find_overlap(found, arrived(live), no_echo=letters("S"), arrived=len(live))

    assert (rest(found, overlap), overlap.exact) == (given, exact)


@pytest.mark.parametrize(
    ("history", "live", "at_first", "given"),
    [
        # Stored behind two that arrived, so it was published after them, and is delivered a moment later.
        ("mabcx", "abcx", 3, "m"),
        ("mabcxy", "abcxy", 3, "m"),
        ("mabcxd", "abcdx", 4, "m"),
        ("mabx", "abx", 2, "m"),
        # Neighbours may have changed places, and then another one is published.
        ("max", "ax", 1, "mx"),
        # One of them was missed.
        ("mxabcx", "abcx", 3, "mxx"),
        ("xabc", "abcx", 3, "x"),
        ("abcxdefg", "abcdefgx", 7, "x"),
    ],
)
def test_what_a_page_holds_and_is_delivered_a_moment_later_is_one(
    history: str, live: str, at_first: int, given: str
) -> None:
    found = stored(history)

    assert rest(found, find_overlap(found, arrived(live), arrived=at_first)) == given


@pytest.mark.parametrize(
    ("history", "live", "given"),
    [
        # 3 came over the old connection of a publisher, which then sent all again.
        ("23", "32", "2"),
        ("123", "312", "12"),
        ("123", "3123", "12"),
        ("0123", "312345", "012"),
        # The page holds some of what was sent again, too.
        ("12a1", "a132", "12"),
        # Neighbours changed places among others that arrived.
        ("mabdcefgh", "abcdefgh", "m"),
        # States that come again, each in its place.
        ("xyx", "xyx", ""),
    ],
)
def test_what_was_missed_and_sent_again_is_given_in_its_place(history: str, live: str, given: str) -> None:
    found = stored(history)

    overlap = find_overlap(found, arrived(live), arrived=len(live))

    assert rest(found, overlap)[: len(given)] == given
    assert not (overlap.exact and set(given) & set(live))


@pytest.mark.parametrize(
    ("history", "live", "at_first", "between"),
    [
        ("mabcdx", "abcd", 4, {"x": 3}),
        ("mabcdefxghy", "abcdefgh", 8, {"x": 5, "y": 7}),
        # It arrived after the page.
        ("max", "ax", 1, {"x": 0}),
        # Live messages that were not stored lie between.
        ("mabcdx", "uabucdv", 7, {"x": 5}),
        ("mx", "", 0, {}),
    ],
)
def test_what_is_stored_behind_a_message_that_arrived_belongs_behind_it(
    history: str, live: str, at_first: int, between: dict[str, int]
) -> None:
    found = stored(history)

    overlap = find_overlap(found, arrived(live), arrived=at_first)

    assert {chr(known_by): overlap.between[id_] for id_, known_by in found if id_ in overlap.between} == between


def test_what_arrived_after_the_history_is_no_evidence_that_it_is_in_it() -> None:
    found = stored("ab")

    # The stored one may be an older equal one.
    assert find_overlap(found, arrived("b"), arrived=0) == Comparison(
        matched=frozenset(), exact=False, arrivals=frozenset()
    )
    assert find_overlap(found, arrived("b", times_s=[7.5]), arrived=1) == Comparison(
        matched=frozenset({found[1][0]}), exact=True, arrivals=frozenset({0}), newest_at_s=7.5
    )


@pytest.mark.parametrize(
    ("history", "delivered", "given", "exact"),
    [
        ("", "", "", True),
        # Some of what was delivered is not stored, so that an equal message may be another one.
        ("", "abc", "", False),
        ("abc", "xaybz", "c", False),
        ("bc", "ab", "c", False),
        ("abc", "", "abc", True),
        ("abc", "abc", "", True),
        ("abc", "a", "bc", True),
        ("oooo", "oo", "oooo", False),
        ("aooo", "ao", "ooo", False),
        ("ooab", "ooa", "b", True),
        # The broker lost b on the way here, or c is another one than that which was delivered.
        ("abcd", "ac", "bcd", False),
        # The first ones behind it came, so that only it was lost on the way; the last two say too little.
        ("abcdefgh", "acdefg", "bfgh", False),
        # A message that was missed equals one that was delivered and not stored.
        ("abx", "axb", "x", False),
        ("abxy", "axyb", "xy", False),
        # Neighbours that the broker stored in another order than it delivered them.
        ("abdcefg", "abcdef", "g", True),
        ("bacdefg", "abcdef", "g", True),
        # At the end it could also be another one.
        ("abcedg", "abcde", "dg", False),
    ],
)
def test_what_was_not_delivered_was_missed(history: str, delivered: str, given: str, exact: bool) -> None:
    found = stored(history)

    comparison = find_delivered(found, arrived(delivered))

    assert (rest(found, comparison), comparison.exact) == (given, exact)


def test_neighbours_that_changed_places_repeat_nothing() -> None:
    """Stored as 0 … 49, 51, 50, 52 … 101; delivered as 0 … 99."""
    found = stored(NUMBERS[:50] + NUMBERS[51] + NUMBERS[50] + NUMBERS[52:])

    comparison = find_delivered(found, arrived(NUMBERS[:100]))

    assert (rest(found, comparison), comparison.exact) == (NUMBERS[100:], True)


def test_neighbours_that_changed_places_where_the_connection_was_lost_repeat_one_of_them() -> None:
    """Stored as 0 … 98, 100, 99, 101; delivered as 0 … 99: the stored 99 may be another one."""
    found = stored(NUMBERS[:99] + NUMBERS[100] + NUMBERS[99] + NUMBERS[101])

    comparison = find_delivered(found, arrived(NUMBERS[:100]))

    assert (rest(found, comparison), comparison.exact) == (NUMBERS[100] + NUMBERS[99] + NUMBERS[101], False)


@pytest.mark.parametrize("after_s", [0, 1, 2, 3, 60])
def test_a_state_that_expired_and_was_missed_when_it_came_again_is_delivered(after_s: int) -> None:
    """Delivered x, ON, y; by now ON has expired and was published again: it stands behind y, in another place."""
    found = stored("xyO", times_s=[0, 0, after_s])

    comparison = find_delivered(found, arrived("xOy"))

    assert (rest(found, comparison), comparison.exact) == ("O", False)


def test_a_state_in_its_place_is_another_one_if_it_was_stored_too_late() -> None:
    late, soon = stored("xO", times_s=[0, 10]), stored("xO", times_s=[0, 2])

    assert rest(late, find_delivered(late, arrived("xO", times_s=[0.0, 0.5]))) == "O"
    assert rest(soon, find_delivered(soon, arrived("xO", times_s=[0.0, 0.5]))) == ""
    # Who publishes rarely is in time.
    assert find_delivered(late, arrived("xO", times_s=[0.0, 10.2])).exact
    # The cursor is a neighbour, too.
    only = stored("O", times_s=[10], first=1)
    cursor = stored("x")[0][0]
    assert rest(only, find_delivered(only, arrived("O", times_s=[0.5]), since=(cursor, 0.0))) == "O"
    assert rest(only, find_delivered(only, arrived("O", times_s=[9.5]), since=(cursor, 0.0))) == ""


def test_what_a_client_that_stood_still_received_at_once_is_in_doubt_and_told() -> None:
    found = stored("abcdefgh", times_s=[0, 3, 3, 3, 4, 4, 4, 4])
    soon = arrived("abcdefgh", times_s=[0.0, *(4.0 + number / 100 for number in range(7))])
    burst = arrived("abcdefgh", times_s=[number / 100 for number in range(8)])

    on_time, at_once = find_delivered(found, soon), find_delivered(found, burst)

    assert (rest(found, on_time), on_time.exact) == ("", True)
    assert (rest(found, at_once), at_once.exact) == ("bcdefgh", False)


def test_a_message_that_arrived_late_is_no_measure_for_those_behind_it() -> None:
    """This machine stood still for five seconds while b was on its way, and nobody published."""
    found = stored("abcdefgh", times_s=[10, 11, *(16 + number for number in range(6))])
    heard = arrived("abcdefgh", times_s=[10.0, *(16.0 + number for number in range(7))])

    comparison = find_delivered(found, heard)

    assert (rest(found, comparison), comparison.exact) == ("", True)


def test_messages_that_stand_further_apart_than_any_disorder_are_not_one() -> None:
    found = stored("bcdefgha", times_s=[0] * 7 + [3])

    comparison = find_delivered([*found, *stored("ijkl", times_s=[3] * 4, first=8)], arrived("abcdefghijkl"))

    assert rest(found, comparison) == "a"
    assert not comparison.exact


def test_processes_have_no_order_between_them() -> None:
    found = [*stored("abcd", process=b"one "), *stored("stuv", process=b"two ")]

    comparison = find_delivered(found, arrived("asbtcu"))

    assert (rest(found, comparison), comparison.exact) == ("dv", True)


@pytest.mark.parametrize(
    ("history", "delivered", "given", "exact"),
    [
        ("", "ab", "", False),
        ("abcdef", "cd", "ef", False),
        ("aooaoob", "oo", "aooaoob", False),
        ("abcoood", "cooo", "oood", False),
        # The x that was delivered is not the stored one, since y was missed before it.
        ("abyx", "xb", "yx", False),
        ("abcd", "", "abcd", False),
    ],
)
def test_of_what_was_delivered_the_newest_part_can_do(history: str, delivered: str, given: str, exact: bool) -> None:
    found = stored(history)

    comparison = find_delivered(found, arrived(delivered), truncated=True)

    assert (rest(found, comparison), comparison.exact) == (given, exact)


def test_a_long_part_of_what_was_delivered_says_all() -> None:
    found = stored(NUMBERS)

    comparison = find_delivered(found, arrived(NUMBERS[50:100]), truncated=True)

    assert (rest(found, comparison), comparison.exact) == (NUMBERS[100:], True)


def test_what_was_published_without_echo_was_not_missed() -> None:
    found = stored("aSbc")

    comparison = find_delivered(found, arrived("ab"), no_echo=letters("S"))

    assert (rest(found, comparison), comparison.exact) == ("c", True)


def delivering(recent: RecentDeliveries, text: str, *, times_s: Sequence[float] = ()) -> None:
    for one in arrived(text, times_s=times_s):
        recent.deliver(one)


def test_recent_deliveries_are_what_came_since_the_cursor() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    delivering(recent, "ab")
    recent.published_without_echo(ord("S"), 0.0)
    found = stored("aSbc")

    comparison = recent.compare(found)

    assert (rest(found, comparison), comparison.exact) == ("c", True)


def test_recent_deliveries_are_bounded_and_say_so() -> None:
    recent = RecentDeliveries(max_messages=2)
    truncated: list[bool] = []
    for letter in "abc":
        delivering(recent, letter)
        truncated.append(recent.truncated)
    found = stored("abcd")

    comparison = recent.compare(found)

    assert truncated == [False, False, True]
    assert (rest(found, comparison), comparison.exact) == ("d", False)


def test_what_arrived_shortly_before_the_cursor_is_remembered_and_need_not_be_found() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    delivering(recent, "abcd", times_s=[0.0, 8.0, 9.0, 9.5])
    found = stored("abcdef")

    recent.begin(found[:3], asked_at_s=9.2, whole=False)

    assert recent.cursor == found[2][0]
    assert [(chr(one.fingerprint), one.may_be_known) for one in recent.delivered] == [
        ("b", True),
        ("c", True),
        ("d", False),
    ]
    assert rest(found[1:], recent.compare(found[1:])) == "ef"


def test_the_cursor_stays_where_the_newest_stored_message_was_not_delivered() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    delivering(recent, "a")

    recent.begin(stored("x"), asked_at_s=0.0, whole=False)

    assert recent.cursor is None
    assert len(recent.delivered) == 1


def test_what_had_arrived_and_is_not_stored_is_no_evidence_any_more() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    delivering(recent, "ab", times_s=[1.0, 3.0])

    recent.begin([], asked_at_s=2.0, whole=True)

    assert [chr(one.fingerprint) for one in recent.delivered] == ["b"]


def test_what_arrived_in_the_moment_of_the_request_may_be_stored_after_the_page() -> None:
    """Clocks tick: by 16 milliseconds on Windows."""
    recent = RecentDeliveries(max_messages=1_000)
    delivering(recent, "a", times_s=[2.0])

    recent.begin([], asked_at_s=2.0, whole=True)

    assert not recent.compare(stored("a")).exact


def test_what_a_node_stored_before_the_subscription_and_no_page_showed_may_not_have_been_missed() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    first = stored("a", times_s=[3])
    recent.restart(first[0][0], [first[0][0]], [], behind=[first[0][0]], unseen_until_s=stored_s(first[0][0]))

    may_be_older = [
        recent.may_be_older(stored("x", times_s=[second], process=process)[0][0])
        for process in (b"node", b"noon")
        for second in (3, 4)
    ]

    assert may_be_older == [False, False, True, False]


def test_what_was_published_without_echo_long_before_the_cursor_is_forgotten() -> None:
    recent = RecentDeliveries(max_messages=2)
    for number in range(3):
        recent.published_without_echo(number, float(number))
    delivering(recent, "a", times_s=[7.0])
    assert recent.forgetful

    recent.begin(stored("a"), asked_at_s=8.0, whole=False)

    assert (recent.no_echo, recent.forgetful) == ((2,), False)


def test_what_arrived_until_a_subscription_knows_what_is_stored_is_not_missed() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    delivering(recent, "abca", times_s=[1.0, 4.0, 9.0, 9.0])
    recent.published_without_echo(ord("S"), 1.0)
    recent.published_without_echo(ord("T"), 4.0)

    recent.place(stored("xa"), asked_at_s=9.0, whole=False)

    assert [(chr(one.fingerprint), one.at_s, one.may_be_known) for one in recent.delivered] == [
        ("b", 4.0, True),
        ("c", 9.0, True),
    ]
    assert recent.no_echo == (ord("T"),)
    assert recent.cursor == stored("xa")[1][0]


def test_what_arrived_before_the_merge_point_and_is_not_stored_is_no_evidence_either() -> None:
    recent = RecentDeliveries(max_messages=1_000)
    recent.restart(None, [], [Arrived(ord("O"), 1.0, may_be_known=True)])

    recent.begin([], asked_at_s=1.5, whole=True)

    found = stored("O", times_s=[3])
    assert not recent.delivered
    assert rest(found, recent.compare(found)) == "O"


def test_an_older_arrival_tells_how_long_ago_a_state_was_where_the_newest_was_forgotten() -> None:
    recent = RecentDeliveries(max_messages=3)
    delivering(recent, "aOxy", times_s=[10.0] * 4)
    # The broker stored the first two in the other order, and the others not.
    recent.begin(stored("Oa", times_s=[1, 1]), asked_at_s=10.0, whole=True)
    assert recent.cursor is None

    # That O has expired; another one was missed.
    found = stored("O", times_s=[4], first=9)

    comparison = recent.compare(found)
    assert (rest(found, comparison), comparison.exact) == ("O", False)


def test_recent_deliveries_begin_anew_behind_the_merge_point() -> None:
    recent = RecentDeliveries(max_messages=2)
    delivering(recent, "xyz")
    found = stored("abc", times_s=[0, 9, 9])

    recent.restart(found[-1][0], [id_ for id_, _ in found], arrived("d"), arrived_at_s=4.5, no_echo=[(ord("S"), 0.0)])

    assert (recent.cursor, recent.arrived_at_s, recent.truncated) == (found[2][0], 4.5, False)
    # Older ones will not be looked at.
    assert recent.known == {found[1][0], found[2][0]}
    assert (list(recent.delivered), recent.no_echo) == (arrived("d"), tuple(letters("S")))


def test_a_fingerprint_tells_channels_and_payloads_apart() -> None:
    messages: Sequence[tuple[str, bytes]] = [("a/", b"b"), ("a/", b"c"), ("b/", b"b"), ("a/b/", b"")]

    assert len({fingerprint(*message) for message in messages}) == len(messages)
    assert fingerprint("a/", b"b") == fingerprint("a/", b"b")
