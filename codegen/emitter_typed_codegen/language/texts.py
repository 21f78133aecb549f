"""How the texts of a schema are made up: types, names, addresses and paths.

The expressions are written so that Python's `re` and JavaScript's `RegExp` read them alike: editors have the latter.
"""

from __future__ import annotations

from collections.abc import Collection

from emitter_typed_codegen.language.scalars import SCALARS
from emitter_typed_codegen.model import ScalarName

LONGEST_ADDRESS = 1000
"""How many characters an address or a topic may have."""

# What Emitter allows in a channel: bytes 45 to 58 and 65 to 122, without the slash, and the dollar sign.
SEGMENT_CHARACTER = r"[-.0-:A-Z\[\\\]^_`a-z$]"
PARAMETER = r"\{[^{}\/:?*+.\s](?:[^{}\/:?*+]*[^{}\/:?*+.\s])?\}"
"""A segment that is a parameter: `{room?}`, `{room*}`, `{room...}` and `{...room}` of web frameworks are not."""

FOREIGN_PARAMETER = r"(?::[A-Za-z_]\w*|\[{1,2}(?:\.\.\.)?[A-Za-z_]\w*\]{1,2})"
"""A segment that is a parameter elsewhere: `:room` and `[room]` of web frameworks. A channel could be called so."""

_LITERAL = rf"(?!{FOREIGN_PARAMETER}(?:\/|$)){SEGMENT_CHARACTER}+"

ADDRESS = rf"^(?:(?:{PARAMETER}|{_LITERAL})\/)+$"
"""Segments, each ending with a slash, some of which are parameters."""

BROKER_TOPIC = rf"^(?:{_LITERAL}\/)+$"
"""The same without parameters."""

TOPIC = rf"^(?:{PARAMETER}|{_LITERAL})(?:\/(?:{PARAMETER}|{_LITERAL}))*\/?$"
"""Segments between slashes, some of which are parameters."""

WORD = "^[0-9A-Za-z]+$"
"""The name or the value of an option in a topic."""

WIDE_COLON = "\uff1a"
"""The colon of Chinese and Japanese keyboards, which YAML does not take for a colon."""

IMPORT_NAME = "^[a-z][a-z0-9_]*$"

# What lies elsewhere than beside the schema is not there on the next machine.
RELATIVE_PATH = r"^(?![\/~]|[A-Za-z]:|.*:\/\/)[^\\]+$"

# Letters beyond ASCII: what is none of them there, the compiler tells.
_LETTER = r"[^\u0000-@\[-\^`{-\u007f]"
_WORD = r"[^\u0000-,.\/:-@\[-\^`{-\u007f]"
_OF_THE_LANGUAGE = "|".join(SCALARS)

TYPE_NAME = rf"^(?!(?:{_OF_THE_LANGUAGE})$){_LETTER}{_WORD}*$"
"""The name of a type: a letter, then letters, digits, `_` and `-`; none of the language's own types."""

TYPE_NAMED = rf"^(?!(?:{_OF_THE_LANGUAGE})$){_LETTER}{_WORD}*(?:\.{_LETTER}{_WORD}*)?$"
"""A type by its name, also one of another file."""

MOST_TYPE_LEVELS = 16
"""How deep lists and maps may lie in one another in a type."""


def type_pattern(scalars: Collection[ScalarName], *, containers: bool, optional: bool) -> str:
    """Return an expression for types as a schema writes them. It lets brackets be closed by braces.

    Args:
        scalars: Which of the language's own types there may be.
        containers: Whether there may be lists, maps, and several types with `|` between them.
        optional: Whether the type as a whole may have a `?`.
    """
    elsewhere = [name for name in SCALARS if name not in scalars]
    mark = r"\s*\??\s*" if optional else r"\s*"
    name = rf"(?!(?:{'|'.join(elsewhere)})(?!{_WORD}|\.)){_LETTER}{_WORD}*(?:\.{_LETTER}{_WORD}*)?"
    if not containers:
        return rf"^\s*{name}{mark}$"
    # Behind a type comes a bar and another one, or the end. Each level names the one below once.
    more = r"\s*(?:\|(?=\s*[^\s|?\]}])|(?=\??\s*(?:[\]}]|$)))\s*"
    pattern = rf"\s*(?:{name}{more})+{mark}"
    for _ in range(MOST_TYPE_LEVELS):
        pattern = rf"\s*(?:(?:{name}|(?:\[|\{{\s*string\s*:){pattern}[\]\}}]){more})+{mark}"
    return f"^{pattern}$"
