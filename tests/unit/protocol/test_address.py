"""An address makes channels and filters of parameters, and takes them apart again."""

from __future__ import annotations

import pytest

from emitter_typed._protocol.address import Address
from emitter_typed.errors import InvalidArgument

ADDRESS = Address("home/{room}/{what}/now/")


def test_it_makes_what_it_takes_apart() -> None:
    values = {"room": "attic", "what": "heat"}
    assert ADDRESS.compose(values) == "home/attic/heat/now/"
    assert ADDRESS.match("home/attic/heat/now/") == values


def test_what_is_not_given_is_open() -> None:
    assert ADDRESS.filter({}) == "home/+/+/now/"
    assert ADDRESS.filter({"what": "heat"}) == "home/+/heat/now/"
    with pytest.raises(InvalidArgument, match="what: missing"):
        ADDRESS.compose({"room": "attic"})


@pytest.mark.parametrize(
    ("template", "known", "target"),
    [
        ("home/{room}/{what}/now/", {}, "home/+/+/now/"),
        ("home/{room}/{what}/now/", {"what": "heat"}, "home/+/heat/now/"),
        ("home/{room}/{what}/now/", {"room": "attic", "what": "heat"}, "home/attic/heat/now/"),
        ("home/{room}/{what}/", {}, "home/#/"),
        ("home/{room}/{what}/", {"room": "attic"}, "home/attic/#/"),
        ("home/{room}/{what}/", {"what": "heat"}, "home/+/heat/"),
        ("{room}/", {}, "#/"),
        ("home/", {}, "home/"),
    ],
)
def test_the_target_of_a_key_ends_in_what_is_fixed_or_opens_all_below(
    template: str, known: dict[str, str], target: str
) -> None:
    assert Address(template).key_target(known) == target


@pytest.mark.parametrize(
    "channel", ["home/attic/heat/", "home/attic/heat/now/more/", "home/attic/heat/then/", "a/attic/heat/now/"]
)
def test_channels_of_other_forms_are_not_its_own(channel: str) -> None:
    assert ADDRESS.match(channel) is None


@pytest.mark.parametrize("value", ["", "/", "a/b", "+", "#", "*", "a b", "é", "{room}"])
def test_a_parameter_is_one_segment(value: str) -> None:
    for call in (ADDRESS.compose, ADDRESS.filter):
        with pytest.raises(InvalidArgument) as caught:
            call({"room": value, "what": "heat"})
        assert caught.value.argument == "room"


def test_an_address_without_parameters_is_a_channel() -> None:
    assert Address("a/b/").compose({}) == Address("a/b/").filter({}) == "a/b/"
    assert Address("a/b/").match("a/b/") == {}
