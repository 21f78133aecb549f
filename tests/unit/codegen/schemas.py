"""Schemas written in a test: what they mean, and which rules they break."""

from pathlib import Path
from textwrap import dedent

from emitter_typed_codegen.model import Protocol, Schema
from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load


def schema(folder: Path, text: str, protocol: Protocol | None = None) -> Schema:
    path = folder / "my-home.yaml"
    path.write_text("emitter-typed: 1\n" + dedent(text), "utf-8")
    return load(path, protocol)


def rules(folder: Path, text: str, protocol: Protocol | None = None) -> list[tuple[int, str]]:
    """Return line (the first line of the text is 1) and rule of every problem; none if there is no problem."""
    try:
        schema(folder, text, protocol)
    except SchemaProblems as problems:
        return [(problem.line - 1, problem.rule) for problem in problems.problems]
    return []
