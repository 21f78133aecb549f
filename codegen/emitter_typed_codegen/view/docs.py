"""What docstrings say: the schema's texts, and in words what types cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import flat
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Constraint,
    Field,
    List,
    Literal_,
    Map,
    Named,
    Option,
    Optional,
    Scalar,
    TypeRef,
    alternatives,
)
from emitter_typed_codegen.names import attribute_name
from emitter_typed_codegen.texts import Section, literal, sentence
from emitter_typed_codegen.view.module_scope import ModuleScope
from emitter_typed_codegen.wording import counted

_WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusive_minimum": "more than {}",
    "exclusive_maximum": "less than {}",
    "min_length": "at least {}",
    "max_length": "at most {}",
    "min_items": "at least {}",
    "max_items": "at most {}",
    "max_segments": "at most {}",
    "pattern": "matching `{}`",
}

_DEEPEST = 3
"""In how many lists, maps and types beside `|` a limit may be to be told of."""


@frozen
class Doc:
    """A docstring before it is laid out."""

    text: str
    facts: str = ""
    sections: tuple[Section, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.text.strip() or self.facts or any(section.entries for section in self.sections))


def field_doc(scope: ModuleScope, field: Field) -> Doc:
    """Return the docstring of a field; an empty one where there is nothing but its name to say."""
    return Doc(field.doc, facts(scope, field))


def facts(scope: ModuleScope, field: Field | Option, default: Literal_ = None) -> str:
    """Return unit, constraints and default of a field or an option, as sentences."""
    sentences: list[str] = []
    if field.unit:
        sentences.append(sentence(f"Unit: {field.unit}"))
    sentences += limits(scope, field.type, field.constraints, field.unit)
    if isinstance(field, Option) and field.not_after is not None:
        sentences.append(f"Not after `{attribute_name(field.not_after)}`.")
    if isinstance(field, Field) and field.has_default:
        default = field.default
    if default is not None:
        sentences.append(f"Default: {_shown(scope, default, field.type, field.unit)}.")
    if isinstance(field, Field) and field.deprecated is not None:
        sentences.append(sentence(f"Deprecated: {field.deprecated}"))
    return " ".join(sentences)


def parameter_text(scope: ModuleScope, field: Field | Option, default: Literal_ = None) -> str:
    """Return what a method says of a parameter: at least its name, since linters ask for an entry of each."""
    about = sentence(field.doc) or f"The {' '.join(field.name.split('_'))}."
    return " ".join(filter(None, [about, facts(scope, field, default)]))


def limits(scope: ModuleScope, ref: TypeRef, constraints: tuple[Constraint, ...], unit: str = "") -> Iterator[str]:
    """Yield constraints as sentences: those beside a type, those of its aliases, and those of what it holds.

    Args:
        scope: The module.
        ref: The type.
        constraints: Those beside the type.
        unit: The unit that is told besides.
    """
    # Most have none.
    if constraints or not isinstance(ref, Scalar):
        for text in _limits(scope, ref, constraints, unit):
            yield sentence(text[0].upper() + text[1:])


def _limits(
    scope: ModuleScope, ref: TypeRef, constraints: tuple[Constraint, ...], unit: str, of: tuple[str, ...] = ()
) -> Iterator[str]:
    base = scope.base(ref)
    scalar = base.name if isinstance(base, Scalar) else ""
    words = ", ".join(_words(one, scalar, unit) for one in (*_of_aliases(scope, ref), *constraints))
    if words:
        yield ": ".join(filter(None, [", ".join(of), words]))
    if len(of) == _DEEPEST:
        return
    match base:
        case List(item):
            yield from _limits(scope, item, (), "", (*of, "each item"))
        case Map(value):
            yield from _limits(scope, value, (), "", (*of, "each value"))
        case AnyOf():
            for member in alternatives(base, scope.schema.by_name):
                shown = flat(scope.prose().annotation(member))
                yield from _limits(scope, member, (), "", (*of, f"if `{shown}`"))
        case _:
            pass


def _of_aliases(scope: ModuleScope, ref: TypeRef) -> tuple[Constraint, ...]:
    while isinstance(ref, Optional):
        ref = ref.item
    declared = scope.schema.by_name[ref.name] if isinstance(ref, Named) else None
    return (*_of_aliases(scope, declared.type), *declared.constraints) if isinstance(declared, Alias) else ()


def _words(constraint: Constraint, scalar: str, unit: str) -> str:
    value = constraint.value
    things = {"length": "byte" if scalar == "bytes" else "character", "items": "item", "segments": "segment"}
    what = things.get(constraint.rule.rpartition("_")[2], "")
    if isinstance(value, str):
        shown = value
    elif scalar == "duration":
        shown = _duration(value, unit)
    else:
        shown = counted(value, what) if what else str(value)
    return _WORDS[constraint.rule].format(shown)


def _duration(value: float, unit: str) -> str:
    return str(value) if unit == "seconds" else counted(value, "second")


def _shown(scope: ModuleScope, value: Literal_, ref: TypeRef, unit: str) -> str:
    base = scope.base(scope.held(ref, value))
    if isinstance(value, tuple) and not value and not isinstance(base, Scalar):
        return "empty"
    if isinstance(value, str) and isinstance(base, Scalar):
        return f"`{value}`" if value.isprintable() and value and "`" not in value else literal(value)
    if base == Scalar("duration") and isinstance(value, int | float):
        return _duration(value, unit)
    shown = flat(scope.prose().value(value, ref))
    return shown if isinstance(base, Scalar) and not isinstance(value, tuple) else f"`{shown}`"
