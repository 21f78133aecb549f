"""Annotations as values: they render themselves, and a module's `Imports` learns from them what it must import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from attrs import Factory, evolve, field

from emitter_typed_codegen.data import define, frozen
from emitter_typed_codegen.layout import WIDTH, Either, Expression, Group, lay, width
from emitter_typed_codegen.names import free_name
from emitter_typed_codegen.texts import literal

HERE = ""
"""The module of what the generated file itself defines."""

BUILTINS = "builtins"
"""The module of what needs no import."""

CONTRACT = "emitter_typed.contract"
"""The module of the runtime that generated code imports."""

CHANNELS = "emitter_typed.channels"
"""The module of the runtime that has the bases of typed channels."""

TESTING = "emitter_typed.testing"
"""The module of the runtime that makes strategies."""

HYPOTHESIS = "hypothesis.strategies"
"""The module of the class of strategies."""


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


def one_of(items: Iterable[PyType]) -> PyType:
    """Return the annotation of what is one of several types, each of them once."""
    flat = [one for item in items for one in (item.items if isinstance(item, OneOf) else (item,))]
    return OneOf(tuple(dict.fromkeys(flat)))


@define
class Imports:
    """What a generated module imports, under names that nothing else in it has.

    Python finds the names of a class's attributes before those of the module, in the class's own body. So whatever is
    named there must be called otherwise than every attribute is.
    """

    taken: frozenset[str] = frozenset()
    """The module's own names, those inside its classes included: what is imported may not hide behind them."""
    own_section: bool = False
    """Whether the runtime stands apart from other packages, as it does for its own modules."""
    packages: frozenset[str] = frozenset()
    """The names of other generated packages, which come before those of the runtime."""
    hidden: frozenset[str] = frozenset()
    """The names that mean something else where the imports are used: in one class, or in one method."""
    _members: dict[str, set[str]] = Factory(dict[str, set[str]])
    _modules: dict[str, str] = Factory(dict[str, str])
    _renamed: dict[str, str] = Factory(dict[str, str])
    _generated: set[str] = Factory(set[str])

    def inside(self, names: Iterable[str]) -> Imports:
        """Return these imports as they are used where some names mean something else."""
        return evolve(self, hidden=frozenset(names))

    def use(self, name: Name) -> str:
        """Return how the module refers to a name, and import that."""
        if name.module.startswith("./"):
            return f"{self.neighbour(name.module)}.{name.name}"
        if name.called:
            self._generated.add(name.module)
            return f"{self._module(name.module, name.called)}.{name.name}"
        if name.module == HERE:
            return self._own(name.name)
        # Types have their names in every module, and only what stands in one place with them can hide them.
        free = name.name not in (self.hidden if name.module.startswith(".") else self.taken)
        if free and name.name not in self.packages:
            if name.module != BUILTINS:
                self._members.setdefault(name.module, set()).add(name.name)
            return name.name
        last = name.module.rpartition(".")[2].lstrip("_")
        return f"{self._module(name.module, f'_{last}')}.{name.name}"

    def neighbour(self, module: str) -> str:
        """Return how the module refers to a neighbour as a whole, as in `./types`, and import that."""
        return self._module(module.replace("/", ""), module[2:])

    def renamed(self, name: str) -> str | None:
        """Return the second name of something that the module defines; None if it needs no second one."""
        return self._renamed.get(name)

    def _module(self, module: str, called: str) -> str:
        """Return the name of an imported module."""
        if module not in self._modules:
            others = {*self._modules.values(), *self._renamed.values()}
            self._modules[module] = free_name(called, self.taken | others)
        return self._modules[module]

    def _own(self, name: str) -> str:
        if name not in self.hidden:
            return name
        if name not in self._renamed:
            others = {*self._modules.values(), *self._renamed.values()}
            self._renamed[name] = free_name(f"_{name.lstrip('_')}", self.taken | others)
        return self._renamed[name]

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

    def lines(self, indent: int = 0) -> str:
        """Return the statements, without `from __future__`, ordered as isort does.

        Args:
            indent: The indentation of the statements, but for the first one.
        """
        sections: dict[int, list[str]] = {}
        members = {module: {name: name for name in names} for module, names in self._members.items()}
        for module in sorted(self._modules, key=_module_key):
            called = self._modules[module]
            folder = "." * (len(module) - len(module.lstrip(".")))
            name = module.removeprefix(folder)
            if folder:
                members.setdefault(folder, {})[name] = called
            else:
                known_as = "" if called == name else f" as {called}"
                sections.setdefault(self._section(module), []).append(f"import {name}{known_as}")
        for module in sorted(members, key=_module_key):
            sections.setdefault(self._section(module), []).extend(_from(module, members[module], indent))
        margin = f"\n{' ' * indent}"
        return f"\n{margin}".join(margin.join(sections[number]) for number in sorted(sections))

    def _section(self, module: str) -> int:
        if module.startswith("."):
            return 3
        if module.partition(".")[0] == CONTRACT.partition(".")[0]:
            return 2 if self.own_section else 1
        if module in ("attrs", HYPOTHESIS):
            return 1
        # Whoever generates packages has them among its own.
        return 2 if module in self._generated else 0


def _module_key(module: str) -> tuple[bool, int, list[tuple[int, int, str]]]:
    """Return what isort sorts modules by: what lies further above comes first, and neighbours come last."""
    name = module.lstrip(".")
    return module.startswith("."), 0 if name else -len(module), _natural(name.lower())


def _from(module: str, names: Mapping[str, str], indent: int) -> list[str]:
    """Return the statements that import names, each with the name that it gets here: one for those that keep theirs."""
    kept = sorted((name for name, called in names.items() if name == called), key=_member)
    statements = {name: [f"{name} as {called}"] for name, called in names.items() if name != called}
    if kept:
        statements[kept[0]] = kept
    return [_import(module, statements[name], indent) for name in sorted(statements, key=_member)]


def _import(module: str, names: list[str], indent: int) -> str:
    line = f"from {module} import {', '.join(names)}"
    if indent + width(line) <= WIDTH:
        return line
    return lay(Group(f"from {module} import (", names, ")"), indent)


def all_key(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Return what ruff sorts the names of `__all__` by: constants, classes, the rest, each with case."""
    return _kind(name), _natural(name)


def _member(name: str) -> tuple[int, list[tuple[int, int, str]], str]:
    return _kind(name), _natural(name.lower()), name


def _kind(name: str) -> int:
    # By bytes: one letter beyond ASCII is a constant to ruff.
    constant = len(name.encode()) > 1 and name.isupper()
    return 0 if constant else 1 if name[:1].isupper() else 2


# The same names stand in several lists.
@lru_cache(maxsize=4096)
def _natural(text: str) -> list[tuple[int, int, str]]:
    return [_run(part) for part in re.split(r"(\d+)", text) if part]


def _run(part: str) -> tuple[int, int, str]:
    if not part.isdigit():
        return 1, 0, part
    # What begins with a zero is sorted as the digits of a fraction are.
    return (0, -1, part) if part.startswith("0") else (0, int(part), "")
