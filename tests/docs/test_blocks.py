"""Every block of code on every page runs, here or in the test that the page names; or the page says why it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed.broker import Broker
from tests.docs.page_runner import ELSEWHERE, PageRunner, noted_blocks, page_id
from tests.helpers.pages import PAGES
from tests.helpers.tree import ROOT

# Two that have tests of their own: `tests/codegen/diagnostics` and `test_tutorial`.
PRINTED = ROOT / "docs" / "reference" / "rules.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
EXAMPLES = ROOT / "examples"

BLOCKS = {page: noted_blocks(page.read_text("utf-8")) for page in PAGES if page not in (PRINTED, TUTORIAL)}
RUNNING = [page for page, blocks in BLOCKS.items() if any(not block.note.startswith(ELSEWHERE) for block in blocks)]


@pytest.mark.parametrize("page", RUNNING, ids=page_id)
def test_blocks_run_from_top_to_bottom(page: Path, tmp_path: Path, broker: Broker) -> None:
    def edited(code: str) -> str:
        # What the page installs is there, and nobody watches the tour.
        lines = [line for line in code.splitlines() if not line.startswith("pip install")]
        return "".join(f"{line}\n" for line in lines).replace("emitter-typed demo", "emitter-typed demo --pause 0")

    folder = tmp_path / "here"
    if page.parent.parent == EXAMPLES:
        # Its reader is in the folder of the example.
        shutil.copytree(page.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        folder.mkdir()
    environment = {"EMITTER_URL": broker.url, "EMITTER_MASTER_KEY": broker.master_key}
    key = broker.keygen("#/", "rwslp")
    with Client.from_url(broker.url, username="ann") as client:
        names: dict[str, object] = {
            "broker": broker,
            "client": client,
            "connected": client,
            "key": key,
            "url": broker.url,
        }
        with PageRunner(folder, environment=environment, names=names, edited=edited) as runner:
            for block in BLOCKS[page]:
                runner.run(block)


@pytest.mark.parametrize("page", BLOCKS, ids=page_id)
def test_who_runs_the_others_knows_the_page(page: Path) -> None:
    by = {block.note.removeprefix("run by: ") for block in BLOCKS[page] if block.note.startswith("run by: ")}

    assert [path for path in by if page.name not in (ROOT / path).read_text("utf-8")] == []


@pytest.mark.parametrize("page", BLOCKS, ids=page_id)
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    reasons = [block.note.removeprefix("not run:") for block in BLOCKS[page] if block.note.startswith("not run:")]

    assert [reason for reason in reasons if len(reason.split()) < 4] == []
