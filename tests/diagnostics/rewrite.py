"""Writes the expected text of every case anew: `python tests/diagnostics/rewrite.py`. Then read the diff."""

import os
from pathlib import Path

from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load

CASES = Path(__file__).parent / "cases"

if __name__ == "__main__":
    os.chdir(CASES)
    for case in sorted(Path().glob("*.yaml")):
        try:
            load(case)
        except SchemaProblems as problems:
            case.with_suffix(".txt").write_text(str(problems), "utf-8")
        else:
            raise SystemExit(f"{case}: nothing is wrong with it")
