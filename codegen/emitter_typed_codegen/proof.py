"""The net under the compiler: what it prints is Python, or nothing is written and its reader learns what to report."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from emitter_typed_codegen.names import attribute_name, channel_classes, class_name
from emitter_typed_codegen.problems import SchemaProblems, quoted
from emitter_typed_codegen.source import MapNode, Node, Placed, ScalarNode, read

# What stands at the margin, or is an attribute of a facade.
_NAMED = r"(?:class |    (?=\w+:)|        self\.)?(\w+)"


def prove(files: Mapping[str, str], schema: Path) -> None:
    """Compile files of Python as the interpreter would, without running them.

    Args:
        files: The text of each file by its path; what is no Python is left alone.
        schema: What they were made of.

    Raises:
        SchemaProblems: A file is no Python, which is a bug of this program: the problem names the declaration that the
            broken lines were made of.
    """
    for path, text in files.items():
        if path.endswith(".py"):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    compile(text, path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
                _refuse(path, text, error, schema)


def _refuse(path: str, text: str, error: Exception, schema: Path) -> NoReturn:
    line = (error.lineno or 0) if isinstance(error, SyntaxError) else 0
    reason = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
    document = read(schema)
    declared = _declaration(text.split("\n")[:line], document.root)
    place: Placed = document.whole if declared is None else declared
    of = "the schema" if declared is None else quoted(declared.value)
    message = f"{of} makes a {path} that Python cannot read: {reason}, in its line {line}; nothing was written"
    hint = "this is a bug of emitter-typed: report it with the declaration; until it is mended, another name may help"
    raise SchemaProblems([place.problem("output", message, hint)]) from error


def _declaration(lines: list[str], root: Node | None) -> ScalarNode | None:
    """Return the key of the type or channel that the last of some lines were made of; None if it cannot be told."""
    made = dict(_made(root))
    for line in reversed(lines):
        found = re.match(_NAMED, line)
        if found is not None and found[1] in made:
            return made[found[1]]
    return None


def _made(root: Node | None) -> Iterator[tuple[str, ScalarNode]]:
    """Yield the names in Python that are made of each type and channel, with its key."""
    for section, node in root.pairs if isinstance(root, MapNode) else ():
        for key, _ in node.pairs if isinstance(node, MapNode) else ():
            if section.value == "types":
                yield class_name(key.value), key
            elif section.value == "channels":
                yield from ((name, key) for name in channel_classes(key.value))
                yield from ((attribute_name(key.value), key), (f"{attribute_name(key.value)}_channel", key))
