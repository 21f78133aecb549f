"""Types and values of a schema in one generated module."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from attrs import Factory, evolve

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Constraint,
    Declaration,
    Enum,
    Field,
    Flags,
    JsonMap,
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
    Union,
    alternative,
    alternatives,
    beneath,
    named,
)
from emitter_typed_codegen.names import UNKNOWN_FIELDS, attribute_name, class_name, constant_name, hidden_name
from emitter_typed_codegen.pytypes import (
    BUILTINS,
    CONTRACT,
    HERE,
    REST,
    STR,
    Applied,
    Imports,
    Name,
    OneOf,
    PyType,
    one_of,
    optional,
)
from emitter_typed_codegen.texts import bytes_literal, literal

TYPES = ".types"
"""The module of the types, as its neighbours import it."""

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
    "key_target": STR,
    "text": STR,
}


def contract(name: str) -> Name:
    """Return something that the runtime has for generated code."""
    return Name(CONTRACT, name)


def call(name: str, /, *arguments: Expression, **named: Expression) -> Group:
    """Return a call of what the module knows by that name."""
    settings = [Joined([f"{key}=", *(one.parts if isinstance(one, Joined) else [one])]) for key, one in named.items()]
    return Group(f"{name}(", [*arguments, *settings], ")")


def sequence(items: Iterable[Expression]) -> Group:
    """Return a tuple."""
    return Group("(", tuple(items), ")")


@frozen
class ModuleScope:
    """A generated module's view of the schema: its types live in some module, and it imports what it names."""

    schema: Schema
    home: str
    """The module of the schema's types, seen from here, unless it is parted."""
    imports: Imports
    packages: Mapping[str, str] = Factory(dict[str, str])
    """The generated package of each file that the schema imports, as the module names it, by the import's name."""
    parts: Mapping[str, str] = Factory(dict[str, str])
    """The module of each type where that of the types is parted, by the type's name; `HERE` for this very module."""
    shadowing: frozenset[str] = frozenset()
    """The classes of this module that are called as one of Python's own."""
    late: bool = False
    """Whether an annotation is read when it is used, not when the module is loaded: then no part must be there yet."""
    in_prose: bool = False
    """Whether it is for a reader, not for Python and checkers."""

    def inside(self, names: Iterable[str]) -> ModuleScope:
        """Return the scope of a class or a method in which some names mean something else."""
        return evolve(self, imports=self.imports.inside(names), late=True)

    def prose(self) -> ModuleScope:
        """Return the scope of a docstring: everything has its plain name, and nothing is imported for it."""
        return evolve(self, imports=Imports(), in_prose=True)

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
            return Name(self.parts.get(own, self.home), class_name(own))
        imported, *further = way.split(".")
        return Name(self.packages[imported], ".".join([*further, class_name(own)]), called=imported)

    def _annotated(self, name: str) -> Name:
        """Return the class of a declared type for an annotation, which is read late."""
        found = self.declared(name)
        other_part = self.late and name in self.parts and found.module != HERE
        return Name(f"./{TYPES.lstrip('.')}", found.name) if other_part else found

    def base(self, ref: TypeRef) -> TypeRef:
        """Return a type without what makes it optional, and what an alias stands for."""
        return beneath(ref, self.schema.by_name)

    def held(self, ref: TypeRef, value: Literal_) -> TypeRef:
        """Return the type that a value of a type has: of several, the one of its kind."""
        return ref if value is None else alternative(ref, value, self.schema.by_name)

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
                    raw = _SCALARS["int" if declared.has_numbers else "string"]
                    return OneOf((self._annotated(ref.name), Applied(contract("Unrecognized"), (raw,))))
                return self._annotated(ref.name)
            case Optional():
                return optional(self.type(ref.item))
            case List():
                return Applied(Name(BUILTINS, "tuple"), (self.type(ref.item), REST))
            case Map():
                return Applied(Name("collections.abc", "Mapping"), (STR, self.type(ref.value)))
            case AnyOf():
                return one_of(map(self.type, ref.members))

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
        if isinstance(ref, AnyOf):
            return self.value(value, self.held(ref, value))
        return self._scalar(value, ref.name)

    def option_values(self, values: Iterable[tuple[str, Literal_]], options: Iterable[Setting]) -> Expression:
        """Return a dict of options' values, by the names of their parameters."""
        by_name = {option.name: option for option in options}
        entries = [_entry(attribute_name(name), self.option_value(value, by_name.get(name))) for name, value in values]
        return Group("{", entries, "}")

    def option_value(self, value: Literal_, option: Setting | None) -> Expression:
        """Return an option's value as a caller would give it."""
        # Durations are seconds. Without a protocol, nothing is known of an option.
        if option is None or self.base(option.type) == Scalar("duration"):
            return plain(value)
        return self.value(value, option.type)

    def constraints(self, constraints: Iterable[Constraint], ref: TypeRef) -> list[Expression]:
        """Return the validators of a type with constraints: its own, those of an alias, and those of its items."""
        if isinstance(ref, Optional):
            return self.constraints(constraints, ref.item)
        if isinstance(ref, Named):
            declared = self.schema.by_name[ref.name]
            own = declared.constraints if isinstance(declared, Alias) else ()
            inner = declared.type if isinstance(declared, Alias) else None
            return [*(self.constraints(own, inner) if inner else []), *self._validators(constraints, ref)]
        if isinstance(ref, AnyOf):
            return [one for member in alternatives(ref, self.schema.by_name) for one in self._of_member(member)]
        validators = self._validators(constraints, ref)
        if isinstance(ref, List | Map):
            of_items = self.constraints((), ref.item if isinstance(ref, List) else ref.value)
            if of_items:
                validators.append(call(self.contract("each"), *of_items))
        return validators

    def _of_member(self, ref: TypeRef) -> list[Expression]:
        """Return the validator that holds for one of several types; none if it has no constraints."""
        validators = self.constraints((), ref)
        if not validators:
            return []
        # What lists and maps hold is no part of the class.
        found = self.type(self.base(ref))
        cls = found.base if isinstance(found, Applied) else found
        return [call(self.contract("when"), self.imports.annotation(cls), *validators)]

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
        match declared:
            case Enum():
                member = next(one for one in declared.values if one.wire == value)
                cls, constant = self.use(self.declared(name)), constant_name(member.name)
                # A member that a digit would begin is private to its class.
                return call(cls, plain(member.wire)) if constant.startswith("_") else f"{cls}.{constant}"
            case Flags() | Secret():
                return call(self.use(self.declared(name)), literal(str(value)))
            case Alias():
                inner = self.value(value, declared.type)
                if not distinct(self, declared):
                    return inner
                of = self._annotated(name) if holds_objects(self.schema, declared.type) else self.declared(name)
                return call(self.use(of), inner)
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
            case "json":
                return self._json(value)
            case _:
                return plain(value)

    def _json(self, value: Literal_) -> Expression:
        """Return an expression for JSON; lists and maps say their types, since no checker finds them by itself."""
        if self.in_prose or not isinstance(value, tuple):
            return plain(value)
        if isinstance(value, JsonMap):
            made: Expression = Group("{", [_entry(key, self._json(item)) for key, item in pairs(value)], "}")
        else:
            made = Group("[", [self._json(item) for item in value], "]")
        return call(self.json_class(value), *([made] if value else []))

    def json_class(self, value: Literal_) -> str:
        """Return the class of a list or a map that is JSON, with the types in it."""
        json = self.contract("Json")
        if isinstance(value, JsonMap):
            return f"{self.use(Name(BUILTINS, 'dict'))}[{self.use(STR)}, {json}]"
        return f"{self.use(Name(BUILTINS, 'list'))}[{json}]"

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
    """Return an expression for a value that is JSON, as `json.loads` would give it."""
    match value:
        case str():
            return literal(value)
        case JsonMap():
            return Group("{", [_entry(key, plain(item)) for key, item in pairs(value)], "}")
        case tuple():
            return Group("[", list(map(plain, value)), "]")
        case float():
            return _number(value)
        case _:
            return repr(value)


