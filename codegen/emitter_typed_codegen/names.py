"""Names of the language as Python identifiers: legal, unsurprising, and the same on every machine.

What is an identifier stays as its author wrote it. What is not loses as little as possible: an illegal character
becomes `_`, a keyword gets a trailing `_`, a leading digit a leading one. Two names that end up the same are for the
caller to find: a set of what these functions return tells.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Container
from functools import lru_cache

RESERVED_TYPES = frozenset({"AsyncClient", "Client"})
"""What users import beside their own types, in nearly every program: no type of theirs may have these names."""

RESERVED_METHODS = frozenset(
    {"close", "connect", "disconnect", "from_url", "on_connect", "on_disconnect", "on_error", "on_message"}
)
"""What a client has whatever the protocol: no request or operation may have these names."""

RESERVED_PARAMETERS = frozenset(
    {
        "allow_reserved", "max_bytes", "max_messages", "message", "optional_handler", "options", "overflow", "payload",
        "timeout_s",
    }
)  # fmt: skip
"""What methods take besides what a schema gives them: no option or parameter of an operation may have these names."""

RESERVED_MODULES = frozenset({"channels", "facade", "testing", "types"})
"""The modules of a generated package: no import may have these names."""

BUILTIN_CLASSES = frozenset({name for name in dir(builtins) if name[0].isupper()} | {"PythonFinalizationError"})
"""Classes that are there without an import, on any Python. To mypy they hide a class of the module that comes later."""

UNKNOWN_FIELDS = "unknown_fields"
"""The attribute of a record that keeps unknown fields: no field of such a record may have this name."""

NEWER_CHARACTERS = (
    "[\u0897\u0cf3\u0ece\u1b4e-\u1b4f\u1b7f\u1c89-\u1c8a\u200c-\u200d\u2427-\u2429\u2ffc-\u2fff\u30fb\u31e4-\u31e5"
    "\u31ef\ua7cb-\ua7cd\ua7da-\ua7dc\uff65\U000105c0-\U000105f3\U00010d40-\U00010d65\U00010d69-\U00010d85"
    "\U00010d8e-\U00010d8f\U00010ec2-\U00010ec4\U00010efc-\U00010eff\U0001123f-\U00011241\U00011380-\U00011389"
    "\U0001138b\U0001138e\U00011390-\U000113b5\U000113b7-\U000113c0\U000113c2\U000113c5\U000113c7-\U000113ca"
    "\U000113cc-\U000113d5\U000113d7-\U000113d8\U000113e1-\U000113e2\U000116d0-\U000116e3\U00011b00-\U00011b09"
    "\U00011bc0-\U00011be1\U00011bf0-\U00011bf9\U00011f00-\U00011f10\U00011f12-\U00011f3a\U00011f3e-\U00011f5a"
    "\U0001342f\U00013439-\U00013455\U00013460-\U000143fa\U00016100-\U00016139\U00016d40-\U00016d79\U00018cff"
    "\U0001b132\U0001b155\U0001cc00-\U0001ccf9\U0001cd00-\U0001ceb3\U0001d2c0-\U0001d2d3\U0001df25-\U0001df2a"
    "\U0001e030-\U0001e06d\U0001e08f\U0001e4d0-\U0001e4f9\U0001e5d0-\U0001e5fa\U0001e5ff\U0001f6dc"
    "\U0001f774-\U0001f776\U0001f77b-\U0001f77f\U0001f7d9\U0001f8b2-\U0001f8bb\U0001f8c0-\U0001f8c1"
    "\U0001fa75-\U0001fa77\U0001fa87-\U0001fa89\U0001fa8f\U0001faad-\U0001faaf\U0001fabb-\U0001fabf\U0001fac6"
    "\U0001face-\U0001facf\U0001fada-\U0001fadc\U0001fadf\U0001fae8-\U0001fae9\U0001faf7-\U0001faf8"
    "\U0001fbcb-\U0001fbef\U0002b739\U0002ebf0-\U0002ee5d\U00031350-\U000323af]"
)
"""What Python 3.11 does not know, or takes for no part of an identifier, and a newer Python does, as a pattern. Names
must be the same on all of them, and code that one has written must run on the others."""

_CHANNEL_PARTS = ("Params", "Channel", "Channels", "ChannelMessage")

# `self` is the first parameter of the methods that a field or a parameter is handed to. `from_json` and `to_json` are
# methods of every record. The others are what the `__init__` that attrs writes uses itself: a parameter of that name
# would hide it.
_TAKEN_ATTRIBUTES = frozenset({"self", "from_json", "to_json", "NOTHING", "_cached_setattr_get", "_config", "_setattr"})
_WORD = re.compile(r"[^\W_]+")


# The same few names are asked for again and again.
@lru_cache(maxsize=4096)
def attribute_name(text: str) -> str:
    """Return the name of a field, a parameter or a channel: `class` gives `class_`, `sensor-id` gives `sensor_id`."""
    name = _legal(text)
    # Two underscores would be mangled, or be one of Python's own.
    if name.startswith("__"):
        name = f"_{name.lstrip('_')}"
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN_ATTRIBUTES else name


def hidden_name(name: str) -> str:
    """Return the name of the attribute behind a property of that name: `mode` gives `_mode`."""
    # Two underscores would be mangled.
    return f"_deprecated{name}" if name.startswith("_") else f"_{name}"


def method_name(text: str) -> str:
    """Return the name of a method: the rules are those of an attribute."""
    return attribute_name(text)


@lru_cache(maxsize=4096)
def class_name(text: str) -> str:
    """Return the name of a class: `Reading` stays, `living-room` gives `LivingRoom`."""
    name = _stem(text)
    return f"{name}_" if keyword.iskeyword(name) else _led(name, "N")


def channel_class(channel: str, part: str) -> str:
    """Return the name of a class of a channel: `living-room` and `Params` give `LivingRoomParams`."""
    return _led(f"{_stem(channel)}{part}", "N")


def channel_classes(channel: str) -> list[str]:
    """Return the names of all classes that are made of a channel, the asyncio ones last."""
    params, one, several, message = (channel_class(channel, part) for part in _CHANNEL_PARTS)
    return [params, one, several, message, f"Async{one}", f"Async{several}"]


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return a name that is not taken: the wanted one, or that with underscores at its end."""
    # None at its beginning: in a class, Python would make another name of two.
    while wanted in taken:
        wanted += "_"
    return wanted


