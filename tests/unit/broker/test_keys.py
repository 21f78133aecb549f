from __future__ import annotations

import string

import pytest

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.keys import KeyRing, Permission, new_master_key, read_permissions
from emitter_typed._broker.refusals import Refusal, Refused
from emitter_typed.errors import InvalidArgument

ALPHABET = string.ascii_letters + string.digits + "-_"
RW = Permission.READ | Permission.WRITE


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000)


@pytest.fixture
def ring(clock: ManualClock) -> KeyRing:
    return KeyRing(new_master_key(), clock)


def opens(ring: KeyRing, key: str, channel: str, permission: Permission = Permission.READ) -> bool:
    try:
        ring.authorize(key, channel, permission)
    except Refused:
        return False
    return True


def test_a_key_is_32_characters_of_url_safe_base64(ring: KeyRing) -> None:
    key = ring.seal(RW, "a/b/")
    assert len(key) == 32
    assert set(key) <= set(ALPHABET)


def test_a_key_that_was_altered_by_a_character_opens_nothing(ring: KeyRing) -> None:
    key = ring.seal(RW, "a/b/#/")
    for place, character in enumerate(key):
        for other in ALPHABET.replace(character, ""):
            assert ring.open(key[:place] + other + key[place + 1 :]) is None


def test_a_key_of_another_broker_opens_nothing(ring: KeyRing, clock: ManualClock) -> None:
    other = KeyRing(new_master_key(), clock)
    assert not opens(ring, other.seal(RW, "#/"), "a/")


def test_the_same_master_key_makes_a_ring_that_knows_the_same_keys(clock: ManualClock) -> None:
    master_key = new_master_key()
    assert opens(KeyRing(master_key, clock), KeyRing(master_key, clock).seal(RW, "a/"), "a/")


def test_no_two_keys_are_equal_so_that_one_can_be_banned_alone(ring: KeyRing) -> None:
    one, other = ring.seal(RW, "a/"), ring.seal(RW, "a/")
    assert one != other
    ring.ban(one, banned=True)
    assert (opens(ring, one, "a/"), opens(ring, other, "a/")) == (False, True)
    ring.ban(one, banned=False)
    assert opens(ring, one, "a/")


def test_a_key_grants_what_it_was_made_for(ring: KeyRing) -> None:
    key = ring.seal(Permission.READ | Permission.LOAD, "a/")
    granted = [permission for permission in Permission if opens(ring, key, "a/", permission)]
    assert granted == [Permission.READ, Permission.LOAD]


def test_letters_stand_for_permissions_and_unknown_ones_for_nothing() -> None:
    assert read_permissions("rz?W") == Permission.READ
    assert read_permissions("") == Permission(0)
    assert read_permissions("rwslpex") == ~Permission.MASTER & sum(Permission)


