"""Bytes on the wire to objects and back, strictly: nothing is coerced, and every problem has a path.

The rules for each type stand in docs/reference/language.md; `conversion` finds what reads and writes a type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from emitter_typed._on_use import OnUse
from emitter_typed._protocol.payloads.native import msgspec
from emitter_typed._protocol.payloads.scalars import ExactNumber
from emitter_typed._protocol.payloads.unfit import NeedsDigits, Unfit
from emitter_typed.errors import InvalidArgument, Undecodable

if TYPE_CHECKING:
    from emitter_typed._protocol.payloads import conversion as rules
    from emitter_typed._protocol.payloads import shapes, unions
    from emitter_typed._protocol.payloads.compiled import Conversion, Side
else:
    # Loaded with the first payload.
    rules = OnUse("emitter_typed._protocol.payloads.conversion")
    shapes = OnUse("emitter_typed._protocol.payloads.shapes")
    unions = OnUse("emitter_typed._protocol.payloads.unions")

FunctionT = TypeVar("FunctionT")

_TOO_DEEP = "nested too deeply, or contains itself"


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"not JSON ({name} is not a JSON number)")


# Any: type checkers do not know their scanners.
_decoder: Any = json.JSONDecoder(parse_constant=_no_constant)
# Slower: each number also keeps its digits.
_exact_decoder: Any = json.JSONDecoder(parse_constant=_no_constant, parse_float=ExactNumber)
_SPACES = " \t\n\r"


# Documents: what stands between bytes and objects. These raise Unfit, and what calls them says of what.


def parse_text(text: str, *, exact: bool = False) -> object:
    """Read JSON.

    Args:
        text: A JSON document.
        exact: Whether numbers with a fraction also keep their digits, for decimals.

    Raises:
        Unfit: It is not JSON, is nested too deeply, or holds NaN or an infinity.
    """
    decoder = _exact_decoder if exact else _decoder
    try:
        try:
            # What `decode` calls between two searches for spaces, which take longer than a short document.
            document, end = decoder.scan_once(text, 0)
        except StopIteration:
            return decoder.decode(text)
        return document if end == len(text) or not text[end:].strip(_SPACES) else decoder.decode(text)
    except Unfit:
        raise
    except RecursionError:
        raise Unfit(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise Unfit(f"not JSON ({error if text.strip(_SPACES) else 'it is empty'})") from None
    except ValueError:
        # Python reads no integer of more than some thousand digits.
        raise Unfit("an integer is too long to be read") from None


@cache
def fast_decoder(*, exact: bool) -> Callable[[bytes], object] | None:
    """Return what reads JSON by msgspec; None where that is not installed."""
    library = msgspec()
    return None if library is None else library.json.Decoder(float_hook=ExactNumber if exact else None).decode


def parse_json(raw: bytes, *, exact: bool = False) -> object:
    """Read JSON in UTF-8, by msgspec where that is installed; the rest is as for `parse_text`. Raises Unfit."""
    decode = fast_decoder(exact=exact)
    if decode is not None:
        try:
            return decode(raw)
        except Exception:
            # Python's own library takes more, or finds the words.
            pass
    return parse_text(decoded(raw), exact=exact)


def decoded(raw: bytes) -> str:
    """Return bytes as the text that they are in UTF-8. Raises Unfit."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Unfit(f"not UTF-8 ({error.reason} at byte {error.start})") from None


def converted(convert: Callable[[Any], Any], value: object) -> Any:  # Any: what the type says
    """Call one side of a conversion. Raises Unfit, also for what has no end."""
    try:
        return convert(value)
    except RecursionError:
        raise Unfit(_TOO_DEEP) from None


def read_document(document: object, conversion: Conversion) -> Any:  # Any: what the type says
    """Make an object from a document. Raises Unfit."""
    try:
        return converted(conversion.read, document)
    except NeedsDigits:
        return converted(conversion.read, _with_digits(document))


def _with_digits(document: object) -> object:
    """Return a document whose numbers have the fewest digits that tell them from others."""
    if isinstance(document, float):
        return ExactNumber(float.__repr__(document))
    if isinstance(document, list | tuple):
        return [_with_digits(each) for each in cast("Sequence[object]", document)]
    if isinstance(document, Mapping):
        members = cast("Mapping[object, object]", document)
        return {name: _with_digits(each) for name, each in members.items()}
    return document


