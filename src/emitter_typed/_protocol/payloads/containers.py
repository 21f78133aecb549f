"""Lists, tuples, sets and maps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar, Unpack, cast, get_args, get_origin

from emitter_typed._protocol.payloads.classes import Unsupported, name_of
from emitter_typed._protocol.payloads.compiled import Conversion, ListParts, MapParts, Of, Side, Source
from emitter_typed._protocol.payloads.plain import as_list, as_object, convert_each, in_order, text_name
from emitter_typed._protocol.payloads.scalars import TEXT, Hook
from emitter_typed._protocol.payloads.unfit import Unfit, expected, step
from emitter_typed._types.frozen import FrozenMap, is_hashable

T = TypeVar("T")

_LISTS: dict[Any, Callable[[list[Any]], Any]] = {list: list, Sequence: list, tuple: tuple}
_SETS: dict[Any, Callable[[list[Any]], Any]] = {set: set, frozenset: frozenset}
_MAPS: dict[Any, Callable[[dict[str, Any]], Any]] = {dict: dict, Mapping: FrozenMap}


def is_list_type(type_: object) -> bool:
    """Tell whether a type is a list, or one that is written as one: a tuple, a set."""
    origin = get_origin(type_) or type_
    return origin in _LISTS or origin in _SETS


def is_map_type(type_: object) -> bool:
    """Tell whether a type is a map."""
    return (get_origin(type_) or type_) in _MAPS


def _items_compiled(conversion: Conversion, side: Side, what: str, *, known: Any, take: Hook, make: Any = list) -> Hook:
    """Compile a function from a list to what each item of it becomes.

    Args:
        conversion: That of the items.
        side: Which side of it.
        what: What a traceback calls the function.
        known: The class whose values are taken as they are.
        take: Returns any other value as what has items in order, or raises Unfit.
        make: What holds the items afterwards: a list or a tuple; their text for `dump`.
    """
    source = Source()
    source.add(0, "def convert(value):")
    source.add(1, f"if value.__class__ is not {source.bind(known)}:", f"    value = {source.bind(take)}(value)")
    source.add(1, "made = []", "try:", "    for each in value:")
    source.add(3, f"made.append({source.convert(conversion, side, 'each')})")
    source.add(1, f"except {source.bind(Unfit)} as problem:", "    problem.below(f'[{len(made)}]')", "    raise")
    if side == "dump":
        source.add(1, "return '[' + ','.join(made) + ']'")
    else:
        source.add(1, "return made" if make is list else f"return {source.bind(make)}(made)")
    made: Hook = source.compile("convert", what)
    return made


def _taker(what: str, classes: tuple[type, ...], convert: Callable[[Any], Any] | None = None) -> Hook:
    """Return what refuses anything but these classes, and converts what is left if need be."""

    def take(value: object) -> object:
        if not isinstance(value, classes):
            raise expected(what, value)
        return value if convert is None else convert(value)

    return take


def list_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a list, a set or a tuple."""
    origin, arguments = get_origin(type_) or type_, get_args(type_)
    # A bare tuple has no arguments, and that of no items has none either, but says so.
    if origin is tuple and hasattr(type_, "__args__") and Ellipsis not in arguments:
        return _fixed_tuple(type_, arguments, of)
    item = of(arguments[0] if arguments else object)
    made: Conversion
    what = name_of(type_)
    if origin in _SETS:
        made = _set(origin, item, what)
    else:
        make = _LISTS[origin]
        take = _taker("a tuple" if make is tuple else "a list", (list, tuple))
        made = Conversion(
            _items_compiled(item, "read", what, known=list, take=as_list, make=make),
            _items_compiled(item, "write", what, known=make, take=take),
            make_dump=lambda: _items_compiled(item, "dump", what, known=make, take=take),
            parts=ListParts(make, item),
        )
    made.kinds = frozenset({list})
    return made


def _set(make: Any, item: Conversion, what: str) -> Conversion:
    read_items = _items_compiled(item, "read", what, known=list, take=as_list)

    def read(value: Any) -> object:
        items = read_items(value)
        try:
            found: Collection[object] = make(items)
        except TypeError:
            index = next(index for index, each in enumerate(items) if not is_hashable(each))
            raise Unfit("a set cannot hold a list or an object", f"[{index}]") from None
        if len(found) < len(items):
            _check_equal(items)
        return found

    take = _taker("a set", (set, frozenset), in_order)
    return Conversion(read, _items_compiled(item, "write", what, known=None, take=take))


