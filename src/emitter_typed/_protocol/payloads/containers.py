"""Lists, tuples, sets and maps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from operator import length_hint
from typing import Any, TypeVar, cast, get_args, get_origin

from emitter_typed._protocol.payloads.classes import Unsupported, name_of
from emitter_typed._protocol.payloads.compiled import Conversion, Of, Source
from emitter_typed._protocol.payloads.plain import as_list, as_object, in_order, text_name
from emitter_typed._protocol.payloads.scalars import TEXT, Hook
from emitter_typed._protocol.payloads.unfit import Unfit, expected, step
from emitter_typed._types.frozen import FrozenMap

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


def _item_compiled(conversion: Conversion, side: str, brackets: str, what: str) -> Hook:
    """Compile a function from a list to what each item of it becomes."""
    source = Source()
    item = source.convert(conversion, "read" if side == "read" else "write", "each")
    opening, closing = brackets.split("…")
    hint, unfit = source.bind(length_hint), source.bind(Unfit)
    source.add(0, "def convert(value):")
    source.add(1, "items = iter(value)", "try:", f"    return {opening}{item} for each in items{closing}")
    source.add(1, f"except {unfit} as problem:")
    source.add(2, f"problem.below(f'[{{len(value) - {hint}(items) - 1}}]')", "raise")
    made: Hook = source.compile("convert", what)
    return made


def list_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a list, a set or a tuple."""
    origin, arguments = get_origin(type_) or type_, get_args(type_)
    if origin is tuple and (arguments or type_ == tuple[()]) and Ellipsis not in arguments:
        return _fixed_tuple(type_, arguments, of)
    item = of(arguments[0] if arguments else object)
    made: Conversion
    what = name_of(type_)
    if origin in _SETS:
        made = _set(origin, item, what)
    else:
        make = _LISTS[origin]
        read_items = _item_compiled(item, "read", "tuple([…])" if make is tuple else "[…]", what)
        write_items = _item_compiled(item, "write", "[…]", what)

        def read(value: Any) -> object:
            return read_items(value if value.__class__ is list else as_list(value))

        def write(value: Any) -> object:
            if not isinstance(value, list | tuple):
                raise expected("a tuple" if make is tuple else "a list", value)
            return write_items(value)

        made = Conversion(read, write)
    made.kinds = frozenset({list})
    return made


def _set(make: Any, item: Conversion, what: str) -> Conversion:
    read_items = _item_compiled(item, "read", "[…]", what)
    write_items = _item_compiled(item, "write", "[…]", what)

    def read(value: Any) -> object:
        items = read_items(value if value.__class__ is list else as_list(value))
        try:
            found: Collection[object] = make(items)
        except TypeError:
            index = next(index for index, each in enumerate(items) if not _hashable(each))
            raise Unfit("a set cannot hold a list or an object", f"[{index}]") from None
        if len(found) < len(items):
            _check_equal(items)
        return found

    def write(value: Any) -> object:
        if not isinstance(value, set | frozenset):
            raise expected("a set", value)
        return write_items(in_order(cast("Collection[object]", value)))

    return Conversion(read, write)


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _check_equal(items: Iterable[Any]) -> None:
    """Refuse what a set would drop though it is not the same: 1, 1.0 and true."""
    classes: dict[object, type] = {}
    for index, each in enumerate(items):
        cls: type = each.__class__
        if classes.setdefault(each, cls) is not cls:
            raise Unfit("equals another item of the set, which has another type", f"[{index}]")


def _fixed_tuple(type_: Any, arguments: tuple[Any, ...], of: Of) -> Conversion:
    if any(get_origin(each) is not None and "Unpack" in str(get_origin(each)) for each in arguments):
        raise Unsupported(f"{name_of(type_)} has no fixed length and no one type", "write tuple[T, ...]")
    items = [of(each) for each in arguments]
    count = len(items)

    def convert(functions: Sequence[Hook], value: Sequence[object]) -> list[object]:
        if len(value) != count:
            raise Unfit(f"must have {count} items, got {len(value)}")
        made: list[object] = []
        try:
            for function, each in zip(functions, value, strict=True):
                made.append(function(each))
        except Unfit as problem:
            problem.below(f"[{len(made)}]")
            raise
        return made

    reads, writes = [each.call("read") for each in items], [each.call("write") for each in items]

    def read(value: Any) -> object:
        return tuple(convert(reads, value if value.__class__ is list else as_list(value)))

    def write(value: Any) -> object:
        if not isinstance(value, list | tuple):
            raise expected("a tuple", value)
        return convert(writes, cast("Sequence[object]", value))

    return Conversion(read, write, frozenset({list}))


def _map_compiled(key: Conversion | None, item: Conversion, side: str, what: str) -> Hook:
    """Compile a function from a map to what its names and items become."""
    reading = side == "read"
    source = Source()
    name = f"{source.bind(text_name if key is None else key.call('read' if reading else 'write'))}(name)"
    if key is None:
        name = f"(name if name.__class__ is str and name.isascii() else {name})"
    each = source.convert(item, "read" if reading else "write", "each")
    unfit, locate = source.bind(Unfit), source.bind(_locate)
    source.add(0, "def convert(value):")
    source.add(1, "items = iter(value.items())", "try:", f"    return {{{name}: {each} for name, each in items}}")
    source.add(1, f"except {unfit} as problem:", f"    {locate}(problem, value, items)", "    raise")
    made: Hook = source.compile("convert", what)
    return made


def _locate(problem: Unfit, value: Mapping[object, object], items: Iterable[object]) -> None:
    index = len(value) - length_hint(items) - 1
    name = next(islice(value, index, None))
    # A name that is no text has no place of its own.
    if isinstance(name, str):
        problem.below(step(name))


def map_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a map."""
    origin, arguments = get_origin(type_) or type_, get_args(type_)
    key_type, item_type = arguments or (str, object)
    key = None if key_type is str else of(key_type)
    if key is not None and key.kinds != TEXT:
        raise Unsupported(
            f"{name_of(type_)} has names that are no texts in JSON",
            "let the names be texts, or write a list of pairs: list[tuple[K, T]]",
        )
    item = of(item_type)
    make, what = _MAPS[origin], name_of(type_)
    read_items = _map_compiled(key, item, "read", what)
    write_items = _map_compiled(key, item, "write", what)

    def read(value: Any) -> object:
        document = value if value.__class__ is dict else as_object(value)
        found = read_items(document)
        if len(found) < len(document):
            raise Unfit("two of its names are the same when they are read")
        return found if make is dict else make(found)

    def write(value: Any) -> object:
        if not isinstance(value, Mapping):
            raise expected("a mapping", value)
        given = cast("Mapping[str, object]", value)
        written: dict[str, object] = write_items(given if isinstance(given, dict) else dict(given))
        if len(written) < len(given):
            raise Unfit("two of its names are the same when they are written")
        return written

    return Conversion(read, write, frozenset({dict}))
