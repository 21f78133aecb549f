"""The checker of the import table finds what it should, shown on small invented sources."""

from pathlib import Path

import pytest

from tests.architecture.import_table import (
    Import,
    MalformedTableError,
    Row,
    imports,
    parse_table,
    row_of,
    violations,
)

TABLE = """\
Some words.

| part | may import of ours | third party |
| --- | --- | --- |
| `app.core` | | |
| `app.net` | `app.core` | `attrs`, `paho` |
| `app.net.secure` | `app.core`, `app.net` | |
| `app.cli` | `app`, `tool` | |
| `tool` | | `yaml` |

| part | something else |
"""


def check(tmp_path: Path, sources: dict[str, str]) -> list[str]:
    """Writes the sources, whose names are paths, and returns what the checker says about them."""
    files: dict[str, Path] = {}
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        files[name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = path
    return violations(files, parse_table(TABLE), tmp_path)


def test_the_table_is_read_with_its_empty_cells() -> None:
    rows = parse_table(TABLE)

    assert list(rows) == ["app.core", "app.net", "app.net.secure", "app.cli", "tool"]
    assert rows["app.core"] == Row("app.core", (), (), line=5)
    assert rows["app.net"] == Row("app.net", ("app.core",), ("attrs", "paho"), line=6)


@pytest.mark.parametrize(
    ("markdown", "complaint"),
    [
        ("no table at all", "no table with the columns"),
        (TABLE.replace("`yaml`", "any YAML reader"), "line 9: expected names in backticks"),
        (TABLE.replace("| `tool` | |", "| `tool` |"), "line 9 has 2 cells"),
        (TABLE.replace("| `tool` | |", "| | |"), "line 9 should begin with one part"),
        (TABLE.replace("| `tool` | |", "| `app.core` | |"), "line 9: app.core has a row already, in line 5"),
    ],
)
def test_a_table_that_cannot_be_read_is_an_error(markdown: str, complaint: str) -> None:
    with pytest.raises(MalformedTableError, match=complaint):
        parse_table(markdown)


def test_the_longest_name_wins() -> None:
    rows = parse_table(TABLE)
    parts = {
        module: row.part if (row := row_of(module, rows)) else None
        for module in ("app.net", "app.net.plain", "app.net.secure.tls", "app.network", "app")
    }

    assert parts == {
        "app.net": "app.net",
        "app.net.plain": "app.net",
        "app.net.secure.tls": "app.net.secure",
        "app.network": None,
        "app": None,
    }


def test_what_the_table_allows_passes(tmp_path: Path) -> None:
    sources = {
        "app/core.py": "import json\nfrom collections.abc import Iterator",
        "app/net/__init__.py": "from . import plain\nfrom .secure import tls\nimport attrs",
        "app/net/plain.py": "import paho.mqtt.client as mqtt\nfrom app.core import x\nfrom ..core import y",
        "app/net/secure.py": "import app.net.plain",
        "app/cli.py": "from app import x\nimport app.net.plain\nfrom tool import y",
        "tool/__init__.py": "from tool import inner",
        "tool/inner.py": "import yaml",
    }

    assert check(tmp_path, sources) == []


@pytest.mark.parametrize(
    ("path", "source", "imported"),
    [
        ("app/core.py", "import app.net", "app.net"),
        ("app/core.py", "from app.net import x", "app.net"),
        ("app/core.py", "from .net import x", "app.net"),
        ("app/core.py", "from . import net", "app.net"),
        ("app/core.py", "from app import public_name", "app"),
        ("app/core.py", "import attrs", "attrs"),
        ("app/core.py", "from attrs.validators import x", "attrs"),
        ("app/core.py", "import os, attrs", "attrs"),
        ("app/core.py", "def f():\n    import attrs", "attrs"),
        ("app/core.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import attrs", "attrs"),
        ("app/core.py", "from importlib import import_module\nimport_module('app.net')", "app.net"),
        ("app/core.py", "import importlib\nimportlib.import_module('.net', 'app')", "app.net"),
        ("app/net/plain.py", "import yaml", "yaml"),
        ("app/net/secure.py", "import paho", "paho"),
        ("tool/inner.py", "from app import core", "app.core"),
    ],
)
def test_what_the_table_does_not_allow_is_named(tmp_path: Path, path: str, source: str, imported: str) -> None:
    sources = {"app/core.py": "", "app/net/__init__.py": "", path: source}
    line = len(source.splitlines())
    module = path.removesuffix(".py").replace("/", ".")

    [complaint] = check(tmp_path, sources)

    assert complaint.startswith(f"{path}:{line}: {module} imports {imported}")
    assert "but ARCHITECTURE.md:" in complaint


def test_a_message_tells_place_import_and_row(tmp_path: Path) -> None:
    assert check(tmp_path, {"app/net/plain.py": "\nimport yaml"}) == [
        (
            "app/net/plain.py:2: app.net.plain imports yaml, "
            "but ARCHITECTURE.md:6 lets app.net import app.core; attrs, paho"
        )
    ]


def test_a_module_without_a_row_is_named(tmp_path: Path) -> None:
    assert check(tmp_path, {"app/new.py": "import os"}) == [
        "app/new.py:1: no row of ARCHITECTURE.md speaks for app.new: add one"
    ]


def test_a_name_that_is_no_module_counts_as_its_package() -> None:
    found = set(imports("from a import b, c\nfrom . import d", "a", {"a", "a.b"}))

    assert found == {Import("a.b", 1), Import("a", 1), Import("a", 2)}