def parse(raw: bytes, *, channel: str = "") -> object:
    """Read JSON.

    Args:
        raw: A JSON document in UTF-8.
        channel: Where it arrived, for the error.

    Returns:
        The document as dicts, lists, texts, numbers, booleans and None.

    Raises:
        Undecodable: It is not JSON, not UTF-8, nested too deeply, or holds NaN or an infinity.
    """
    try:
        return parse_json(raw)
    except Unfit as error:
        raise Undecodable(str(error), channel=channel, raw=raw) from error


def structure(document: object, type: Any, *, channel: str = "", raw: bytes = b"") -> Any:  # Any: T for every form of T
    """Make an object of a type from a JSON document.

    Args:
        document: What `parse` returned.
        type: A class, or any other form of a type: a union, `tuple[int, ...]`, an annotated alias.
        channel: Where it arrived, for the error.
        raw: The bytes as they came, for the error.

    Returns:
        An object of the type.

    Raises:
        Undecodable: The document does not fit the type; `path` says where.
        InvalidArgument: A payload cannot have this type.
    """
    try:
        return read_document(document, rules.conversion_of(type))
    except Unfit as error:
        raise Undecodable(error.in_json(), channel=channel, raw=raw, path=error.path) from error


class _once_a_type(dict[Any, FunctionT]):  # noqa: N801  # a decorator
    """Makes a function for a type when it is first asked for it."""

    def __init__(self, make: Callable[[Any], FunctionT]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, type: Any) -> FunctionT:
        made = self[type] = self._make(type)
        return made

    def __call__(self, type: Any) -> FunctionT:
        try:
            return self[type]
        except TypeError:
            # The extras of an `Annotated` need no hash.
            return self._make(type)


@_once_a_type
def json_reader(type: Any) -> Callable[[bytes], object]:  # Any: every form of a type
    """Return what reads JSON as a type, also where a payload of the type may be something else. It raises Unfit."""
    conversion = rules.conversion_of(type)
    read = conversion.now("read")
    exact = skipping = False

    def read_json(raw: bytes) -> object:
        nonlocal exact
        try:
            if not exact:
                try:
                    return read(parse_json(raw))
                except NeedsDigits:
                    # So will those that follow.
                    exact = True
            return read(parse_json(raw, exact=True))
        except RecursionError:
            raise Unfit(_TOO_DEEP) from None

    if msgspec() is None:
        return read_json
    read_shape = shapes.shaped_reader(conversion, exact=exact, skipping=skipping)

    def read_shaped(raw: bytes) -> object:
        nonlocal skipping, read_shape
        try:
            return read_shape(raw)
        except Exception:
            # Whatever it is: our own rules say whether the document fits, and what is wrong.
            before = exact
        made = read_json(raw)
        # It fits. What follows will have digits to keep too, or more than the fields of its type.
        if exact != before or not skipping:
            skipping = skipping or exact == before
            read_shape = shapes.shaped_reader(conversion, exact=exact, skipping=skipping)
        return made

    return read_shaped


@_once_a_type
def reader(type: Any) -> Callable[[bytes], Any]:  # Any: every form of a type, and T for every form of T
    """Return what reads a payload as a type, as `decode` does. It raises Unfit."""
    conversion, read_json = rules.conversion_of(type), json_reader(type)
    read = conversion.now("read")

    def read_choice(raw: bytes) -> object:
        # One of a few texts comes as it is, or as JSON.
        text = raw.decode(errors="replace")
        if text in (conversion.texts or ()):
            return read(text)
        try:
            return read_json(raw)
        except Unfit:
            if not raw or raw.startswith(_JSON_BEGINS) or _is_json(raw):
                raise
        # Which an open enum knows, or a closed one refuses.
        return read_text(raw)

    def read_text(raw: bytes) -> object:
        return read(decoded(raw))

    if conversion.form == "bytes":
        return conversion.check
    return {"json": read_json, "choice": read_choice, "text": read_text}[conversion.form]


# What is broken off is no text of its own.
_JSON_BEGINS = (b'"', b"{", b"[")


