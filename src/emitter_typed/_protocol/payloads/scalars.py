"""The rule of each scalar of the schema language, both ways: strict, and without coercion (schema/README.md)."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard
from uuid import UUID

from emitter_typed.errors import kind_of

_INT64 = range(-(2**63), 2**63)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class Unfit(ValueError):
    """A value breaks the rule of its type. Never leaves the codec."""


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether a JSON value is an object; its names are texts."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Tell whether a value is a list, or the tuple that stands for one."""
    return isinstance(value, list | tuple)


class Unexpected(Unfit):
    """A value of another type than was expected. It is named as Python's users do, for most are somebody's argument."""

    def __init__(self, what: str, value: object) -> None:
        """Say what was expected and what came."""
        super().__init__(f"expected {what}, got {kind_of(value)}")
        self._what = what
        self._kind = "null" if value is None else "an object" if is_object(value) else kind_of(value)

    def in_json(self) -> str:
        """Return the same in JSON's words, for a document."""
        return f"expected {self._what}, got {self._kind}"


def expected(what: str, value: object) -> Unfit:
    """Say what was expected and what came."""
    return Unexpected(what, value)


def string(value: object) -> str:
    """Take a text that UTF-8 can write. Raises Unfit."""
    if not isinstance(value, str):
        raise expected("a text", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("holds a lone surrogate, which UTF-8 cannot") from None
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise expected("a boolean", value)
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise expected("an integer", value)
    if value not in _INT64:
        raise Unfit("the integer needs more than 64 bits")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise expected("a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Unfit("the number is not finite")
    return number


def _read_bytes(value: object) -> bytes:
    try:
        return base64.b64decode(string(value), validate=True)
    except binascii.Error as error:
        raise Unfit(f"not base64 with padding ({error})") from None


def _write_bytes(value: object) -> str:
    if not isinstance(value, bytes):
        raise expected("bytes", value)
    return base64.b64encode(value).decode()


def _read_datetime(value: object) -> datetime:
    found = _RFC_3339.fullmatch(string(value))
    if found is None:
        raise Unfit("not a time of RFC 3339 with its offset, such as 2026-01-31T12:00:00Z")
    day, clock, offset = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset in 'Zz' else offset}")
    except ValueError as error:
        raise Unfit(f"no such time ({error})") from None


def _aware(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise expected("a datetime", value)
    if value.utcoffset() is None:
        raise Unfit("the datetime is naive: give it a time zone, as in datetime.now(UTC)")
    return value.astimezone(UTC)


def _write_datetime(value: object) -> str:
    return _aware(value).replace(tzinfo=None).isoformat() + "Z"


def _read_unix(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(_integer(value), UTC)
    except (OverflowError, OSError, ValueError):
        if isinstance(value, int) and not isinstance(value, bool):
            raise Unfit("no time that a datetime can hold") from None
        raise


def _write_unix(value: object) -> int:
    return math.floor(_aware(value).timestamp())


def read_date(value: object) -> date:
    """Read a date such as 2026-01-31. Raises Unfit."""
    if _DATE.fullmatch(string(value)) is None:
        raise Unfit("not a date such as 2026-01-31")
    try:
        return date.fromisoformat(string(value))
    except ValueError as error:
        raise Unfit(f"no such date ({error})") from None


def _write_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise expected("a date", value)
    return value.isoformat()


def seconds(value: float) -> timedelta:
    """Return so many seconds as a duration. Raises Unfit."""
    try:
        return timedelta(seconds=value)
    except (ValueError, OverflowError):
        raise Unfit(f"a duration is a finite number of seconds, and not too many, which {value!r} is not") from None


def _read_duration(value: object) -> timedelta:
    try:
        return timedelta(seconds=_number(value))
    except OverflowError:
        raise Unfit("longer than a timedelta can hold") from None


def _write_duration(value: object) -> int | float:
    if not isinstance(value, timedelta):
        raise expected("a timedelta", value)
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _read_whole_seconds(value: object) -> timedelta:
    return _read_duration(_integer(value))


def _write_whole_seconds(value: object) -> int:
    seconds = _write_duration(value)
    if isinstance(seconds, float):
        raise Unfit(f"must be whole seconds, not {seconds}")
    return seconds


def _read_uuid(value: object) -> UUID:
    if _UUID.fullmatch(string(value)) is None:
        raise Unfit("not a UUID such as 123e4567-e89b-12d3-a456-426614174000")
    return UUID(string(value))


def _write_uuid(value: object) -> str:
    if not isinstance(value, UUID):
        raise expected("a UUID", value)
    return str(value)


def _read_decimal(value: object) -> Decimal:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise expected("a decimal number as a text", value)
    # Decimal itself takes spaces, underscores, digits of all scripts and NaN.
    if _DECIMAL.fullmatch(str(value)) is None:
        raise Unfit("not a decimal number")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Unfit("not a decimal number that a Decimal can hold") from None


def _write_decimal(value: object) -> str:
    if not isinstance(value, Decimal):
        raise expected("a Decimal", value)
    if not value.is_finite():
        raise Unfit("the number is not finite")
    return str(value)


Hook = Callable[[Any], object]

# What reads each class, and what writes it.
SCALARS: dict[type, tuple[Hook, Hook]] = {
    str: (string, string),
    bool: (_boolean, _boolean),
    int: (_integer, _integer),
    float: (_number, _number),
    bytes: (_read_bytes, _write_bytes),
    datetime: (_read_datetime, _write_datetime),
    date: (read_date, _write_date),
    timedelta: (_read_duration, _write_duration),
    UUID: (_read_uuid, _write_uuid),
    Decimal: (_read_decimal, _write_decimal),
}
# The same for each format of `Wire`.
FORMATS: dict[str, tuple[Hook, Hook]] = {
    "unix": (_read_unix, _write_unix),
    "seconds": (_read_whole_seconds, _write_whole_seconds),
}
