"""Reads the import table of ARCHITECTURE.md and compares modules with it.

A row speaks for a part: the module or package it names, with all below it that has no row of its own. What a
module may import is its own part, what its row names (with all below), the third parties of the last column,
and the standard library. An import counts wherever it stands: in a function or under TYPE_CHECKING, too.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HEADER = ("part", "may import of ours", "third party")


class MalformedTableError(Exception):
    """The table cannot be read; no answer is better than a wrong one."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    part: str
    ours: tuple[str, ...]
    third_party: tuple[str, ...]
    line: int

    def allows(self, module: str) -> bool:
        """Whether the row's modules may import a module of ours."""
        return any(_lies_in(module, name) for name in (self.part, *self.ours))

    def __str__(self) -> str:
        """The row in words, for messages."""
        ours = ", ".join(self.ours) or "nothing of ours"
        third_party = ", ".join(self.third_party) or "nothing of third parties"
        return f"ARCHITECTURE.md:{self.line} lets {self.part} import {ours}; {third_party}"


@dataclass(frozen=True)
class Import:
    """A module's wish for another one."""

    module: str
    line: int


def parse_table(markdown: str) -> dict[str, Row]:
    """The rows by part.

    Raises:
        MalformedTableError: There is no such table, or a cell holds something other than names in backticks.
    """
    lines = enumerate(markdown.splitlines(), start=1)
    for _, text in lines:
        if tuple(cell.lower() for cell in _cells(text)) == HEADER:
            break
    else:
        raise MalformedTableError(f"no table with the columns {' | '.join(HEADER)}")

    rows: dict[str, Row] = {}
    next(lines, None)
    for line, text in lines:
        cells = _cells(text)
        if not cells:
            break
        if len(cells) != len(HEADER):
            raise MalformedTableError(f"line {line} has {len(cells)} cells, not {len(HEADER)}")
        part, *rest = (_names(cell, line) for cell in cells)
        if len(part) != 1:
            raise MalformedTableError(f"line {line} should begin with one part in backticks")
        if part[0] in rows:
            raise MalformedTableError(f"line {line}: {part[0]} has a row already, in line {rows[part[0]].line}")
        rows[part[0]] = Row(part[0], rest[0], rest[1], line)
    return rows


def row_of(module: str, rows: Mapping[str, Row]) -> Row | None:
    """The row that speaks for a module: the one with the longest name."""
    return max(
        (row for row in rows.values() if _lies_in(module, row.part)),
        key=lambda row: len(row.part),
        default=None,
    )


def violations(files: Mapping[str, Path], rows: Mapping[str, Row], root: Path) -> list[str]:
    """What is imported and the table does not allow: a line each, with place, import and row."""
    ours = {module.partition(".")[0] for module in files}
    found: list[str] = []
    for module, path in files.items():
        where = path.relative_to(root).as_posix()
        row = row_of(module, rows)
        if row is None:
            found.append(f"{where}:1: no row of ARCHITECTURE.md speaks for {module}: add one")
            continue
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for wish in sorted(imports(path.read_text("utf-8"), package, files), key=lambda one: one.line):
            top = wish.module.partition(".")[0]
            allowed = row.allows(wish.module) if top in ours else _is_foreign_allowed(top, row)
            if not allowed:
                found.append(f"{where}:{wish.line}: {module} imports {wish.module}, but {row}")
    return found


def imports(source: str, package: str, modules: Collection[str]) -> Iterator[Import]:
    """Every module that a source imports, by statement or by a call with a literal name.

    Args:
        source: The text of the module.
        package: The package that its relative imports start from.
        modules: Which names are modules: `from a import b` imports `a.b` if that is one, else only `a`.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=name, names=names, level=level):
                base = ".".join(filter(None, (_ancestor(package, level), name)))
                inner = (f"{base}.{alias.name}" for alias in names)
                yield from {Import(one if one in modules else base, node.lineno) for one in inner}
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                level = len(name) - len(name.lstrip("."))
                base = ".".join(filter(None, (_ancestor(package, level), name.lstrip("."))))
                yield Import(base, node.lineno)
            case _:
                pass


def _ancestor(package: str, level: int) -> str:
    """Where a relative import of that many dots starts; nothing for an absolute one."""
    if level == 0:
        return ""
    parts = package.split(".")
    return ".".join(parts[: len(parts) - level + 1])


def _is_foreign_allowed(top: str, row: Row) -> bool:
    return top in sys.stdlib_module_names or top in row.third_party


def _lies_in(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def _cells(line: str) -> list[str]:
    text = line.strip()
    if not text.startswith("|"):
        return []
    return [cell.strip() for cell in text.removeprefix("|").removesuffix("|").split("|")]


def _names(cell: str, line: int) -> tuple[str, ...]:
    if not re.fullmatch(r"(`[\w.]+`(, ?`[\w.]+`)*)?", cell):
        raise MalformedTableError(f"line {line}: expected names in backticks, separated by commas, got: {cell}")
    return tuple(re.findall(r"`([\w.]+)`", cell))
