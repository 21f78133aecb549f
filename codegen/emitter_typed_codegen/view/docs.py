"""What docstrings say: the schema's texts, and in words what types cannot say."""

from __future__ import annotations

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import flat
from emitter_typed_codegen.model import (
    Alias,
    Constraint,
    Field,
    Literal_,
    Named,
    Option,
    Optional,
    Scalar,
    TypeRef,
)
from emitter_typed_codegen.names import attribute_name
from emitter_typed_codegen.texts import Section, literal, sentence
from emitter_typed_codegen.view.module_scope import ModuleScope

_WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusive_minimum": "more than {}",
    "exclusive_maximum": "less than {}",
    "min_length": "at least {} {}",
    "max_length": "at most {} {}",
    "min_items": "at least {} {}",
    "max_items": "at most {} {}",
    "max_segments": "at most {} {}",
    "pattern": "matching `{}`",
}


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
    return Doc(sentence(field.doc), facts(scope, field))


def facts(scope: ModuleScope, field: Field | Option, default: Literal_ = None) -> str:
    """Return unit, constraints and default of a field or an option, as sentences."""
    sentences: list[str] = []
    if field.unit:
        sentences.append(sentence(f"Unit: {field.unit}"))
    constraints = _constraints(scope, field.constraints, field.type)
    if constraints:
        words = ", ".join(constraints)
        sentences.append(sentence(words[0].upper() + words[1:]))
    if isinstance(field, Option) and field.not_after is not None:
        sentences.append(f"Not after `{attribute_name(field.not_after)}`.")
    if isinstance(field, Field) and field.has_default:
        default = field.default
    if default is not None:
        sentences.append(f"Default: {_shown(scope, default, field.type)}.")
    if isinstance(field, Field) and field.deprecated is not None:
        sentences.append(sentence(f"Deprecated: {field.deprecated}"))
    return " ".join(sentences)


def parameter_text(scope: ModuleScope, field: Field | Option, default: Literal_ = None) -> str:
    """Return what a method says of a parameter: at least its name, since linters ask for an entry of each."""
    about = sentence(field.doc) or f"The {' '.join(field.name.split('_'))}."
    return " ".join(filter(None, [about, facts(scope, field, default)]))


def _constraints(scope: ModuleScope, constraints: tuple[Constraint, ...], ref: TypeRef) -> list[str]:
    while isinstance(ref, Optional):
        ref = ref.item
    words: list[str] = []
    if isinstance(ref, Named):
        declared = scope.schema.by_name[ref.name]
        if isinstance(declared, Alias):
            words = _constraints(scope, declared.constraints, declared.type)
    return words + [_words(constraint, bytes=scope.base(ref) == Scalar("bytes")) for constraint in constraints]


def _words(constraint: Constraint, *, bytes: bool) -> str:
    counted = {"length": "byte" if bytes else "character", "items": "item", "segments": "segment"}
    unit = counted.get(constraint.rule.rpartition("_")[2], "")
    return _WORDS[constraint.rule].format(constraint.value, f"{unit}s" if constraint.value != 1 else unit)


def _shown(scope: ModuleScope, value: Literal_, ref: TypeRef) -> str:
    base = scope.base(scope.held(ref, value))
    if isinstance(value, tuple) and not value and not isinstance(base, Scalar):
        return "empty"
    if isinstance(value, str) and isinstance(base, Scalar):
        return f"`{value}`" if value.isprintable() and value and "`" not in value else literal(value)
    if isinstance(base, Scalar) and base.name == "duration":
        return str(value)
    shown = flat(scope.prose().value(value, ref))
    return shown if isinstance(base, Scalar) and not isinstance(value, tuple) else f"`{shown}`"
