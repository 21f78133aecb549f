"""Topics as Emitter reads them: their parts, what they may hold, which filter matches which channel.

```
<key>/<channel>/?<option>=<value>&<option>=<value>      publish, subscribe, unsubscribe
<key>/$share/<group>/<channel>/                         subscribe as a member of a share group
<link>                                                  publish through a link
```

The client composes what the broker parses, and both route with the same matching, so this is one module.
A channel is always written with its last slash. (docs: Emitter protocol, topics)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Literal, NoReturn

from attrs import field, frozen

from emitter_typed._masking import hide_keys, kind_for_text, kind_of
from emitter_typed._types.values import Secret
from emitter_typed.errors import InvalidArgument

Matcher = Literal["emitter", "mqtt"]
"""How a broker matches live messages: by prefix (`"emitter"`, its default), or as MQTT does (`"mqtt"`)."""

SHARE = "$share"
"""The first segment of a subscription to a share group."""

# Byte values 45-58 and 65-122 without the slash, and the dollar sign.
_CHARACTER = r"[-.0-:A-Z\[\\\]^_`a-z$]"
_SEGMENT = rf"(?:{_CHARACTER}+|[+*#])"
_CHANNEL = rf"(?:{_SEGMENT}/)+"
_WORD = r"[0-9A-Za-z]+"
_OPTIONS = rf"(?:{_WORD}={_WORD}(?:&{_WORD}={_WORD})*&?)?"

_is_channel = re.compile(_CHANNEL).fullmatch
# The broker reads a '#' in any place. Only the last one means something, so that is the only one to write.
_has_inner_rest = re.compile(r"(?:.*/)?#/.").match
_is_static = re.compile(rf"(?:{_CHARACTER}+/)+").fullmatch
_is_word = re.compile(_WORD).fullmatch
_is_link_name = re.compile(r"[0-9A-Za-z]{1,2}").fullmatch
_read_topic = re.compile(rf"([^/]+)/({_CHANNEL})(?:\?({_OPTIONS}))?").fullmatch
_find_foreign = re.compile(rf"(?!{_CHARACTER})[^/+*#]").search

_WILDCARDS = frozenset("+*#")
_UNMATCHED = frozenset("*#")
_HIDDEN = "…"
_MAX_CACHED_LENGTH = 256


@frozen
class Topic:
    """A topic taken apart. Its repr does not show the key."""

    key: str = field(repr=False)
    """The first segment."""
    channel: str
    """What follows the key, with its last slash and without options; `$share/<group>/` still leads it."""
    options: tuple[tuple[str, str], ...] = ()
    """Names and values in their order; a name may stand in it twice."""

    @cached_property
    def static(self) -> bool:
        """Whether the channel holds no wildcard, so that one can publish to it."""
        return _is_static(self.channel) is not None

    def option(self, name: str) -> str | None:
        """Return the value of an option, the first one if it was given twice; None if it is absent."""
        for candidate, value in self.options:
            if candidate == name:
                return value
        return None

    def number(self, name: str) -> int | None:
        """Return an option as a number; None where it is absent, or no number, or one of more than 63 bits."""
        value = self.option(name)
        # The digits are bounded first: reading a number of thousands of them takes long.
        if value is None or not value.isdecimal() or len(value.lstrip("0")) > 19:
            return None
        number = int(value)
        return number if number < 2**63 else None

    def without_key(self) -> str:
        """Return the channel with its options: the topic as it may be shown."""
        return self.channel + written_options(self.options)


def parse_topic(topic: str | bytes) -> Topic:
    """Take a topic apart as the broker does: strictly, without mending anything.

    Args:
        topic: `key/channel/`, with or without options.

    Returns:
        The parts. The key is not checked: any text without a slash is one.

    Raises:
        InvalidArgument: the topic breaks a rule. The text names the rule and never shows the key.
    """
    text = topic.decode("utf-8", "replace") if isinstance(topic, bytes) else topic
    return _parse_cached(text) if len(text) <= _MAX_CACHED_LENGTH else _parse(text)


def _parse(topic: str) -> Topic:
    found = _read_topic(topic)
    if found is None:
        _explain_topic(topic)
    key, channel, options = found.groups()
    pairs = (pair.partition("=") for pair in (options or "").split("&") if pair)
    return Topic(key, channel, tuple((name, value) for name, _, value in pairs))


# The same topics come again and again. Long ones are left out, so that the cache stays small.
_parse_cached = lru_cache(maxsize=4096)(_parse)


def _explain_topic(topic: str) -> NoReturn:
    key, slash, rest = topic.partition("/")
    if not key or not slash:
        raise InvalidArgument(
            "topic: must begin with a key and a slash, as in key/channel/", argument="topic", value=_HIDDEN
        )
    channel, mark, options = rest.partition("?")
    if _is_channel(channel) is None:
        _explain_channel(channel, "topic")
    raise InvalidArgument(
        f"topic: the options {mark + options!r} must have the form ?name=value&name=value, "
        "with only letters A-Z, a-z and digits in names and values",
        argument="topic",
        value=rest,
    )


def compose_topic(key: str, channel: str, *, options: Mapping[str, str] | None = None) -> str:
    """Put a topic together; `parse_topic` takes it apart again.

    Args:
        key: The channel key in clear.
        channel: The channel, which `$share/<group>/` may lead; a missing last slash is added.
        options: Names and values, in the order in which they are to stand.

    Returns:
        The topic, such as `key/channel/?last=5`.

    Raises:
        InvalidArgument: a part breaks a rule. The text never shows the key.
    """
    if not key or "/" in key:
        raise InvalidArgument(
            "key: must not be empty or contain a slash: pass the key alone, and the channel as the next argument",
            argument="key",
            value=_HIDDEN,
        )
    pairs = tuple((options or {}).items())
    for name, value in pairs:
        if _is_word(name) is None or _is_word(value) is None:
            raise InvalidArgument(
                f"{name}: the option {name}={value} cannot be sent: name and value must be letters A-Z, a-z and digits",
                argument=name,
                value=value,
            )
    return f"{key}/{validate_channel(channel, static=False)}{written_options(pairs)}"


def written_options(options: tuple[tuple[str, str], ...]) -> str:
    """Write options as they follow a channel, such as `?ttl=60&me=0`; nothing where there are none."""
    return "?" + "&".join(f"{name}={value}" for name, value in options) if options else ""


def check_no_secret(argument: str, value: object) -> None:
    """Raise InvalidArgument for a secret where a text belongs that anybody may see."""
    if isinstance(value, Secret):
        raise InvalidArgument(
            f"{argument}: expected a text, got {kind_of(value)}: pass secrets only as keys",
            argument=argument,
            value=value,
        )


def _is_text(value: object) -> bool:
    # Callers without a checker give anything.
    return isinstance(value, str)


def validate_channel(channel: str, *, static: bool, argument: str = "channel") -> str:
    """Check a channel by the broker's rules, and write it as the broker does.

    Args:
        channel: The channel without key and options. Its last slash may be missing.
        static: Whether wildcards are refused, as in publishing.
        argument: The name of the caller's parameter, for the error.

    Returns:
        The channel with its last slash.

    Raises:
        InvalidArgument: a segment is empty, holds a character that no channel may hold, or a wildcard where
            none may stand. The text names the rule and the segment.
    """
    check_no_secret(argument, channel)
    if not _is_text(channel):
        raise InvalidArgument(
            f"{argument}: expected a text, got {kind_for_text(channel, argument)}", argument=argument, value=None
        )
    written = channel if channel.endswith("/") else channel + "/"
    if _is_static(written) is not None:
        return written
    if _is_channel(written) is None or _has_inner_rest(written) is not None:
        _explain_channel(channel, argument)
    if static:
        wildcard = next(segment for segment in segments(written) if segment in _WILDCARDS)
        raise InvalidArgument(
            hide_keys(f"{argument}: {channel!r} contains the wildcard {wildcard!r}: publish to one channel"),
            argument=argument,
            value=hide_keys(channel),
        )
    return written


def key_target(filter_channel: str) -> str:
    """Return the target of a key that opens at least what a filter stands for: one that ends with `+` opens nothing.

    >>> key_target("home/+/temperature/+/")
    'home/+/temperature/#/'
    """
    names = segments(filter_channel)
    fixed = len(names)
    while fixed and names[fixed - 1] in ("+", "#"):
        fixed -= 1
    return "/".join([*names[:fixed], *(["#"] if fixed < len(names) else [])]) + "/"


def validate_key_target(target: str) -> str:
    """Check the target of a key as `validate_channel` does, and that a key for it opens something.

    Raises:
        InvalidArgument: the broker would not take it as a filter, or would make a key that opens no channel.
    """
    written = validate_channel(target, static=False)
    names = segments(written)
    free_end = written.endswith(("+/", "+/#/"))
    # A key for `+/+/` opens the channels of two segments; one for `+/#/`, subscriptions that begin with `+/`.
    if free_end and set(names) != {"+"} and names != ["+", "#"]:
        raise InvalidArgument(
            hide_keys(f"channel: a key for {target} opens nothing: use {key_target(written)}"),
            argument="channel",
            value=hide_keys(target),
        )
    return written


def _explain_channel(channel: str, argument: str) -> NoReturn:
    raise InvalidArgument(
        hide_keys(f"{argument}: {channel!r} {_broken_rule(channel)}"), argument=argument, value=hide_keys(channel)
    )


def _broken_rule(channel: str) -> str:
    if channel.strip("/") == "":
        return "has no segment: it needs at least one, as in chat/"
    parts = channel.removesuffix("/").split("/")
    if "" in parts:
        return "has an empty segment: it begins with a slash, or two slashes follow each other"
    if "?" in channel:
        return "contains '?': pass options as arguments"
    for place, part in enumerate(parts, start=1):
        foreign = _find_foreign(part)
        if foreign is not None:
            return (
                f"contains the character {foreign.group()!r} in segment {place}: a channel is made of A-Z, a-z, "
                r"0-9 and any of - . : _ $ [ ] \ ^ `"
            )
        if len(part) > 1 and not _WILDCARDS.isdisjoint(part):
            return f"has a wildcard inside segment {part!r}: a wildcard stands alone between slashes"
        if part == "#" and place < len(parts):
            return f"has '#' as segment {place} of {len(parts)}: it may only be the last; '+' is one segment"
    return "does not end with a slash"


def is_link_name(name: str) -> bool:
    """Tell whether a text can be the name of a link: one or two letters or digits."""
    return _is_link_name(name) is not None


def segments(channel: str) -> list[str]:
    """Return the segments of a channel that ends with its slash."""
    return channel[:-1].split("/")


def split_share(channel: str) -> tuple[str | None, str]:
    """Split `$share/<group>/<channel>/` into group and channel; the group of a plain channel is None.

    A channel that begins with `$share/` and has no group or no channel after it is given back as a plain one.
    """
    if not channel.startswith(SHARE + "/"):
        return None, channel
    _, group, rest = (channel + "//").split("/", 2)
    plain = rest[:-2]
    return (group, plain) if plain else (None, channel)


def matches(filter_channel: str, channel: str, matcher: Matcher) -> bool:
    """Tell whether a subscription receives what is published to a channel.

    `+` stands for one segment under both matchers. Under `"emitter"` a filter matches its channel and all
    below it, and `#` matches nothing live; under `"mqtt"` a filter matches its channel only, and a last `#`
    stands for one or more segments. `*` matches nothing but itself.

    Args:
        filter_channel: The subscription's channel, without `$share/<group>/`.
        channel: The channel of the message.
        matcher: The broker's matcher.

    Returns:
        Whether it matches. The time is linear in the length of the shorter one.
    """
    wanted, actual = segments(filter_channel), segments(channel)
    if matcher == "mqtt":
        if wanted[-1] == "#":
            wanted.pop()
            if len(actual) <= len(wanted):
                return False
        elif len(actual) != len(wanted):
            return False
    elif len(actual) < len(wanted):
        return False
    return all(want in ("+", have) for want, have in zip(wanted, actual, strict=False))


def filters_overlap(one: str, other: str, matcher: Matcher) -> bool:
    """Tell whether one message may match two filters, each as `matches` says.

    Args:
        one: A subscription's channel, without `$share/<group>/`.
        other: Another one's.
        matcher: The broker's matcher.

    Returns:
        Whether there is a channel to publish to that both match. The time is linear in the length of the shorter one.
    """
    left, right = segments(one), segments(other)
    if matcher == "mqtt":
        left_rest, right_rest = left[-1] == "#", right[-1] == "#"
        del left[len(left) - left_rest :], right[len(right) - right_rest :]
        # Without `#` a filter has as many segments as its channels, and with it fewer.
        if not left_rest and len(left) < len(right) + right_rest:
            return False
        if not right_rest and len(right) < len(left) + left_rest:
            return False
    # No channel to publish to has one of these.
    if not _UNMATCHED.isdisjoint(left) or not _UNMATCHED.isdisjoint(right):
        return False
    return all(ours == theirs or "+" in (ours, theirs) for ours, theirs in zip(left, right, strict=False))


def could_match_prefix(filter_channel: str, prefix: str) -> bool:
    """Tell whether a subscription may receive something from below a prefix, under either matcher.

    Args:
        filter_channel: The subscription's channel, with or without `$share/<group>/`.
        prefix: The prefix with its last slash, such as `emitter/`.

    Returns:
        False only if no channel that begins with the prefix can match.
    """
    for want, have in zip(segments(split_share(filter_channel)[1]), segments(prefix), strict=False):
        if want == "#":
            return True
        if want not in ("+", "*", have):
            return False
    return True
