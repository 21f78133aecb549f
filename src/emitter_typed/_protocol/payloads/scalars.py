"""The rule of each scalar of the schema language, both ways: strict, and without coercion (docs/reference/language.md).

A value of a subclass counts as one of its base, and is converted to it; a `bool` is never a number.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from emitter_typed._protocol.payloads.unfit import NeedsDigits, Unfit, expected

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""The integers that Emitter's schema language knows: 64 bits, signed."""

_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_is_usual_time = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?Z",
    re.ASCII,
).fullmatch
"""Finds the form of RFC 3339 that most programs write, all of which `datetime.fromisoformat` reads by itself."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class ExactNumber(float):
    """A number of a document that also keeps the digits it was written in, for a Decimal."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> ExactNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number


def string(value: object) -> str:
    """Take a text that UTF-8 can write. Raises Unfit."""
    if not isinstance(value, str):
        raise expected("a text", value)
    text = str.__str__(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Unfit("contains a lone surrogate, which UTF-8 cannot hold") from None
    return text


def boolean(value: object) -> bool:
    """Take a boolean. Raises Unfit."""
    if value is True or value is False:
        return value
    raise expected("a boolean", value)


def any_integer(value: object) -> int:
    """Take an integer of any length. Raises Unfit."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise expected("an integer", value)
    return int.__int__(value)


def integer(value: object) -> int:
    """Take an integer of 64 bits. Raises Unfit."""
    number = any_integer(value)
    if not LOWEST <= number <= HIGHEST:
        raise Unfit("the integer needs more than 64 bits")
    return number


def number(value: object) -> float:
    """Take a finite number. Raises Unfit."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise expected("a number", value)
    try:
        taken = float.__float__(value) if isinstance(value, float) else float(int.__int__(value))
    except OverflowError:
        taken = math.inf
    if not math.isfinite(taken):
        raise Unfit("the number is not finite")
    return taken


def _read_bytes(value: object) -> bytes:
    text = string(value)
    try:
        # Python takes more padding than there should be.
        if len(text) % 4:
            raise ValueError("incorrect padding")
        return base64.b64decode(text, validate=True)
    # A character beyond ASCII is a ValueError of its own.
    except ValueError as error:
        raise Unfit(f"not base64 with padding ({error})") from None


def _write_bytes(value: object) -> str:
    if not isinstance(value, bytes):
        raise expected("bytes", value)
    return base64.b64encode(value).decode()


def _read_datetime(value: object) -> datetime:
    text = string(value)
    if not _is_usual_time(text):
        text = _usual_time(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unfit(f"not a valid time ({error})") from None
    # What is read can be written, which is in UTC.
    return moment if 1 < moment.year < 9999 else _in_range(moment)


def _in_range(moment: datetime) -> datetime:
    _aware(moment)
    return moment


def _usual_time(text: str) -> str:
    """Return a time of RFC 3339 in the form that every version of Python reads. Raises Unfit."""
    found = _RFC_3339.fullmatch(text)
    if found is None:
        raise Unfit("not a time of RFC 3339 with its offset, such as 2026-01-31T12:00:00Z")
    day, clock, fraction, offset = found.groups("")
    # Some versions of Python take 24:00:00 for the next day.
    if clock.startswith("24"):
        raise Unfit("not a valid time (hour must be in 0..23)")
    return f"{day}T{clock}{fraction[:7]}{'+00:00' if offset in 'Zz' else offset}"


def _aware(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise expected("a datetime", value)
    if value.tzinfo is not UTC and value.utcoffset() is None:
        raise Unfit("the datetime is naive: give it a time zone, as in datetime.now(UTC)")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Unfit("outside the years 1 to 9999 in UTC") from None


def _write_datetime(value: object) -> str:
    # By the methods of datetime itself: subclasses have other texts. The two halves take less than the whole.
    aware = _aware(value)
    return f"{datetime.date(aware).isoformat()}T{datetime.time(aware).isoformat()}Z"


def _read_unix(value: object) -> datetime:
    return _since_epoch(seconds=integer(value))


def _write_unix(value: object) -> int:
    return (_aware(value) - _EPOCH) // timedelta(seconds=1)


def _read_unix_ms(value: object) -> datetime:
    return _since_epoch(milliseconds=integer(value))


def _write_unix_ms(value: object) -> int:
    return (_aware(value) - _EPOCH) // _MILLISECOND


def _read_unix_float(value: object) -> datetime:
    return _since_epoch(seconds=number(value))


def _write_unix_float(value: object) -> int | float:
    return _write_duration(_aware(value) - _EPOCH)


def _since_epoch(*, seconds: float = 0, milliseconds: int = 0) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds, milliseconds=milliseconds)
    except OverflowError:
        raise Unfit("out of the range of a datetime") from None


def _read_date(value: object) -> date:
    text = string(value)
    if _DATE.fullmatch(text) is None:
        raise Unfit("not a date such as 2026-01-31")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Unfit(f"not a valid date ({error})") from None


def _write_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise expected("a date", value)
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def seconds(value: object) -> timedelta:
    """Return so many seconds as a duration. Raises Unfit."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit(f"expected a finite number of seconds, got {value}")
    taken = number(value)
    try:
        return timedelta(seconds=taken)
    except OverflowError:
        raise Unfit(f"a duration of {taken} seconds is longer than a timedelta can hold") from None


def _write_duration(value: object) -> int | float:
    if not isinstance(value, timedelta):
        raise expected("a timedelta", value)
    total = value.total_seconds()
    if abs(value.days) >= timedelta.max.days:
        # Seconds are rounded: what is written can be read.
        seconds(total)
    return int(total) if total.is_integer() else total


def _read_whole_seconds(value: object) -> timedelta:
    return seconds(integer(value))


def _write_whole_seconds(value: object) -> int:
    total = _write_duration(value)
    if isinstance(total, float):
        raise Unfit(f"must be whole seconds, not {total}")
    return total


def _read_whole_milliseconds(value: object) -> timedelta:
    taken = integer(value)
    try:
        return timedelta(milliseconds=taken)
    except OverflowError:
        raise Unfit(f"a duration of {taken} milliseconds is longer than a timedelta can hold") from None


def _write_whole_milliseconds(value: object) -> int:
    if not isinstance(value, timedelta):
        raise expected("a timedelta", value)
    whole, rest = divmod(value, _MILLISECOND)
    if rest:
        raise Unfit(f"must be whole milliseconds, not {value / _MILLISECOND}")
    return whole


def _read_uuid(value: object) -> UUID:
    text = string(value)
    if _UUID.fullmatch(text) is None:
        raise Unfit("not a UUID such as 123e4567-e89b-12d3-a456-426614174000")
    return UUID(text)


def _write_uuid(value: object) -> str:
    if not isinstance(value, UUID):
        raise expected("a UUID", value)
    return str(value)


def _read_decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        # Some programs read JSON with `parse_float=Decimal`.
        return _finite(value)
    if isinstance(value, ExactNumber):
        text = value.text
    elif isinstance(value, float):
        raise NeedsDigits
    elif isinstance(value, int) and not isinstance(value, bool):
        return Decimal(int.__int__(value))
    elif isinstance(value, str):
        text = str.__str__(value)
    else:
        raise expected("a decimal number as a text", value)
    # Decimal itself takes spaces, underscores, digits of all scripts and NaN.
    if _DECIMAL.fullmatch(text) is None:
        raise Unfit("not a decimal number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unfit("out of the range of a Decimal") from None


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise Unfit("the number is not finite")
    return value


def _write_decimal(value: object) -> str:
    if not isinstance(value, Decimal):
        raise expected("a Decimal", value)
    return str(_finite(value))


def _read_null(value: object) -> None:
    if value is not None:
        raise expected("null", value)


def _write_null(value: object) -> None:
    if value is not None:
        raise expected("None", value)


Hook = Callable[[Any], Any]
"""Reads or writes one value. Raises Unfit."""

TEXT, INTEGER, NUMBER = frozenset({str}), frozenset({int}), frozenset({int, float})

SCALARS: dict[type, tuple[Hook, Hook, frozenset[type]]] = {
    type(None): (_read_null, _write_null, frozenset({type(None)})),
    str: (string, string, TEXT),
    bool: (boolean, boolean, frozenset({bool})),
    int: (integer, integer, INTEGER),
    float: (number, number, NUMBER),
    bytes: (_read_bytes, _write_bytes, TEXT),
    datetime: (_read_datetime, _write_datetime, TEXT),
    date: (_read_date, _write_date, TEXT),
    timedelta: (seconds, _write_duration, NUMBER),
    UUID: (_read_uuid, _write_uuid, TEXT),
    Decimal: (_read_decimal, _write_decimal, frozenset({str, int, float})),
}
"""What reads each class, what writes it, and what it can be in a document."""

FORMATS: dict[str, tuple[Hook, Hook]] = {
    "unix": (_read_unix, _write_unix),
    "unix_ms": (_read_unix_ms, _write_unix_ms),
    "unix_float": (_read_unix_float, _write_unix_float),
    "seconds": (_read_whole_seconds, _write_whole_seconds),
    "milliseconds": (_read_whole_milliseconds, _write_whole_milliseconds),
}
"""What reads and what writes each format of `Wire`."""

# An object of each scalar that has subclasses which take it for one of theirs: what a frozen clock puts in the place
# of `datetime` and `date`.
_STAND_INS: tuple[tuple[type, object], ...] = ((datetime, _EPOCH), (date, date(1970, 1, 1)))


def scalar_base(cls: type) -> type | None:
    """Return the class of `SCALARS` that the objects of a class count as; None if they are no scalars."""
    return next((found for each in cls.__mro__ if (found := scalar_of(each)) is not None), None)


def scalar_of(type_: object) -> type | None:
    """Return the class of `SCALARS` that a type stands for; None if it is no scalar."""
    if not isinstance(type_, type):
        return None
    if type_ in SCALARS:
        return type_
    return next((base for base, value in _STAND_INS if issubclass(type_, base) and isinstance(value, type_)), None)
