"""What is written of the benchmarks is what their results give, and tells what failed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from benchmarks.charts import Line, chart
from benchmarks.everything import DATA, ROOT, page, rendered, results, tables

KNOWN = json.loads((ROOT / DATA).read_text("utf-8"))


def test_nothing_that_is_generated_was_edited() -> None:
    """`make bench-render` writes them again."""
    for path, text in rendered(KNOWN).items():
        assert (ROOT / path).read_text("utf-8") == text, path


def test_every_figure_of_the_page_is_drawn() -> None:
    text = (ROOT / "docs/explanation/performance.md").read_text("utf-8")
    drawn = {path.name for path in rendered(KNOWN) if path.suffix == ".svg"}

    assert {name for name in drawn if f"../figures/{name})" in text} == drawn
    assert len(drawn) == 6


def test_what_failed_is_said() -> None:
    failed = {**KNOWN, "texts": {**KNOWN["texts"], "codec": "FAILED", "load": "FAILED"}}

    assert tables(failed)["codec"] == "**It failed.**"
    assert "## Payloads" in results(failed)
    assert "**It failed.**" in results(failed)


def test_a_page_keeps_what_stands_between_its_blocks() -> None:
    text = "a\n\n<!-- measured: codec -->\nold\n<!-- end -->\n\nb\n\n<!-- measured: taken -->\n<!-- end -->\n"
    made = page(text, KNOWN)

    assert made.startswith("a\n\n<!-- measured: codec -->\n\n20")
    assert "old" not in made
    assert "<!-- end -->\n\nb\n\n<!-- measured: taken -->\n\nMeasured 20" in made
    assert page(made, KNOWN) == made


@pytest.mark.parametrize("log_y", [False, True])
def test_a_chart_is_svg_with_each_line_and_point(log_y: bool) -> None:
    lines = [Line("one & two", [(1, 5.0), (100, 7.0)]), Line("other", [(1, 5.0), (100, 7.0)])]
    root = ET.fromstring(chart("µs <a message>", "size", lines, log_y=log_y))
    name = "{http://www.w3.org/2000/svg}"

    assert len(root.findall(f"{name}polyline")) == 2
    assert len(root.findall(f"{name}circle")) == 4
    texts = {element.text: element for element in root.findall(f"{name}text")}
    assert {"µs <a message>", "size", "1", "100", "one & two", "other"} <= {*texts}
    # Names of lines that end in one place do not lie upon each other.
    assert abs(float(texts["other"].attrib["y"]) - float(texts["one & two"].attrib["y"])) >= 14
