"""From a call's arguments and options to the packet that carries it; every rule is checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import isnan
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve, field, fields, frozen

from emitter_typed._masking import hide_keys, kind_for_text, kind_of, look_swapped, shown
from emitter_typed._on_use import OnUse
from emitter_typed._protocol.definition import (
    OperationDefinition,
    OptionDefinition,
    RequestDefinition,
)
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.payloads.scalars import seconds
from emitter_typed._protocol.payloads.unfit import Unfit, expected
from emitter_typed._protocol.topics import check_no_secret, compose_topic, validate_channel, written_options
from emitter_typed._types.constraints import shown_value
from emitter_typed._types.values import Option, Record, Secret, is_masked, masked_form
from emitter_typed.errors import InvalidArgument

if TYPE_CHECKING:
    from emitter_typed._protocol.payloads import conversion as rules
else:
    rules = OnUse("emitter_typed._protocol.payloads.conversion")

_find_border = re.compile(r"[^!-~]|[/?#+*{}]").search


@frozen
class Prepared:
    """What a packet of an operation holds besides its payload."""

    topic: str = field(repr=False)
    """The whole topic, key and options included."""
    bare_topic: str = field(repr=False)
    """The topic without options: what an UNSUBSCRIBE names."""
    no_replay_topic: str = field(repr=False)
    """The topic with the options that let a subscribe bring no stored messages."""
    channel: str = field(repr=hide_keys)
    """The channel, for matching and for errors."""
    qos: int
    retain: bool
    no_echo: bool
    """Whether the client's own subscriptions do not receive it."""
    swapped: bool = False
    """Whether key and channel look as if each was given in the place of the other."""

    def without_replay(self) -> Prepared:
        """Return the same, for a subscribe that is to bring no stored messages."""
        return evolve(self, topic=self.no_replay_topic)


def prepare(
    definition: OperationDefinition,
    arguments: Sequence[str | Secret],
    options: Iterable[Option] = (),
    options_given: Mapping[str, object] | None = None,
) -> Prepared:
    """Check what a call says and compose its topic.

    Args:
        definition: The operation.
        arguments: The values of its parameters, in their order.
        options: Options made by `with_…` functions.
        options_given: Options given as keywords; None means not given.

    Returns:
        What the packet needs.

    Raises:
        InvalidArgument: A part of the topic or an option breaks a rule, or an option is given twice.
    """
    given = options_given or {}
    if options != ():
        given = explicit_options(definition, options, given)
    for name in definition.times:
        if isinstance(time := given.get(name), datetime) and time.fold:
            given = {**given, name: _unfolded(time)}
    try:
        return _prepare(definition, tuple(given), *arguments, *given.values())
    except TypeError:
        # It cannot be hashed, so it is nothing that could be sent either: say what is wrong with it.
        pass
    return _prepare.__wrapped__(definition, tuple(given), *arguments, *given.values())


def _unfolded(time: datetime) -> datetime:
    """Return a time of an hour that clocks repeat in UTC: within its own zone, it equals the one an hour earlier."""
    if time.utcoffset() is not None:
        # What has no time in UTC is refused as it is.
        with suppress(OverflowError):
            return time.astimezone(UTC)
    return time


# Most calls repeat earlier ones. Typed, since 1 is an option's value where True is none.
@lru_cache(maxsize=4096, typed=True)
def _prepare(definition: OperationDefinition, names: tuple[str, ...], *values: object) -> Prepared:
    """Prepare for arguments and options, given as the options' names and the values of all; None is not given."""
    border = len(values) - len(names)
    explicit = {name: value for name, value in zip(names, values[border:], strict=True) if value is not None}
    written, headers = _write_options(definition, definition.defaults, explicit)
    arguments = values[:border]
    composed = _composed_or_refused(definition, arguments)
    if isinstance(composed, InvalidArgument):
        # Raised here, where no frame shows the key.
        raise composed
    key, channel, bare_topic = composed
    return Prepared(
        topic=compose_topic(key, channel, options=written) if written else bare_topic,
        bare_topic=bare_topic,
        no_replay_topic=_no_replay_topic(definition, key, channel) if definition.no_replay else bare_topic,
        channel=channel,
        qos=1 if headers.get("qos") == 1 else 0,
        retain=headers.get("retain") is True,
        no_echo=bool(definition.no_echo)
        and all(explicit.get(name) == value for name, value in definition.no_echo.items()),
        swapped=look_swapped(key, channel),
    )


