"""One of a few values: enums, closed and open, flags and literals."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast, get_args, get_origin

from emitter_typed._masking import shown
from emitter_typed._protocol.payloads.classes import Unsupported, name_of
from emitter_typed._protocol.payloads.compiled import Conversion, Of
from emitter_typed._protocol.payloads.scalars import SCALARS, Hook, integer, scalar_base, string
from emitter_typed._protocol.payloads.unfit import Unfit, expected, other_class
from emitter_typed._types.frozen import is_hashable
from emitter_typed._types.values import Unrecognized, is_masked
from emitter_typed.errors import InvalidArgument

_MAX_LISTED = 20


def enum_conversion(cls: Any, of: Of) -> Conversion:
    """Return the conversion of a closed enum: by the values of its members."""
    by_value = _written(cls, [(member.value, member) for member in cls])
    written = {cast("enum.Enum", member).name: value for (_, value), member in by_value.items()}

    def write(value: Any) -> object:
        if not isinstance(value, cls):
            raise other_class(value, cls)
        # By its name: to hash a member takes ten times as long.
        return written[value._name_]

    return _one_of(by_value, write)


def literal_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a `Literal`: the values themselves, and members of enums by theirs."""
    values = [(each.value if isinstance(each, enum.Enum) else each, each) for each in get_args(type_)]
    by_value = _written(type_, values)
    by_literal = {(type(literal), literal): value for (_, value), literal in by_value.items()}

    def write(value: Any) -> object:
        key = value.__class__, value
        if is_hashable(key) and key in by_literal:
            return by_literal[key]
        # A subclass counts as its base, such as a StrEnum for a text.
        for (base, literal), found in by_literal.items():
            if issubclass(base, enum.Enum | bool) or isinstance(value, bool):
                continue
            if isinstance(value, base) and value == literal:
                return found
        raise no_choice((literal for _, literal in by_literal), value)

    return _one_of(by_value, write)


def no_choice(choices: Iterable[object], value: object) -> Unfit:
    """Say that a value is none of a few."""
    words = [repr(each) for each in choices]
    more = [f"{len(words) - _MAX_LISTED} more"] if len(words) > _MAX_LISTED else []
    return Unfit(f"must be one of {', '.join([*words[:_MAX_LISTED], *more])}, got {shown(value)}")


def _written(type_: Any, values: Iterable[tuple[object, object]]) -> dict[tuple[type, object], object]:
    """Return the choices by what they are on the wire, and by its class, since True is 1 and 1.0 is 1."""
    by_value: dict[tuple[type, object], object] = {}
    for value, choice in values:
        base = scalar_base(type(value))
        if base is None:
            raise Unsupported(
                f"{name_of(type_)} has the value {shown(value)}, which JSON cannot hold",
                "the values must be texts, numbers or booleans",
            )
        try:
            written = SCALARS[base][1](value)
        except Unfit as problem:
            raise Unsupported(
                f"{name_of(type_)} has the value {shown(value)}, which JSON cannot hold: {problem}",
                "the values must be texts, booleans or numbers of 64 bits",
            ) from None
        if (type(written), written) in by_value:
            raise Unsupported(f"{name_of(type_)} has two values that are {shown(written)} in JSON", "make them differ")
        by_value[type(written), written] = choice
    if not by_value:
        raise Unsupported(f"{name_of(type_)} has no values", "give it one")
    return by_value


def _one_of(by_value: Mapping[tuple[type, object], object], write: Hook) -> Conversion:
    # JSON may write an integer without its point.
    integral: dict[tuple[type, object], object] = {
        (int, int(value)): choice
        for (cls, value), choice in by_value.items()
        if cls is float and isinstance(value, float) and value.is_integer() and (int, int(value)) not in by_value
    }
    known: dict[tuple[type, object], object] = {**by_value, **integral}
    classes = {cls for cls, _ in known}

    def read(value: Any) -> object:
        cls: type = value.__class__
        if cls in classes:
            if (cls, value) in known:
                return known[cls, value]
        else:
            # What reads a document by another library may give subclasses.
            for base in (str, int, float):
                if base in classes and isinstance(value, base) and not isinstance(value, bool):
                    taken = SCALARS[base][1](value)
                    if (base, taken) in known:
                        return known[base, taken]
        raise no_choice((choice for _, choice in by_value), value)

    texts = frozenset(value for _, value in known if isinstance(value, str))
    return Conversion(
        read,
        write,
        frozenset(classes),
        texts=texts if classes == {str} else None,
        form="choice" if classes == {str} else "json",
    )


