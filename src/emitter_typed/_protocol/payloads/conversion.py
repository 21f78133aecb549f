"""Which conversion a type has: found by its rule, and made once, at the first use of the type."""

from __future__ import annotations

import enum
import functools
import threading
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args, get_origin

from emitter_typed._masking import hide_keys
from emitter_typed._protocol.payloads.choices import (
    enum_conversion,
    flag_conversion,
    flags_conversion,
    literal_conversion,
    secret_conversion,
    unrecognized_conversion,
)
from emitter_typed._protocol.payloads.classes import (
    Unsupported,
    aliased,
    is_alias,
    is_class_with_fields,
    is_named_tuple,
    name_of,
)
from emitter_typed._protocol.payloads.compiled import Conversion, Of, scalar_conversion
from emitter_typed._protocol.payloads.containers import (
    is_list_type,
    is_map_type,
    list_conversion,
    map_conversion,
)
from emitter_typed._protocol.payloads.plain import plain_conversion
from emitter_typed._protocol.payloads.records import class_conversion
from emitter_typed._protocol.payloads.scalars import FORMATS, scalar_of
from emitter_typed._protocol.payloads.unfit import refused
from emitter_typed._protocol.payloads.unions import (
    is_union,
    member_conversion,
    told_apart,
    told_apart_conversion,
    union_conversion,
)
from emitter_typed._types.constraints import Constraint
from emitter_typed._types.values import Flags, Record, Secret, Unrecognized, UnrecognizedMember
from emitter_typed.errors import InvalidArgument

Rule = tuple[Callable[[Any], bool], Callable[[Any, Of], Conversion]]
"""Which types a rule is for, and what makes their conversion."""

_ADVICE = (
    "give an attrs class, a dataclass, a NamedTuple, a TypedDict, a list, tuple, set or dict of these, an enum, a "
    "Literal or a scalar; or read bytes and convert them yourself"
)


def _is(base: type) -> Callable[[Any], bool]:
    return lambda type_: isinstance(type_, type) and issubclass(type_, base)


def _has_origin(origin: object) -> Callable[[Any], bool]:
    return lambda type_: get_origin(type_) is origin


def _annotated(type_: Any, of: Of) -> Conversion:
    inner, *extras = get_args(type_)
    constraints = [extra for extra in extras if isinstance(extra, Constraint)]
    return _constrained(of(inner), constraints) if constraints else of(inner)


def _constrained(inner: Conversion, constraints: list[Constraint]) -> Conversion:
    """Return a conversion that holds constraints too, both ways."""

    def check(value: Any) -> Any:
        for constraint in constraints:
            try:
                constraint.check("", value)
            except InvalidArgument as error:
                raise refused(error) from None
        return value

    read, write = inner.call("read"), inner.call("write")
    return Conversion(
        lambda value: check(read(value)),
        lambda value: write(check(value)),
        inner.kinds,
        optional=None if inner.optional is None else _constrained(inner.optional, constraints),
        texts=inner.texts,
        form=inner.form,
        check=check,
    )


def _unresolved(type_: Any, of: Of) -> NoReturn:
    text = type_ if isinstance(type_, str) else type_.__forward_arg__
    raise Unsupported(f"the annotation {text!r} is a text, which cannot be resolved here", "give the class itself")


def _variable(type_: Any, of: Of) -> NoReturn:
    raise Unsupported(f"the type variable {type_} is not bound to a type", "say which, as in Page[int]")


