from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.disorder import Disorder
from emitter_typed._broker.storage import (
    EARLIEST_S,
    LATEST_S,
    MAX_FOUND_BYTES,
    Storage,
    StoredMessage,
    Window,
    merged,
)
from emitter_typed._protocol.topics import parse_topic

NOW_S = 1_700_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_S)


@pytest.fixture
def storage(clock: ManualClock) -> Storage:
    return Storage(clock)


def payloads(messages: list[StoredMessage]) -> str:
    return " ".join(message.payload.decode() for message in messages)


def store(storage: Storage, texts: str, channel: str = "a/", ttl_s: int = 60) -> None:
    for text in texts.split():
        storage.store(channel, text.encode(), ttl_s)


def test_messages_of_different_seconds_come_oldest_first(storage: Storage, clock: ManualClock) -> None:
    for text in ("one", "two", "three"):
        store(storage, text)
        clock.advance(1)
    assert payloads(storage.find("a/", Window(last=2))) == "two three"


def test_messages_of_one_second_come_newest_first(storage: Storage, clock: ManualClock) -> None:
    store(storage, "1 2 3")
    clock.advance(1)
    store(storage, "4 5")
    assert payloads(storage.find("a/", Window(last=9))) == "3 2 1 5 4"
    assert payloads(storage.find("a/", Window(last=3))) == "3 5 4"


def test_bytes_4_to_11_of_the_identifiers_restore_the_order_of_publishing(storage: Storage, clock: ManualClock) -> None:
    store(storage, "1 2 3")
    clock.advance(1)
    store(storage, "4 5")
    found = storage.find("a/", Window(last=9))
    assert payloads(sorted(found, key=lambda message: message.identifier[4:12], reverse=True)) == "1 2 3 4 5"
    seconds = {0xFFFFFFFF - int.from_bytes(message.identifier[4:8], "big") + EARLIEST_S for message in found}
    assert seconds == {NOW_S, NOW_S + 1}


def test_a_clock_that_was_set_back_does_not_change_the_order(storage: Storage, clock: ManualClock) -> None:
    store(storage, "1")
    clock.advance(-10)
    store(storage, "2")
    one, two = sorted(storage.find("a/", Window(last=9)), key=lambda message: message.payload)
    assert one.identifier[4:12] > two.identifier[4:12]


def test_a_page_continues_from_its_oldest_message_without_gap_or_repeat(storage: Storage) -> None:
    store(storage, "1 2 3 4 5 6 7")
    seen: list[str] = []
    after = None
    while page := storage.find("a/", Window(last=2), after):
        seen += [message.payload.decode() for message in page]
        after = max(message.identifier[4:12] for message in page)
        after = next(message.identifier for message in page if message.identifier[4:12] == after)
    assert seen == ["7", "6", "5", "4", "3", "2", "1"]


def test_a_page_after_a_part_of_an_identifier_leaves_out_the_first_message_that_it_could_mean(
    storage: Storage,
) -> None:
    store(storage, "1 2 3")
    newest = storage.find("a/", Window())[0].identifier
    assert payloads(storage.find("a/", Window(last=9), newest[:4])) == "2 1"
    assert payloads(storage.find("a/", Window(last=9), newest + b"z")) == "1"
    assert payloads(storage.find("a/", Window(last=9), bytes(12))) == ""


@pytest.mark.parametrize(
    ("from_s", "until_s", "found"),
    [
        (NOW_S + 1, LATEST_S, "1 2"),
        (0, NOW_S + 1, "0 1"),
        (NOW_S + 1, NOW_S + 1, "1"),
        (NOW_S + 3, LATEST_S, ""),
        (NOW_S + 2, NOW_S, ""),
    ],
)
def test_a_window_holds_both_its_ends(
    storage: Storage, clock: ManualClock, from_s: int, until_s: int, found: str
) -> None:
    for second in range(3):
        store(storage, str(second))
        clock.advance(1)
    assert payloads(storage.find("a/", Window(last=9, from_s=from_s, until_s=until_s))) == found


def window(options: str) -> Window:
    return Window.of(parse_topic(f"key/a/{options}"))


def test_options_that_make_no_sense_leave_the_default_window() -> None:
    default = window("")
    assert default == Window(last=1, from_s=0, until_s=LATEST_S)
    for options in (
        "?last=soon",
        "?last=99999999999",
        "?from=1500000000",
        "?until=5",
        f"?from={LATEST_S + 1}",
    ):
        assert window(options) == default
    assert window(f"?last=0&from={EARLIEST_S}&until={LATEST_S}") == Window(0, EARLIEST_S, LATEST_S)


def test_the_newest_win_when_the_payload_is_too_much(storage: Storage) -> None:
    for character in "abcdef":
        storage.store("a/", character.encode() * 20_000, 60)
    assert [message.payload[:1] for message in storage.find("a/", Window(last=9))] == [b"f", b"e", b"d"]


@pytest.mark.parametrize(
    ("filter_channel", "found"),
    [
        ("a/", "at below deeper"),
        ("a/b/", "below deeper"),
        ("a/+/", "below deeper"),
        ("a/#/", "below deeper"),
        ("#/", ""),
        ("+/", ""),
        ("+/b/", ""),
        ("a/+/c/", "deeper"),
        ("a/b/#/", "deeper"),
        ("z/", ""),
    ],
)
def test_stored_messages_are_found_by_prefix(
    storage: Storage, clock: ManualClock, filter_channel: str, found: str
) -> None:
    for text, channel in (("at", "a/"), ("below", "a/b/"), ("deeper", "a/b/c/"), ("other", "ab/")):
        store(storage, text, channel)
        clock.advance(1)
    assert payloads(storage.find(filter_channel, Window(last=9))) == found


