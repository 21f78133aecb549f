"""One payload without a client: JSON to objects of a type and back.

Unlike a message's payload, which may be a plain text or bytes (`codec`), all of it is JSON here.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast, overload

from emitter_typed._masking import kind_of
from emitter_typed._protocol.payloads.codec import converted, json_reader, json_writer, read_document
from emitter_typed._protocol.payloads.conversion import conversion_of
from emitter_typed._protocol.payloads.unfit import Unfit
from emitter_typed._types.type_form import TypeForm
from emitter_typed._types.values import Json, Record
from emitter_typed.errors import InvalidArgument, Undecodable

T = TypeVar("T")


def decode_json(raw: bytes | bytearray | memoryview | str, type: TypeForm[T]) -> T:
    """Parse a JSON document and convert it to an object of a type.

    >>> from emitter_typed import decode_json
    >>> decode_json(b'{"low": 18.5, "high": 22}', dict[str, float])
    {'low': 18.5, 'high': 22.0}
    >>> decode_json(b'{"low": "cold"}', dict[str, float])
    Traceback (most recent call last):
    emitter_typed.errors.Undecodable: the document does not fit at $.low: expected a number, got a text

    Args:
        raw: A JSON document, as a text or in UTF-8.
        type: The type of the result: a type of your schema, an attrs class, a dataclass, a NamedTuple, a TypedDict,
            `list[int]`, `Reading | None`, a `Literal`, a scalar. A `str` is read from a JSON text with its quotes,
            `bytes` from base64 in such a text.

    Returns:
        An object of the type.

    Raises:
        Undecodable: The document is not JSON, not UTF-8, or does not fit the type. `path` says where, such as `$.low`.
        InvalidArgument: `raw` is not bytes or a text, or a payload cannot have this type.
    """
    given = raw if isinstance(raw, bytes) else _as_bytes(raw)
    read = json_reader(type)
    try:
        return cast("T", read(given))
    except Unfit as error:
        raise _undecodable(error, given) from error


def decode(document: object, type: TypeForm[T]) -> T:
    """Convert a parsed JSON document to an object of a type.

    >>> from emitter_typed import decode
    >>> decode(["18.50", "22"], tuple[float | str, ...])
    ('18.50', '22')
    >>> decode({"low": 18.5, "high": None}, dict[str, float])
    Traceback (most recent call last):
    emitter_typed.errors.Undecodable: the document does not fit at $.high: expected a number, got null

    Args:
        document: Dicts, lists, texts, numbers, booleans and None, as `json.loads` returns them. It is not changed, and
            the object shares no list or dict with it.
        type: The type of the result, as in `decode_json`.

    Returns:
        An object of the type.

    Raises:
        Undecodable: The document does not fit the type. `path` says where, such as `$.high`.
        InvalidArgument: A payload cannot have this type.
    """
    try:
        return cast("T", read_document(document, conversion_of(type)))
    except Unfit as error:
        raise _undecodable(error) from error


def encode_json(value: object, type: TypeForm[Any] | None = None) -> bytes:
    """Convert an object to JSON in UTF-8.

    >>> from datetime import UTC, datetime
    >>> from emitter_typed import encode_json
    >>> encode_json({"taken_at": datetime(2026, 1, 31, 12, tzinfo=UTC), "celsius": 21.5})
    b'{"taken_at":"2026-01-31T12:00:00Z","celsius":21.5}'
    >>> encode_json({"celsius": float("nan")})
    Traceback (most recent call last):
    emitter_typed.errors.InvalidArgument: value: does not fit at $.celsius: the number is not finite

    Args:
        value: An object of any type that `decode_json` reads, or dicts and lists of these.
        type: The type of the object. Default: its class. A member of a union needs the union, which has the tag:
            `encode_json(command, Command)`.

    Returns:
        The document, without spaces.

    Raises:
        InvalidArgument: The object does not fit the type, or JSON cannot hold it; `argument` says where, such as
            `$.celsius`. Or a payload cannot have this type.
    """
    try:
        return json_writer(object if type is None else type)(value)
    except Unfit as error:
        raise _invalid(error, value) from error


@overload
def encode(value: Record, type: None = None) -> dict[str, Json]: ...
@overload
def encode(value: object, type: TypeForm[Any] | None = None) -> Json: ...
def encode(value: object, type: TypeForm[Any] | None = None) -> Json:
    """Convert an object to a JSON document of dicts, lists and scalars.

    >>> from uuid import UUID
    >>> from emitter_typed import encode
    >>> encode({"id": UUID("01234567-89ab-cdef-0123-456789abcdef"), "tags": {"b", "a"}})
    {'id': '01234567-89ab-cdef-0123-456789abcdef', 'tags': ['a', 'b']}

    Args:
        value: The object, as in `encode_json`.
        type: The type of the object. Default: its class. A member of a union needs the union.

    Returns:
        Dicts, lists, texts, numbers, booleans and None. They share nothing with the object.

    Raises:
        InvalidArgument: The object does not fit the type, or JSON cannot hold it; `argument` says where, such as
            `$.celsius`. Or a payload cannot have this type.
    """
    try:
        return cast("Json", _written(value, type))
    except Unfit as error:
        raise _invalid(error, value) from error


def _as_bytes(raw: Any) -> bytes:  # Any: callers without a checker give anything
    if isinstance(raw, str):
        # A lone surrogate is then refused as in bytes.
        return raw.encode(errors="surrogatepass")
    if isinstance(raw, bytearray) or type(raw) is memoryview:
        return bytes(raw)
    raise InvalidArgument(f"raw: expected bytes or a text, got {kind_of(raw)}", argument="raw", value=None)


def _written(value: object, type: Any) -> object:  # Any: every form of a type
    conversion = conversion_of(object if type is None else type)
    return converted(conversion.now("write"), value)


def _undecodable(error: Unfit, raw: bytes = b"") -> Undecodable:
    return Undecodable(error.in_json(), raw=raw, path=error.path, subject="the document")


def _invalid(error: Unfit, value: object) -> InvalidArgument:
    return InvalidArgument(f"value: does not fit at {error.path}: {error}", argument=error.path, value=value)
