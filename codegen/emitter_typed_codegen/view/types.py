"""The module of a schema's types: classes with fields, enums, and other names for types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, frozen

from emitter_typed_codegen.layout import Either, Expression, Group, Joined
from emitter_typed_codegen.model import (
    Alias,
    Declaration,
    Enum,
    EnumValue,
    Flags,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    Schema,
    Secret,
    TypeRef,
    Union,
)
from emitter_typed_codegen.names import class_name, constant_name
from emitter_typed_codegen.pytypes import HERE, Imports, Name
from emitter_typed_codegen.texts import comment, literal
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.module_scope import ModuleScope, call, contract, distinct, own_names, sequence
from emitter_typed_codegen.view.records import ClassView, Member, class_head, record_view, type_doc


@frozen(kw_only=True)
class AliasView:
    """Another name for a type."""

    name: str
    statement: Expression
    doc: Doc


@frozen(kw_only=True)
class TypesView:
    """The whole module."""

    doc: Doc
    imports: str
    declarations: tuple[ClassView | AliasView, ...]

    @property
    def names(self) -> list[str]:
        """The names that the module defines."""
        return [declared.name for declared in self.declarations]


def types_view(schema: Schema, packages: Mapping[str, str], *, own_section: bool) -> TypesView:
    """Return the module of the types, those of requests and replies included."""
    made = [record for request in schema.requests for record in _messages(schema, request.name)]
    declared = [*_in_order(schema), *made]
    records = [one for one in declared if isinstance(one, Record)]
    taken = own_names(records) | {class_name(one.name) for one in declared}
    scope = ModuleScope(schema, HERE, Imports(frozenset(taken), own_section, frozenset(packages)), packages)
    views = tuple(_view(scope, one) for one in declared)
    return TypesView(doc=Doc(f"The types of {schema.name}."), imports=scope.imports.lines(), declarations=views)


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


def _needs(schema: Schema, declared: Declaration) -> Iterable[str]:
    match declared:
        case Union():
            return [name for _, name in declared.members]
        case Alias():
            return _named(declared.type)
        case Record():
            # Annotations are read later; a default is not.
            valued = [name for one in declared.fields if one.has_default for name in _named(one.type)]
            return [name for name in valued if not isinstance(schema.by_name[name], Record | Union)]
        case _:
            return []


def _named(ref: TypeRef) -> list[str]:
    match ref:
        case Named():
            return [ref.name]
        case Optional() | List():
            return _named(ref.item)
        case Map():
            return _named(ref.value)
        case Scalar():
            return []


def _view(scope: ModuleScope, declared: Declaration) -> ClassView | AliasView:
    name = class_name(declared.name)
    match declared:
        case Record():
            return record_view(scope, declared)
        case Enum() | Flags():
            base = contract("Flags") if isinstance(declared, Flags) else Name("enum", "Enum")
            return ClassView(
                name=name,
                head=class_head(scope, declared.name, base),
                doc=type_doc(scope, declared.name, declared.doc),
                members=tuple(map(_enum_member, declared.values)),
            )
        case Secret():
            head = class_head(scope, declared.name, contract("Secret"))
            return ClassView(name=name, head=head, doc=type_doc(scope, declared.name, declared.doc), slots=True)
        case Alias() | Union():
            value = _union(scope, declared) if isinstance(declared, Union) else _alias(scope, declared)
            return AliasView(name=name, statement=Joined([f"{name} = ", value]), doc=Doc(declared.doc))


def _enum_member(value: EnumValue) -> Member:
    return Member(Joined([f"{constant_name(value.name)} = ", literal(value.wire)]), Doc(value.doc))


def _alias(scope: ModuleScope, alias: Alias) -> Expression:
    annotation = scope.annotation(alias.type)
    if not distinct(scope, alias):
        return annotation
    return call(scope.use(Name("typing", "NewType")), literal(class_name(alias.name)), annotation)


def _union(scope: ModuleScope, union: Union) -> Expression:
    members = [(literal(value), scope.use(scope.declared(name))) for value, name in union.members]
    tag = call(scope.contract("Tag"), literal(union.tag), sequence(sequence(member) for member in members))
    notes = tuple(f"{comment(union.tag)}: {value}" for value, _ in members)
    either = Either([cls for _, cls in members], notes)
    return Group(f"{scope.use(Name('typing', 'Annotated'))}[", [either, tag], "]")
