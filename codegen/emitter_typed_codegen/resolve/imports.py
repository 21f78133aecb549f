"""What `imports:` names: other files, each read once, whose types a schema uses behind a name and a dot."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve, field

from emitter_typed_codegen.data import define
from emitter_typed_codegen.language.texts import IMPORT_NAME, RELATIVE_PATH
from emitter_typed_codegen.model import (
    Alias,
    Declaration,
    Import,
    List,
    Map,
    Named,
    Optional,
    Record,
    Schema,
    TypeRef,
    Union,
    reached,
)
from emitter_typed_codegen.names import RESERVED_MODULES
from emitter_typed_codegen.paths import other_spelling, real_path
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.nodes import Report
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.source import Document, Node, ScalarNode, read

MOST_LEVELS = 16
"""Through how many files an import may lead."""

_OTHER = "choose another name"
_UNREADABLE = ("no-file", "not-readable")


@define(eq=False)
class Files:
    """The files that one schema is made of."""

    report: Report
    schema: Callable[[Path, Document, Node], Schema]
    """Reads the schema of a document."""
    done: dict[Path, Schema | None] = field(factory=dict[Path, Schema | None])
    """What was read; None for a file with problems, of whose types nothing is known."""
    way: dict[Path, tuple[str, ScalarNode | None]] = field(factory=dict[Path, "tuple[str, ScalarNode | None]"])
    """The files under way: how each is called, and where it is imported."""

    def open(self, path: Path, place: ScalarNode | None, document: Document) -> Schema | None:
        """Read the schema of a document that was read; None if it has problems, which are noted."""
        before = len(self.report.problems)
        self.report.problems += document.problems
        found = None
        if document.root is not None:
            self.way[real_path(path)] = path.as_posix(), place
            found = self.schema(path, document, document.root)
            del self.way[real_path(path)]
        self.done[real_path(path)] = found if len(self.report.problems) == before else None
        return found

    def imported(self, path: Path, place: ScalarNode) -> Schema | None:
        """Read a file for the first time, or return what it was; None if nothing is known of its types."""
        resolved = real_path(path)
        if resolved in self.way:
            self._cycle(resolved, place)
        elif len(self.way) > MOST_LEVELS:
            message = f"this import leads through more than {MOST_LEVELS} files"
            self.report.add(place, "bad-import", message, "import the file that declares the types directly")
        elif resolved in self.done:
            return self.done[resolved]
        else:
            document = read(path)
            if [problem.rule for problem in document.problems if problem.rule in _UNREADABLE]:
                (problem,) = document.problems
                self.report.add(place, "bad-import", f"{path.as_posix()}: {problem.message}", problem.hint)
                return None
            self.open(path, place, document)
            return self.done[resolved]
        return None

    def _cycle(self, resolved: Path, place: ScalarNode) -> None:
        name, _ = self.way[resolved]
        onward = [opened for _, opened in self.way.values() if opened is not None and opened.text.file == name]
        if onward:
            first = f"{name}:{onward[0].line}:{onward[0].column}"
            message = f"the import leads back to {name}, which imports this file at {first}"
        else:
            message = f"{name} imports itself"
        self.report.add(place, "import-cycle", message, "move the types that both need into a third file")


def read_imports(symbols: SymbolTable, node: Node | None, path: Path, files: Files) -> tuple[Import, ...]:
    """Read the imports of a file, and the types of those files into the symbol table.

    Args:
        symbols: The types that there are.
        node: What the schema says.
        path: The file that says it.
        files: The files that are read already.

    Returns:
        The imports whose files have no problem, by name.
    """
    found: list[Import] = []
    for key, described in symbols.report.named(node, "'imports'", "a map of names to paths"):
        symbols.imports[key.value] = None
        written = _path(symbols.report, key, described)
        if not _may_be_import_name(symbols.report, key) or written is None:
            continue
        spelled = other_spelling(path.parent, written.value)
        if spelled is not None:
            message = f"the file is called {quoted(spelled)}"
            symbols.report.add(written, "bad-import", message, "write it like that: upper and lower case are different")
            continue
        other = path.parent / written.value
        schema = files.imported(other, written)
        if schema is None:
            continue
        if schema.envelope is not None:
            message = f"{other.as_posix()} describes a protocol, so it cannot be imported"
            symbols.report.add(written, "bad-import", message, "import a file of types and channels")
            continue
        found.append(Import(name=key.value, path=real_path(other), schema=schema))
    # Of two ways of one length to a file, the order decides.
    found.sort(key=lambda one: one.name)
    all_files = reached(found)
    ways = {file.path: way for way, file in all_files.items()}
    symbols.imports |= {one.name: ways[one.path] for one in found}
    for way, file in all_files.items():
        seen = {inner: ways[other.path] for inner, other in reached(file.schema.imports).items()}
        _declare(symbols, file.schema, {"": way, **seen})
    symbols.names |= {f"{ways[one.path]}.{declared.name}" for one in found for declared in one.schema.types}
    return tuple(found)


def _declare(symbols: SymbolTable, schema: Schema, ways: Mapping[str, str]) -> None:
    """Put the types of a file into the symbol table of another, under the names that they have there."""

    def named(name: str) -> str:
        way, _, own = name.rpartition(".")
        return f"{ways[way]}.{own}"

    for declared in schema.types:
        symbols.types[named(declared.name)] = _renamed(declared, named)


def _renamed(declared: Declaration, named: Callable[[str], str]) -> Declaration:
    def of(ref: TypeRef) -> TypeRef:
        match ref:
            case Named():
                return Named(named(ref.name))
            case Optional():
                return Optional(of(ref.item))
            case List():
                return List(of(ref.item))
            case Map():
                return Map(of(ref.value))
            case _:
                return ref

    name = named(declared.name)
    match declared:
        case Record():
            fields = tuple(evolve(one, type=of(one.type)) for one in declared.fields)
            return evolve(declared, name=name, fields=fields)
        case Union():
            return evolve(declared, name=name, members=tuple((tag, named(one)) for tag, one in declared.members))
        case Alias():
            return evolve(declared, name=name, type=of(declared.type))
        case _:
            return evolve(declared, name=name)


def _may_be_import_name(report: Report, key: ScalarNode) -> bool:
    name = key.value
    if name in RESERVED_MODULES or keyword.iskeyword(name):
        report.add(key, "reserved-name", f"an import cannot be named {quoted(name)}: the name is reserved", _OTHER)
    elif re.fullmatch(IMPORT_NAME, name) is None:
        message = f"{quoted(name)} cannot be the name of an import"
        report.add(key, "bad-name", message, "write a letter from a to z, then a to z, 0 to 9 and _")
    else:
        return True
    return False


def _path(report: Report, key: ScalarNode, node: Node) -> ScalarNode | None:
    if not isinstance(node, ScalarNode) or not node.value:
        report.expect(node, f"the import {quoted(key.value)}", "the path of a file, as in ./common.yaml")
        return None
    if re.fullmatch(RELATIVE_PATH, node.value) is None:
        message = f"{quoted(node.value)} is not a path relative to the folder of this file"
        report.add(node, "bad-import", message, "write it with slashes, as in ./common.yaml or ../common.yaml")
        return None
    return node
