"""Records as classes: their fields with defaults, rules and names on the wire."""

from __future__ import annotations

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import STEP, WIDTH, Assigned, Bracketed, Expression, Group, Joined, flat, lay, width
from emitter_typed_codegen.model import Field, Map, Record, Scalar, named
from emitter_typed_codegen.names import UNKNOWN_FIELDS, class_name
from emitter_typed_codegen.pytypes import BUILTINS, CONTRACT, STR, Applied, Name
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc, field_doc
from emitter_typed_codegen.view.methods import Method, deprecated_property
from emitter_typed_codegen.view.module_scope import (
    ModuleScope,
    attribute,
    call,
    contract,
    own_names,
    plain,
    sequence,
    shared,
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
    checking: str = ""
    """How the class refers to what is true only for checkers; empty where it does not."""
    constructor: Method | None = None
    """What only checkers see, in the place of the one that attrs makes."""


def no_tests(name: str) -> tuple[Member, ...]:
    """Return what keeps pytest from a class that has no base of the runtime, which says the same."""
    told = Doc("Keeps pytest from collecting this class as a test.")
    return (Member(Assigned("__test__", "False"), told),) if name.startswith("Test") else ()


def record_view(scope: ModuleScope, record: Record, doc: Doc | None = None) -> ClassView:
    """Return the class of a record."""
    inside = scope.inside(own_names(record) | scope.shadowing)
    members = [
        Member(_field(inside, field), field_doc(inside, field) if field.deprecated is None else Doc(""))
        for field in record.fields
    ]
    old = [field for field in record.fields if field.deprecated is not None]
    if record.keeps_unknown:
        members.append(_rest(inside))
    frozen_call = call(scope.use(Name("attrs", "frozen")), kw_only="True")
    return ClassView(
        name=class_name(record.name),
        head=class_head(scope, record.name, contract("Record")),
        doc=doc or type_doc(scope, record.name, record.doc, record.deprecated),
        decorators=tuple(Joined(["@", one]) for one in (*_warning(scope, record, old), frozen_call)),
        members=tuple(members),
        properties=tuple(
            deprecated_property(
                inside, attribute(field), inside.annotation(field.type), str(field.deprecated), field_doc(inside, field)
            )
            for field in old
        ),
        checking=inside.use(Name("typing", "TYPE_CHECKING")) if record.deprecated is not None else "",
        constructor=_constructor(inside, record) if record.deprecated is not None else None,
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
    if not field.is_required:
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
    annotation = scope.annotation(field.type)
    if not settings:
        return Assigned(name, annotation=annotation)
    if simple and set(settings) == {"default"}:
        short = Assigned(name, settings["default"], annotation)
        if STEP + width(flat(short)) <= WIDTH:
            return short
    return Assigned(name, call(scope.use(Name("attrs", "field")), **settings), annotation)


def _warning(scope: ModuleScope, record: Record, old: list[Field]) -> list[Expression]:
    if record.deprecated is None and not old:
        return []
    message = [] if record.deprecated is None else [literal(record.deprecated)]
    fields: dict[str, Expression] = {attribute(field): literal(str(field.deprecated)) for field in old}
    return [call(scope.contract("warn_when_made"), *message, **fields)]


def _constructor(scope: ModuleScope, record: Record) -> Method:
    # The class itself is not marked: its own package names it, which would be a complaint in there.
    marked = call(scope.contract("deprecated"), literal(str(record.deprecated)))
    parameters: list[Expression] = [
        Joined([f"{attribute(field)}: ", scope.annotation(field.type), "" if field.is_required else " = ..."])
        for field in record.fields
    ]
    if record.keeps_unknown:
        parameters.append(Joined([f"{UNKNOWN_FIELDS}: ", _rest_type(scope), " = ..."]))
    signature = ["self", *(["*", *parameters] if parameters else [])]
    head = Joined(["def ", Group("__init__(", signature, ")"), " -> None: ..."], leading=True)
    return Method(decorators=(lay(Joined(["@", marked]), 2 * STEP),), head=head)


def _rest(scope: ModuleScope) -> Member:
    kept = scope.imports.annotation(Name(CONTRACT, "Json"))
    settings: dict[str, Expression] = {
        "factory": _empty_map(scope, kept),
        "metadata": call(scope.contract("wire"), rest="True"),
    }
    annotation = _rest_type(scope)
    made = call(scope.use(Name("attrs", "field")), **settings)
    doc = "Unknown fields, by their name on the wire. They are written back unchanged."
    return Member(Assigned(UNKNOWN_FIELDS, made, annotation), Doc(doc, "Default: empty."))


def _rest_type(scope: ModuleScope) -> Expression:
    return scope.imports.annotation(Applied(Name("collections.abc", "Mapping"), (STR, Name(CONTRACT, "Json"))))


def _default(scope: ModuleScope, field: Field) -> tuple[dict[str, Expression], bool]:
    """Return the setting that holds the default, and whether it is as good without `field`."""
    value = field.default if field.has_default else None
    if value is None:
        return {"default": "None"}, True
    base = scope.base(scope.held(field.type, value))
    expression = scope.value(value, field.type)
    if shared(scope, value, field.type):
        return {"default": expression}, not isinstance(expression, Group) or expression.open == "("
    # Each object needs one of its own.
    if base == Scalar("json") and not value:
        return {"factory": scope.json_class(value)}, False
    if isinstance(base, Map) and isinstance(expression, Group) and not expression.items:
        item = scope.annotation(base.value)
        # In quotes, since it may come later in the module.
        return {"factory": _empty_map(scope, literal(flat(item)) if any(named(base.value)) else item)}, False
    return {"factory": Joined(["lambda: ", Bracketed(expression, always=True)])}, False


def _empty_map(scope: ModuleScope, item: Expression) -> Expression:
    return Group(f"{scope.use(Name(BUILTINS, 'dict'))}[", [scope.use(STR), item], "]")


def _wire(scope: ModuleScope, field: Field) -> Expression | None:
    name = [literal(field.wire)] if field.wire != stored(field) else []
    rest: dict[str, Expression] = {}
    if field.also_read:
        rest["also_read"] = sequence(map(literal, field.also_read))
    if field.format:
        rest["format"] = literal(field.format)
    if field.blank:
        rest["blank"] = sequence(map(plain, field.blank))
    return call(scope.contract("wire"), *name, **rest) if name or rest else None
