"""Texts of a schema as values of the type that the language asks for: defaults, constraints, values of options.

A value comes out as the model holds it: text for string, bytes (base64), datetime, date, uuid, decimal, enums
and flags; seconds for a duration; None, numbers and booleans as they are; lists and maps as tuples, maps of JSON as
`JsonMap`.
"""

from __future__ import annotations

import base64
import binascii
import enum
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from emitter_typed_codegen.language.shapes import listed
from emitter_typed_codegen.model import (
    AnyOf,
    Enum,
    Flags,
    JsonKind,
    JsonMap,
    List,
    Literal_,
    Map,
    Record,
    Scalar,
    ScalarName,
    Secret,
    TypeRef,
    Union,
    alternatives,
    json_kinds,
)
from emitter_typed_codegen.problems import Rule, quoted
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.synonyms import truth_meant
from emitter_typed_codegen.source import ListNode, MapNode, Node, Placed, ScalarNode

if TYPE_CHECKING:
    from fractions import Fraction

_INT_BITS = 63
_LONGEST_NUMBER = 400
_LONGEST_MEANT = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Compiled when they are first used: no schema needs all of them. Editors read some of them, too.
_INT = r"-?(?:0|[1-9][0-9]*)"
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,4})?"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# Newer Pythons read the hour 24, too.
DATETIME = DATE + r"T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[-+][0-9]{2}:[0-9]{2})"
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Unfit(enum.Enum):
    """The one value that is none: the text did not fit, and its problem is noted."""

    UNFIT = enum.auto()


UNFIT: Final = Unfit.UNFIT