def test_a_message_goes_when_its_time_has_passed(storage: Storage, clock: ManualClock) -> None:
    store(storage, "short", ttl_s=3)
    store(storage, "long", ttl_s=30)
    clock.advance(3)
    assert payloads(storage.find("a/", Window(last=9))) == "long"


def test_a_time_to_live_of_0_keeps_nothing(storage: Storage) -> None:
    store(storage, "gone", ttl_s=0)
    assert len(storage) == 0


def test_the_oldest_go_when_there_are_too_many(clock: ManualClock) -> None:
    storage = Storage(clock, max_messages=3, max_bytes=100)
    store(storage, "1 2 3 4 5")
    assert payloads(storage.find("a/", Window(last=9))) == "5 4 3"


def test_the_oldest_go_when_there_is_too_much(clock: ManualClock) -> None:
    storage = Storage(clock, max_messages=100, max_bytes=12)
    store(storage, "aaaa bbbb cccc")
    assert payloads(storage.find("a/", Window(last=9))) == "cccc bbbb"


def test_expired_messages_make_room_first(clock: ManualClock) -> None:
    storage = Storage(clock, max_messages=2, max_bytes=100)
    store(storage, "kept", ttl_s=60)
    store(storage, "expired", ttl_s=1)
    clock.advance(2)
    store(storage, "new")
    assert payloads(storage.find("a/", Window(last=9))) == "kept new"


def test_identifiers_channels_and_payloads_together_bound_what_is_found(storage: Storage) -> None:
    """The newest message is found always; the one before it, if both have room."""
    channel, payload = "a/bc/", b"x" * 32_000
    overhead_bytes = 2 * (20 + 2 * 4 + len(channel))
    for too_many in (0, 1):
        storage.store(channel, b"y" * (MAX_FOUND_BYTES - overhead_bytes - len(payload) + too_many), 60)
        storage.store(channel, payload, 60)
        assert len(storage.find(channel, Window(last=2))) == 2 - too_many


def test_a_message_ends_with_a_second_however_late_in_one_it_came(storage: Storage, clock: ManualClock) -> None:
    clock.advance(0.5)
    store(storage, "1", ttl_s=1)
    assert payloads(storage.find("a/", Window())) == "1"
    clock.advance(0.5)
    assert storage.find("a/", Window()) == []


@pytest.mark.parametrize("wanted", ["a/#/c/", "a/+/c/"])
def test_a_rest_inside_a_filter_stands_for_one_segment(storage: Storage, wanted: str) -> None:
    for channel in ("a/c/", "a/b/c/", "a/b/c/d/", "a/b/b/c/"):
        store(storage, channel, channel)
    assert payloads(storage.find(wanted, Window(last=9))) == "a/b/c/d/ a/b/c/"


def test_a_new_process_counts_from_the_beginning_and_its_ids_lie_among_the_older_ones_of_the_second(
    storage: Storage, clock: ManualClock
) -> None:
    storage.begin_process(b"aaaa")
    store(storage, "1 2 3")
    storage.begin_process(b"bbbb")
    store(storage, "4 5")
    found = storage.find("a/", Window(last=9))
    by_number: dict[bytes, set[str]] = {}
    for message in found:
        by_number.setdefault(message.identifier[8:12], set()).add(message.payload.decode())
    assert list(by_number.values()) == [{"3"}, {"2", "5"}, {"1", "4"}]
    assert len({message.identifier[12:16] for message in found}) == 2
    clock.advance(1)
    store(storage, "6")
    assert payloads(storage.find("a/", Window(last=1))) == "6"


def test_a_page_continues_over_processes_of_one_second_without_gap_or_repeat(storage: Storage) -> None:
    for name in ("first", "second", "third"):
        storage.begin_process(name.encode()[:4])
        store(storage, f"{name}-1 {name}-2 {name}-3")
    seen: list[bytes] = []
    after = None
    while page := storage.find("a/", Window(last=2), after):
        seen += [message.payload for message in page]
        after = max(message.identifier for message in page)
    assert len(seen) == len(set(seen)) == 9


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 0, 0, 1])), max_size=40), st.integers(0, 5))
def test_messages_lie_in_the_order_of_their_identifiers_however_they_were_numbered(
    published: list[tuple[str, int]], seed: int
) -> None:
    clock = ManualClock(NOW_S)
    storage = Storage(clock)
    disorder = Disorder(share=0.5, distance=2, seed=seed)
    for number, (publisher, seconds) in enumerate(published):
        clock.advance(seconds)
        storage.store("a/", f"{publisher}{number}".encode(), 60, publisher=publisher, disorder=disorder)
    found = storage.find("a/", Window(last=100))
    assert len(found) == len(published)
    in_order = sorted(found, key=lambda message: message.identifier, reverse=True)
    assert [message.stored_at_s for message in in_order] == sorted(message.stored_at_s for message in found)
    for publisher in "abc":
        own = [int(each.payload[1:]) for each in in_order if each.payload.startswith(publisher.encode())]
        assert own == sorted(own)
    # Of each second, the newest comes first.
    assert found == sorted(found, key=lambda message: (message.stored_at_s, message.identifier))


@pytest.mark.parametrize(("last", "found"), [(9, "1 a 2 b"), (2, "2 b"), (1, "b"), (0, "")])
def test_what_several_storages_have_found_is_merged_by_second_and_cut_to_the_newest(
    clock: ManualClock, last: int, found: str
) -> None:
    one, other = Storage(clock), Storage(clock)
    for mine, theirs in (("1", "a"), ("2", "b")):
        store(one, mine)
        store(other, theirs)
        clock.advance(1)
    window = Window(last=last)
    assert payloads(merged([one.find("a/", window), other.find("a/", window)], last)) == found