def _is_json(raw: bytes) -> bool:
    try:
        parse_json(raw)
    except Unfit:
        return False
    return True


@_once_a_type
def writer(type: Any) -> Callable[[object], bytes]:
    """Return what writes a payload as a type. It raises Unfit."""
    conversion = rules.conversion_of(type, "message")
    write = _text_writer(conversion, "write") if conversion.form == "text" else _json_writer(conversion)

    def write_bytes(value: object) -> bytes:
        return bytes(conversion.check(value)) if isinstance(value, bytes | bytearray) else write(value)

    return write_bytes if conversion.form == "bytes" else write


@_once_a_type
def json_writer(type: Any) -> Callable[[object], bytes]:  # Any: every form of a type
    """Return what writes JSON as a type, also where a payload of the type would be something else. It raises Unfit."""
    return _json_writer(rules.conversion_of(type))


def _json_writer(conversion: Conversion) -> Callable[[object], bytes]:
    write = _text_writer(conversion, "dump")
    if msgspec() is None:
        return write
    write_shape = shapes.shaped_writer(conversion)

    def write_shaped(value: object) -> bytes:
        try:
            return write_shape(value)
        except Exception:
            # Whatever it is: our own rules say whether the value fits, and what is wrong.
            pass
        return write(value)

    return write_shaped


def _text_writer(conversion: Conversion, side: Side) -> Callable[[object], bytes]:
    text_of = conversion.now(side)

    def write(value: object) -> bytes:
        try:
            text: str = text_of(value)
            return text.encode()
        except RecursionError:
            raise Unfit(_TOO_DEEP) from None
        except UnicodeEncodeError:
            # It says where.
            conversion.now("write")(value)
            raise Unfit("contains a lone surrogate, which UTF-8 cannot hold") from None

    return write


def decode(raw: bytes, type: Any, *, channel: str = "") -> Any:  # Any: T for every form of T
    """Read a payload as a type: `bytes` as it is, `str` as the text it is, anything else as JSON.

    One of a few texts, as of an enum or a `Literal`, may come either way.

    Args:
        raw: The payload.
        type: A class, or any other form of a type.
        channel: Where it arrived, for the error.

    Returns:
        An object of the type.

    Raises:
        Undecodable: The payload is not JSON (not UTF-8, for `str`) or does not fit the type; `path` says where.
        InvalidArgument: A payload cannot have this type.
    """
    read = reader(type)
    try:
        return read(raw)
    except Unfit as error:
        raise undecodable(error, channel, raw) from error


def undecodable(error: Unfit, channel: str, raw: bytes) -> Undecodable:
    """Return the error of a payload that does not fit."""
    return Undecodable(error.in_json(), channel=channel, raw=raw, path=error.path)


def text(raw: bytes, channel: str) -> str:
    """Return a payload as the text that it is in UTF-8. Raises Undecodable."""
    try:
        return decoded(raw)
    except Unfit as error:
        raise undecodable(error, channel, raw) from None


def check_type(type: Any) -> None:  # Any: every form of a type
    """Raise InvalidArgument unless `decode` can read a type."""
    rules.conversion_of(type, "payload")


def encode(value: object, type: Any = None, *, argument: str = "message") -> bytes:  # Any: every form of a type
    """Write a payload: bytes as they are, a text as it is in UTF-8, anything else as JSON.

    Args:
        value: What to write.
        type: The type that it is to be written as. Default: its own class.
        argument: The name of the caller's parameter, for the error.

    Returns:
        The payload. JSON comes without spaces.

    Raises:
        InvalidArgument: The value does not fit the type, or JSON cannot hold it: NaN, a naive datetime, an integer of
            more than 64 bits, a text with a lone surrogate, a secret outside a typed field.
    """
    if type is None:
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        type = str if isinstance(value, str) else object
    write = writer(type)
    try:
        return write(value)
    except Unfit as error:
        raise InvalidArgument(
            f"{argument}: does not fit at {error.path}: {error}", argument=error.path, value=value
        ) from error


def is_member(type: object, fields: Mapping[str, object]) -> bool:
    """Tell whether fields are those of a member of a union; True for any other type."""
    return unions.is_member(type, fields)