def _check_equal(items: Iterable[Any]) -> None:
    """Refuse what a set would drop though it is not the same: 1, 1.0 and true."""
    classes: dict[object, type] = {}
    for index, each in enumerate(items):
        cls: type = each.__class__
        if classes.setdefault(each, cls) is not cls:
            raise Unfit("equals another item of the set that has another type", f"[{index}]")


def _fixed_tuple(type_: Any, arguments: tuple[Any, ...], of: Of) -> Conversion:
    if any(getattr(each, "__unpacked__", False) or get_origin(each) is Unpack for each in arguments):
        raise Unsupported(f"{name_of(type_)} has neither a fixed length nor one type", "write tuple[T, ...]")
    items = [of(each) for each in arguments]
    steps = [f"[{index}]" for index in range(len(items))]

    def convert(functions: Sequence[Hook], value: Sequence[object]) -> list[object]:
        if len(value) != len(items):
            raise Unfit(f"must have {len(items)} items, got {len(value)}")
        return convert_each(functions, value, steps)

    reads, writes = [each.call("read") for each in items], [each.call("write") for each in items]

    def read(value: Any) -> object:
        return tuple(convert(reads, value if value.__class__ is list else as_list(value)))

    def write(value: Any) -> object:
        if not isinstance(value, list | tuple):
            raise expected("a tuple", value)
        return convert(writes, cast("Sequence[object]", value))

    return Conversion(read, write, frozenset({list}))


def _map_compiled(
    key: Conversion | None, item: Conversion, side: Side, what: str, *, known: Any, take: Hook, make: Any
) -> Hook:
    """Compile a function from a map to what its names and items become.

    Args:
        key: The conversion of the names; None: they are texts.
        item: That of the items.
        side: Which side of them.
        what: What a traceback calls the function.
        known: The class whose values are taken as they are.
        take: Returns any other value as a dict, or raises Unfit.
        make: What the outcome is made with; its text for `dump`.
    """
    source = Source()
    dumped = side == "dump"
    take_name = source.bind(text_name if key is None else key.call("write" if dumped else side))
    item_made = source.convert(item, side, "each")
    unfit = source.bind(Unfit)
    source.add(0, "def convert(value):")
    source.add(1, f"if value.__class__ is not {source.bind(known)}:", f"    value = {source.bind(take)}(value)")
    source.add(1, "made = {}", "try:", "    for name, each in value.items():")
    usual = "name if name.__class__ is str and name.isascii() else " if key is None else ""
    source.add(3, f"key = {usual}{take_name}(name)")
    source.add(3, f"made[key] = string_text(key) + ':' + {item_made}" if dumped else f"made[key] = {item_made}")
    source.add(1, f"except {unfit} as problem:")
    # A name that is no text has no place of its own.
    source.add(2, "if isinstance(name, str):", f"    problem.below({source.bind(step)}(name))", "raise")
    happens = "read" if side == "read" else "written"
    source.add(1, "if len(made) < len(value):")
    source.add(2, f"raise {unfit}('two of its keys are the same when they are {happens}')")
    if dumped:
        source.add(1, "return '{' + ','.join(made.values()) + '}'")
    else:
        source.add(1, "return made" if make is dict else f"return {source.bind(make)}(made)")
    made: Hook = source.compile("convert", what)
    return made


def map_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a map."""
    origin, arguments = get_origin(type_) or type_, get_args(type_)
    key_type, item_type = arguments or (str, object)
    key = None if key_type is str else of(key_type)
    if key is not None and key.kinds != TEXT:
        raise Unsupported(
            f"{name_of(type_)} has keys that are not texts in JSON",
            "use keys that are texts, or a list of pairs: list[tuple[K, T]]",
        )
    item = of(item_type)
    make, what = _MAPS[origin], name_of(type_)
    take = _taker("a mapping", (Mapping,), dict)
    return Conversion(
        _map_compiled(key, item, "read", what, known=dict, take=as_object, make=make),
        _map_compiled(key, item, "write", what, known=make, take=take, make=dict),
        frozenset({dict}),
        lambda: _map_compiled(key, item, "dump", what, known=make, take=take, make=dict),
        parts=MapParts(make, item) if key is None else None,
    )
