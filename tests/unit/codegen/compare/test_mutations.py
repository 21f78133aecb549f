"""Whatever is changed in a model, the comparison tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from emitter_typed_codegen.compare import compare
from emitter_typed_codegen.model import JsonMap, Optional, Schema, digest
from emitter_typed_codegen.resolve import load
from tests.unit.codegen.compare.test_constructs import NOT_COMPARED

ROOT = Path(__file__).parents[4]
SCHEMAS = sorted(path for path in ROOT.glob("tests/codegen/golden/*/schema.yaml") if path.parent.name != "protocol")
# A change of these leaves names that nothing has.
REFERENCES = {
    "Named.name",
    "Union.members",
    "EnumValue.wire",
    "Schema.types",
    "Schema.imports",
    "Record.name",
    "Channel.params",
}


def others(value: Any) -> Iterator[Any]:
    """Yield values that could stand in the place of one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield f"{value}x"
    elif isinstance(value, int | float):
        yield value + 1
    elif isinstance(value, tuple) and value and not isinstance(value, JsonMap):
        yield value[1:]
    elif value is None:
        yield "x"


def _impossible(name: str, value: Any, path: str) -> bool:
    """Tell whether no schema makes a model with another value there."""
    if name in REFERENCES or name.endswith((".type", ".payload", ".direction", ".rule", ".format", "Scalar.name")):
        return True
    # A default of null means nothing; a parameter has no other name on the wire, and no default.
    if name in ("Field.default", "Field.has_default"):
        return getattr(value, "default", None) is None
    if name == "Field.required":
        return not isinstance(value.type, Optional) or value.has_default or ".params" in path
    return (
        name.startswith("Field.")
        and ".params" in path
        and name.partition(".")[2] in ("wire", "also_read", "blank", "deprecated")
    )


def mutants(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield all models that differ from one in one place, with the place."""
    cls: Any = value.__class__
    if cls is tuple:
        for index, item in enumerate(value):
            for told, mutant in mutants(item, f"{path}[{index}]"):
                yield told, (*value[:index], mutant, *value[index + 1 :])
    elif attrs.has(cls):
        for one in attrs.fields(cls):
            name = f"{cls.__name__}.{one.name}"
            if not one.init or name in NOT_COMPARED or cls is Optional:
                continue
            held = getattr(value, one.name)
            inner = [(told, mutant) for told, mutant in mutants(held, f"{path}.{one.name}")]
            if not _impossible(name, value, path):
                inner += [(f"{path}.{one.name}", other) for other in others(held)]
            for told, mutant in inner:
                yield told, attrs.evolve(value, **{one.name: mutant})


@pytest.mark.parametrize("path", SCHEMAS, ids=[path.parent.name for path in SCHEMAS])
def test_a_model_that_means_something_else_has_changes(path: Path) -> None:
    old = load(path)
    untold: list[str] = []
    for told, new in mutants(old):
        assert isinstance(new, Schema)
        try:
            known = digest(new) == digest(old) or compare(old, new)
        except (KeyError, ValueError):
            # A name that nothing has, or a limit that is none.
            continue
        if not known:
            untold.append(told)

    assert untold == []
    assert compare(old, old) == ()
