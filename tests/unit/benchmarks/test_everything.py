"""What is written of the benchmarks is what their results give, and tells what failed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import everything
from benchmarks.charts import Line, chart
from benchmarks.everything import DATA, ROOT, Section, measure, missing, page, rendered, results, tables

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


def test_what_a_failed_run_leaves_is_said_with_the_figures_of_the_last_one() -> None:
    failed = {**KNOWN, "codec": {**KNOWN["codec"], "failed": "2026-12-24: it ended with exit code 1"}}
    never = {name: each for name, each in KNOWN.items() if name != "scale"}

    assert missing(failed)[0].startswith("Payloads, compared with others: the last run failed (2026-12-24: it ended ")
    assert "the figures are those of 20" in missing(failed)[0]
    assert tables(failed)["codec"] == tables(KNOWN)["codec"]
    assert missing(failed)[0] in results(failed)
    assert "Large schemas: not measured yet." in missing(never)
    assert "Not measured." in results(never)


def test_a_contestant_that_failed_or_is_not_there_is_missing() -> None:
    without = {name: {"taken": "2026-12-24, here", "text": each["text"]} for name, each in KNOWN.items()}
    text = "| emitter_typed | 1 |\n| other | {} |"

    for word in ("FAILED: why", "failed", "missing"):
        without["client"] = {"taken": "2026-12-24, here", "text": text.format(word)}
        assert any(line.startswith("The client, compared with others: a contestant ") for line in missing(without))


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import sys; print('half'); sys.exit(1)", "it ended with exit code 1"),
        ("pass", "it printed nothing"),
        ("import sys; print('all but one'); sys.exit(3)", ""),
    ],
)
def test_half_a_text_of_a_program_that_failed_is_no_result(
    program: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "codec.py").write_text(program, "utf-8")
    monkeypatch.setattr(everything, "ROOT", tmp_path)
    section = Section("codec", "Title", "", (), ())
    before = {"taken": "before", "text": "old"}

    after = measure(section, before, quick=False)

    if why:
        assert after == {**before, "failed": after["failed"]}
        assert after["failed"].endswith(f": {why}")
    else:
        assert after["text"] == "all but one\n"
        assert "failed" not in after


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
