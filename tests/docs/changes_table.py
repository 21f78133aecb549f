"""`python -m tests.docs.changes_table` writes the table of changes in docs/reference/schema-changes.md anew."""

from __future__ import annotations

from pathlib import Path

from emitter_typed_codegen.compare import ORDERS, RULES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "schema-changes.md"
MARK = "<!-- table -->\n"


def table() -> str:
    """Return the table of all rules."""
    lines = ["| rule | change | effects | why | safely | deploy |", "| --- | --- | --- | --- | --- | --- |"]
    for rule in RULES.values():
        effects = ", ".join(f"`{effect}`" for effect in rule.effects)
        cells = (f"`{rule.id}`", rule.what, effects, rule.why, rule.fix, ORDERS[rule.order])
        escaped = (cell.replace("|", "\\|") for cell in cells)
        lines.append(f"| {' | '.join(escaped)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    before = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(f"{before}{MARK}\n{table()}", "utf-8")
