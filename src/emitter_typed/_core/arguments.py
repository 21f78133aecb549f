"""What generated methods make of their arguments before they hand them on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Generic, TypeGuard, TypeVar

from attrs import field, frozen

from emitter_typed._masking import hide_keys, kind_of, shown
from emitter_typed._protocol.message import Message, live_message
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.payloads.scalars import seconds
from emitter_typed._protocol.payloads.unfit import Unfit
from emitter_typed._protocol.topics import validate_channel
from emitter_typed._types.type_form import TypeForm
from emitter_typed._types.values import Flags
from emitter_typed.errors import InvalidArgument

FlagsT = TypeVar("FlagsT", bound=Flags)
PayloadT = TypeVar("PayloadT")

_LONGEST_S: Final = timedelta.max.days * 86_400


def _shown_number(value: object) -> str:
    # Nothing else is shown: a text in the place of a number may be a key.
    return shown(value) if _is_number(value) else kind_of(value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def duration(value: float | timedelta, argument: str = "duration") -> timedelta:
    """Return seconds, or a timedelta, as a timedelta. Raises InvalidArgument, with the name of the argument."""
    try:
        return value if isinstance(value, timedelta) else seconds(value)
    except Unfit:
        if _is_number(value) and abs(value) > _LONGEST_S:
            problem = f"must be -{_LONGEST_S} to {_LONGEST_S} seconds, not {shown(value)}"
        else:
            problem = f"expected a timedelta or a number of seconds, got {_shown_number(value)}"
        raise InvalidArgument(f"{argument}: {problem}", argument=argument, value=None) from None


def flags(kind: type[FlagsT], value: str | FlagsT, argument: str) -> FlagsT:
    """Return flags that are given as letters, or as such.

    Args:
        kind: Their class.
        value: The letters or the flags.
        argument: The name of the caller's parameter, for the error.

    Raises:
        InvalidArgument: There is no such letter, or none is given, which would ask for nothing; or it is a number.
    """
    letters = "".join(one.letters for one in kind)
    given: object = value
    if isinstance(given, int):
        # An enum takes the sum of its values, which are not on the wire: -1 would be everything.
        problem = f"expected letters of {letters} or a {kind.__name__}, got {kind_of(given)}"
        raise InvalidArgument(f"{argument}: {problem}", argument=argument, value=None)
    try:
        made = kind(value)
    except InvalidArgument as error:
        problem = error.message.removeprefix(f"{kind.__name__}: ")
        raise InvalidArgument(f"{argument}: {problem}", argument=argument, value=error.value) from None
    if not made:
        raise InvalidArgument(f"{argument}: expected at least one letter of {letters}", argument=argument, value=made)
    return made


def channel_name(channel: str, *, max_segments: int | None = None) -> str:
    """Return the name of a channel, which holds no wildcards, with its last slash. Raises InvalidArgument."""
    return filter_name(validate_channel(channel, static=True), max_segments=max_segments)


def filter_name(channel: str, *, max_segments: int | None = None) -> str:
    """Return the name of a channel, which may hold wildcards, with its last slash. Raises InvalidArgument."""
    name = validate_channel(channel, static=False)
    segments = name.count("/")
    if max_segments is not None and segments > max_segments:
        raise InvalidArgument(
            f"channel: must have at most {max_segments} segments, not {segments}",
            argument="channel",
            value=hide_keys(channel),
        )
    return name


@frozen
class PlainDecoder(Generic[PayloadT]):
    """Makes messages of a subscription to any channel."""

    payload: TypeForm[PayloadT] | None = field(repr=False)
    """The type of the payload; None: bytes, as they came."""
    _read: Callable[[bytes], PayloadT] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Refuse now what could read no message. Raises InvalidArgument."""
        if self.payload is not None:
            codec.check_type(self.payload)
        object.__setattr__(self, "_read", codec.reader(bytes if self.payload is None else self.payload))

    def __call__(self, channel: str, raw: bytes) -> Message[PayloadT]:
        """Read one message. Raises Undecodable."""
        try:
            return live_message(channel, self._read(raw), raw)
        except Unfit as error:
            raise codec.undecodable(error, channel, raw) from error