@pytest.mark.parametrize(
    ("target", "opened", "closed"),
    [
        ("a/b/", ["a/b/", "a/b/#/"], ["a/", "a/b/c/", "a/x/", "a/+/", "+/b/", "a/#/", "#/"]),
        ("a/b/#/", ["a/b/", "a/b/c/d/", "a/b/#/", "a/b/+/"], ["a/", "a/x/", "a/#/", "+/b/", "#/"]),
        ("a/+/c/", ["a/x/c/", "a/+/c/", "a/x/c/#/"], ["a/", "a/x/", "a/x/c/d/", "z/x/c/", "a/x/+/"]),
        ("+/b/", ["a/b/", "+/b/", "a/b/#/"], ["a/x/", "a/b/c/", "b/"]),
        ("a/+/c/#/", ["a/x/c/", "a/x/c/d/e/"], ["a/x/", "a/x/d/c/"]),
        ("#/", ["a/", "a/b/c/", "+/", "#/", "$share/g/a/"], []),
        ("$share/+/jobs/", ["$share/one/jobs/"], ["jobs/", "$share/one/other/"]),
        ("a/+/#/", [], ["a/", "a/b/", "a/b/c/", "a/+/", "a/+/#/"]),
        ("a/+/", [], ["a/", "a/b/", "a/+/", "a/b/c/"]),
        ("+/a/+/", [], ["x/a/", "x/a/y/", "+/a/+/"]),
        ("a/+/b/+/", [], ["a/x/b/", "a/x/b/y/", "a/+/b/+/"]),
        ("+/", ["a/", "+/", "a/#/", "+/#/"], ["a/b/", "a/+/", "#/"]),
        ("+/+/", ["a/b/", "a/+/", "+/a/", "+/+/", "a/b/#/", "$share/g/"], ["a/", "+/", "a/b/c/", "#/"]),
        ("+/+/+/", ["a/b/c/", "+/+/+/", "$share/g/a/"], ["a/b/", "a/b/c/d/"]),
        ("+/#/", ["+/", "+/a/", "+/#/", "+/a/b/"], ["a/", "a/b/", "#/"]),
        ("+/+/#/", [], ["a/b/", "+/+/", "+/+/a/", "+/+/#/"]),
        ("+/a/#/", ["+/a/", "x/a/", "+/a/b/", "x/a/b/"], ["+/", "x/b/"]),
        ("a/b///", ["a/b/"], ["a/", "a/b/c/"]),
        ("a/#//", ["a/", "a/b/"], ["b/"]),
        ("a/#/b/", [], ["a/", "a/#/b/", "a/x/b/"]),
    ],
)
def test_what_a_key_of_each_target_form_opens(ring: KeyRing, target: str, opened: list[str], closed: list[str]) -> None:
    key = ring.seal(RW, target)
    assert [channel for channel in opened + closed if opens(ring, key, channel)] == opened


def test_an_extend_key_makes_the_same_key_again_and_each_its_own(ring: KeyRing) -> None:
    made = [ring.seal(RW, "a/", maker=maker) for maker in ("one", "one", "other")]
    assert made[0] == made[1] != made[2]
    assert opens(ring, made[0], "a/")


def test_a_target_has_at_most_23_segments(ring: KeyRing) -> None:
    deepest = "d/" * 23
    assert opens(ring, ring.seal(RW, deepest), deepest)
    assert opens(ring, ring.seal(RW, deepest + "#/"), deepest + "below/")
    with pytest.raises(Refused) as refused:
        ring.seal(RW, deepest + "d/")
    assert refused.value.refusal is Refusal.TARGET_DEPTH


@pytest.mark.parametrize("target", ["", "a", "a/#", "#"])
def test_a_target_ends_with_a_slash(ring: KeyRing, target: str) -> None:
    with pytest.raises(Refused) as refused:
        ring.seal(RW, target)
    assert refused.value.refusal is Refusal.TARGET_FORM


def test_a_key_ends_when_its_time_has_come(ring: KeyRing, clock: ManualClock) -> None:
    key = ring.seal(RW, "a/", int(clock()) + 60)
    clock.advance(59)
    assert opens(ring, key, "a/")
    clock.advance(1)
    assert not opens(ring, key, "a/")


def test_the_master_key_makes_keys_and_opens_no_channel() -> None:
    master_key = new_master_key()
    ring = KeyRing(master_key, ManualClock())
    assert Permission.MASTER in ring.unexpired(master_key).permissions
    assert not opens(ring, master_key, "a/")


@pytest.mark.parametrize("master_key", ["", "short", "é" * 32, "+" * 32, "A" * 33, "A" * 31 + "\n"])
def test_a_master_key_of_another_form_is_refused_unseen(master_key: str) -> None:
    with pytest.raises(InvalidArgument, match="32 characters") as refused:
        KeyRing(master_key, ManualClock())
    assert refused.value.argument == "master_key"
    assert not master_key or master_key not in str(refused.value)
