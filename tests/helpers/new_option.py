"""The option that CONTRIBUTING.md adds to Emitter's protocol, and the package of the protocol that has it."""

from pathlib import Path

from emitter_typed.cli import main
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

_PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
(LINE,) = (each.strip() for each in blocks(_PAGE, "yaml") if "priority" in each)
(CALL,) = (each.strip() for each in blocks(_PAGE, "python") if "priority" in each)
PACKAGE = "emitter_with_priority"


def generate_with_it(folder: Path) -> None:
    """Write the package of Emitter's protocol with the option into a folder."""
    schema = folder / "emitter.yaml"
    before, heading, after = (ROOT / "schema" / "emitter.yaml").read_text("utf-8").partition("\noptions:\n")
    schema.write_text(f"{before}{heading}  {LINE}\n{after}", "utf-8")
    assert main(["generate", str(schema), "--out", str(folder / PACKAGE)]) == 0