def _composed_or_refused(
    definition: OperationDefinition, arguments: Sequence[object]
) -> tuple[str, str, str] | InvalidArgument:
    try:
        return _compose(definition, tuple(_texts(definition, arguments)))
    except InvalidArgument as error:
        return _without_keys(error, definition, arguments)


def _no_replay_topic(definition: OperationDefinition, key: str, channel: str) -> str:
    written, _ = _write_options(definition, definition.no_replay, {})
    return compose_topic(key, channel, options=written)


def _without_keys(
    error: InvalidArgument, definition: OperationDefinition, arguments: Sequence[object]
) -> InvalidArgument:
    """Take the keys of a call out of its error: every secret, and the segment that its topic begins with."""
    names = list(definition.parameters)
    keys = [
        argument.reveal() if isinstance(argument, Secret) else argument
        for name, argument in zip(names, arguments, strict=True)
        if isinstance(argument, Secret) or (isinstance(argument, str) and name == names[0])
    ]
    value = hide_keys(error.value, *keys) if isinstance(error.value, str) else error.value
    key, *others = [
        argument.reveal() if isinstance(argument, Secret) else argument if isinstance(argument, str) else ""
        for argument in arguments
    ]
    swapped = any(look_swapped(key, other) for other in others)
    advice = f"; the key looks swapped with another argument: the order is {', '.join(names)}" if swapped else ""
    return InvalidArgument(hide_keys(error.message, *keys) + advice, argument=error.argument, value=value)


def channel_with_options(
    definition: RequestDefinition[object],
    channel: str,
    options: Iterable[Option] = (),
    options_given: Mapping[str, object] | None = None,
) -> str:
    """Write a channel with the options of a request behind it, for a request that holds them so.

    Args:
        definition: The request.
        channel: The channel; a missing last slash is added.
        options: Options made by `with_…` functions.
        options_given: Options given as keywords; None means not given.

    Returns:
        The channel, such as `chat/?ttl=60`.

    Raises:
        InvalidArgument: The channel or an option breaks a rule, or an option is given twice.
    """
    written, _ = _write_options(definition, {}, explicit_options(definition, options, options_given or {}))
    return validate_channel(channel, static=False) + written_options(tuple(written.items()))


def _write_options(
    definition: OperationDefinition | RequestDefinition[object],
    defaults: Mapping[str, object],
    explicit: Mapping[str, object],
) -> tuple[dict[str, str], dict[str, object]]:
    """Return the options that stand in a topic, as they are written there, and those that stand in the header."""
    written: dict[str, str] = {}
    headers: dict[str, object] = {}
    checked = {
        option.name: _checked(option, explicit[option.name]) for option in definition.options if option.name in explicit
    }
    for option in definition.options:
        if option.name in checked:
            value = checked[option.name]
            _check_order(option, value, checked)
        elif option.name in defaults:
            value = defaults[option.name]
        else:
            continue
        if option.carrier == "header":
            headers[option.wire] = value
        elif (text := _text(option, value)) is not None:
            written[option.wire] = text
    return written, headers


def _texts(definition: OperationDefinition, arguments: Sequence[object]) -> Iterator[str]:
    for place, (name, argument) in enumerate(zip(definition.parameters, arguments, strict=True)):
        # A key begins its topic, and no other part of one is secret; nor is a link, which is the whole of its topic.
        if place or "/" not in definition.topic:
            check_no_secret(name, argument)
        text = argument.reveal() if isinstance(argument, Secret) else argument
        if not isinstance(text, str) or not text:
            problem = "must not be empty" if text == "" else f"expected a text, got {kind_for_text(text, name)}"
            raise InvalidArgument(f"{name}: {problem}", argument=name, value=None)
        for constraint in definition.constraints.get(name, ()):
            constraint.check(name, text)
        yield text


