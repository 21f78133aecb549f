"""What generated methods make of their arguments before they hand them on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Generic, TypeGuard, TypeVar

from attrs import field, frozen

from emitter_typed._masking import hide_keys, kind_of, shown
from emitter_typed._protocol.message import Message, StoredMessage, live_message
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.payloads.scalars import seconds
from emitter_typed._protocol.payloads.unfit import Unfit
from emitter_typed._protocol.topics import validate_channel, validate_key_target
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
    """Return seconds, or a timedelta, as a timedelta.

    >>> duration(90)
    datetime.timedelta(seconds=90)

    Args:
        value: A timedelta, or a number of seconds, which may have a fraction.
        argument: What an error calls it. Default: `duration`.

    Returns:
        The timedelta, rounded to microseconds.

    Raises:
        InvalidArgument: It is neither, is not finite, or is more than a timedelta can hold.
    """
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
    """Check the name of a channel to publish to.

    >>> channel_name("chat/ann")
    'chat/ann/'

    Args:
        channel: The name. A missing last slash is added.
        max_segments: How many segments it may have. Default: any number.

    Returns:
        The name, with its last slash.

    Raises:
        InvalidArgument: It is not a text, has a wildcard, an empty segment or a character that Emitter does not take
            (docs: Emitter protocol, topics), or has more segments.
    """
    return filter_name(validate_channel(channel, static=True), max_segments=max_segments)


def filter_name(channel: str, *, max_segments: int | None = None) -> str:
    """Check the name of a channel to subscribe to.

    >>> filter_name("chat/+/#")
    'chat/+/#/'

    Args:
        channel: The name, which may hold the wildcards `+` and `#`. A missing last slash is added.
        max_segments: How many segments it may have. Default: any number.

    Returns:
        The name, with its last slash.

    Raises:
        InvalidArgument: As for `channel_name`, but for wildcards that stand for whole segments.
    """
    name = validate_channel(channel, static=False)
    segments = name.count("/")
    if max_segments is not None and segments > max_segments:
        raise InvalidArgument(
            f"channel: must have at most {max_segments} segments, not {segments}",
            argument="channel",
            value=hide_keys(channel),
        )
    return name


def key_target_name(channel: str, *, max_segments: int | None = None) -> str:
    """Check the name of what a key is to open.

    >>> key_target_name("chat/#")
    'chat/#/'

    Args:
        channel: The name, as for `filter_name`.
        max_segments: How many segments it may have. Default: any number.

    Returns:
        The name, with its last slash.

    Raises:
        InvalidArgument: As for `filter_name`, or a key for it would open nothing, such as one for `a/+/`.
    """
    return filter_name(validate_key_target(channel), max_segments=max_segments)


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
        """Make a message of what arrived.

        Args:
            channel: The channel that it was published to.
            raw: The payload.

        Returns:
            The message, with its payload as the type says.

        Raises:
            Undecodable: The payload does not fit the type; `path` says where.
        """
        try:
            return live_message(channel, self._read(raw), raw)
        except Unfit as error:
            raise codec.undecodable(error, channel, raw) from error

    def stored(self, message: StoredMessage) -> StoredMessage[PayloadT]:
        """Make the same of a message of the history.

        Args:
            message: The message, as it was stored.

        Returns:
            The message, with its payload as the type says.

        Raises:
            Undecodable: The payload does not fit the type; `path` says where.
        """
        channel, raw = message.channel, message.as_binary()
        try:
            return StoredMessage(channel, self._read(raw), raw, stored_at=message.stored_at, id=message.id)
        except Unfit as error:
            raise codec.undecodable(error, channel, raw) from error
