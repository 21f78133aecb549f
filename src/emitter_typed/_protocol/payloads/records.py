"""Classes with fields: attrs classes, dataclasses, NamedTuples and TypedDicts, each compiled at its first use."""

from __future__ import annotations

import keyword
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

import attrs

from emitter_typed._protocol.payloads.classes import ClassShape, Member, Unsupported, accepts_none, describe
from emitter_typed._protocol.payloads.compiled import Conversion, Of, RecordParts, Source
from emitter_typed._protocol.payloads.json_text import document_text, string_text
from emitter_typed._protocol.payloads.plain import as_list, as_object, convert_each, read_kept, write_kept
from emitter_typed._protocol.payloads.scalars import FORMATS, Hook
from emitter_typed._protocol.payloads.unfit import Missing, Unfit, other_class, refused, step, unset
from emitter_typed._types.constraints import Constraint
from emitter_typed._types.deprecation import quietly, warns
from emitter_typed._types.frozen import freezer
from emitter_typed._types.values import Record
from emitter_typed.errors import InvalidArgument


def class_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a class with fields."""
    shape = describe(type_)
    fields = [(member, _conversion_of(shape, member, of)) for member in shape.members]
    _check_names(shape)
    if shape.kind == "items":
        made = _items(shape, fields)
    else:
        made = Conversion(
            _compile_reader(shape, fields),
            _compile_writer(shape, fields, "write"),
            frozenset({dict}),
            make_dump=lambda: _compile_writer(shape, fields, "dump"),
            parts=_parts(shape, fields),
        )
    return made


def _parts(shape: ClassShape, fields: list[tuple[Member, Conversion]]) -> RecordParts | None:
    if shape.kind != "attributes" or shape.rest is not None:
        return None
    one_name = not any(each.wire.also_read or each.wire.blank for each in shape.members)
    return RecordParts(shape, fields, one_name and _sets_slots(shape))


def _check_names(shape: ClassShape) -> None:
    seen: dict[str, str] = {}
    for member in shape.members:
        for name in member.wire_names:
            other = seen.setdefault(name, member.name)
            if other != member.name:
                raise Unsupported(
                    f"{shape.cls.__name__}: {other} and {member.name} are both {name!r} in JSON",
                    "give one of them another name",
                )


def _conversion_of(shape: ClassShape, member: Member, of: Of) -> Conversion:
    """Return the conversion of a field. Raises Unsupported, with the field."""
    if member.wire.format is not None:
        read, write = FORMATS[member.wire.format]
        made = Conversion(read, write, frozenset({int}))
        if not accepts_none(member.type):
            return made
        return Conversion(_or_none(read), _or_none(write), frozenset({int, type(None)}), optional=made)
    try:
        return of(member.type)
    except Unsupported as problem:
        problem.places.append(f"{shape.cls.__name__}.{member.name}")
        raise


def _or_none(hook: Hook) -> Hook:
    return lambda value: None if value is None else hook(value)


def is_blank(value: object, blanks: Sequence[object]) -> bool:
    """Tell whether a value of a document counts as absent; False is not 0 here."""
    return any(value == blank and type(value) is type(blank) for blank in blanks)


# How a reader makes its object: by setting the slots of a record, by the constructor, or as a dict.


def _sets_slots(shape: ClassShape) -> bool:
    """Tell whether an object can be made without its constructor: nothing happens there that a reader does not do."""
    cls: Any = shape.cls
    if (
        shape.kind != "attributes"
        or "__attrs_attrs__" not in vars(cls)
        or hasattr(cls, "__attrs_init__")
        or hasattr(cls, "__attrs_pre_init__")
    ):
        return False
    if not issubclass(cls, Record) and not _has_plain_constructor(cls):
        return False
    return (
        getattr(cls, "__attrs_post_init__", None) in (None, getattr(Record, "__attrs_post_init__", None))
        and all(each.init and each.converter is None for each in attrs.fields(cls))
        and all(
            isinstance(getattr(cls, member.name, None), types.MemberDescriptorType)
            and (member.required or member.default is not None)
            for member in _all_members(shape)
        )
    )


def _has_plain_constructor(cls: Any) -> bool:
    """Tell whether the constructor of a hand-written class is the one that attrs wrote, which stores values alone."""
    code = getattr(cls.__init__, "__code__", None)
    return (
        code is not None
        and code.co_filename.startswith("<attrs generated ")
        and cls.__new__ is object.__new__
        and type(cls) is type
        and "_attrs_cached_hash" not in vars(cls)
        and all(each.validator is None for each in attrs.fields(cls))
    )


def _all_members(shape: ClassShape) -> tuple[Member, ...]:
    return shape.members if shape.rest is None else (*shape.members, shape.rest)


def _constructor(shape: ClassShape) -> Callable[..., object]:
    cls: Callable[..., object] = shape.cls

    def make(**members: object) -> object:
        return cls(**members)

    return quietly()(make) if warns(shape.cls) else cls


def _refusal(shape: ClassShape) -> Callable[[Exception, Mapping[str, object]], Unfit]:
    """Return what says of an object what its constructor has raised."""
    names = {member.parameter: member.wire_name for member in shape.members}

    def refusal(error: Exception, members: Mapping[str, object]) -> Unfit:
        if isinstance(error, InvalidArgument):
            return refused(error, names.get(error.argument.partition("[")[0]))
        return refused(error).below(_validated(shape, members, error))

    return refusal


def _validated(shape: ClassShape, members: Mapping[str, object], error: Exception) -> str:
    """Return the step to the field whose validator has raised an error; empty where none has."""
    for member in shape.members:
        if member.validator is not None and member.parameter in members:
            try:
                member.validator(None, member.attribute, members[member.parameter])
            except Exception as again:
                if type(again) is type(error) and str(again) == str(error):
                    return step(member.wire_name)
    return ""


def _constraint(member: Member) -> Callable[[Any], None]:
    """Return what refuses a value that the validator of a field refuses."""
    validator: Any = member.validator
    attribute = member.attribute

    def check(value: object) -> None:
        try:
            validator(None, attribute, value)
        except InvalidArgument as error:
            raise refused(error, "") from None

    return check


def _compile_reader(shape: ClassShape, fields: list[tuple[Member, Conversion]]) -> Hook:
    cls = shape.cls
    by_slots = _sets_slots(shape)
    source = Source()
    bind = source.bind
    source.add(0, "def read(value):")
    source.add(1, "if value.__class__ is not dict:", f"    value = {bind(as_object)}(value)", "at = ''")
    if not by_slots:
        source.add(1, "made = {}")
    source.add(1, "try:", "    pass")
    stores: list[str] = []
    # What a constructor is given in any case; anything else goes by way of `made`.
    passed: dict[str, str] = {}
    for index, (member, conversion) in enumerate(fields):
        variable = f"v{index}"
        if shape.kind == "attributes" and member.required and _is_name(member.parameter):
            passed[member.parameter] = variable
        source.add(2, f"at = {member.wire_name!r}")
        stays = by_slots or member.parameter in passed
        _add_field(source, member, conversion, variable, by_slots=by_slots, stays=stays, frozen=issubclass(cls, Record))
        stores.append(variable)
    if shape.rest is not None:
        names = bind(frozenset(name for member in shape.members for name in member.wire_names))
        source.add(2, "at = None", f"rest = {bind(read_kept)}(value, {names})")
        if not by_slots:
            source.add(2, f"made[{shape.rest.parameter!r}] = rest")
    source.add(1, "except KeyError:", f"    raise {bind(Missing)}(at) from None")
    source.add(1, f"except {bind(Unfit)} as problem:")
    source.add(2, "if at is not None:", f"    problem.below({bind(step)}(at))", "raise")
    if by_slots:
        add_record(source, shape, stores if shape.rest is None else [*stores, "rest"])
    elif shape.kind == "keys":
        source.add(1, "return made")
    else:
        more = ["**made"] if len(passed) < len(fields) or shape.rest is not None else []
        given = ", ".join([*(f"{name}={variable}" for name, variable in passed.items()), *more])
        items = ", ".join([*(f"{name!r}: {variable}" for name, variable in passed.items()), *more])
        source.add(1, "try:", f"    return {bind(_constructor(shape))}({given})", "except Exception as error:")
        source.add(2, f"raise {bind(_refusal(shape))}(error, {{{items}}}) from error")
    made: Hook = source.compile("read", cls.__name__)
    return made


def add_record(source: Source, shape: ClassShape, variables: Sequence[str]) -> None:
    """Add what makes an object out of these variables, by setting its slots, and returns it."""
    cls: Any = shape.cls
    source.add(1, f"record = {source.bind(cls.__new__)}({source.bind(cls)})")
    for member, variable in zip(_all_members(shape), variables, strict=True):
        source.add(1, f"{source.bind(getattr(cls, member.name).__set__)}(record, {variable})")
    source.add(1, "return record")


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _add_field(
    source: Source, member: Member, conversion: Conversion, variable: str, *, by_slots: bool, stays: bool, frozen: bool
) -> None:
    """Add what reads one field, and what to do where the document does not hold it.

    Args:
        source: Where to add it.
        member: The field.
        conversion: That of its type.
        variable: What holds its value.
        by_slots: Whether the constructor is not called, which knows defaults and constraints.
        stays: Whether the value stays in its variable, or goes into `made`.
        frozen: Whether the object holds frozen lists and maps.
    """
    name = repr(member.wire_name)
    indent = 2
    absent = not member.required
    if member.wire.also_read:
        names, blanks = source.bind(member.wire_names), source.bind(member.wire.blank)
        source.add(
            2, f"name = {source.bind(_present)}(value, {names}, {blanks})", "if name is not None:", "    at = name"
        )
        name, indent = "name", 3
    elif absent or member.wire.blank:
        present = f"{name} in value"
        if member.wire.blank:
            present += f" and not {source.bind(is_blank)}(value[{name}], {source.bind(member.wire.blank)})"
        source.add(2, f"if {present}:")
        indent = 3
    source.add(indent, f"{variable} = value[{name}]")
    source.add(indent, f"{variable} = {source.convert(conversion, 'read', variable)}")
    if by_slots and member.validator is not None:
        add_constraint(source, member, variable, indent)
    if not stays:
        source.add(indent, f"made[{member.parameter!r}] = {variable}")
    if indent == 3:
        source.add(2, "else:")
        if member.required:
            source.add(3, f"raise KeyError({member.wire_name!r})")
        elif by_slots:
            source.add(3, f"{variable} = {default_text(source, member, frozen=frozen)}")
        else:
            source.add(3, "pass")


def _present(value: Mapping[str, object], names: tuple[str, ...], blanks: Sequence[object]) -> str | None:
    """Return the first of a field's names that a document holds with a value that is not blank."""
    return next((name for name in names if name in value and not is_blank(value[name], blanks)), None)


