"""The cases, and how their packages are made."""

from pathlib import Path

from emitter_typed_codegen.jobs import Job, run
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.write import Plan

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/schema.yaml"))


def plan(case: str) -> Plan:
    """Plan the package of a case."""
    # A protocol of their own: they do not change whenever Emitter's does.
    protocol = load(FOLDER / "protocol" / "schema.yaml").protocol
    made = Plan()
    schema = FOLDER / case / "schema.yaml"
    how = "make the golden cases anew"
    jobs = [Job(schema, schema.with_name("expected"), how, testing=case != "protocol")]
    # It grows by the files that the schema imports.
    for job in jobs:
        run(job, protocol, made, jobs)
    return made