# The first that fits counts.
_RULES: tuple[Rule, ...] = (
    (lambda type_: scalar_of(type_) is not None, lambda type_, of: scalar_conversion(scalar_of(type_) or type_)),
    (lambda type_: type_ is None, lambda type_, of: of(type(None))),
    (lambda type_: type_ in (object, Any), lambda type_, of: plain_conversion(of)),
    (lambda type_: isinstance(type_, str | typing.ForwardRef), _unresolved),
    (lambda type_: isinstance(type_, TypeVar), _variable),
    (lambda type_: hasattr(type_, "__supertype__"), lambda type_, of: of(type_.__supertype__)),
    (is_alias, lambda type_, of: of(aliased(type_))),
    (lambda type_: told_apart(type_) is not None, told_apart_conversion),
    (_has_origin(Annotated), _annotated),
    (is_union, union_conversion),
    (_has_origin(Literal), literal_conversion),
    (_is(Secret), secret_conversion),
    (_is(Flags), flags_conversion),
    (_is(enum.Flag), flag_conversion),
    (_is(enum.Enum), enum_conversion),
    (lambda type_: Unrecognized in (type_, get_origin(type_)), unrecognized_conversion),
    (lambda type_: UnrecognizedMember in (type_, get_origin(type_)), member_conversion),
    (is_class_with_fields, class_conversion),
    (is_list_type, list_conversion),
    (is_map_type, map_conversion),
)


def _may_hold_itself(type_: Any) -> bool:
    return is_class_with_fields(type_) or told_apart(type_) is not None or is_alias(type_)


class Conversions:
    """The conversions of all types that were asked for. Any thread may ask."""

    def __init__(self) -> None:
        """Begin with none."""
        # Loaded when the first type is used: it takes longer than many programs need to start.
        import cattrs
        from cattrs.dispatch import FunctionDispatch

        self._rules = FunctionDispatch(cattrs.BaseConverter())
        for matches, make in reversed(_RULES):
            self._rules.register(matches, make)
        self._known: dict[Any, Conversion] = {}
        # A conversion that holds itself is found here before it is made. Not under a lock: annotations are evaluated.
        self._local = threading.local()

    def of(self, type_: Any) -> Conversion:
        """Return the conversion of a type. Raises Unsupported."""
        try:
            known = self._known.get(type_)
        except TypeError:
            # The extras of an `Annotated` need no hash.
            return self._made(Conversion(), type_)
        if known is not None:
            return known
        making: dict[Any, Conversion] = self._local.__dict__.setdefault("making", {})
        if type_ in making:
            return making[type_]
        outermost = not making
        if not outermost and _is(Record)(type_):
            # What the compiler wrote needs no check, and a schema may hold thousands: it is made when it is used.
            return Conversion(kinds=frozenset({dict}), later=lambda: conversion_of(type_))
        made = Conversion()
        # Only a class or an alias can hold itself. Anything else must be whole for what holds it.
        if _may_hold_itself(type_):
            making[type_] = made
        try:
            self._made(made, type_)
            making[type_] = made
            if outermost:
                # Only when all that they hold is made.
                self._known.update(making)
        finally:
            if outermost:
                making.clear()
        return made

    def _made(self, made: Conversion, type_: Any) -> Conversion:
        make = self._rules.dispatch(type_)
        if make is None:
            raise Unsupported(f"{name_of(type_)} is not a type that a payload can have", _ADVICE)
        # Known before its fields are, for unions that hold it.
        if told_apart(type_) is not None:
            made.kinds = frozenset({dict})
        elif is_class_with_fields(type_):
            made.kinds = frozenset({list if is_named_tuple(get_origin(type_) or type_) else dict})
        made.take(make(type_, self.of))
        return made


@functools.cache
def conversions() -> Conversions:
    """Return the conversions of this process, made on first use so that an import costs nothing."""
    return Conversions()


def conversion_of(type_: Any, argument: str = "type") -> Conversion:
    """Return the conversion of a type.

    Raises:
        InvalidArgument: No payload can have this type; the error names the field and what to write instead.
    """
    try:
        return conversions().of(type_)
    except Unsupported as error:
        told = error.told()
        # A key may have been given in the place of a type.
        shown = hide_keys(told)
        cause = error if shown == told else None
        raise InvalidArgument(f"{argument}: {shown}", argument=argument, value=None) from cause


def write_as(format: str | None, value: object) -> object:
    """Write one value in a format of `Wire`, or as its class says. Raises Unfit."""
    if format is not None:
        return FORMATS[format][1](value)
    return conversions().of(object).write(value)