def add_constraint(source: Source, member: Member, variable: str, indent: int) -> None:
    """Add what refuses a value of a field that breaks its constraint."""
    check = f"{source.bind(_constraint(member))}({variable})"
    if isinstance(member.validator, Constraint):
        # Only what does not hold is looked at again, for the words.
        holds = source.bind(member.validator.holds)
        source.add(indent, f"if {variable} is not None and not {holds}({variable}):", f"    {check}")
    else:
        source.add(indent, check)


def default_text(source: Source, member: Member, *, frozen: bool) -> str:
    """Return the expression of what a field holds where a document does not have it."""
    make = cast("Callable[[], object]", member.default)
    # A hand-written class holds what it was given.
    freeze = freezer(member.type) if frozen else None
    default: Any = attrs.NOTHING if member.attribute is None else member.attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # typeshed has it as a function
        made = f"{source.bind(make)}()"
        return made if freeze is None else f"{source.bind(freeze)}({made})"
    value = make() if freeze is None else freeze(make())
    return repr(value) if value is None or value is True or value is False else source.bind(value)


def _compile_writer(shape: ClassShape, fields: list[tuple[Member, Conversion]], side: Literal["write", "dump"]) -> Hook:
    cls = shape.cls
    source = Source()
    bind = source.bind
    by_key = shape.kind == "keys"
    text = ""
    source.add(0, "def write(value):")
    if by_key:
        names = bind(frozenset(member.name for member in shape.members))
        source.add(1, "if value.__class__ is not dict:", f"    value = {bind(_as_dict)}(value, {bind(cls)})")
        source.add(1, f"if not value.keys() <= {names}:", f"    {bind(_refuse_keys)}(value, {names}, {bind(cls)})")
    else:
        source.add(1, f"if value.__class__ is not {bind(cls)} and not isinstance(value, {bind(cls)}):")
        source.add(2, f"raise {bind(other_class)}(value, {bind(cls)})")
    source.add(1, "at = ''", "made = {}", "try:", "    pass")
    for index, (member, conversion) in enumerate(fields):
        variable = f"v{index}"
        told = member.name if by_key else member.parameter
        omits_none = member.omits_none and conversion.optional is not None
        always = not omits_none and (member.required or not by_key)
        source.add(2, f"at = {told!r}")
        if side == "dump" and not always:
            source.add(2, f"text{index} = ''")
        indent = 2
        if by_key:
            if not member.required:
                source.add(2, f"if {member.name!r} in value:")
                indent = 3
            source.add(indent, f"{variable} = value[{member.name!r}]")
        else:
            source.add(2, f"{variable} = value.{member.name}")
        if omits_none and conversion.optional is not None:
            source.add(indent, f"if {variable} is not None:")
            indent, conversion = indent + 1, conversion.optional
        written = source.convert(conversion, side, variable)
        name = f",{string_text(member.wire_name)}:"
        if side == "write":
            source.add(indent, f"made[{member.wire_name!r}] = {written}")
        elif always:
            source.add(indent, f"{variable} = {written}")
            text += f"{_literal(name)}{{{variable}}}"
        else:
            source.add(indent, f"text{index} = {name!r} + {written}")
            text += f"{{text{index}}}"
    if shape.rest is not None:
        names = bind(frozenset(name for member in shape.members for name in member.wire_names))
        source.add(2, f"at = {shape.rest.name!r}", f"{bind(write_kept)}(value.{shape.rest.name}, {names}, made)")
        if side == "dump":
            source.add(2, f"rest = ',' + {bind(document_text)}(made)[1:-1] if made else ''")
            text += "{rest}"
    source.add(1, "except KeyError:", f"    raise {bind(Missing)}(at) from None")
    source.add(1, "except AttributeError:", f"    {bind(unset)}(at)")
    source.add(1, f"except {bind(Unfit)} as problem:", f"    problem.below({bind(step)}(at))", "    raise")
    source.add(1, "return made" if side == "write" else f"return {_object_text(text)}")
    made: Hook = source.compile("write", cls.__name__)
    return made


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _object_text(members: str) -> str:
    """Return the expression of an object's JSON.

    Args:
        members: An f-string of its members, each of which begins with a comma or is empty.
    """
    if members.startswith(","):
        return f"f{'{{' + members[1:] + '}}'!r}"
    return f"'{{' + f{members!r}[1:] + '}}'"


