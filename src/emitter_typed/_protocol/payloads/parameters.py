"""The parameters of an address, which are written as its segments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import fields

from emitter_typed._masking import kind_of
from emitter_typed._on_use import OnUse
from emitter_typed._protocol.address import check_segment
from emitter_typed._protocol.payloads.unfit import Unfit
from emitter_typed.errors import InvalidArgument, Undecodable

if TYPE_CHECKING:
    from emitter_typed._protocol.payloads import conversion as rules
else:
    # Loaded with the first parameter.
    rules = OnUse("emitter_typed._protocol.payloads.conversion")

_is_integer = re.compile(r"-?[0-9]{1,19}").fullmatch


def text(value: object) -> str:
    """Write the value of an address's parameter as the segment that stands for it."""
    try:
        document: object = rules.conversion_of(object).write(value)
    except Unfit as error:
        raise InvalidArgument(f"channel: {error}", argument="channel", value=None) from error
    if isinstance(document, str):
        return document
    if isinstance(document, int) and not isinstance(document, bool):
        return str(document)
    raise InvalidArgument(
        f"channel: {kind_of(value)} cannot be a segment: pass a text or an integer", argument="channel", value=value
    )


def _read_one(segment: str, type: Any) -> object:  # Any: every form of a type
    read_one = rules.conversion_of(type).read
    try:
        return read_one(segment)
    except Unfit:
        # The only form of a number, so that two channels are never one to a program.
        if not _is_integer(segment) or str(int(segment)) != segment:
            raise
        return read_one(int(segment))


def read(texts: Mapping[str, str], type: Any, *, channel: str = "", raw: bytes = b"") -> Any:  # Any: the class, or None
    """Make the parameters of an address from the segments that stand for them; None where there is no class for them.

    Args:
        texts: The segments, by the names of the parameters.
        type: The class of the parameters, or None.
        channel: The channel, for the error.
        raw: The payload that arrived there, for the error.

    Raises:
        Undecodable: A segment does not fit its parameter.
    """

    def misfit(problem: str, name: str) -> Undecodable:
        return Undecodable(problem, channel=channel, raw=raw, path=f"$.{name}", subject="a parameter")

    if type is None:
        return None
    rules.conversion_of(type)
    known: dict[str, object] = {}
    for attribute in fields(type):
        try:
            known[attribute.name] = _read_one(texts[attribute.name], attribute.type)
        except Unfit as error:
            raise misfit(str(error), attribute.name) from error
    try:
        return type(**known)
    except InvalidArgument as error:
        raise misfit(error.message.removeprefix(f"{error.argument}: "), error.argument) from error


def check(known: Mapping[str, object], type: Any) -> None:  # Any: the class, or None
    """Raise InvalidArgument if a value does not fit its parameter, whether or not all are given."""
    if type is None:
        return
    rules.conversion_of(type)
    for attribute in fields(type):
        if attribute.name not in known:
            continue
        value = known[attribute.name]
        try:
            # Written as its type first: what fits another type may look right as a text.
            rules.conversion_of(attribute.type).write(value)
            segment = text(value)
            fitting = _read_one(segment, attribute.type)
        except (Unfit, InvalidArgument) as error:
            raise InvalidArgument(f"{attribute.name}: {error}", argument=attribute.name, value=value) from error
        if attribute.validator is not None:
            attribute.validator(None, attribute, fitting)
        check_segment(attribute.name, segment)
