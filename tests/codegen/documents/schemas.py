"""The schemas that are exported: those of the golden cases, an example's, and one with hostile texts."""

from pathlib import Path

from emitter_typed_codegen.jobs import compiler_protocol
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.resolve import load
from tests.codegen.golden.cases import CASES, FOLDER
from tests.helpers.tree import ROOT

HOSTILE = Path(__file__).with_name("hostile.yaml")
# A protocol is no schema of channels, and is refused.
SCHEMAS = {case: FOLDER / case / "schema.yaml" for case in CASES if case != "protocol"} | {
    "home": ROOT / "examples" / "home" / "home.yaml",
    "hostile": HOSTILE,
}


def loaded(name: str) -> Schema:
    """Return the meaning of one of them."""
    protocol = (
        compiler_protocol() if name in ("home", "hostile") else load(FOLDER / "protocol" / "schema.yaml").protocol
    )
    return load(SCHEMAS[name], protocol)
