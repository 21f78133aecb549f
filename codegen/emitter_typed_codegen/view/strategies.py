"""The module of strategies of Hypothesis: a function for each type, and for the parameters of each channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import WIDTH, Expression, Group, Joined, flat, width
from emitter_typed_codegen.model import Alias, Channel, Declaration, Named, Record, Schema
from emitter_typed_codegen.names import (
    UNKNOWN_FIELDS,
    attribute_name,
    channel_class,
    class_name,
    constant_name,
    free_name,
)
from emitter_typed_codegen.pytypes import HYPOTHESIS, STR, TESTING, Applied, Imports, Name, PyType, optional
from emitter_typed_codegen.view.channels import CHANNELS_MODULE
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.methods import SYNC, Method, Parameter, head
from emitter_typed_codegen.view.module_scope import TYPES, ModuleScope, attribute, call, contract

_STRATEGY = Name(HYPOTHESIS, "SearchStrategy")


@frozen(kw_only=True)
class StrategiesView:
    """The module."""

    doc: Doc
    imports: str
    functions: tuple[Method, ...]


def strategies_view(schema: Schema, packages: Mapping[str, str]) -> StrategiesView:
    """Return the module of a user's schema.

    Args:
        schema: The schema.
        packages: The packages of the files that it imports, as this one names them.
    """
    records = [one for one in schema.types if isinstance(one, Record)]
    parameters = {attribute(field) for record in records for field in record.fields}
    parameters |= {attribute(field) for channel in schema.channels for field in channel.params}
    params = {channel.name: channel_class(channel.name, "Params") for channel in schema.channels if channel.params}
    classes = [*(class_name(one.name) for one in schema.types), *params.values()]
    functions = _functions(classes)
    taken = frozenset({UNKNOWN_FIELDS, *classes, *functions.values(), *parameters})
    imports = Imports(taken, packages=frozenset(packages))
    scope = ModuleScope(schema, TYPES, imports, packages)
    views = [_declared(scope, one, functions[class_name(one.name)]) for one in schema.types]
    views += [
        _parameters(scope, one, params[one.name], functions[params[one.name]]) for one in schema.channels if one.params
    ]
    doc = Doc(
        f"Strategies of Hypothesis for what {schema.name} declares.\n\n"
        "What they make keeps all limits, and is read from JSON as it was written. An argument takes the place of the "
        "strategy of its field; what it makes has to keep the limits of that."
    )
    return StrategiesView(doc=doc, imports=imports.lines(), functions=tuple(views))


def _functions(classes: Iterable[str]) -> dict[str, str]:
    """Return the names of the functions by those of the classes: `SetMode` gives `set_mode`."""
    names: dict[str, str] = {}
    # Not every script has small letters.
    taken = {*classes}
    for cls in sorted(taken):
        names[cls] = free_name(attribute_name(constant_name(cls).lower()), taken)
        taken.add(names[cls])
    return names


def _declared(scope: ModuleScope, declared: Declaration, function: str) -> Method:
    ref = Named(declared.name)
    doc = f"Return a strategy for `{class_name(declared.name)}`."
    if isinstance(declared, Record):
        return _of_fields(scope, function, scope.declared(declared.name), "record_strategy", declared, doc)
    # What the class of an alias does not show.
    constraints = scope.constraints((), ref) if isinstance(declared, Alias) else []
    made = call(scope.use(Name(TESTING, "declared_strategy")), scope.annotation(ref), *constraints)
    returned = Applied(_STRATEGY, (scope.type(ref),))
    return _function(scope, function, [], returned, doc, made)


def _parameters(scope: ModuleScope, channel: Channel, cls: str, function: str) -> Method:
    record = Record(name=cls, fields=channel.params)
    doc = f"Return a strategy for `{cls}`."
    return _of_fields(scope, function, Name(CHANNELS_MODULE, cls), "parameter_strategy", record, doc)


def _of_fields(scope: ModuleScope, function: str, cls: Name, maker: str, record: Record, doc: str) -> Method:
    parameters = [_parameter(attribute(field), scope.type(field.type)) for field in record.fields]
    if record.keeps_unknown:
        rest = Applied(Name("collections.abc", "Mapping"), (STR, contract("Json")))
        parameters.append(_parameter(UNKNOWN_FIELDS, rest))
    inside = scope.inside(one.name for one in parameters)
    named: dict[str, Expression] = {one.name: one.name for one in parameters}
    made = call(scope.use(Name(TESTING, maker)), inside.use(cls), **named)
    return _function(scope, function, parameters, Applied(_STRATEGY, (cls,)), doc, made)


def _parameter(name: str, type_: PyType) -> Parameter:
    return Parameter(name=name, type=optional(Applied(_STRATEGY, (type_,))), default="None")


def _function(
    scope: ModuleScope, name: str, parameters: list[Parameter], returned: PyType, doc: str, made: Group
) -> Method:
    annotations = scope.imports
    heads = [f"def {name}(", "    *,", *(f"    {one.name}: {_shown(annotations, one)} = None," for one in parameters)]
    last = f") -> {flat(annotations.annotation(returned))}:"
    whole = [*heads, last] if parameters else [f"{heads[0]}{last}"]
    statement = Joined(["return ", made])
    return Method(
        head=_fitting(whole, head(scope, SYNC, name, [], parameters, returns=returned, first=())),
        doc=Doc(doc),
        body=(_fitting([f"        {flat(one)}," for one in made.items], statement, flat(statement)),),
    )


def _shown(imports: Imports, parameter: Parameter) -> str:
    return flat(imports.annotation(parameter.type))


def _fitting(lines: list[str], expression: Expression, otherwise: str = "") -> Expression:
    """Return an expression if these lines of it fit; else one that formatters leave alone, whatever their line length.

    They would break a single item in brackets, which no comma can hold open.
    """
    if all(width(line) <= WIDTH for line in lines):
        return expression
    return f"{otherwise or chr(10).join(lines)}  # fmt: skip"
