"""Annotations as values: they render themselves, and a module's `Imports` learns from them what it must import."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import Factory, define, field, frozen

from emitter_typed_codegen.layout import Either, Expression, Group, lay
from emitter_typed_codegen.texts import literal

HERE = ""
"""The module of what the generated file itself defines."""

BUILTINS = "builtins"
"""The module of what needs no import."""

CONTRACT = "emitter_typed.contract"
"""The module of the runtime that generated code imports."""

CHANNELS = "emitter_typed.channels"
"""The module of the runtime that has the bases of typed channels."""


@frozen
class Name:
    """Something that a module has: a class, a function, a constant."""

    module: str
    """Absolute; with a dot before it, a neighbour (`.types`); with `./` before it, a neighbour that is named in front
    of what it has (`types.Key`); or `HERE`."""
    name: str
    called: str = ""
    """The name that its module is imported under, which then stands in front of it; empty: that of `module` says."""


@frozen
class Applied:
    """A generic class with its arguments."""

    base: Name
    arguments: tuple[PyType, ...] = field(converter=tuple["PyType", ...])


@frozen
class OneOf:
    """One of several types."""

    items: tuple[PyType, ...] = field(converter=tuple["PyType", ...])


@frozen
class Values:
    """One of several values."""

    values: tuple[int | str, ...]


@frozen
class Bare:
    """What is no name and needs no import."""

    text: str


PyType = Name | Applied | OneOf | Values | Bare
"""An annotation."""

NONE = Bare("None")
REST = Bare("...")
STR = Name(BUILTINS, "str")


def optional(item: PyType) -> PyType:
    """Return the annotation of what may be None."""
    match item:
        case OneOf(items) if NONE in items:
            return item
        case OneOf(items):
            return OneOf((*items, NONE))
        case _:
            return item if item == NONE else OneOf((item, NONE))


@define
class Imports:
    """What a generated module imports, under names that nothing else in it has."""

    taken: frozenset[str] = frozenset()
    """The module's own names, those inside its classes included: what is imported may not hide behind them."""
    own_section: bool = False
    """Whether the runtime stands apart from other packages, as it does for its own modules."""
    packages: frozenset[str] = frozenset()
    """The names of other generated packages, which come before those of the runtime."""
    _members: dict[str, set[str]] = Factory(dict[str, set[str]])
    _modules: dict[str, str] = Factory(dict[str, str])

    def use(self, name: Name) -> str:
        """Return how the module refers to a name, and import that."""
        if name.module.startswith("./"):
            neighbour = name.module[2:]
            self._members.setdefault(".", set()).add(neighbour)
            return f"{neighbour}.{name.name}"
        if name.called:
            called = name.called
            while called in self.taken:
                called = f"_{called}"
            self._modules[name.module] = called
            return f"{called}.{name.name}"
        free = name.name not in self.taken | self.packages
        if name.module == HERE or (name.module == BUILTINS and free):
            return name.name
        if free or name.module.startswith("."):
            self._members.setdefault(name.module, set()).add(name.name)
            return name.name
        alias = f"_{name.module.rpartition('.')[2]}"
        self._modules[name.module] = alias
        return f"{alias}.{name.name}"

    def annotation(self, annotated: PyType) -> Expression:
        """Return an annotation as it is printed, and import what it needs."""
        match annotated:
            case Name():
                return self.use(annotated)
            case Bare():
                return annotated.text
            case Applied():
                arguments = [self.annotation(argument) for argument in annotated.arguments]
                return Group(f"{self.use(annotated.base)}[", arguments, "]")
            case Values():
                values = [literal(value) if isinstance(value, str) else repr(value) for value in annotated.values]
                return Group(f"{self.use(Name('typing', 'Literal'))}[", values, "]")
            case OneOf():
                return Either([self.annotation(item) for item in annotated.items])

    def lines(self) -> str:
        """Return the statements, without `from __future__`, ordered as isort does."""
        sections: dict[int, list[str]] = {}
        for module in sorted(self._modules, key=str.lower):
            folder, name = ("..", module[2:]) if module.startswith("..") else ("", module)
            statement = f"from {folder} import {name}" if folder else f"import {name}"
            sections.setdefault(self._section(module), []).append(f"{statement} as {self._modules[module]}")
        for module in sorted(self._members, key=str.lower):
            names = sorted(self._members[module], key=_member)
            sections.setdefault(self._section(module), []).append(_from(module, names))
        return "\n\n".join("\n".join(sections[number]) for number in sorted(sections))

    def _section(self, module: str) -> int:
        if module.startswith("."):
            return 3
        if module.partition(".")[0] == CONTRACT.partition(".")[0]:
            return 2 if self.own_section else 1
        if module == "attrs":
            return 1
        # Whoever generates packages has them among its own.
        return 2 if self._modules.get(module, "").lstrip("_") in self.packages else 0


def _from(module: str, names: Iterable[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= 88 else lay(Group(f"from {module} import (", tuple(names), ")"))


def all_key(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Return what ruff sorts the names of `__all__` by: constants, classes, the rest, each with case."""
    return _kind(name), _natural(name)


def _member(name: str) -> tuple[int, list[tuple[int, int, str]], str]:
    return _kind(name), _natural(name.lower()), name


def _kind(name: str) -> int:
    constant = len(name) > 1 and name.isupper()
    return 0 if constant else 1 if name[:1].isupper() else 2


def _natural(text: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]
