"""Types and values of a schema in one generated module."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from attrs import Factory, frozen

from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import (
    Alias,
    Constraint,
    Declaration,
    Enum,
    Field,
    Flags,
    List,
    Literal_,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    Schema,
    Secret,
    Setting,
    TypeRef,
)
from emitter_typed_codegen.names import UNKNOWN_FIELDS, attribute_name, class_name, constant_name, hidden_name
from emitter_typed_codegen.pytypes import (
    BUILTINS,
    CONTRACT,
    REST,
    STR,
    Applied,
    Imports,
    Name,
    OneOf,
    PyType,
    optional,
)
from emitter_typed_codegen.texts import bytes_literal, literal

_DATETIME = Name("datetime", "datetime")
_DURATION = Name("datetime", "timedelta")
_FLOAT = Name(BUILTINS, "float")
_SCALARS: dict[str, PyType] = {
    "string": STR,
    "int": Name(BUILTINS, "int"),
    "float": _FLOAT,
    "bool": Name(BUILTINS, "bool"),
    "bytes": Name(BUILTINS, "bytes"),
    "datetime": _DATETIME,
    "date": Name("datetime", "date"),
    "duration": _DURATION,
    "uuid": Name("uuid", "UUID"),
    "decimal": Name("decimal", "Decimal"),
    "json": Name(CONTRACT, "Json"),
    "channel": STR,
    "filter": STR,
    "text": STR,
}


def contract(name: str) -> Name:
    """Return something that the runtime has for generated code."""
    return Name(CONTRACT, name)


def call(name: str, /, *arguments: Expression, **named: Expression) -> Group:
    """Return a call of what the module knows by that name."""
    return Group(f"{name}(", [*arguments, *(Joined([f"{key}=", value]) for key, value in named.items())], ")")


def sequence(items: Iterable[Expression]) -> Group:
    """Return a tuple."""
    return Group("(", tuple(items), ")")


@frozen
class ModuleScope:
    """A generated module's view of the schema: its types live in some module, and it imports what it names."""

    schema: Schema
    home: str
    """The module of the schema's types, seen from here."""
    imports: Imports
    packages: Mapping[str, str] = Factory(dict[str, str])
    """The generated package of each file that the schema imports, as the module names it, by the import's name."""

    def use(self, name: Name) -> str:
        """Return how the module refers to a name, and import that."""
        return self.imports.use(name)

    def contract(self, name: str) -> str:
        """Return how the module refers to something of the runtime, and import that."""
        return self.imports.use(contract(name))

    def declared(self, name: str) -> Name:
        """Return the class of a declared or imported type."""
        way, _, own = name.rpartition(".")
        if not way:
            return Name(self.home, class_name(own))
        imported, *further = way.split(".")
        return Name(self.packages[imported], ".".join([*further, class_name(own)]), called=imported)

    def base(self, ref: TypeRef) -> TypeRef:
        """Return a type without what makes it optional, and what an alias stands for."""
        while True:
            if isinstance(ref, Optional):
                ref = ref.item
            elif isinstance(ref, Named) and isinstance(alias := self.schema.by_name[ref.name], Alias):
                ref = alias.type
            else:
                return ref

    def declaration(self, ref: TypeRef) -> Declaration | None:
        """Return the declaration behind a type; None if it is none of the schema's."""
        base = self.base(ref)
        return self.schema.by_name[base.name] if isinstance(base, Named) else None

    def type(self, ref: TypeRef) -> PyType:
        """Return the annotation of a type."""
        match ref:
            case Scalar():
                return _SCALARS[ref.name]
            case Named():
                declared = self.schema.by_name[ref.name]
                if isinstance(declared, Enum) and declared.open:
                    return OneOf((self.declared(ref.name), Applied(contract("Unrecognized"), (STR,))))
                return self.declared(ref.name)
            case Optional():
                return optional(self.type(ref.item))
            case List():
                return Applied(Name(BUILTINS, "tuple"), (self.type(ref.item), REST))
            case Map():
                return Applied(Name("collections.abc", "Mapping"), (STR, self.type(ref.value)))

    def annotation(self, ref: TypeRef) -> Expression:
        """Return the annotation of a type, as it is printed."""
        return self.imports.annotation(self.type(ref))

    def value(self, value: Literal_, ref: TypeRef) -> Expression:
        """Return an expression for a value of a type."""
        if value is None:
            return "None"
        if isinstance(ref, Optional):
            return self.value(value, ref.item)
        if isinstance(ref, Named):
            return self._declared_value(value, ref.name)
        if isinstance(ref, List):
            return sequence(self.value(item, ref.item) for item in items(value))
        if isinstance(ref, Map):
            return Group("{", [_entry(key, self.value(item, ref.value)) for key, item in pairs(value)], "}")
        return self._scalar(value, ref.name)

    def option_values(self, values: Iterable[tuple[str, Literal_]], options: Iterable[Setting]) -> Expression:
        """Return a dict of options' values, by the names of their parameters."""
        by_name = {option.name: option for option in options}
        entries: list[Expression] = []
        for name, value in values:
            option = by_name.get(name)
            # Seconds are what a caller would give. Without a protocol, nothing is known of an option.
            as_written = option is None or self.base(option.type) == Scalar("duration")
            made = plain(value) if option is None or as_written else self.value(value, option.type)
            entries.append(_entry(attribute_name(name), made))
        return Group("{", entries, "}")

    def constraints(self, constraints: Iterable[Constraint], ref: TypeRef) -> list[Expression]:
        """Return the validators of a type with constraints: its own, those of an alias, and those of its items."""
        if isinstance(ref, Optional):
            return self.constraints(constraints, ref.item)
        if isinstance(ref, Named):
            declared = self.schema.by_name[ref.name]
            own = declared.constraints if isinstance(declared, Alias) else ()
            inner = declared.type if isinstance(declared, Alias) else None
            return [*(self.constraints(own, inner) if inner else []), *self._validators(constraints, ref)]
        validators = self._validators(constraints, ref)
        if isinstance(ref, List | Map):
            of_items = self.constraints((), ref.item if isinstance(ref, List) else ref.value)
            if of_items:
                validators.append(call(self.contract("each"), *of_items))
        return validators

    def _validators(self, constraints: Iterable[Constraint], ref: TypeRef) -> list[Expression]:
        base = self.base(ref)
        scalar = base.name if isinstance(base, Scalar) else "int"
        # The number of segments is checked where a call takes the channel.
        return [
            call(
                self.contract(constraint.rule),
                self._scalar(constraint.value, scalar if constraint.rule.endswith("imum") else "json"),
            )
            for constraint in constraints
            if constraint.rule != "max_segments"
        ]

    def _declared_value(self, value: Literal_, name: str) -> Expression:
        declared = self.schema.by_name[name]
        reference = self.use(self.declared(name))
        match declared:
            case Enum():
                member = next(one for one in declared.values if one.wire == value)
                return f"{reference}.{constant_name(member.name)}"
            case Flags() | Secret():
                return call(reference, literal(str(value)))
            case Alias():
                inner = self.value(value, declared.type)
                return call(reference, inner) if distinct(self, declared) else inner
            case _:
                raise AssertionError(f"{name} has no values that a schema can write")

    def _scalar(self, value: Literal_, scalar: str) -> Expression:
        match scalar:
            case "float" if isinstance(value, int | float):
                return _number(float(value))
            case "bytes":
                return bytes_literal(base64.b64decode(str(value)))
            case "datetime":
                return self._moment(datetime.fromisoformat(str(value)))
            case "date":
                day = date.fromisoformat(str(value))
                return call(self.use(Name("datetime", "date")), *map(str, (day.year, day.month, day.day)))
            case "duration" if isinstance(value, int | float):
                seconds = "0" if not value else Joined(["seconds=", _number(value)])
                return call(self.use(_DURATION), seconds)
            case "uuid":
                return call(self.use(Name("uuid", "UUID")), literal(str(value)))
            case "decimal":
                text = str(value)
                whole = text.removeprefix("-").isdecimal()
                return call(self.use(Name("decimal", "Decimal")), text if whole else literal(text))
            case _:
                return plain(value)

    def _moment(self, moment: datetime) -> Expression:
        zone = self.use(Name("datetime", "UTC"))
        offset = moment.utcoffset() or timedelta(0)
        if offset:
            moment -= offset
        parts = [moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second]
        if moment.microsecond:
            parts.append(moment.microsecond)
        while len(parts) > 3 and not parts[-1]:
            parts.pop()
        return call(self.use(_DATETIME), *map(str, parts), tzinfo=zone)


