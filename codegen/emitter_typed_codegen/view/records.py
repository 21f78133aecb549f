"""Records as classes: their fields with defaults, rules and names on the wire."""

from __future__ import annotations

from attrs import frozen

from emitter_typed_codegen.layout import Expression, Group, Joined, flat, lay
from emitter_typed_codegen.model import Field, Map, Optional, Record, Scalar
from emitter_typed_codegen.names import UNKNOWN_FIELDS, class_name
from emitter_typed_codegen.pytypes import CONTRACT, STR, Applied, Name
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc, field_doc
from emitter_typed_codegen.view.methods import Method, deprecated_property
from emitter_typed_codegen.view.module_scope import (
    ModuleScope,
    attribute,
    call,
    contract,
    pairs,
    plain,
    sequence,
    stored,
)


@frozen
class Member:
    """A statement in a class, and the docstring below it."""

    statement: Expression
    doc: Doc


@frozen(kw_only=True)
class ClassView:
    """A class that only holds members."""

    name: str
    head: Expression
    doc: Doc
    decorators: tuple[Expression, ...] = ()
    slots: bool = False
    members: tuple[Member, ...] = ()
    properties: tuple[Method, ...] = ()
    constructor: Method | None = None
    """What only checkers see, in the place of the one that attrs makes."""


def record_view(scope: ModuleScope, record: Record, doc: Doc | None = None) -> ClassView:
    """Return the class of a record."""
    members = [
        Member(_field(scope, field), field_doc(scope, field) if field.deprecated is None else Doc(""))
        for field in record.fields
    ]
    old = [field for field in record.fields if field.deprecated is not None]
    if record.keeps_unknown:
        members.append(_rest(scope))
    frozen_call = call(scope.use(Name("attrs", "frozen")), kw_only="True")
    return ClassView(
        name=class_name(record.name),
        head=class_head(scope, record.name, contract("Record")),
        doc=doc or type_doc(scope, record.name, record.doc, record.deprecated),
        decorators=(*_warning(scope, record, old), frozen_call),
        members=tuple(members),
        properties=tuple(
            deprecated_property(
                scope, attribute(field), scope.annotation(field.type), str(field.deprecated), field_doc(scope, field)
            )
            for field in old
        ),
        constructor=_constructor(scope, record) if record.deprecated is not None else None,
    )


def class_head(scope: ModuleScope, name: str, base: Name) -> Expression:
    """Return the line that begins the class of a type."""
    return Joined([Group(f"class {class_name(name)}(", [scope.use(base)], ")"), ":"])


def type_doc(scope: ModuleScope, name: str, doc: str, deprecated: str | None = None) -> Doc:
    """Return the docstring of a type."""
    facts = f"Deprecated: {deprecated}." if deprecated is not None else ""
    return Doc(doc if doc.strip() else f"The type {name} of {scope.schema.name}.", facts)


def _field(scope: ModuleScope, field: Field) -> Expression:
    name = stored(field)
    settings: dict[str, Expression] = {}
    simple = True
    if not _required(field):
        settings, simple = _default(scope, field)
    validators = scope.constraints(field.constraints, field.type)
    if validators:
        settings["validator"] = validators[0] if len(validators) == 1 else Group("[", tuple(validators), "]")
    wire = _wire(scope, field)
    if wire is not None:
        settings["metadata"] = wire
    if name.startswith("_"):
        # attrs would strip the underscore from the parameter of the constructor.
        settings["alias"] = literal(attribute(field))
    head = Joined([f"{name}: ", scope.annotation(field.type)])
    if not settings:
        return head
    if simple and set(settings) == {"default"}:
        short = Joined([head, " = ", settings["default"]])
        if len(flat(short)) + 4 <= 88:
            return short
    return Joined([head, " = ", call(scope.use(Name("attrs", "field")), **settings)])


def _warning(scope: ModuleScope, record: Record, old: list[Field]) -> list[Expression]:
    if record.deprecated is None and not old:
        return []
    message = [] if record.deprecated is None else [literal(record.deprecated)]
    fields: dict[str, Expression] = {attribute(field): literal(str(field.deprecated)) for field in old}
    return [call(scope.contract("warn_when_made"), *message, **fields)]


def _constructor(scope: ModuleScope, record: Record) -> Method:
    # The class itself is not marked: its own package names it, which would be a complaint in there.
    marked = call(scope.contract("deprecated"), literal(str(record.deprecated)))
    scope.use(Name("typing", "TYPE_CHECKING"))
    parameters: list[Expression] = [
        Joined([f"{attribute(field)}: ", scope.annotation(field.type), " = ..." if not _required(field) else ""])
        for field in record.fields
    ]
    if record.keeps_unknown:
        parameters.append(Joined([f"{UNKNOWN_FIELDS}: ", _rest_type(scope), " = ..."]))
    signature = ["self", *(["*", *parameters] if parameters else [])]
    head = Joined(["def ", Group("__init__(", signature, ")"), " -> None: ..."], leading=True)
    return Method(decorators=(f"@{lay(marked, 8, after=0)}",), head=head)


def _required(field: Field) -> bool:
    return not field.has_default and not isinstance(field.type, Optional)


def _rest(scope: ModuleScope) -> Member:
    kept = scope.imports.annotation(Name(CONTRACT, "Json"))
    settings: dict[str, Expression] = {
        "factory": f"dict[str, {flat(kept)}]",
        "metadata": call(scope.contract("wire"), rest="True"),
    }
    annotation = _rest_type(scope)
    made = call(scope.use(Name("attrs", "field")), **settings)
    doc = "What came beside the fields above, by its name on the wire; it is written back as it came."
    return Member(Joined([f"{UNKNOWN_FIELDS}: ", annotation, " = ", made]), Doc(doc, "Default: empty."))


def _rest_type(scope: ModuleScope) -> Expression:
    return scope.imports.annotation(Applied(Name("collections.abc", "Mapping"), (STR, Name(CONTRACT, "Json"))))


def _default(scope: ModuleScope, field: Field) -> tuple[dict[str, Expression], bool]:
    """Return the setting that holds the default, and whether it is as good without `field`."""
    value = field.default if field.has_default else None
    base = scope.base(field.type)
    if value is None:
        return {"default": "None"}, True
    expression = scope.value(value, field.type)
    if isinstance(base, Map) or (isinstance(base, Scalar) and base.name == "json" and isinstance(value, tuple)):
        # Each object needs one of its own.
        if isinstance(base, Map) and not pairs(value):
            item = flat(scope.annotation(base.value))
            return {"factory": f"dict[str, {item}]"}, False
        return {"factory": Joined(["lambda: ", expression])}, False
    return {"default": expression}, not isinstance(expression, Group) or expression.open == "("


def _wire(scope: ModuleScope, field: Field) -> Expression | None:
    name = [literal(field.wire)] if field.wire != stored(field) else []
    rest: dict[str, Expression] = {}
    if field.format:
        rest["format"] = literal(field.format)
    if field.blank:
        rest["blank"] = sequence(map(plain, field.blank))
    return call(scope.contract("wire"), *name, **rest) if name or rest else None
