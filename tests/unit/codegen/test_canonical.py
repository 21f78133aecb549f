"""What the text of a schema says in another way makes the same package."""

from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.model import canonical, digest
from emitter_typed_codegen.resolve import load

SCHEMA = """\
emitter-typed: 1
name: Home
doc: |
  What the house measures.

  In two paragraphs.
imports: {first: a.yaml, second: b.yaml}
types:
  Unit: {enum: [C, F], doc: A unit.}
  Reading:
    doc: One sample.
    fields:
      value: {type: float, minimum: 0, doc: What was measured.}
      unit: {type: Unit, default: C}
      place: first.Place
      other: second.Place?
  Name: {alias: string, max_length: 10}
channels:
  readings:
    address: "r/{room}/{unit}/"
    payload: Reading
    params: {unit: Unit, room: Name}
    options: {ttl: 5, echo: false}
  names: {address: n/, payload: Name}
"""
SAME = """\
# A comment.
channels:
  names:   {payload: Name, address: 'n/'}  # another
  readings:
    options: {echo: false, ttl: 5}
    params: {room: Name, unit: Unit}
    payload: Reading
    address: r/{room}/{unit}/

types:
  Name: {max_length: 10, alias: string}

  Reading:
    fields:
      value: {doc: "What was measured.", minimum: 0, type: float}
      unit: {default: C, type: Unit}
      place: {type: first.Place}
      other: second.Place?
    doc: One sample.
  Unit:
    doc: A unit.
    enum:
      - C
      - F
imports:
  second: b.yaml
  first: a.yaml
doc: "What the house measures.\\n\\nIn two paragraphs.\\n"
name: Home
emitter-typed: 1
"""
IMPORTED = "emitter-typed: 1\ntypes: {Place: {fields: {floor: int}}}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(IMPORTED, "utf-8")
    return tmp_path


def generate(*options: str) -> int:
    return main(["generate", "home.yaml", "--out", "home_api", *options])


@pytest.mark.parametrize(
    "text",
    [SCHEMA.replace("\n", "\r\n"), SCHEMA.replace("\n", "\r"), f"# A comment.\n{SCHEMA}\n\n", SAME],
    ids=["CRLF", "CR", "comments", "order"],
)
def test_how_the_text_says_it_changes_nothing(here: Path, text: str) -> None:
    (here / "home.yaml").write_text(SCHEMA, "utf-8")
    assert generate() == 0
    before = {path: path.stat().st_mtime_ns for path in here.glob("*_api/*")}

    (here / "home.yaml").write_bytes(text.encode())

    assert generate("--check") == 0
    assert generate() == 0
    assert {path: path.stat().st_mtime_ns for path in here.glob("*_api/*")} == before


def test_which_of_two_ways_to_a_file_its_types_have_is_not_a_matter_of_order(here: Path) -> None:
    (here / "b.yaml").write_text("emitter-typed: 1\nimports: {it: a.yaml}\ntypes: {Way: {alias: it.Place}}\n", "utf-8")
    (here / "c.yaml").write_text("emitter-typed: 1\nimports: {it: a.yaml}\n", "utf-8")
    texts: list[dict[str, str]] = []
    for imports in ("x: b.yaml, y: c.yaml", "y: c.yaml, x: b.yaml"):
        (here / "home.yaml").write_text(
            f"emitter-typed: 1\nimports: {{{imports}}}\ntypes: {{T: {{fields: {{w: x.Way}}}}}}\n", "utf-8"
        )
        assert generate() == 0
        texts.append({path.name: path.read_text("utf-8") for path in here.glob("home_api/*")})

    assert texts[0] == texts[1]


def test_numbers_in_names_count_as_numbers(here: Path) -> None:
    """In a large package, what is numbered stays together."""
    names = ["T2", "T10", "T10b", "T1x2", "T1x10", "T", "A1"]
    types = ", ".join(f"{name}: {{fields: {{a: int}}}}" for name in names)
    channels = ", ".join(
        f"{name}: {{address: c{number}/, payload: T2}}" for number, name in enumerate(("\u0663", "x9", "x10"))
    )
    (here / "home.yaml").write_text(
        f"emitter-typed: 1\nname: Home\ntypes: {{{types}}}\nchannels: {{{channels}}}\n", "utf-8"
    )

    made = canonical(load(here / "home.yaml"))

    assert [one.name for one in made.types] == ["A1", "T", "T1x2", "T1x10", "T2", "T10", "T10b"]
    assert [one.name for one in made.channels] == ["x9", "x10", "\u0663"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{type: json, default: {a: 1}}", "{type: json, default: [[a, 1]]}"),
        ("{type: json, default: {}}", "{type: json, default: []}"),
        ("{type: json, default: [1]}", "{type: json, default: [true]}"),
        ("{type: json, default: 1}", "{type: json, default: 1.0}"),
        ('{type: json, default: "1"}', "{type: json, default: 1}"),
        ("{type: string, doc: A.}", "{type: string, doc: B.}"),
        ("int\n      second: int", "int\n      third: int"),
        ("int\n      b: int\n      c: int", "int\n      c: int\n      b: int"),
        ("{type: int?}", "{type: int?, required: true}"),
        ("int\n  B: {enum: {a: A.}}", "int\n  B: {enum: {a: {doc: A., deprecated: use b}}}"),
        ("int\n  B: {enum: {a: {value: 1, deprecated: b}}}", "int\n  B: {enum: {a: {value: 1, deprecated: c}}}"),
        ("int\n  B: {union: [A], tag: t, values: ['1']}", "int\n  B: {union: [A], tag: t, values: [1]}"),
        ("int\n  B: {flags: [r]}", "int\n  B: {flags: {r: {deprecated: use w}}}"),
    ],
)
def test_another_meaning_has_another_digest(here: Path, one: str, other: str) -> None:
    digests: list[str] = []
    for field in (one, other):
        (here / "home.yaml").write_text(f"emitter-typed: 1\ntypes:\n  A:\n    fields:\n      a: {field}\n", "utf-8")
        digests.append(digest(load(here / "home.yaml")))

    assert digests[0] != digests[1]
