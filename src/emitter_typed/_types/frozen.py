"""What makes a record one that nobody changes: frozen maps, lists as tuples, and a hash that refuses plain JSON."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, Union, cast, get_args, get_origin

import attrs

from emitter_typed._masking import kind_of, with_article

ValueT = TypeVar("ValueT")

Freeze = Callable[[Any], Any]
"""Returns what a field holds in the place of a value: the value itself if there is nothing to freeze."""


class FrozenMap(dict[str, ValueT]):
    """A map that cannot be changed. It equals a dict, and can be hashed if its values can.

    >>> limits = FrozenMap({"low": 1})
    >>> limits == {"low": 1}, limits | {"high": 2}
    (True, {'low': 1, 'high': 2})
    >>> limits["low"] = 2
    Traceback (most recent call last):
    TypeError: this map is read-only: make a new one, as in {**old, 'name': 2}
    """

    __slots__ = ()

    if not TYPE_CHECKING:
        # Checkers see a `Mapping`, which has none of these.
        def _refuse(self, *_: object, **__: object) -> NoReturn:
            raise TypeError("this map is read-only: make a new one, as in {**old, 'name': 2}")

        __setitem__ = __delitem__ = __ior__ = _refuse
        clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none, since it can change
        try:
            return hash(frozenset(self.items()))
        except TypeError:
            name = next(name for name, value in self.items() if not is_hashable(value))
            raise TypeError(
                f"this map cannot be hashed: its item {name!r} is {kind_of(self[name])}, which can change"
            ) from None

    def __copy__(self) -> FrozenMap[ValueT]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenMap[ValueT]:
        from copy import deepcopy

        return type(self)({name: deepcopy(value, memo) for name, value in self.items()})

    def __reduce__(self) -> tuple[type[FrozenMap[ValueT]], tuple[dict[str, ValueT]]]:
        return type(self), (dict(self),)


def is_hashable(value: object) -> bool:
    """Tell whether a value can be hashed, with all that it holds."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def freezer(type_: Any) -> Freeze | None:
    """Return what freezes the values of a type; None where they are frozen as they are.

    Args:
        type_: The type of a field, resolved.
    """
    while hasattr(type_, "__supertype__"):
        type_ = type_.__supertype__
    origin = get_origin(type_)
    if origin in (Union, types.UnionType):
        found = [freeze for each in get_args(type_) if (freeze := freezer(each)) is not None]
        return _all_of(found) if len(found) > 1 else found[0] if found else None
    if origin is tuple:
        return _list_freezer(freezer(get_args(type_)[0]))
    if origin is Mapping:
        return _map_freezer(freezer(get_args(type_)[1]))
    return None


def _all_of(several: list[Freeze]) -> Freeze:
    """Return what freezes a list or a map of a union: each function returns the values of the other as they are."""

    def freeze(value: Any) -> Any:
        for one in several:
            value = one(value)
        return value

    return freeze


def _list_freezer(item: Freeze | None) -> Freeze:
    def freeze(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        given = cast("Sequence[object]", value)
        frozen = tuple(given) if item is None else tuple([item(each) for each in given])
        same = isinstance(given, tuple) and all(old is new for old, new in zip(given, frozen, strict=True))
        return given if same else frozen

    return freeze


def _map_freezer(item: Freeze | None) -> Freeze:
    def freeze(value: Any) -> Any:
        if not isinstance(value, Mapping) or (item is None and isinstance(value, FrozenMap)):
            return cast("object", value)
        given = cast("Mapping[str, object]", value)
        return FrozenMap(given if item is None else {name: item(each) for name, each in given.items()})

    return freeze


def holds_json(type_: Any) -> bool:
    """Tell whether the values of a type may hold plain JSON: lists and dicts that can change."""
    while hasattr(type_, "__supertype__"):
        type_ = type_.__supertype__
    origin = get_origin(type_)
    if type_ is object:
        return True
    if origin in (tuple, Mapping, Union, types.UnionType):
        return any(holds_json(each) for each in get_args(type_))
    return False


def _resolved(cls: Any) -> list[attrs.Attribute[Any]]:
    """Return the fields of a record with their types; none where an annotation cannot be resolved."""
    try:
        attrs.resolve_types(cls, include_extras=True)
    # Whatever evaluating an annotation raises. The codec refuses such a class in clear words.
    except Exception:
        return []
    return list(attrs.fields(cls))


# What most fields hold, by its class: to ask whether it is a Mapping takes many times as long.
_SCALARS = frozenset({bool, bytes, float, int, str, type(None)})
_freezers: dict[type, tuple[tuple[str, Freeze], ...]] = {}


def freeze_fields(record: Any) -> None:
    """Freeze the lists and maps that a new record was given, but for those of plain JSON."""
    cls: Any = record.__class__
    known = _freezers.get(cls)
    if known is None:
        # To resolve the types of a class may load a part of a large package: not where nothing is to be frozen.
        attributes = cls.__attrs_attrs__
        values = [getattr(record, attribute.name) for attribute in attributes]
        if not [value for value in values if value.__class__ not in _SCALARS and _may_change(value)]:
            if not attributes:
                _freezers[cls] = ()
            return
        found = ((attribute.name, freezer(attribute.type)) for attribute in _resolved(cls))
        known = _freezers[cls] = tuple((name, freeze) for name, freeze in found if freeze is not None)
    for name, freeze in known:
        given = getattr(record, name)
        frozen = freeze(given)
        if frozen is not given:
            object.__setattr__(record, name, frozen)


def _may_change(value: object) -> bool:
    if isinstance(value, FrozenMap):
        return False
    return isinstance(value, list | Mapping) or (isinstance(value, tuple) and value != ())


@cache
def _json_fields(cls: type) -> tuple[str, ...]:
    return tuple(attribute.alias or attribute.name for attribute in _resolved(cls) if holds_json(attribute.type))


def hash_without_json(hash_fields: Callable[[Any], int]) -> Callable[[Any], int]:
    """Return the hash of a record, which refuses where a field holds plain JSON, whose lists and dicts can change."""

    def hash_record(self: Any) -> int:
        cls: type = self.__class__
        names = _json_fields(cls)
        if names:
            raise TypeError(
                f"{with_article(cls.__name__)} cannot be hashed: {', '.join(names)} may hold lists and dicts, "
                "which can change"
            )
        return hash_fields(self)

    return hash_record
