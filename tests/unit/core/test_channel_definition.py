"""A definition makes a message of a channel and a payload, and remembers the parameters of so many channels."""

from __future__ import annotations

import attrs
import pytest

from emitter_typed._core.typed_channels import ChannelDefinition
from emitter_typed.contract import max_length
from emitter_typed.errors import Undecodable
from tests.codegen.golden.channels.expected import Floor
from tests.codegen.golden.channels.expected.channels import TemperatureParams, temperature_channel

RAW = b'{"celsius": 21.5, "taken_at": "2026-01-01T00:00:00Z"}'


@attrs.frozen(kw_only=True)
class Limited:
    floor: Floor
    room: str = attrs.field(validator=max_length(4))


@pytest.fixture
def definition() -> ChannelDefinition[object, TemperatureParams]:
    return ChannelDefinition(
        name="temperature",
        address=temperature_channel.address,
        payload=object,
        params=TemperatureParams,
        defaults={},
    )


def test_each_channel_has_its_own_parameters(definition: ChannelDefinition[object, TemperatureParams]) -> None:
    rooms = ["hall", "attic", "hall"]

    messages = [definition.decode(f"home/ground/{room}/temperature/", RAW) for room in rooms]

    assert [message.params if message else None for message in messages] == [
        TemperatureParams(floor=Floor.GROUND, room=room) for room in rooms
    ]


def test_what_does_not_fit_is_refused_each_time(definition: ChannelDefinition[object, TemperatureParams]) -> None:
    for _ in range(2):
        assert definition.decode("home/ground/temperature/", RAW) is None
        with pytest.raises(Undecodable, match=r"^a parameter on .* does not fit at \$\.floor: must be") as refused:
            definition.decode("home/cellar door/hall/temperature/", RAW)
        assert (refused.value.channel, refused.value.raw) == ("home/cellar door/hall/temperature/", RAW)
        assert refused.value.path == "$.floor"


def test_a_limit_of_a_parameter_is_told_once(definition: ChannelDefinition[object, TemperatureParams]) -> None:
    limited = attrs.evolve(definition, params=Limited)  # type: ignore[arg-type]  # a class of another address
    with pytest.raises(Undecodable, match=r" does not fit at \$\.room: must have a length of at most 4, not 'attic'$"):
        limited.decode("home/ground/attic/temperature/", RAW)


def test_what_is_remembered_is_bounded(definition: ChannelDefinition[object, TemperatureParams]) -> None:
    for number in range(5000):
        message = definition.decode(f"home/ground/room-{number}/temperature/", b"1")
        assert message is not None
        assert message.params.room == f"room-{number}"
    assert len(definition._params_of) <= 4096  # pyright: ignore[reportPrivateUsage]  # nothing public shows it
