"""The cases, and how their packages are made."""

from pathlib import Path

from emitter_typed_codegen.export import Target
from emitter_typed_codegen.jobs import Job, run
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.write import Plan

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/schema.yaml"))

DOCUMENTS: dict[str, dict[Target, str]] = {
    "documents": {
        "asyncapi": "asyncapi.json",
        "jsonschema": "schema.json",
        "html": "page.html",
    },
}
"""What is exported besides, beside the schema."""


def plan(case: str) -> Plan:
    """Plan the package of a case."""
    # A protocol of their own: they do not change whenever Emitter's does.
    protocol = load(FOLDER / "protocol" / "schema.yaml").protocol
    made = Plan()
    schema = FOLDER / case / "schema.yaml"
    documents: list[tuple[Target, Path]] = [
        (target, schema.with_name(name))
        for target, name in DOCUMENTS.get(case, {}).items()
    ]
    jobs = [
        Job(
            schema,
            schema.with_name("expected"),
            "make the golden cases anew",
            testing=case != "protocol",
            exports=tuple(documents),
        )
    ]
    # It grows by the files that the schema imports.
    for job in jobs:
        run(job, protocol, made, jobs)
    return made
