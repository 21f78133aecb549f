"""What a request's `lasting:` declares: what it begins that is begun again on the next connection."""

from __future__ import annotations

from emitter_typed_codegen.model import Lasting, Literal_, Record
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.reading import Entries
from emitter_typed_codegen.resolve.scope import Scope
from emitter_typed_codegen.resolve.values import UNFIT, read_value


def read_lasting(scope: Scope, entries: Entries, record: Record) -> Lasting | None:
    """Read the key `lasting` of a request.

    Args:
        scope: The types that there are.
        entries: The request's.
        record: The request's fields.

    Returns:
        What it says; None if it says nothing.
    """
    node = entries.get("lasting")
    if node is None:
        return None
    said = scope.report.entries(
        node, "'lasting'", at=entries.key("lasting"), required=("by",), optional=("begins", "ends", "again")
    )
    by = said.scalar("by")
    if by is not None and by.value not in {field.name for field in record.fields}:
        message = f"{quoted(record.name)} has no field {quoted(by.value)}"
        hint = scope.report.meant(by.value, [field.name for field in record.fields])
        scope.report.add(by, "lasting-request", message, hint)
    return Lasting(
        by="" if by is None else by.value,
        begins=_values(scope, said, "begins", record),
        ends=_values(scope, said, "ends", record),
        again=_values(scope, said, "again", record),
    )


def _values(scope: Scope, entries: Entries, key: str, record: Record) -> tuple[tuple[str, Literal_], ...]:
    known = {field.name: field for field in record.fields}
    found: list[tuple[str, Literal_]] = []
    for name, given in scope.report.named(entries.get(key), f"'{key}'"):
        if name.value not in known:
            message = f"{quoted(record.name)} has no field {quoted(name.value)}"
            scope.report.add(name, "lasting-request", message, scope.report.meant(name.value, list(known)))
            continue
        value = read_value(scope, given, known[name.value].type, "bad-value", "the value")
        if value is not UNFIT:
            found.append((name.value, value))
    return tuple(found)
