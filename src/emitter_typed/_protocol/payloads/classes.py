"""What a class holds: the members of attrs classes, dataclasses, NamedTuples and TypedDicts, with their types."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard, TypeVar, cast, get_args, get_origin

import attrs

from emitter_typed._types.constraints import Constraint
from emitter_typed._types.values import WIRE, Wire

if TYPE_CHECKING:
    import dataclasses


class Unsupported(Exception):
    """A type that no payload can have. Never leaves the codec."""

    def __init__(self, problem: str, advice: str) -> None:
        """Say what is wrong with it, and what to write instead."""
        super().__init__(problem)
        self.advice = advice
        self.places: list[str] = []
        """The fields that lead to it, from the inside out."""

    def told(self) -> str:
        """Return where it is, what is wrong and what to do."""
        first, *others = self.places or [""]
        within = f", in {others[-1]}" if others else ""
        return f"{first}{within}: {self}; {self.advice}" if first else f"{self}; {self.advice}"


Kind = Literal["attributes", "keys", "items"]
"""How an object of a class holds its members: as attributes, by name (TypedDict), in order (NamedTuple)."""

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

# By this way for checkers, to which `Self` means nothing outside a class.
_SELF: object = getattr(typing, "Self")  # noqa: B009

_QUALIFIERS = {"Required": True, "NotRequired": False, "ReadOnly": None, "Final": None}


@attrs.frozen(kw_only=True)
class Member:
    """One field of a class."""

    name: str
    """What it is called in Python."""
    parameter: str
    """What the constructor calls it."""
    wire: Wire
    """How it is written."""
    type: Any
    required: bool
    """Whether a document must hold it."""
    default: Callable[[], object] | None = None
    """What makes its value where a document does not hold it; None: the constructor's business."""
    omits_none: bool = False
    """Whether None is left out of a document."""
    validator: Callable[[Any, Any, Any], object] | None = None
    attribute: attrs.Attribute[Any] | None = None

    @property
    def wire_name(self) -> str:
        """What it is called in a document."""
        return self.wire.name or self.name

    @property
    def wire_names(self) -> tuple[str, ...]:
        """All that it may be called in a document that is read, in the order in which they are looked for."""
        return (self.wire_name, *self.wire.also_read)


@attrs.frozen(kw_only=True)
class ClassShape:
    """What a class holds, and how."""

    cls: type
    kind: Kind
    members: tuple[Member, ...]
    """All members, but the one that holds what came beside them."""
    rest: Member | None = None
    """The member that holds what came beside the others."""


def _is_class_of(type_: object, base: type) -> TypeGuard[type]:
    return isinstance(type_, type) and issubclass(type_, base)


def is_typed_dict(type_: object) -> TypeGuard[type]:
    """Tell whether a type is a TypedDict, of whichever module."""
    return _is_class_of(type_, dict) and hasattr(type_, "__total__")


def is_named_tuple(type_: object) -> TypeGuard[type]:
    """Tell whether a type is a NamedTuple, or what `collections.namedtuple` returns."""
    return _is_class_of(type_, tuple) and hasattr(type_, "_fields")


def is_class_with_fields(type_: object) -> bool:
    """Tell whether a type is a class that has fields, with or without its type arguments."""
    cls: Any = get_origin(type_) or type_
    if not _is_class_of(cls, object):
        return False
    return is_named_tuple(cls) or is_typed_dict(cls) or attrs.has(cls) or _is_dataclass(cls)


def accepts_none(type_: object) -> bool:
    """Tell whether a type is an optional one, under its own name or another."""
    type_ = _without_names(type_)
    return type(None) in get_args(type_) if get_origin(type_) is not Literal else None in get_args(type_)


def _is_dataclass(cls: type) -> bool:
    # As `dataclasses` itself looks; it is loaded for those who use it.
    return hasattr(cls, "__dataclass_fields__")


def name_of(type_: object) -> str:
    """Return what a reader calls a type."""
    return type_.__name__ if isinstance(type_, type) and not get_args(type_) else str(type_).replace("typing.", "")


def describe(type_: Any) -> ClassShape:
    """Return what a class holds, its type arguments put in.

    Raises:
        Unsupported: An annotation cannot be resolved, or a field cannot be given to the constructor.
    """
    cls: Any = get_origin(type_) or type_
    known: dict[Any, Any] = {**dict(_arguments(type_)), _SELF: type_}
    if attrs.has(cls):
        shape = _of_attrs(cls)
    elif _is_dataclass(cls):
        shape = _of_dataclass(cls)
    elif is_named_tuple(cls):
        shape = _of_named_tuple(cls)
    else:
        shape = _of_typed_dict(cls)
    if shape.kind == "attributes":
        _check_constructor(shape)
    return attrs.evolve(shape, members=tuple(_filled(shape.cls, member, known) for member in shape.members))


