"""The module of a protocol's options, and which operation or request takes which of them."""

from __future__ import annotations

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.model import Option, Scalar, Schema
from emitter_typed_codegen.model.protocol import Operation, Request
from emitter_typed_codegen.names import attribute_name, class_name, constant_name, method_name
from emitter_typed_codegen.pytypes import Imports, Values
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.module_scope import ModuleScope, call, plain, sequence


@frozen
class OptionClass:
    """The class of some options."""

    name: str
    base: str
    doc: Doc


@frozen
class OptionsView:
    """The module of the options."""

    doc: Doc
    imports: str
    classes: tuple[OptionClass, ...]
    definitions: tuple[Expression, ...]


def options_of(schema: Schema, taking: Operation | Request) -> list[Option]:
    """Return the options that an operation or a request takes, in the schema's order."""
    # An internal request takes none, and may have the name of an operation that does.
    if isinstance(taking, Request) and taking.internal:
        return []
    return [option for option in schema.options if taking.name in option.applies]


def ignored_by(schema: Schema, taking: Operation | Request) -> list[Option]:
    """Return the options that an operation takes in a set and that mean nothing to it."""
    names = taking.ignores if isinstance(taking, Operation) else ()
    return [option for option in schema.options if option.name in names]


def taking(schema: Schema, option: Option) -> list[Operation | Request]:
    """Return the operations and requests that take an option, operations first."""
    return [one for one in _callables(schema) if option in options_of(schema, one)]


def option_class(schema: Schema, option: Option) -> str | None:
    """Return the name of an option's class: that of the first operation's verb, so that kindred ones share one.

    None if nothing takes the option.
    """
    verbs = [one.verb if isinstance(one, Operation) else "request" for one in taking(schema, option)]
    return class_name(f"{verbs[0]}_option") if verbs else None


def option_classes(schema: Schema, options: list[Option]) -> list[str]:
    """Return the names of the classes of some options."""
    names = [option_class(schema, option) for option in options]
    return list(dict.fromkeys(name for name in names if name is not None))


def enumerated(words: list[str], last: str = "and") -> str:
    """Return words as one lists them: `a, b and c`."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def options_view(schema: Schema) -> OptionsView:
    """Return the module of the options."""
    names = option_classes(schema, list(schema.options))
    imports = Imports(frozenset(names) | {constant_name(one.name) for one in schema.options}, own_section=True)
    scope = ModuleScope(schema, ".types", imports)
    base = scope.contract("Option") if names else ""
    classes = tuple(OptionClass(name, base, _class_doc(schema, name)) for name in names)
    definitions = tuple(_definition(scope, option) for option in schema.options)
    return OptionsView(Doc(f"The options of {schema.name}'s operations."), imports.lines(), classes, definitions)


def _callables(schema: Schema) -> list[Operation | Request]:
    return [*schema.operations, *schema.requests]


def _class_doc(schema: Schema, name: str) -> Doc:
    options = [one for one in schema.options if option_class(schema, one) == name]
    takers = [one.name for one in _callables(schema) if any(option in options for option in options_of(schema, one))]
    classic = next((made for option in options for made, _, _ in option.classic), None)
    made = f", made by functions such as `{method_name(classic)}`" if classic else ""
    return Doc(f"An option{made}.\n\nTaken by {enumerated(takers)}.")


def _definition(scope: ModuleScope, option: Option) -> Expression:
    values = scope.imports.annotation(Values(option.values)) if option.values else scope.annotation(option.type)
    settings: dict[str, Expression] = {
        "name": literal(attribute_name(option.name)),
        "wire": literal(option.wire),
        "type": values,
    }
    if option.format:
        settings["format"] = literal(option.format)
    if option.carrier != "topic":
        settings["carrier"] = literal(option.carrier)
    if option.encode:
        entries = [Joined([_key(scope, option, value), ": ", plain(text)]) for value, text in option.encode]
        settings["encode"] = Group("{", entries, "}")
    constraints = scope.constraints(option.constraints, option.type)
    if constraints:
        settings["constraints"] = sequence(constraints)
    if option.not_after is not None:
        settings["not_after"] = literal(attribute_name(option.not_after))
    return Joined([f"{constant_name(option.name)} = ", call(scope.contract("OptionDefinition"), **settings)])


def _key(scope: ModuleScope, option: Option, value: bool | int | str) -> Expression:
    return plain(value) if isinstance(scope.base(option.type), Scalar) else scope.value(value, option.type)
