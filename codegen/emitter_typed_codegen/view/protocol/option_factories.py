"""The functions that make options one by one, which the facades of both flavours have."""

from __future__ import annotations

from emitter_typed_codegen.layout import Joined, flat
from emitter_typed_codegen.model import Option, Schema
from emitter_typed_codegen.names import attribute_name, method_name
from emitter_typed_codegen.pytypes import Imports, Name
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc, parameter_text
from emitter_typed_codegen.view.methods import (
    SYNC,
    Method,
    MethodsView,
    Parameter,
    arguments,
    head,
    methods_class,
    option_type,
    returns,
)
from emitter_typed_codegen.view.module_scope import ModuleScope, call
from emitter_typed_codegen.view.protocol.options import enumerated, option_class, taking

OPTION_FACTORIES = Name(".option_factories", "OptionFactories")
"""The class that has them."""


def has_option_factories(schema: Schema) -> bool:
    """Tell whether a schema has options that are made one by one."""
    return any(option.classic and option_class(schema, option) for option in schema.options)


def option_factories_view(schema: Schema) -> MethodsView:
    """Return the module of these functions."""
    imports = Imports(frozenset(), own_section=True)
    scope = ModuleScope(schema, ".types", imports)
    methods = [method for option in schema.options for method in _factories(scope, option)]
    doc = Doc("Functions that make options, for programs that keep them in sets.")
    cls = methods_class(scope, OPTION_FACTORIES.name, [], doc, methods)
    about = Doc(f"Functions that make the options of {schema.name}'s operations.")
    return MethodsView(doc=about, imports=imports.lines(), type_variables=(), classes=(cls,))


def _factories(scope: ModuleScope, option: Option) -> list[Method]:
    takers = [method_name(one.name) for one in taking(scope.schema, option)]
    name_of_class = option_class(scope.schema, option)
    if name_of_class is None:
        return []
    cls = Name(".options", name_of_class)
    listed = enumerated(takers)
    argument = attribute_name(option.name)
    methods: list[Method] = []
    for name, fixed, value in option.classic:
        annotation = option_type(scope, option)
        parameters = [] if fixed else [Parameter(name=argument, type=annotation)]
        handed = scope.value(value, option.type) if fixed else argument
        what = f"`{argument}={flat(handed)}`" if fixed else f"`{argument}`"
        text = parameter_text(scope, option)
        explained = () if fixed else (arguments([Parameter(name=argument, type=annotation, text=text)]),)
        about = f"Make the option {what}.\n\nIt is for {listed}. {text if fixed else ''}"
        methods.append(
            Method(
                decorators=("@staticmethod",),
                head=head(scope, SYNC, method_name(name), parameters, returns=cls, waits=False, first=()),
                doc=Doc(about, sections=(*explained, returns("The option. Pass it in a set or a list."))),
                body=(Joined(["return ", call(scope.use(cls), literal(argument), handed)]),),
            )
        )
    return methods
