"""Whichever of the library's parsers there is, schemas mean the same."""

import pytest
import yaml

from emitter_typed_codegen.source import loading
from emitter_typed_codegen.source.loading import PythonLoader, parsed
from tests.helpers.tree import ROOT

SCHEMAS = sorted(
    path
    for folder in ("schema", "examples", "tests/codegen")
    for path in (ROOT / folder).rglob("*.yaml")
    if path.stem not in ("encoding", "bad-character")
)
TEXTS = [
    "{a: b?, c?: d, e: f ? g}", "[a?, b ?c]", "{a: b:c}", "{a: -1, b: ?x}", "a: b\tc", "a: b\t# c", "a:\tb",
    "a: |\t\n  b", "a: > \t# c\n  b", "a: [b,\n\tc]", "a: 'b'\t", "a: b\n \t\nc: d", "a: |2-\n    b\n   c\n",
    "a: >+\n  b\n\n", "? a\n: b", "a: b\n\n\n  c\n", "a: b # c\nd: e#f", '{"a":b}', "a: - b", "[- a]", "{a:}",
    "[a:, b]", "{a: b:}", "a: |\n    \tb", "a: |\n  b\n\tc", "a: b\n\tc", "\ta: b", "a:\n\tb", "-\ta", "a: |0\n  b",
    "a: |x", "a: >#b\n  c", "- a\n - b\n", "a: b\n c: d", "a: [b", "a: {b", "a: 'b", 'a: "\\d"', "a: @b",
    "a: *b* c", "a: & b", "--- a\n--- b\n", "a: b\n...\nc: d", "%YAML 1.1\n---\na: b",
    'a: "\\U00110000"', 'a: "\\UFFFFFFFF"',
]  # fmt: skip


def outcome(text: str, loader: loading.Loader) -> list[tuple[object, ...]] | None:
    """Return what a text says; None where it is no YAML."""
    try:
        return [
            (type(event).__name__, *(getattr(event, name, None) for name in ("value", "tag", "anchor")))
            for event in parsed(text, loader)
        ]
    except yaml.YAMLError:
        return None


@pytest.mark.parametrize(
    "text", [*TEXTS, *(pytest.param(path.read_text("utf-8"), id=path.relative_to(ROOT).as_posix()) for path in SCHEMAS)]
)
def test_both_parsers_read_the_same(text: str) -> None:
    assert outcome(text, PythonLoader) == outcome(text, yaml.CSafeLoader)


def test_without_the_parser_in_c_the_one_in_python_reads_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loading.fastest() is yaml.CSafeLoader

    monkeypatch.delattr(yaml, "CSafeLoader")

    assert loading.fastest() is PythonLoader


def test_an_old_parser_in_c_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # It has the rules that the one in Python has by itself.
    monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader)

    assert loading.fastest() is PythonLoader