def _as_dict(value: object, cls: type) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise other_class(value, cls)
    return dict(cast("Mapping[str, object]", value))


def _refuse_keys(value: Mapping[object, object], names: frozenset[str], cls: type) -> None:
    name = next(each for each in value if each not in names)
    raise Unfit(f"is not a key of {cls.__name__}", step(name))


def _items(shape: ClassShape, fields: list[tuple[Member, Conversion]]) -> Conversion:
    """Return the conversion of a NamedTuple: a list, whose last items may be absent if they have defaults."""
    cls = shape.cls
    least = sum(member.required for member, _ in fields)
    count = f"{least}" if least == len(fields) else f"{least} to {len(fields)}"
    names = [member.name for member, _ in fields]
    reads = [conversion.call("read") for _, conversion in fields]
    writes = [conversion.call("write") for _, conversion in fields]

    places, attributes = [f"[{index}]" for index in range(len(fields))], [step(name) for name in names]

    def read(value: Any) -> object:
        items: list[object] = value if value.__class__ is list else as_list(value)
        if not least <= len(items) <= len(fields):
            raise Unfit(f"must have {count} items ({', '.join(names)}), got {len(items)}")
        made = convert_each(reads, items, places)
        try:
            return cls(*made)
        except Exception as error:
            raise refused(error) from error

    def write(value: Any) -> object:
        if not isinstance(value, cls):
            raise other_class(value, cls)
        return convert_each(writes, cast("Sequence[object]", value), attributes)

    return Conversion(read, write, frozenset({list}))
