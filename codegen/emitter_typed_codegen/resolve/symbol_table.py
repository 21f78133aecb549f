"""The types that a schema declares, and what a type comes down to once aliases are followed."""

from __future__ import annotations

import re
from typing import TypeAlias

from attrs import field

from emitter_typed_codegen.data import define
from emitter_typed_codegen.language.texts import IMPORT_NAME
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Constraint,
    Declaration,
    Enum,
    Flags,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    ScalarName,
    Secret,
    TypeRef,
    Union,
)
from emitter_typed_codegen.resolve.nodes import Report
from emitter_typed_codegen.source import Placed

Base: TypeAlias = Scalar | List | Map | AnyOf | Record | Enum | Flags | Union | Secret
"""What a type can come down to."""

BROKEN = Named("")
"""Stands for a type that has its problem already: every check of it holds."""

Member: TypeAlias = tuple[TypeRef, Placed, str]
"""One of several types: what it is, where it stands, and how it is written."""

MOST_ALIASES = 16
"""Through how many aliases a type may lead."""

MOST_TYPES = 256
"""How many types an alias may be with all aliases in it written out."""


@define(eq=False)
class SymbolTable:
    """What is known of the types of one schema while it is resolved."""

    report: Report
    names: set[str] = field(factory=set[str])
    """The names of all types, also of those that are still to be resolved or have a problem."""
    imports: dict[str, str | None] = field(factory=dict[str, "str | None"])
    """The way to the file of each import, which its types have before the dot; None where the file has problems."""
    types: dict[str, Declaration] = field(factory=dict[str, Declaration])
    """The types that are resolved."""
    several: list[tuple[Member, ...]] = field(factory=list[tuple[Member, ...]])
    """The types beside each `|`, to be compared when all types are resolved."""

    def find(self, name: str) -> str | None:
        """Return the name that a type has here, which the schema may call otherwise; None if there is no such type.

        A type of a file with problems is `BROKEN`'s.
        """
        imported, dot, own = name.rpartition(".")
        if not dot:
            return name if name in self.names else None
        if imported not in self.imports:
            return None
        way = self.imports[imported]
        if way is None:
            return BROKEN.name
        return f"{way}.{own}" if f"{way}.{own}" in self.names else None

    def imported(self, name: str) -> str:
        """Return what to write for a type that only an imported file has under this name; empty if none has it."""
        having = [called for called, way in self.imports.items() if f"{way}.{name}" in self.names]
        return f"write {having[0]}.{name}" if having else ""

    def beyond(self, name: str) -> str:
        """Return what to do about a type that an imported file does not declare; empty if none is named."""
        called, dot, _ = name.partition(".")
        if not dot or re.fullmatch(IMPORT_NAME, called) is None:
            return ""
        if called not in self.imports:
            return f"import its file, as in imports: {{{called}: ./{called}.yaml}}"
        return f"declare it in the file of {called}, or import the file that declares it here, too"

    def base(self, ref: TypeRef) -> Base | None:
        """Return what a type comes down to without aliases and `?`; None if it is broken or not resolved."""
        for step in self._steps(ref):
            if isinstance(step, Scalar | List | Map | AnyOf):
                return step
            if isinstance(step, Named):
                declared = self.types.get(step.name)
                if declared is not None and not isinstance(declared, Alias):
                    return declared
        return None

    def scalar(self, ref: TypeRef) -> ScalarName | None:
        """Return the scalar that a type comes down to; None if it comes down to something else."""
        base = self.base(ref)
        return base.name if isinstance(base, Scalar) else None

    def optional(self, ref: TypeRef) -> bool:
        """Tell whether a type may be absent or null."""
        return any(isinstance(step, Optional) for step in self._steps(ref))

    def constraints(self, ref: TypeRef) -> tuple[Constraint, ...]:
        """Return the constraints of all aliases on the way to what a type comes down to, the innermost first."""
        declared = [self.types.get(step.name) for step in reversed(self._steps(ref)) if isinstance(step, Named)]
        return tuple(constraint for alias in declared if isinstance(alias, Alias) for constraint in alias.constraints)

    def _steps(self, ref: TypeRef) -> list[TypeRef]:
        steps: list[TypeRef] = [ref]
        # An alias may lead back to itself, which is a problem that is noted where it is declared.
        while len(steps) <= 2 * MOST_ALIASES:
            if isinstance(ref, Optional):
                ref = ref.item
            elif isinstance(ref, Named):
                declared = self.types.get(ref.name)
                if not isinstance(declared, Alias):
                    return steps
                ref = declared.type
            else:
                return steps
            steps.append(ref)
        return steps