def _check_constructor(shape: ClassShape) -> None:
    """Raise Unsupported unless the constructor takes all members and nothing else."""
    try:
        parameters = inspect.signature(shape.cls).parameters
    except (TypeError, ValueError):
        return
    kinds = [each.kind for each in parameters.values()]
    known = {member.parameter for member in (*shape.members, *([shape.rest] if shape.rest else []))}
    named = {each.name for each in parameters.values() if each.kind is not each.POSITIONAL_ONLY}
    needed = {each.name for each in parameters.values() if each.default is each.empty and each.kind in _BY_NAME}
    problem = next((f"its constructor needs {name!r}, which is not a field" for name in sorted(needed - known)), None)
    if problem is None and inspect.Parameter.VAR_KEYWORD not in kinds:
        lacking = sorted(known - named)
        problem = next((f"its constructor does not take the field {name!r}" for name in lacking), None)
    if problem is not None:
        error = Unsupported(
            problem, "only fields are read and written: the constructor must take all fields and nothing else"
        )
        error.places.append(shape.cls.__name__)
        raise error


def _filled(cls: type, member: Member, known: Mapping[Any, Any]) -> Member:
    type_ = substituted(member.type, known)
    if isinstance(type_, str | typing.ForwardRef):
        # `dataclasses.make_dataclass` and `attrs.make_class` take texts that nobody has resolved.
        raise _unresolved(cls, member.name, str(type_), None)
    omits_none = member.omits_none and accepts_none(type_)
    return attrs.evolve(member, type=type_, omits_none=omits_none)


def _arguments(type_: Any) -> Iterator[tuple[Any, Any]]:
    """Pair the type variables of a class, and of those that it inherits from, with what stands for them."""
    cls = get_origin(type_) or type_
    parameters = getattr(cls, "__parameters__", ())
    known = dict(zip(parameters, get_args(type_), strict=False)) if get_origin(type_) is not None else {}
    yield from known.items()
    for base in getattr(cls, "__orig_bases__", ()):
        if get_origin(base) is not None and get_origin(base) is not typing.Generic:
            yield from _arguments(substituted(base, known))


def substituted(type_: Any, known: Mapping[Any, Any]) -> Any:
    """Return a type with other types in the place of its type variables, and of `Self`."""
    if isinstance(type_, TypeVar) or type_ is _SELF:
        return known.get(type_, type_)
    origin, arguments = get_origin(type_), get_args(type_)
    if not known or origin is None or origin is Literal:
        return type_
    filled = tuple(substituted(each, known) for each in arguments)
    if filled == arguments:
        return type_
    if origin is types.UnionType:
        return typing.Union[filled]  # noqa: UP007  # of as many as there are
    if origin is Annotated:
        return Annotated[(filled[0], *type_.__metadata__)]
    return origin[filled]


def is_alias(type_: Any) -> bool:
    """Tell whether a type is an alias made by a `type` statement, with or without its type arguments."""
    return type(get_origin(type_) or type_).__name__ == "TypeAliasType"


def aliased(type_: Any) -> Any:
    """Return the type that an alias stands for, its type arguments put in."""
    origin = get_origin(type_) or type_
    known = dict(zip(origin.__type_params__, get_args(type_), strict=True)) if get_args(type_) else {}
    return substituted(origin.__value__, known)


def named_in(type_: Any) -> Iterator[Any]:
    """Yield the classes with fields and the aliases that a type names, but not those that these name."""
    if hasattr(type_, "__supertype__"):
        yield from named_in(type_.__supertype__)
    elif is_class_with_fields(type_) or is_alias(type_):
        yield type_
    elif get_origin(type_) is Annotated:
        yield from named_in(get_args(type_)[0])
    elif get_origin(type_) is not Literal:
        for each in get_args(type_):
            yield from named_in(each)


def _without_names(type_: Any) -> Any:
    """Return what an alias or a `NewType` stands for, without the extras of an `Annotated`."""
    known: list[Any] = []
    while type_ not in known:
        # An alias can stand for itself.
        known.append(type_)
        if is_alias(type_):
            type_ = aliased(type_)
        elif hasattr(type_, "__supertype__"):
            type_ = type_.__supertype__
        elif get_origin(type_) is Annotated:
            type_ = get_args(type_)[0]
    return type_


def _hints(cls: Any) -> dict[str, Any]:
    """Resolve the annotations of a class. Raises Unsupported, naming the one that cannot be."""
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception as error:
        raise _unresolved(cls, *_culprit(cls, error), error) from error


if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def _annotations(cls: type) -> Iterator[tuple[str, object, str]]:
        # Python evaluates them when they are asked for, and one of them may name what is not there.
        texts = get_annotations(cls, format=Format.STRING)
        for name, annotation in get_annotations(cls, format=Format.FORWARDREF).items():
            yield name, annotation, texts[name]
else:

    def _annotations(cls: type) -> Iterator[tuple[str, object, str]]:
        """Yield the names of what a class itself annotates, the annotations, and these as texts."""
        for name, annotation in inspect.get_annotations(cls).items():
            is_reference = isinstance(annotation, typing.ForwardRef)
            yield name, annotation, annotation.__forward_arg__ if is_reference else str(annotation)


