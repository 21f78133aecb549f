"""The verbs that the compiler carries out; `python -m emitter_typed_codegen` has the same ones."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from emitter_typed._masking import hide_keys
from emitter_typed.errors import InvalidArgument


def parser(verb: str) -> argparse.ArgumentParser:
    """Return the compiler's parser of a verb."""
    from emitter_typed_codegen.verbs import verb_parser

    return verb_parser(verb)


def main(verb: str, arguments: Sequence[str]) -> int:
    """Hand a verb to the compiler, which reads its own arguments."""
    from emitter_typed_codegen.cli import main as compile_schemas

    for argument in arguments:
        # The compiler knows nothing of keys, and would show it as a file that is not there.
        if hide_keys(argument) != argument and not os.path.exists(argument) and not argument.startswith("git:"):
            raise InvalidArgument("this looks like a key, not a schema", argument="schema", value=None)
    return compile_schemas([verb, *arguments])
