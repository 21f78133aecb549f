"""A schema as a whole."""

from __future__ import annotations

from emitter_typed_codegen.language.protocol import PROTOCOL_KEYS
from emitter_typed_codegen.language.shapes import NAME, Choice, Key, Prose, Shape
from emitter_typed_codegen.language.users import CHANNELS, IMPORTS, TYPES

LANGUAGE = "1"
"""The version of the language."""

SCHEMA = Shape(
    name="schema",
    keys=(
        Key(
            "emitter-typed",
            Choice(words=((LANGUAGE, "This version."),), default=LANGUAGE),
            f"The version of the language: `{LANGUAGE}`.",
            required=True,
        ),
        Key("name", NAME, "The class of the facade. Default: from the file's name."),
        Key("version", Prose(), "Any text of yours: `__version__` of the package."),
        Key("doc", Prose(), "For people: what the system does. It becomes the docstring of the package."),
        Key("imports", IMPORTS, "Other schemas whose types are used here, as in `common.Unit`."),
        Key("types", TYPES, "Your types, by name."),
        *PROTOCOL_KEYS,
        Key("channels", CHANNELS, "Your channels, by name."),
    ),
    doc="A schema of emitter-typed: types, and the channels that carry them.",
)
"""A schema as a whole."""