def _compose(definition: OperationDefinition, texts: Sequence[str]) -> tuple[str, str, str]:
    """Fill the template; return its first segment, the channel, and both as a topic."""
    topic = definition.topic
    for place, ((name, kind), text) in enumerate(zip(definition.parameters.items(), texts, strict=True)):
        filled = (
            one_segment(name, text, issued=not place and "/" in definition.topic)
            if kind == "segment"
            else validate_channel(text, static=kind == "channel", argument=name)
        )
        topic = topic.replace(f"{{{name}}}", filled, 1)
    key, slash, channel = topic.partition("/")
    # One segment alone is the name of a link: a topic without key, channel or options.
    return key, channel, compose_topic(key, channel) if slash else topic


def one_segment(name: str, text: str, *, issued: bool = True) -> str:
    """Return a text that is to be one segment of a topic, a key if the broker issued it.

    Raises InvalidArgument, without showing it.
    """
    if is_masked(text):
        raise masked_form(name)
    # A text that holds one of these would move the border between the parts of the topic.
    if _find_border(text) is not None:
        advice = "pass it exactly as the broker issued it" if issued else "it must be one segment of a channel"
        raise InvalidArgument(
            f"{name}: contains a character beyond ASCII, a space, a line break or one of / ? # + * {{ }}: {advice}",
            argument=name,
            value=None,
        )
    return text


def _each_option(options: object) -> Iterator[Option]:
    """Go through options; callers without a checker give anything."""
    if isinstance(options, Option):
        raise InvalidArgument(
            f"options: put the option {options.name} in a list or a set", argument="options", value=options
        )
    if options is None:
        return
    kind = kind_of(options)
    # Programs say {} or None for no options, as the official client takes them.
    if (
        not isinstance(options, Iterable)
        or isinstance(options, str | bytes)
        or (isinstance(options, Mapping) and options)
    ):
        raise InvalidArgument(
            f"options: expected a list or a set of options, got {kind}", argument="options", value=None
        )
    for option in cast("Iterable[object]", options):
        if not isinstance(option, Option):
            raise InvalidArgument(
                f"options: expected what a with_… or without_… of the client returns, got {kind_of(option)}",
                argument="options",
                value=None,
            )
        yield option


def explicit_options(
    definition: OperationDefinition | RequestDefinition[object],
    options: Iterable[Option],
    options_given: Mapping[str, object],
) -> dict[str, object]:
    """Put together what a call says of options, in either way. Raises InvalidArgument."""
    explicit: dict[str, object] = {name: value for name, value in options_given.items() if value is not None}
    known = [each.name for each in definition.options]
    ignored = [each.name for each in definition.ignored] if isinstance(definition, OperationDefinition) else []
    for option in _each_option(options):
        if option.name in ignored:
            continue
        if option.name not in known:
            raise InvalidArgument(
                f"options: {definition.name} does not take {option.name}; it takes {', '.join(known) or 'none'}",
                argument="options",
                value=option,
            )
        if option.name in explicit and explicit[option.name] != option.value:
            raise InvalidArgument(
                hide_keys(
                    f"{option.name}: given twice, as {explicit[option.name]!r} and {option.value!r}: pass it once"
                ),
                argument=option.name,
                value=None,
            )
        explicit[option.name] = option.value
    return explicit


def _checked(option: OptionDefinition, value: object) -> object:
    if isinstance(option.type, type) and isinstance(value, option.type) and not isinstance(value, bool):
        # Narrower than the limits of its type, so that an error names these.
        _check_constraints(option, value)
    try:
        if option.type is timedelta and not isinstance(value, timedelta):
            value = _duration(option, value)
        rules.conversion_of(option.type).write(value)
        if option.format is not None:
            rules.write_as(option.format, value)
    except (ValueError, OverflowError) as error:
        shown = hide_keys(value) if isinstance(value, str) else value
        raise InvalidArgument(hide_keys(f"{option.name}: {error}"), argument=option.name, value=shown) from None
    _check_constraints(option, value)
    return value


