"""The address of a typed channel: a channel in which some segments are parameters."""

from __future__ import annotations

from collections.abc import Mapping

from emitter_typed._masking import hide_keys
from emitter_typed._protocol.topics import key_target, segments, validate_channel
from emitter_typed.errors import InvalidArgument


class Address:
    """A channel such as `home/{room}/temperature/`, in which a whole segment may be a parameter.

    >>> address = Address("home/{room}/temperature/")
    >>> address.compose({"room": "kitchen"})
    'home/kitchen/temperature/'
    >>> address.filter({})
    'home/+/temperature/'
    >>> address.match("home/attic/temperature/")
    {'room': 'attic'}
    """

    __slots__ = ("_segments", "template")

    def __init__(self, template: str) -> None:
        """Take a template.

        Args:
            template: A channel such as `home/{room}/temperature/`. It is not checked: the compiler has done that.
        """
        self.template: str = template
        """The channel, with `{parameter}` for a segment that is one."""
        # Pairs of the segment's text and, for a parameter, its name.
        self._segments = [
            (segment, segment[1:-1] if segment.startswith("{") else None) for segment in segments(template)
        ]

    def __repr__(self) -> str:
        return f"Address({self.template!r})"

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters, in their order."""
        return [name for _, name in self._segments if name is not None]

    def compose(self, values: Mapping[str, str]) -> str:
        """Return the channel that has these values.

        Args:
            values: The text of every parameter.

        Returns:
            The channel, with its last slash.

        Raises:
            InvalidArgument: A value is not one segment of a channel, or is missing.
        """
        return validate_channel(self._written(values, wildcard=False), static=True)

    def filter(self, values: Mapping[str, str]) -> str:
        """Return the channel filter for all channels that have these values, and anything for the others.

        Args:
            values: The texts of some parameters.

        Returns:
            The filter, with `+` for each parameter that has no value.

        Raises:
            InvalidArgument: A value is not one segment of a channel.
        """
        return self._written(values, wildcard=True)

    def key_target(self, values: Mapping[str, str]) -> str:
        """Return the target of a key that opens all channels that have these values.

        Args:
            values: The texts of some parameters.

        Returns:
            The target, with `+` for each parameter that has no value, and `#` for those at the end.

        Raises:
            InvalidArgument: A value is not one segment of a channel.

        >>> Address("home/{floor}/temperature/{room}/").key_target({})
        'home/+/temperature/#/'
        """
        return key_target(self.filter(values))

    def check_known(self, values: Mapping[str, object]) -> None:
        """Check that there is a value for every parameter.

        Args:
            values: What is known of the parameters, by name. The values themselves are not looked at.

        Raises:
            InvalidArgument: A parameter is missing; `argument` names it.
        """
        for _, name in self._segments:
            if name is not None and name not in values:
                raise self._missing(name)

    def _missing(self, name: str) -> InvalidArgument:
        return InvalidArgument(f"{name}: missing: the channel {self.template} needs it", argument=name, value=None)

    def _written(self, values: Mapping[str, str], *, wildcard: bool) -> str:
        written: list[str] = []
        for text, name in self._segments:
            if name is None:
                written.append(text)
            elif name in values:
                written.append(check_segment(name, values[name]))
            elif wildcard:
                written.append("+")
            else:
                raise self._missing(name)
        return "/".join(written) + "/"

    def match(self, channel: str) -> dict[str, str] | None:
        """Find the parameters of a channel.

        Args:
            channel: The name of a channel, as a message has it.

        Returns:
            The segments that stand for the parameters, by name. None if the channel is not of this address: also if it
            lies below it, which a prefix subscription delivers too (docs: Emitter protocol, matching).
        """
        actual = segments(channel)
        if len(actual) != len(self._segments):
            return None
        values: dict[str, str] = {}
        for (text, name), segment in zip(self._segments, actual, strict=True):
            if name is not None:
                values[name] = segment
            elif text != segment:
                return None
        return values


def check_segment(name: str, value: str) -> str:
    """Return the text of a parameter. Raises InvalidArgument, with its name, unless it is one segment of a channel."""
    try:
        whole = validate_channel(value, static=True, argument=name)
    except InvalidArgument:
        whole = ""
    if whole != value + "/" or "/" in value:
        raise InvalidArgument(
            hide_keys(
                f"{name}: must be one segment of a channel, not {value!r}: use A-Z, a-z, 0-9 and any of "
                r"- . : _ $ [ ] \ ^ `"
            ),
            argument=name,
            value=hide_keys(value),
        )
    return value