class _No(Exception):
    def __init__(self, node: Placed, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node, self.message, self.hint = node, message, hint


def read_value(symbols: SymbolTable, node: Node, ref: TypeRef, rule: Rule, what: str) -> Literal_ | Unfit:
    """Read a value of a type.

    Args:
        symbols: The types that there are.
        node: What the schema says.
        ref: The type; a broken one takes anything.
        rule: The rule that a value breaks if it does not fit.
        what: What the value is, as in "the default".

    Returns:
        The value, or UNFIT if it does not fit, which is noted.
    """
    try:
        return _value(symbols, node, ref)
    except _No as no:
        symbols.report.add(no.node, rule, f"{what} {no.message}", no.hint)
        return UNFIT


def comparable(scalar: ScalarName, value: Literal_) -> Fraction | None:
    """Return a value of a scalar as a number to compare it by; None if the scalar has no order."""
    from fractions import Fraction

    if scalar in ("int", "float", "duration") and isinstance(value, int | float):
        return Fraction(value)
    if isinstance(value, str):
        if scalar == "datetime":
            return Fraction((datetime.fromisoformat(value) - _EPOCH) // timedelta(microseconds=1))
        if scalar == "date":
            return Fraction(date.fromisoformat(value).toordinal())
        if scalar == "decimal":
            return Fraction(value)
    return None


def _value(symbols: SymbolTable, node: Node, ref: TypeRef) -> Literal_:
    base = symbols.base(ref)
    if base is None:
        return None
    if isinstance(node, ScalarNode) and node.is_null:
        if symbols.optional(ref):
            return None
        if not (isinstance(base, Scalar) and base.name == "json"):
            name = base.name if isinstance(base, Scalar) else ""
            hint = f'; if the text is meant, write "{node.value}"' if name == "string" and node.value else ""
            raise _No(node, "is null, but the type does not allow null", f"write the type with a ?{hint}")
    if isinstance(base, AnyOf):
        return _one_of(symbols, node, base)
    if isinstance(base, List):
        if not isinstance(node, ListNode):
            raise _No(node, "must be a list", "write it as in [1, 2]")
        return tuple(_value(symbols, item, base.item) for item in node.items)
    if isinstance(base, Map):
        if not isinstance(node, MapNode):
            raise _No(node, "must be a map", "write it as in {a: 1, b: 2}")
        return tuple((key.value, _value(symbols, value, base.value)) for key, value in node.pairs)
    if isinstance(base, Scalar) and base.name == "json":
        return _json(node)
    if isinstance(base, Record | Union | Secret):
        kind = {Record: "a record", Union: "a union", Secret: "a secret"}[type(base)]
        raise _No(node, f"cannot be given: {base.name} is {kind}", "remove it, or write the type with a ?")
    if not isinstance(node, ScalarNode):
        expected = "a text" if isinstance(base, Enum | Flags) else _EXPECTED[base.name]
        raise _No(node, f"must be {expected}, not {'a map' if isinstance(node, MapNode) else 'a list'}")
    if isinstance(base, Enum):
        known = {value.key: value.wire for value in base.values}
        if node.value not in known:
            number = next((value.key for value in base.values if str(value.wire) == node.value), "")
            hint = f"write {number}" if number else symbols.report.one_of(node.value, [*known])
            raise _No(node, f"{quoted(node.value)} is not a value of {base.name}", hint)
        return known[node.value]
    if isinstance(base, Flags):
        letters = base.letters
        if not set(node.value) <= set(letters):
            message = f"{quoted(node.value)} contains a letter that is not one of {base.name}"
            raise _No(node, message, f"write only letters of {letters}")
        return node.value
    return _scalar(node, base.name)


def _one_of(symbols: SymbolTable, node: Node, ref: AnyOf) -> Literal_:
    """Read a value of one of several types: its form tells which, but that an enum of numbers has names."""
    several = alternatives(ref, symbols.types)
    bases = [symbols.base(one) for one in several]
    kinds = [json_kinds(one, symbols.types) for one in several]
    if None in bases:
        return None
    form = _form(node)
    found = next((one for one, each in zip(several, kinds, strict=True) if form in each), None)
    if form == "text" and isinstance(node, ScalarNode):
        numbers = next((one for one in bases if isinstance(one, Enum) and one.has_numbers), None)
        named = numbers is not None and node.value in [value.key for value in numbers.values]
        if numbers is not None and named and found is not None:
            message = f"may be the text {quoted(node.value)} or the value of {numbers.name} with that name"
            raise _No(node, message, "remove it: only a program can tell which")
        if numbers is not None and found is None:
            found = several[bases.index(numbers)]
    if found is None:
        words = [_FORMS[form] for each in kinds for form in each]
        message = f"must be {listed(list(dict.fromkeys(words)), 'or')}, not {_FORMS[form]}"
        quotes = form in ("number", "boolean") and "text" in [form for each in kinds for form in each]
        hint = f'if the text is meant, write "{node.value}"' if quotes and isinstance(node, ScalarNode) else ""
        raise _No(node, message, hint)
    value = _value(symbols, node, found)
    # What else would tell a map from a list of pairs?
    return JsonMap(cast("tuple[tuple[str, Literal_], ...]", value)) if form == "object" else value


_FORMS: dict[JsonKind, str] = {
    "boolean": "true or false",
    "number": "a number",
    "text": "a text",
    "list": "a list",
    "object": "a map",
}


def _form(node: Node) -> JsonKind:
    """Return what a value is as it is written."""
    if isinstance(node, ListNode):
        return "list"
    if not isinstance(node, ScalarNode):
        return "object"
    if node.plain and node.value in ("true", "false"):
        return "boolean"
    return "number" if is_number(node) else "text"


def _scalar(node: ScalarNode, name: ScalarName) -> Literal_:
    text = node.value
    if name in ("string", "channel", "filter", "key_target", "text"):
        return text
    in_quotes = name in ("int", "float", "bool", "duration") and not node.plain
    message = f"must be {_EXPECTED[name]}, not {'the text ' if in_quotes else ''}{quoted(text)}"
    try:
        value = _READERS[name](text)
    except ValueError:
        null = text.casefold() in ("none", "nil", "undefined")
        raise _No(node, message, "write null, and the type with a ?" if null else _hint(name, text)) from None
    if in_quotes:
        raise _No(node, message, "remove the quotes")
    return value


def _int(text: str) -> int:
    if not re.fullmatch(_INT, text) or len(text) > _LONGEST_NUMBER:
        raise ValueError(text)
    number = int(text)
    if not -(1 << _INT_BITS) <= number < 1 << _INT_BITS:
        raise ValueError(text)
    return number


def _float(text: str) -> float:
    if not re.fullmatch(NUMBER, text) or len(text) > _LONGEST_NUMBER or not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _duration(text: str) -> int | float:
    number = _int(text) if re.fullmatch(_INT, text) else _float(text)
    try:
        timedelta(seconds=number)
    except OverflowError:
        raise ValueError(text) from None
    return number


def _bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _bytes(text: str) -> str:
    # Python takes more padding than there should be.
    if len(text) % 4:
        raise ValueError(text)
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(text) from None
    return text


def _datetime(text: str) -> str:
    if not re.fullmatch(DATETIME, text):
        raise ValueError(text)
    try:
        # Programs have it in UTC.
        datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
    return text


def _date(text: str) -> str:
    if not re.fullmatch(DATE, text):
        raise ValueError(text)
    date.fromisoformat(text)
    return text


def _uuid(text: str) -> str:
    if not re.fullmatch(UUID, text):
        raise ValueError(text)
    return text


def _decimal(text: str) -> str:
    if not re.fullmatch(NUMBER, text) or len(text) > _LONGEST_NUMBER:
        raise ValueError(text)
    return text


_READERS: dict[ScalarName, Callable[[str], Literal_]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "bytes": _bytes,
    "datetime": _datetime,
    "date": _date,
    "duration": _duration,
    "uuid": _uuid,
    "decimal": _decimal,
}

_EXPECTED: dict[ScalarName, str] = {
    "string": "a text",
    "channel": "a text",
    "filter": "a text",
    "key_target": "a text",
    "text": "a text",
    "json": "a JSON value",
    "int": "an integer of at most 64 bits",
    "float": "a finite number",
    "bool": "true or false",
    "bytes": "standard base64 with padding",
    "datetime": "a date, a time and an offset",
    "date": "a date",
    "duration": "a number of seconds",
    "uuid": "a UUID",
    "decimal": "a decimal number",
}

_HINTS: dict[ScalarName, str] = {
    "int": "write decimal digits without leading zeros",
    "float": "write it as in -1.5 or 1e3",
    "bool": "write true or false, without quotes",
    "datetime": "write it as in 2018-01-01T00:00:00Z",
    "date": "write it as in 2018-01-01",
    "duration": "write seconds, as in 90 or 0.5",
    "uuid": "write it as in 01234567-89ab-cdef-0123-456789abcdef",
}


_CLOCK = r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{2}(?:\.[0-9]+)?)"
_SPAN = r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|sec|m|min|h|hr|d|w|second|minute|hour|day|week)s?"
_SECONDS: dict[str, str] = dict(zip(("ms", *"smhdw"), ("0.001", "1", "60", "3600", "86400", "604800"), strict=True))