def _check_constraints(option: OptionDefinition, value: object) -> None:
    for constraint in option.constraints:
        constraint.check(option.name, value)


def _duration(option: OptionDefinition, value: object) -> timedelta:
    """Return seconds as a duration. Raises Unfit."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise expected("seconds or a timedelta", value)
    try:
        return seconds(value)
    except Unfit:
        longest = timedelta.max if value > 0 else timedelta.min
        rule = next((each.rule for each in option.constraints if not each.holds(longest)), None)
        if rule is None or (isinstance(value, float) and isnan(value)):
            raise
        raise Unfit(f"{rule}, not {shown(value)} s") from None


def _check_order(option: OptionDefinition, value: Any, checked: Mapping[str, Any]) -> None:  # Any: what has an order
    later = None if option.not_after is None else checked.get(option.not_after)
    if later is not None and value > later:
        raise InvalidArgument(
            f"{option.name}: must not be after {option.not_after}: it is {shown_value(value)}, "
            f"and {option.not_after} is {shown_value(later)}",
            argument=option.name,
            value=value,
        )


def _text(option: OptionDefinition, value: object) -> str | None:
    if value in option.encode:
        return option.encode[value]
    return str(rules.write_as(option.format, value))


@frozen
class Written:
    """A request and how it is sent. It shows neither: both may hold a key."""

    record: Record = field(repr=False)
    """The request."""
    payload: bytes = field(repr=False)
    """The request as JSON."""


def write(request: Record) -> Written:
    """Write a request. Raises InvalidArgument if a field holds what its type does not allow, or no broker issues."""
    for each in fields(request.__class__):  # type: ignore[arg-type]  # each subclass of Record is an attrs class
        if isinstance(secret := getattr(request, each.name), Secret) and secret.reveal() != secret.reveal().strip():
            # As a file has it. The broker would say that it does not know it.
            raise InvalidArgument(
                f"{each.name}: begins or ends with a space or a line break: pass it exactly as the broker issued it",
                argument=each.name,
                value=None,
            )
    try:
        return Written(request, codec.writer(request.__class__)(request))
    except Unfit as error:
        # A field of the request is a parameter of the call.
        name = error.path.removeprefix("$.")
        refusal = InvalidArgument(f"{name}: {error}", argument=name, value=None)
    # Without the frames in which it was half written.
    refusal.__cause__ = refusal.__context__ = None
    raise refusal


def check_size(topic_bytes: int, channel: str, payload_bytes: int, max_packet_bytes: int, *, qos: int) -> None:
    """Raise InvalidArgument if a PUBLISH would be larger than a packet may be."""
    # The remaining length: the topic with its length, the packet identifier of QoS 1, the payload (MQTT 3.1.1, 3.3).
    overhead = 2 + topic_bytes + (2 if qos else 0)
    if overhead + payload_bytes > max_packet_bytes:
        raise InvalidArgument(
            f"message: has {payload_bytes} bytes, and at most {max(max_packet_bytes - overhead, 0)} fit a packet "
            f"on {hide_keys(channel)} (max_packet_bytes is {max_packet_bytes}): send it in parts",
            argument="message",
            value=payload_bytes,
        )


def check_filter_size(prepared: Prepared, max_packet_bytes: int) -> None:
    """Raise InvalidArgument if a SUBSCRIBE or an UNSUBSCRIBE would be larger than a packet may be."""
    # The remaining length: the packet identifier, the topic with its length, its QoS (MQTT 3.1.1, 3.8).
    if 2 + 2 + len(prepared.topic) + 1 > max_packet_bytes:
        raise InvalidArgument(
            f"channel: has {len(prepared.channel)} characters, too many for a packet (max_packet_bytes is "
            f"{max_packet_bytes}): use a shorter one",
            argument="channel",
            value=len(prepared.channel),
        )
