"""The module of a schema's types: classes with fields, enums, and other names for types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import Factory, evolve

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import Assigned, Either, Expression, Group, flat
from emitter_typed_codegen.model import (
    Alias,
    Declaration,
    Enum,
    EnumValue,
    Flags,
    Record,
    Schema,
    Secret,
    Union,
    named,
)
from emitter_typed_codegen.names import BUILTIN_CLASSES, class_name, constant_name
from emitter_typed_codegen.pytypes import BUILTINS, HERE, Imports, Name
from emitter_typed_codegen.texts import comment, literal, sentence
from emitter_typed_codegen.view.docs import Doc, limits
from emitter_typed_codegen.view.module_scope import (
    TYPES,
    ModuleScope,
    call,
    contract,
    distinct,
    named_values,
    own_names,
    plain,
    sequence,
)
from emitter_typed_codegen.view.parts import Part, parts
from emitter_typed_codegen.view.records import ClassView, Member, class_head, no_tests, record_view, type_doc


@frozen(kw_only=True)
class StatementView:
    """What is no class: another name for a type, or what is to be done when all are there."""

    statement: Expression
    doc: Doc = Factory(lambda: Doc(""))


@frozen(kw_only=True)
class TypesView:
    """The whole module, or a part of it."""

    doc: Doc
    imports: str
    declarations: tuple[ClassView | StatementView, ...]
    names: tuple[str, ...]
    """The names of the types."""


def types_view(schema: Schema) -> TypesView:
    """Return the module of a protocol's types, those of requests and replies included."""
    made = [record for request in schema.requests for record in _messages(schema, request.name)]
    return _module(schema, [*_in_order(schema), *made], {}, {}, own_section=True)


def type_parts(schema: Schema) -> list[Part]:
    """Return the parts of the module of the types; none if it is one."""
    return parts(TYPES, [one.name for one in _in_order(schema)])


def type_modules(schema: Schema, packages: Mapping[str, str]) -> dict[str, TypesView]:
    """Return the module of the types of a user's schema, or its parts, by what their neighbours import.

    Args:
        schema: The schema.
        packages: The packages of the files that it imports, as this one names them.
    """
    parted = type_parts(schema)
    if not parted:
        return {TYPES: _module(schema, _in_order(schema), {}, packages)}
    modules = {name: part.module for part in parted for name in part.names}
    return {
        part.module: _module(
            schema,
            [schema.by_name[name] for name in part.names],
            {**modules, **dict.fromkeys(part.names, HERE)},
            packages,
        )
        for part in parted
    }


def _module(
    schema: Schema,
    declared: Sequence[Declaration],
    modules: Mapping[str, str],
    packages: Mapping[str, str],
    *,
    own_section: bool = False,
) -> TypesView:
    names = tuple(class_name(one.name) for one in declared)
    taken = frozenset(names).union(*(own_names(one) for one in declared if isinstance(one, Record)))
    imports = Imports(taken, own_section, frozenset(packages))
    scope = ModuleScope(schema, HERE, imports, packages, modules, BUILTIN_CLASSES.intersection(names))
    views: list[ClassView | StatementView] = []
    for name, one in [(class_name(one.name), _view(scope, one)) for one in declared]:
        views.append(one)
        second = imports.renamed(name)
        if second is not None:
            views.append(StatementView(statement=Assigned(second, name)))
    if early := _naming_what_follows(declared):
        views.append(StatementView(statement=call(scope.contract("complete_constructors"), *early)))
    doc = Doc(f"The types of {schema.name}.")
    return TypesView(doc=doc, imports=imports.lines(), declarations=tuple(views), names=names)


def _messages(schema: Schema, name: str) -> Iterator[Record]:
    request = next(one for one in schema.requests if one.name == name)
    # Nobody makes or reads the first of them but its method.
    sent = evolve(request.request, fields=tuple(evolve(field, deprecated=None) for field in request.request.fields))
    for record in (sent, request.response):
        yield record if record.doc else Record(name=record.name, doc=request.doc, fields=record.fields)


