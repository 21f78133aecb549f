"""Bytes on the wire to objects and back, strictly: nothing is coerced, and every problem has a path.

The rules for each type stand in schema/README.md. cattrs does the walking; the hooks in `conversion.py` give
each type its rule.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import fields, has

from emitter_typed._protocol.address import check_segment
from emitter_typed._protocol.payloads.conversion import converter, tag_of
from emitter_typed._protocol.payloads.location import find_problem
from emitter_typed._protocol.payloads.scalars import Unfit
from emitter_typed._types.values import Tag
from emitter_typed.errors import InvalidArgument, Undecodable, kind_of


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"{name} is no JSON number")


_decoder = json.JSONDecoder(parse_constant=_no_constant)
# Made once: json.dumps would make one each time.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


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
        return _decoder.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"not JSON ({error})", channel=channel, raw=raw) from error


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
    """
    try:
        return converter().structure(document, type)
    except Exception as error:
        path, problem = find_problem(document, type, 0, error)
        raise Undecodable(problem, channel=channel, raw=raw, path=path) from error


def decode(raw: bytes, type: Any, *, channel: str = "") -> Any:  # Any: T for every form of T
    """Read a payload as a type: `bytes` as it is, `str` as the text it is, anything else as JSON.

    Args:
        raw: The payload.
        type: A class, or any other form of a type.
        channel: Where it arrived, for the error.

    Returns:
        An object of the type.

    Raises:
        Undecodable: The payload is not JSON (not UTF-8, for `str`) or does not fit the type; `path` says where.
    """
    if type is bytes:
        return raw
    if type is str:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise Undecodable(f"not UTF-8 ({error})", channel=channel, raw=raw) from error
    return structure(parse(raw, channel=channel), type, channel=channel, raw=raw)


def check_type(type: Any) -> None:  # Any: every form of a type
    """Raise InvalidArgument unless `decode` knows how to read a type."""
    if type is bytes or type is str or type is object:
        return
    try:
        converter().get_structure_hook(type)
    except Exception as error:
        raise InvalidArgument(
            "payload: expected bytes, str, an attrs class or another type that JSON can be read as, got "
            f"{type.__name__ if isinstance(type, builtins.type) else kind_of(type)}",
            argument="payload",
            value=None,
        ) from error


def encode(value: object, type: Any = None) -> bytes:  # Any: every form of a type
    """Write a payload: bytes as they are, a text as it is in UTF-8, anything else as JSON.

    Args:
        value: What to write.
        type: The type that it is to be written as. Default: its own class.

    Returns:
        The payload. JSON comes without spaces.

    Raises:
        InvalidArgument: The value does not fit the type, or JSON cannot hold it: NaN, a naive datetime, an integer of
            more than 64 bits, a text with a lone surrogate, a secret outside a typed field.
    """
    if type is None:
        if isinstance(value, bytes | bytearray):
            return bytes(value)
        if isinstance(value, str):
            return _utf8(value)
        # Anything that is no text, no bytes and no attrs object is JSON as it is, down to what it holds.
        type = value.__class__ if has(value.__class__) else object
    if type is bytes or type is str:
        if type is bytes and isinstance(value, bytes | bytearray):
            return bytes(value)
        if type is str and isinstance(value, str):
            return _utf8(value)
        raise InvalidArgument(
            f"the message must be {type.__name__}, not {value.__class__.__name__}",
            argument="message",
            value=value,
        )
    try:
        document = converter().unstructure(value, type)
        return _utf8(_encoder.encode(document))
    except InvalidArgument:
        raise
    except Exception as error:
        path, problem = find_problem(value, type, 1, error)
        raise InvalidArgument(f"the message does not fit at {path}: {problem}", argument=path, value=value) from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(
            f"a text with a lone surrogate cannot be sent ({error.reason} at {error.start})",
            argument="message",
            value=text,
        ) from error


def tag(type: object) -> Tag | None:
    """Return what tells the members of a union apart; None for any other type."""
    return tag_of(type)


def parameter_text(value: object) -> str:
    """Write the value of an address's parameter as the segment that stands for it."""
    document: object = converter().unstructure(value)
    if isinstance(document, str):
        return document
    if isinstance(document, int) and not isinstance(document, bool):
        return str(document)
    raise InvalidArgument(
        f"a {value.__class__.__name__} cannot be a segment of a channel", argument="channel", value=value
    )


def _parameter(text: str, type: Any) -> object:  # Any: every form of a type
    try:
        return converter().structure(text, type)
    except Exception:
        if not text.removeprefix("-").isdecimal() or str(int(text)) != text:
            raise
        return converter().structure(int(text), type)


def parameters(texts: Mapping[str, str], type: Any, *, channel: str = "") -> Any:  # Any: the class, or None
    """Make the parameters of an address from the segments that stand for them; None where there is no class for them.

    Raises Undecodable if a segment does not fit its parameter.
    """
    if type is None:
        return None
    converter().prepare(type)
    known: dict[str, object] = {}
    for attribute in fields(type):
        try:
            known[attribute.name] = _parameter(texts[attribute.name], attribute.type)
        except Exception as error:
            raise Undecodable(str(error), channel=channel, path=f"$.{attribute.name}") from error
    try:
        return type(**known)
    except InvalidArgument as error:
        raise Undecodable(str(error), channel=channel, path=f"$.{error.argument}") from error


def check_parameters(known: Mapping[str, object], type: Any) -> None:  # Any: the class, or None
    """Raise InvalidArgument if a value does not fit its parameter, whether or not all are given."""
    if type is None:
        return
    converter().prepare(type)
    for attribute in fields(type):
        if attribute.name not in known:
            continue
        value = known[attribute.name]
        try:
            # Written as its type first: what fits another type may look right as a text.
            converter().unstructure(value, attribute.type)
            text = parameter_text(value)
            fitting = _parameter(text, attribute.type)
        except Exception as error:
            raise InvalidArgument(f"{attribute.name}: {error}", argument=attribute.name, value=value) from error
        if attribute.validator is not None:
            attribute.validator(None, attribute, fitting)
        check_segment(attribute.name, text)
