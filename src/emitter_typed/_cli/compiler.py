"""The verbs that the compiler carries out; `python -m emitter_typed_codegen` has the same ones."""

from __future__ import annotations

from collections.abc import Sequence


def main(verb: str, arguments: Sequence[str]) -> int:
    """Hand a verb to the compiler, which reads its own arguments."""
    from emitter_typed_codegen.cli import main as compile_schemas

    return compile_schemas([verb, *arguments])