def _in_order(schema: Schema) -> list[Declaration]:
    """Return the types, each after those that its statement needs; otherwise in the author's order."""
    own = {one.name for one in schema.types}
    ordered: dict[str, Declaration] = {}

    def visit(declared: Declaration) -> None:
        if declared.name not in ordered and declared.name in own:
            for name in _needs(schema, declared):
                visit(schema.by_name[name])
            ordered[declared.name] = declared

    for one in schema.types:
        visit(one)
    return list(ordered.values())


def _naming_what_follows(declared: Sequence[Declaration]) -> list[str]:
    """Return the records whose annotations name themselves or what stands below them."""
    found: list[str] = []
    below = {one.name for one in declared}
    for one in declared:
        if isinstance(one, Record) and not below.isdisjoint(name for each in one.fields for name in named(each.type)):
            found.append(class_name(one.name))
        below.discard(one.name)
    return found


def _needs(schema: Schema, declared: Declaration) -> Iterable[str]:
    match declared:
        case Union():
            return [name for _, name in declared.members]
        case Alias():
            return named(declared.type)
        case Record():
            # Annotations are read later; a default is not.
            return [name for one in declared.fields for name in named_values(schema, one.default, one.type)]
        case _:
            return []


def _view(scope: ModuleScope, declared: Declaration) -> ClassView | StatementView:
    name = class_name(declared.name)
    match declared:
        case Record():
            return record_view(scope, declared)
        case Enum() | Flags():
            base = _base(declared)
            return ClassView(
                name=name,
                head=class_head(scope, declared.name, base),
                doc=type_doc(scope, declared.name, declared.doc),
                members=(*(no_tests(name) if base == _ENUM else ()), *map(_enum_member, declared.values)),
            )
        case Secret():
            head = class_head(scope, declared.name, contract("Secret"))
            return ClassView(name=name, head=head, doc=type_doc(scope, declared.name, declared.doc), slots=True)
        case Alias() | Union():
            value = _union(scope, declared) if isinstance(declared, Union) else _alias(scope, declared)
            facts = " ".join(limits(scope, declared.type, declared.constraints)) if isinstance(declared, Alias) else ""
            return StatementView(statement=Assigned(name, value), doc=Doc(declared.doc, facts))


_ENUM = Name("enum", "Enum")


def _base(declared: Enum | Flags) -> Name:
    if isinstance(declared, Flags):
        return contract("Flags")
    return contract("NumberEnum") if declared.has_numbers else _ENUM


def _enum_member(value: EnumValue) -> Member:
    facts = sentence(f"Deprecated: {value.deprecated}") if value.deprecated is not None else ""
    return Member(Assigned(constant_name(value.name), plain(value.wire)), Doc(value.doc, facts))


def _alias(scope: ModuleScope, alias: Alias) -> Expression:
    annotation = scope.annotation(alias.type)
    if not distinct(scope, alias):
        return annotation
    return call(scope.use(Name("typing", "NewType")), literal(class_name(alias.name)), annotation)


def _union(scope: ModuleScope, union: Union) -> Expression:
    members = [(plain(value), scope.use(scope.declared(name))) for value, name in union.members]
    named: dict[str, Expression] = {"open": "True"} if union.open else {}
    pairs = sequence(sequence(member) for member in members)
    if union.tag is None:
        told = call(scope.contract("Present"), pairs, **named)
        notes, other = [f"has {value}" for value, _ in members], "has none of these"
    else:
        told = call(scope.contract("Tag"), literal(union.tag), pairs, **named)
        notes, other = [f"{comment(union.tag)}: {value}" for value, _ in members], f"{comment(union.tag)}: any other"
    classes: list[Expression] = [cls for _, cls in members]
    if union.open:
        classes.append(_unrecognized(scope, union))
        notes.append(other)
    either = Either(classes, tuple(notes))
    return Group(f"{scope.use(Name('typing', 'Annotated'))}[", [either, told], "]")


def _unrecognized(scope: ModuleScope, union: Union) -> Expression:
    unknown = scope.contract("UnrecognizedMember")
    if union.tag is None:
        return Group(f"{flat(unknown)}[", ["None"], "]")
    return Group(f"{flat(unknown)}[", [scope.use(Name(BUILTINS, "int"))], "]") if union.has_numbers else unknown