def _hint(name: ScalarName, text: str) -> str:
    """Return what to write instead of a text that is not of a scalar."""
    match name:
        case "int" if re.fullmatch(_INT, text):
            return "for numbers of this size, change the type to float or decimal"
        case "int":
            meant = whole_meant(text)
            fraction = re.fullmatch(NUMBER, text) and meant is None
            fraction_hint = "write an integer, or change the type to float"
            return f"write {meant}" if meant else fraction_hint if fraction else _HINTS[name]
        case "float" | "decimal":
            try:
                meant = format(float(text), ".15g") if math.isfinite(float(text)) else ""
            except ValueError:
                meant = ""
            return f"write {meant}" if meant else _HINTS["float"]
        case "bool":
            truth = truth_meant(text)
            return f"write {truth}" if truth else _HINTS[name]
        case "bytes" if text.isprintable() and 0 < len(text) <= _LONGEST_MEANT:
            return _base64_meant(text)
        case "duration" if re.fullmatch(NUMBER, text):
            least, most = (limit // timedelta(seconds=1) for limit in (timedelta.min, timedelta.max))
            return f"write seconds, from {least} to {most}"
        case "duration":
            seconds = _seconds(text)
            return f"write seconds: {seconds:.15g}" if seconds is not None else _HINTS[name]
        case "datetime":
            return _moment(text) or _HINTS[name]
        case _:
            return _HINTS.get(name, "")


def _base64_meant(text: str) -> str:
    bytes_of_it = f"if the bytes of this text are meant, write {base64.b64encode(text.encode()).decode()}"
    # As URLs have it, or without the padding.
    digits = text.replace("-", "+").replace("_", "/").rstrip("=")
    padded = digits + "=" * (-len(digits) % 4)
    return f"write {padded}; {bytes_of_it}" if is_written("bytes", padded) else bytes_of_it


def whole_number(text: str) -> int | None:
    """Return the integer that a text without quotes is; None if it is none, or has more than 64 bits."""
    try:
        return _int(text)
    except ValueError:
        return None


def whole_meant(text: str) -> str | None:
    """Return an integer that is written as other languages do; None if it is none."""
    from fractions import Fraction

    try:
        number = Fraction(int(text, 0))
    except ValueError:
        try:
            number = Fraction(text.replace("_", "")[:_LONGEST_NUMBER])
        except (ValueError, ZeroDivisionError):
            return None
    return str(number) if number.denominator == 1 and abs(number) < 1 << _INT_BITS else None


def _seconds(text: str) -> float | None:
    from fractions import Fraction

    span = re.fullmatch(_SPAN, text.casefold())
    if span is not None:
        unit = span[2] if span[2] == "ms" else span[2][0]
        return float(Fraction(span[1]) * Fraction(_SECONDS[unit]))
    clock = re.fullmatch(_CLOCK, text)
    if clock is not None:
        return float(int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + Fraction(clock[3]))
    return None


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if moment.tzinfo is not None:
        far = moment.isoformat() == text
        return "write a time that is in the years 1 to 9999 in UTC, too" if far else f"write {moment.isoformat()}"
    return f"write {moment.isoformat()}Z for UTC, or with its offset, as in {moment.isoformat()}+01:00"


def is_written(scalar: ScalarName, text: str) -> bool:
    """Tell whether a text is how a schema writes a value of a scalar."""
    try:
        _READERS.get(scalar, str)(text)
    except ValueError:
        return False
    return True


def plain_value(node: ScalarNode) -> bool | int | str | None:
    """Read a text without a type as JSON would: null, true, false and integers if it has no quotes."""
    if node.is_null:
        return None
    if node.plain and node.value in ("true", "false"):
        return node.value == "true"
    try:
        return _int(node.value) if node.plain else node.value
    except ValueError:
        return node.value


# The core schema of YAML 1.2, by which editors read: True, 007, 0x1F, .5 and .inf are no texts there.
_NO_TEXT = (
    r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


def is_text(node: ScalarNode) -> bool:
    """Tell whether YAML reads a text without a type as a text: not as a number, true, false or null."""
    return not node.plain or not re.fullmatch(_NO_TEXT, node.value)


def is_number(node: ScalarNode) -> bool:
    """Tell whether YAML reads a text without a type as a number."""
    return not is_text(node) and not node.is_null and node.value.casefold() not in ("~", "null", "true", "false")


def _json(node: Node) -> Literal_:
    if isinstance(node, ListNode):
        return tuple(_json(item) for item in node.items)
    if isinstance(node, MapNode):
        return JsonMap((key.value, _json(value)) for key, value in node.pairs)
    if not isinstance(node, ScalarNode):
        return None
    if node.plain and re.fullmatch(NUMBER, node.value) and not re.fullmatch(_INT, node.value):
        try:
            return _float(node.value)
        except ValueError:
            raise _No(node, f"must be a finite number, not {quoted(node.value)}") from None
    return plain_value(node)


def json_value(symbols: SymbolTable, node: Node, what: str) -> Literal_ | Unfit:
    """Read a value whose type is not known."""
    return read_value(symbols, node, Scalar("json"), "bad-value", what)