def _culprit(cls: type, error: Exception) -> tuple[str, str]:
    """Return the field whose annotation cannot be resolved, and the annotation."""
    for base in reversed(cls.__mro__):
        scope = vars(sys.modules.get(base.__module__, typing))
        for name, annotation, text in _annotations(base):
            one = types.SimpleNamespace(__annotations__={name: annotation})
            try:
                typing.get_type_hints(one, dict(scope), dict(vars(base)))
            except Exception:
                return name, text
    return "", str(getattr(error, "name", None) or error)


def _unresolved(cls: type, name: str, annotation: str, error: Exception | None) -> Unsupported:
    problem = Unsupported(
        f"the annotation {annotation!r} cannot be resolved" + (f" ({error})" if error is not None else ""),
        "a class that it names must be importable at run time in the module of "
        f"{cls.__name__}, not local to a function and not imported for checkers only",
    )
    problem.places.append(f"{cls.__name__}.{name}" if name else cls.__name__)
    return problem


def _unqualified(type_: Any) -> tuple[Any, bool | None]:
    """Take the qualifiers of a field from its type; tell whether it must be there, if they say so."""
    required: bool | None = None
    while True:
        origin = get_origin(type_)
        name = getattr(origin, "_name", None) or getattr(origin, "__name__", None)
        if name in _QUALIFIERS and origin is not Annotated and not isinstance(origin, type):
            required = required if _QUALIFIERS[name] is None else _QUALIFIERS[name]
            type_ = get_args(type_)[0]
        elif origin is Annotated and _unqualified(get_args(type_)[0])[0] is not get_args(type_)[0]:
            inner, found = _unqualified(get_args(type_)[0])
            required = required if found is None else found
            type_ = Annotated[(inner, *get_args(type_)[1:])]
        else:
            return type_, required


def resolve(cls: Any) -> None:
    """Resolve the annotations of an attrs class, which are texts until then, with their extras. Raises Unsupported."""
    try:
        attrs.resolve_types(cls, include_extras=True)
    except Exception as error:
        raise _unresolved(cls, *_culprit(cls, error), error) from error


def wire_of(attribute: attrs.Attribute[Any]) -> Wire:
    """Return how a field of a record is written."""
    found = attribute.metadata.get(WIRE)
    return found if isinstance(found, Wire) else Wire()


def constraints_of(validator: Any) -> list[Constraint]:
    """Return the constraints among the validators of a field."""
    if isinstance(validator, Constraint):
        return [validator]
    # What attrs makes of a list of validators.
    several: tuple[object, ...] = getattr(validator, "_validators", ())
    return [each for each in several if isinstance(each, Constraint)]


def keeps_unknown(cls: Any) -> bool:
    """Tell whether a class holds what came beside its fields."""
    return attrs.has(cls) and any(wire_of(attribute).rest for attribute in attrs.fields(cls))


def _of_attrs(cls: Any) -> ClassShape:
    resolve(cls)
    members: list[Member] = []
    rest: Member | None = None
    for attribute in attrs.fields(cls):
        if not attribute.init:
            continue
        wire = wire_of(attribute)
        default = attribute.default
        member = Member(
            name=attribute.name,
            parameter=attribute.alias or attribute.name,
            wire=wire,
            type=object if attribute.type is None else _unqualified(attribute.type)[0],
            required=default is attrs.NOTHING,
            default=_default(default),
            omits_none=default is None,
            validator=attribute.validator,
            attribute=attribute,
        )
        if wire.rest:
            rest = member
        else:
            members.append(member)
    return ClassShape(cls=cls, kind="attributes", members=tuple(members), rest=rest)


def _default(default: Any) -> Callable[[], object] | None:
    if default is attrs.NOTHING:
        return None
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # typeshed has it as a function
        made: Any = default
        return None if made.takes_self else made.factory
    return lambda: default


def _of_dataclass(cls: Any) -> ClassShape:
    import dataclasses

    fields = [each for each in dataclasses.fields(cls) if each.init]
    hints = _hints(cls)
    members = [
        Member(
            name=each.name,
            parameter=each.name,
            wire=Wire(),
            type=_unqualified(hints[each.name])[0],
            required=each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING,
            default=_dataclass_default(each, dataclasses.MISSING),
            omits_none=each.default is None,
        )
        for each in fields
    ]
    return ClassShape(cls=cls, kind="attributes", members=tuple(members))


def _dataclass_default(field: dataclasses.Field[Any], missing: object) -> Callable[[], object] | None:
    if field.default_factory is not missing:
        return cast("Callable[[], object]", field.default_factory)
    default: object = field.default
    return None if default is missing else lambda: default


def _of_named_tuple(cls: Any) -> ClassShape:
    hints = _hints(cls)
    members = tuple(
        Member(
            name=name,
            parameter=name,
            wire=Wire(),
            type=hints.get(name, object),
            required=name not in cls._field_defaults,
        )
        for name in cls._fields
    )
    return ClassShape(cls=cls, kind="items", members=members)


def _of_typed_dict(cls: Any) -> ClassShape:
    members: list[Member] = []
    for name, hint in _hints(cls).items():
        type_, required = _unqualified(hint)
        if required is None:
            required = name in cls.__required_keys__
        members.append(Member(name=name, parameter=name, wire=Wire(), type=type_, required=required))
    return ClassShape(cls=cls, kind="keys", members=tuple(members))