@lru_cache(maxsize=4096)
def _stem(text: str) -> str:
    return "".join(_upper(word[0]) + word[1:] for word in _WORD.findall(_legal(text)))


def constant_name(text: str) -> str:
    """Return the name of a constant or an enum's member: `half-open` and `halfOpen` give `HALF_OPEN`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _legal(text))
    # Underscores on both sides would make it one of the enum module's own.
    return _led(_upper("_".join(_WORD.findall(parted))))


def internal_constant(text: str) -> str:
    """Return the name of the constant of a request that has no method: an operation may have the same name."""
    return constant_name(f"{text}_request")


def _legal(text: str) -> str:
    # Nearly all names are, and a schema says each one many times over.
    if text.isascii() and text.isidentifier() and text.strip("_"):
        return text
    # Python reads identifiers in this form; names that it holds for the same must be the same here.
    normal = unicodedata.normalize("NFKC", re.sub(NEWER_CHARACTERS, "_", text))
    name = "".join(character if f"_{character}".isidentifier() else "_" for character in normal)
    if not _WORD.search(name):
        name = "_".join(map(_spelled, text)) or "empty"
    return _led(name)


def _upper(text: str) -> str:
    upper = text.upper()
    # Newer Pythons know capitals of some letters that have none in 3.11: these stay as they are.
    if not upper.isascii() and re.search(NEWER_CHARACTERS, upper):
        return "".join(char if re.match(NEWER_CHARACTERS, char.upper()) else char.upper() for char in text)
    return upper


def _led(name: str, by: str = "_") -> str:
    """Return a name with something before it if it cannot begin as it does; for a class no `_`, which is private."""
    if name.isascii() and name.isidentifier():
        return name
    # Changing the case of a letter can leave the form in which Python reads identifiers.
    normal = unicodedata.normalize("NFKC", name)
    return normal if normal.isidentifier() else f"{by}{normal}"


def _spelled(character: str) -> str:
    number = f"u{ord(character):04x}"
    return (
        number
        if re.match(NEWER_CHARACTERS, character)
        else re.sub(r"\W+", "_", unicodedata.name(character, number)).lower()
    )
