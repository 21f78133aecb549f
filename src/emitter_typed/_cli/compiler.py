"""The verbs that the compiler carries out; `python -m emitter_typed_codegen` has the same ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def parser(verb: str) -> argparse.ArgumentParser:
    """Return the compiler's parser of a verb."""
    from emitter_typed_codegen.cli import verb_parser

    return verb_parser(verb)


def main(verb: str, arguments: Sequence[str]) -> int:
    """Hand a verb to the compiler, which reads its own arguments."""
    from emitter_typed_codegen.cli import main as compile_schemas

    return compile_schemas([verb, *arguments])