def distinct(scope: ModuleScope, alias: Alias) -> bool:
    """Whether an alias is a type of its own: only a class can be one."""
    return alias.distinct and isinstance(scope.type(alias.type), Name | Applied)


def plain(value: Literal_) -> Expression:
    """Return an expression for a value that is JSON."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, tuple):
        return sequence(map(plain, value))
    return _number(value) if isinstance(value, float) else repr(value)


def items(value: Literal_) -> tuple[Literal_, ...]:
    """Return the items of a list as the model holds it."""
    return tuple(item for item in value) if isinstance(value, tuple) else ()


def pairs(value: Literal_) -> list[tuple[str, Literal_]]:
    """Return the pairs of a map as the model holds it."""
    return [(str(pair[0]), pair[1]) for pair in items(value) if isinstance(pair, tuple) and len(pair) == 2]


def attribute(field: Field) -> str:
    """Return the name of a field in Python."""
    return attribute_name(field.name)


def stored(field: Field) -> str:
    """Return the name of the attribute that holds a field: a deprecated one is read through a property."""
    return attribute(field) if field.deprecated is None else hidden_name(attribute(field))


def template(topic: str, params: Iterable[Field]) -> str:
    """Return a topic or an address with its parameters by the names that they have in Python."""
    names = {f"{{{one.name}}}": f"{{{attribute_name(one.name)}}}" for one in params}
    return "/".join(names.get(segment, segment) for segment in topic.split("/"))


def own_names(records: Iterable[Record]) -> frozenset[str]:
    """Return the names inside classes, behind which nothing that the classes name may hide."""
    held = list(records)
    fields = [field for record in held for field in record.fields]
    names = {attribute(field) for field in fields} | {stored(field) for field in fields}
    return frozenset(names | {UNKNOWN_FIELDS for record in held if record.keeps_unknown})


def _entry(key: str, value: Expression) -> Expression:
    return Joined([f"{literal(key)}: ", value])


def _number(value: int | float) -> str:
    return repr(value)
