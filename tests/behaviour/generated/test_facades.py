"""What the channels of a user's package refuse at the call, in both flavours. Nothing here needs a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from emitter_typed import AsyncClient, Client, InvalidArgument, Key, KeygenResponse
from tests.behaviour.conftest import Generated
from tests.helpers.flavours import Flavour, both_flavours

HOME = """
    name: Home
    types:
      Floor: {enum: [ground, first]}
    channels:
      status: {address: home/status/, payload: text}
      lamp:
        address: "home/{floor}/{room}/{number}/lamp/"
        payload: text
        params: {floor: Floor, room: string, number: int}
"""


@pytest.fixture
def home(generated: Generated) -> ModuleType:
    return generated(HOME)


def facade(home: ModuleType, flavour: Flavour, key: object = "k" * 32) -> Any:  # Any: generated in this test
    return home.Home(Client(), key) if flavour == "threads" else home.AsyncHome(AsyncClient(), key)


def publish(channel: Any) -> None:  # Any: generated in this test
    result = channel.publish("x")
    if asyncio.iscoroutine(result):
        asyncio.run(result)


@both_flavours
@pytest.mark.parametrize("room", ["a/b", "+", "#", "*", "", "a b", "a/", b"abc", 3, True])
def test_a_parameter_that_is_no_segment_is_refused_by_name(flavour: Flavour, home: ModuleType, room: object) -> None:
    lamp = facade(home, flavour).lamp
    calls: list[Callable[[], object]] = [
        lambda: lamp(floor=home.Floor.GROUND, room=room, number=1),
        lambda: lamp.where(room=room),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument, match=r"^room") as caught:
            call()
        assert caught.value.argument == "room"


@both_flavours
@pytest.mark.parametrize(("name", "value"), [("floor", "ground"), ("number", "1"), ("number", 1.5), ("number", True)])
def test_a_parameter_of_another_type_is_refused_by_name(
    flavour: Flavour, home: ModuleType, name: str, value: object
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        facade(home, flavour).lamp.where(**{name: value})
    assert caught.value.argument == name


@both_flavours
def test_one_channel_needs_all_its_parameters_and_where_any_of_them(flavour: Flavour, home: ModuleType) -> None:
    lamp = facade(home, flavour).lamp
    with pytest.raises(InvalidArgument) as caught:
        lamp(floor=home.Floor.GROUND, room=None, number=1)
    assert caught.value.argument == "room"
    assert lamp.where(floor=home.Floor.GROUND, room=None) is not lamp
    assert lamp.where(room="attic")(floor=home.Floor.FIRST, number=-1, room="attic") is not None


@both_flavours
@pytest.mark.parametrize("key", [None, 3, b"key", ["key"]])
def test_a_source_of_keys_that_is_none_is_refused_at_once(flavour: Flavour, home: ModuleType, key: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        facade(home, flavour, key)
    assert caught.value.argument == "key"


def _raise(name: str) -> str:
    raise KeyError(name)


def _nothing(name: str) -> None:
    """Give no key."""


SOURCES: list[object] = [_raise, _nothing, {}, {"status": 3}]


@both_flavours
@pytest.mark.parametrize("key", SOURCES)
def test_a_source_that_gives_no_key_is_the_callers_mistake(flavour: Flavour, home: ModuleType, key: object) -> None:
    with pytest.raises(InvalidArgument, match="status") as caught:
        publish(facade(home, flavour, key).status)
    assert caught.value.argument == "key"
    assert isinstance(caught.value.__cause__, KeyError) == (key is _raise)


HOLDING: dict[str, Callable[[Any], object]] = {
    "for all": lambda key: key,
    "in a mapping": lambda key: {"status": key},
    "of a function": lambda key: {"status": key}.get,
}


@both_flavours
@pytest.mark.parametrize("given", HOLDING.values(), ids=HOLDING)
def test_the_masked_form_of_a_key_is_told_by_the_name_that_callers_use(
    flavour: Flavour, home: ModuleType, given: Callable[[str], object]
) -> None:
    with pytest.raises(InvalidArgument, match=r"^key: this is the masked form of a key, .*\.reveal\(\)") as caught:
        publish(facade(home, flavour, given(str(Key("k" * 32)))).status)
    assert caught.value.argument == "key"


@both_flavours
@pytest.mark.parametrize("given", HOLDING.values(), ids=HOLDING)
def test_a_response_in_the_place_of_its_key_is_told(
    flavour: Flavour, home: ModuleType, given: Callable[[Any], object]
) -> None:
    response = KeygenResponse(key=Key("k" * 32), channel="a/")
    with pytest.raises(InvalidArgument, match=r"got a KeygenResponse: pass its \.key$") as caught:
        publish(facade(home, flavour, given(response)).status)
    assert caught.value.argument == "key"


@both_flavours
def test_publishing_without_the_parameters_is_told_to_pass_them(flavour: Flavour, home: ModuleType) -> None:
    lamp = facade(home, flavour).lamp
    for name in ("publish", "publish_nowait"):
        with pytest.raises(AttributeError) as caught:
            getattr(lamp, name)
        advice = f"pass its parameters first, as in lamp(floor=..., room=..., number=...).{name}(...)"
        assert str(caught.value).endswith(f"has no attribute '{name}': {advice}")
    assert not hasattr(lamp, "publish")


@both_flavours
def test_a_method_that_only_the_client_has_is_told(flavour: Flavour, home: ModuleType) -> None:
    status = facade(home, flavour).status
    with pytest.raises(AttributeError, match=r"call the client's, and pass it status\.channel"):
        _ = status.presence
    for name in ("connect", "none", "_none", "__none__"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'$"):
            getattr(status, name)


def test_a_facade_takes_the_client_of_its_flavour_and_no_other(home: ModuleType) -> None:
    made: list[tuple[Callable[[object, object], object], object]] = [
        (home.AsyncHome, Client()),
        (home.Home, AsyncClient()),
        (home.Home, None),
    ]
    for cls, client in made:
        with pytest.raises(InvalidArgument) as caught:
            cls(client, Key("k" * 32))
        assert caught.value.argument == "client"
