"""How errors, logs and reprs show a value: without keys, and no longer than one can read."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HIDDEN = "…"
_SHOWN_CHARACTERS = 60
# Emitter's keys are 32 characters of base64url. Hexadecimal ones are somebody's identifiers, such as a UUID's.
_KEY = r"(?![0-9a-f]{32})[\w-]{32}"
_find_keys = re.compile(rf"(?<![\w-]){_KEY}(?![\w-])", re.ASCII).sub
_is_key = re.compile(_KEY, re.ASCII).fullmatch


def kind_of(value: object) -> str:
    """Name the kind of a value as Python's users do, for an error that must not show the value itself."""
    names: dict[type, str] = {
        bool: "a boolean",
        int: "an integer",
        float: "a float",
        str: "a text",
        bytes: "bytes",
        list: "a list",
        dict: "a dict",
    }
    if value is None:
        return "None"
    if type(value) in names:
        return names[type(value)]
    if isinstance(value, type):
        # Programs pass one in the place of its object.
        return f"the class {value.__name__}"
    # A number of a document may also keep its digits.
    return with_article("float" if isinstance(value, float) else type(value).__name__)


def kind_for_text(value: object, name: str) -> str:
    """Name the kind of a value in the place of a text, and what to do with bytes, or with an object that has the text.

    Args:
        value: What was given.
        name: What the text is, such as `key` or `channel`: a response and a message have it under that name.
    """
    kind = kind_of(value)
    if kind == "bytes":
        return f"{kind}: decode them with .decode()"
    # Its class is asked, so that nothing of the caller's runs.
    return f"{kind}: pass its .{name}" if hasattr(type(value), name) else kind


def with_article(name: str) -> str:
    """Return a name behind "a" or "an"."""
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def hide_keys(text: str, *keys: str) -> str:
    """Return a text as an error may show it: without these keys, and without whatever looks like one."""
    for key in keys:
        # A shorter one is no key, and may stand in any word.
        text = text.replace(key, _HIDDEN) if len(key) >= 8 else text
    return _find_keys(_HIDDEN, text)


def shown(value: object) -> str:
    """Return a value as an error may show it: no key, and not more than one can read."""
    try:
        text = hide_keys(repr(value))
    except ValueError:
        # Python writes no integer of thousands of digits.
        return f"{kind_of(value)} that is too long to show"
    except Exception:
        # A class of the caller's has a repr that fails.
        return f"{kind_of(value)} that cannot be shown"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def shows_no_key(value: object) -> bool:
    """Tell whether the repr of a value may be shown."""
    try:
        text = repr(value)
    except Exception:
        return False
    return hide_keys(text) == text


def look_swapped(key: str, channel: str) -> bool:
    """Tell whether key and channel look as if each was given in the place of the other."""
    return _is_key(channel.removesuffix("/")) is not None and _is_key(key) is None


def no_dict(value: object, name: object, attributes: Mapping[str, str]) -> TypeError:
    """Make the error for `value[name]`, which programs write that come from dicts.

    Args:
        value: What they take for a dict.
        name: What they look for in it.
        attributes: The attributes that it has, by what stood in the dict.
    """
    attribute = attributes.get(name) if isinstance(name, str) else None
    if attribute is not None:
        advice = f"write .{attribute} instead of [{name!r}]"
    else:
        listed = ", ".join(f".{each}" for each in dict.fromkeys(attributes.values()))
        advice = f"it has {listed or 'no attributes'}"
    return TypeError(f"{type(value).__name__} is an object, not a dict: {advice}")