def flag_conversion(cls: Any, of: Of) -> Conversion:
    """Return the conversion of a hand-written `enum.Flag`: its number."""

    def read(value: object) -> object:
        number = integer(value)
        try:
            found = cls(number)
        except ValueError:
            found = None
        # Some flags drop bits that they do not know.
        if found is None or found.value != number:
            raise Unfit(f"{number} contains a bit that {cls.__name__} does not know")
        return found

    def write(value: object) -> object:
        if not isinstance(value, cls):
            raise other_class(value, cls)
        return integer(getattr(value, "value", None))

    return Conversion(read, write, frozenset({int}))


def flags_conversion(cls: Any, of: Of) -> Conversion:
    """Return the conversion of a schema's flags: a text of their letters."""

    def read(value: object) -> object:
        try:
            return cls(string(value))
        except InvalidArgument as error:
            raise Unfit(error.message) from None

    def write(value: Any) -> object:
        if not isinstance(value, cls):
            raise other_class(value, cls)
        return value.letters

    return Conversion(read, write, frozenset({str}))


def secret_conversion(cls: Any, of: Of) -> Conversion:
    """Return the conversion of a secret: its text."""

    def read(value: object) -> object:
        text = string(value)
        if not text:
            raise Unfit("must not be empty")
        if is_masked(text):
            raise Unfit("is only the masked form of a secret")
        return cls(text)

    def write(value: Any) -> object:
        if not isinstance(value, cls):
            raise other_class(value, cls)
        return string(value.reveal())

    return Conversion(read, write, frozenset({str}))


def unrecognized_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a value of an open enum alone, which nobody knows: as it came."""
    raw = of(get_args(type_)[0] if get_args(type_) else str | int)

    def read(value: object) -> object:
        return Unrecognized(raw.read(value))

    def write(value: Any) -> object:
        if not isinstance(value, Unrecognized):
            raise expected("an Unrecognized", value)
        return raw.write(cast("Unrecognized[str]", value).raw)

    return Conversion(read, write, raw.kinds)


def open_enum_of(members: tuple[Any, ...]) -> tuple[Any, type] | None:
    """Return an open enum and the class of its values, if that is what a union of these types is."""
    raw = next((each for each in members if each is Unrecognized or get_origin(each) is Unrecognized), None)
    known = [each for each in members if isinstance(each, type) and issubclass(each, enum.Enum)]
    if raw is None or len(known) != 1 or len(members) != 2:
        return None
    return known[0], get_args(raw)[0] if get_args(raw) else str


def open_enum_conversion(known: Any, raw: type) -> Conversion:
    """Return the conversion of an open enum, whose other values are kept as they came."""
    by_value = _written(known, [(member.value, member) for member in known])
    for cls, value in by_value:
        if cls is not raw or raw not in (str, int):
            raise Unsupported(
                f"{name_of(known)} | Unrecognized[{name_of(raw)}] has the value {shown(value)}",
                "beside Unrecognized[str] all values must be texts, beside Unrecognized[int] integers",
            )
    take: Callable[[Any], Any] = SCALARS[raw][0]
    members = {value: member for (_, value), member in by_value.items()}
    written = {cast("enum.Enum", member).name: value for value, member in members.items()}

    def read(value: object) -> object:
        taken = take(value)
        found = members.get(taken)
        return Unrecognized(taken) if found is None else found

    def write(value: Any) -> object:
        if isinstance(value, known):
            return written[value._name_]
        if value.__class__ is Unrecognized:
            return take(value.raw)
        raise other_class(value, known)

    return Conversion(read, write, SCALARS[raw][2], form="choice" if raw is str else "json")
