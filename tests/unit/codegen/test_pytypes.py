"""Annotations render themselves, and imports come out as isort would order them."""

import subprocess
import sys
from pathlib import Path

from emitter_typed_codegen.layout import flat
from emitter_typed_codegen.pytypes import (
    BUILTINS,
    HERE,
    NONE,
    REST,
    STR,
    Applied,
    Imports,
    Name,
    OneOf,
    Values,
    optional,
)

MAPPING = Name("collections.abc", "Mapping")
INT = Name(BUILTINS, "int")


def test_an_annotation_is_what_one_would_write() -> None:
    imports = Imports()
    annotated = OneOf((Applied(MAPPING, (STR, Applied(Name(BUILTINS, "tuple"), (INT, REST)))), NONE))

    assert flat(imports.annotation(annotated)) == "Mapping[str, tuple[int, ...]] | None"
    assert imports.lines() == "from collections.abc import Mapping"


def test_values_are_a_literal_type() -> None:
    imports = Imports()

    assert flat(imports.annotation(Values((0, 'a "b"')))) == "Literal[0, 'a \"b\"']"
    assert imports.lines() == "from typing import Literal"


def test_optional_twice_is_optional() -> None:
    assert optional(optional(STR)) == optional(STR) == OneOf((STR, NONE))


def test_what_the_module_has_itself_is_not_imported() -> None:
    imports = Imports()

    assert imports.use(Name(HERE, "Reading")) == "Reading"
    assert imports.lines() == ""


def test_a_name_that_the_module_uses_otherwise_is_reached_through_its_module() -> None:
    """A field `date: date` would make the annotation of the next field mean the field."""
    imports = Imports(frozenset({"date", "str"}))

    assert imports.use(Name("datetime", "date")) == "_datetime.date"
    assert imports.use(Name("datetime", "datetime")) == "datetime"
    assert imports.use(STR) == "_builtins.str"
    assert imports.lines() == (
        "import builtins as _builtins\nimport datetime as _datetime\nfrom datetime import datetime"
    )


def test_a_neighbour_can_be_named_in_front() -> None:
    imports = Imports()

    assert imports.use(Name("./types", "Key")) == "types.Key"
    assert imports.lines() == "from . import types"


def test_isort_would_change_nothing(tmp_path: Path) -> None:
    imports = Imports(frozenset({"date"}))
    for module, names in {
        "datetime": ("UTC", "timedelta", "datetime", "date"),
        "collections.abc": ("Mapping", "Iterable"),
        "typing": ("TypeVar", "overload", "T"),
        "attrs": ("frozen", "field"),
        "emitter_typed.contract": (
            "maximum",
            "each",
            "CONTRACT",
            "Record",
            "QueueLimits",
            "a10",
            "a9",
            "Tag2",
            "Tag10",
        ),
        ".types": ("Reading", "RoomId", "_2fast"),
        ".": ("errors",),
        "./types": ("Key",),
        ".channels": tuple(f"TheRatherLongNameOfAChannel{number}" for number in range(5)),
    }.items():
        for name in names:
            imports.use(Name(module, name))
    text = f"from __future__ import annotations\n\n{imports.lines()}\n"

    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "--stdin-filename", "x.py", "-"]
    # Elsewhere, where the runtime is somebody else's package.
    done = subprocess.run(command, input=text, text=True, check=False, timeout=60, capture_output=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "All checks passed!\n"), done.stderr


def test_the_runtime_stands_apart_from_other_packages_in_its_own_modules() -> None:
    imports = Imports(own_section=True)
    imports.use(Name("attrs", "frozen"))
    imports.use(Name("emitter_typed.contract", "Record"))

    assert imports.lines() == "from attrs import frozen\n\nfrom emitter_typed.contract import Record"


def test_numbers_in_names_are_ordered_as_ruff_does() -> None:
    imports = Imports()
    ends = [
        "0",
        "0f2100df",
        "00",
        "01",
        "010",
        "03171437",
        "1e05",
        "1e5",
        "9e2",
        "9e10aa",
        "9fd50a97",
        "10",
        "90a",
        "a90e",
    ]
    for end in ends:
        imports.use(Name(f"._types_{end}", f"Type{end}"))
        imports.use(Name(".types", f"Type{end}"))

    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "-"]
    subprocess.run(command, input=f"{imports.lines()}\n", text=True, check=True, timeout=60, capture_output=True)