def shared(scope: ModuleScope, value: Literal_, ref: TypeRef) -> bool:
    """Whether all objects may hold one value of a type: nobody can change it, and its type is there already."""
    if isinstance(ref, Optional):
        return shared(scope, value, ref.item)
    if isinstance(ref, Named) and isinstance(alias := scope.schema.by_name[ref.name], Alias):
        there = not distinct(scope, alias) or not holds_objects(scope.schema, alias.type)
        return there and shared(scope, value, alias.type)
    if isinstance(ref, AnyOf) and value is not None:
        return shared(scope, value, scope.held(ref, value))
    if isinstance(ref, List):
        return all(shared(scope, item, ref.item) for item in items(value))
    return value is None or not (isinstance(ref, Map) or isinstance(value, tuple))


def named_values(schema: Schema, value: Literal_, ref: TypeRef) -> list[str]:
    """Return the names of the types that must be there before a value of a type can be made."""
    if value is None:
        return []
    match ref:
        case Optional():
            return named_values(schema, value, ref.item)
        case List():
            return [name for item in items(value) for name in named_values(schema, item, ref.item)]
        case Map():
            return [name for _, item in pairs(value) for name in named_values(schema, item, ref.value)]
        case AnyOf():
            return named_values(schema, value, alternative(ref, value, schema.by_name))
        case Named():
            declared = schema.by_name[ref.name]
            if not isinstance(declared, Alias):
                return [ref.name]
            own = [ref.name] if declared.distinct and not holds_objects(schema, declared.type) else []
            return [*own, *named_values(schema, value, declared.type)]
        case Scalar():
            return []


def holds_objects(schema: Schema, ref: TypeRef) -> bool:
    """Whether there are records in a type, which may hold values of that type themselves."""
    for name in named(ref):
        declared = schema.by_name[name]
        if isinstance(declared, Record | Union) or (
            isinstance(declared, Alias) and holds_objects(schema, declared.type)
        ):
            return True
    return False


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


def own_names(record: Record) -> set[str]:
    """Return the names inside the class of a record, behind which nothing that the class names may hide."""
    names = {name for field in record.fields for name in (attribute(field), stored(field))}
    return names | {UNKNOWN_FIELDS} if record.keeps_unknown else names


def _entry(key: str, value: Expression) -> Expression:
    return Joined([f"{literal(key)}: ", value])


def _number(value: int | float) -> str:
    # As ruff writes it: `1e300`, where Python writes `1e+300`.
    return repr(value).replace("+", "")
