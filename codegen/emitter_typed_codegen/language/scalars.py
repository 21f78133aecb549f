"""The language's own types: what each is on the wire, and how a schema writes its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model import ScalarName


@frozen
class ScalarDoc:
    """What a scalar is."""

    wire: str
    """What stands on the wire, in Markdown."""
    written: str
    """How a schema writes a value: in a default or a limit."""
    python: str
    """What a program has of it."""
    example: str
    """A value as a schema writes it."""


SCALARS: tuple[ScalarName, ...] = get_args(ScalarName)
"""All scalars of the language."""

SPECIAL: frozenset[ScalarName] = frozenset({"channel", "filter", "key_target", "text"})
"""The scalars that have their places, and stand nowhere else."""

ORDINARY: tuple[ScalarName, ...] = tuple(scalar for scalar in SCALARS if scalar not in SPECIAL)
"""The others."""

FORMATS: Mapping[ScalarName, tuple[str, ...]] = {
    "datetime": ("unix", "unix_ms", "unix_float"),
    "duration": ("seconds", "milliseconds"),
}
"""The other formats of a scalar on the wire. Options in a topic have the first."""

DESCRIBED: Mapping[ScalarName, ScalarDoc] = {
    "string": ScalarDoc("text", "text", "str", "probe"),
    "int": ScalarDoc("integer of 64 bits, signed", "`-5`; no leading zeros, no `_`", "int", "-5"),
    "float": ScalarDoc("finite number", "`-1.5`, `1e3`", "float", "-1.5"),
    "bool": ScalarDoc("true, false", "`true`, `false`", "bool", "true"),
    "bytes": ScalarDoc("standard base64 with padding", "the same", "bytes", "AAEC"),
    "datetime": ScalarDoc(
        "RFC 3339, UTC", "`2018-01-01T00:00:00Z`, always with an offset", "datetime", "2018-01-01T00:00:00Z"
    ),
    "date": ScalarDoc("`2018-01-01`", "the same", "date", "2018-01-01"),
    "duration": ScalarDoc("seconds", "seconds: `90`, `0.5`", "timedelta", "90"),
    "uuid": ScalarDoc("text", "`01234567-89ab-cdef-0123-456789abcdef`", "UUID", "01234567-89ab-cdef-0123-456789abcdef"),
    "decimal": ScalarDoc("text; a number is read too, with all of its digits", "`0.10`", "Decimal", "0.10"),
    "json": ScalarDoc(
        "any JSON that follows the rules above", 'anything: `{a: [1, {}]}` is `{"a": [1, {}]}`', "object", "{}"
    ),
    "channel": ScalarDoc("the name of a channel, without wildcards", "text", "str", "home/kitchen/"),
    "filter": ScalarDoc("the name of a channel, which may have wildcards", "text", "str", "home/+/"),
    "key_target": ScalarDoc("what a key opens: a filter, unless a key for it opens nothing", "text", "str", "home/#/"),
    "text": ScalarDoc("a payload that is a text as it is, not JSON", "text", "str", "on"),
}
"""What each scalar is."""
