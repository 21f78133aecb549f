"""A reader of the tutorial: runs its blocks with a port that is free and the master key that the broker prints."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.docs.page_runner import Block, PageRunner, noted_blocks
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def follow(
    page: str, folder: Path, edited: Callable[[str], str], programs: Path | None = None
) -> Iterator[tuple[Block, PageRunner]]:
    """Run the blocks of the page, and yield each one when it has run.

    Args:
        page: The page, or its beginning.
        folder: Where the reader works.
        edited: What else this reader changes in a block.
        programs: The folder where commands are looked for first. Default: that of this Python.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    master_key = ""

    def own(code: str) -> str:
        code = edited(code)
        code = code.replace("emitter-typed broker", f"emitter-typed broker --port {port}").replace(":8080", f":{port}")
        return re.sub(r"(?<=EMITTER_MASTER_KEY=)\S+", master_key, code)

    environment = {"EMITTER_URL": f"mqtt://127.0.0.1:{port}"}
    with PageRunner(folder, environment=environment, edited=own, programs=programs) as runner:
        for block in noted_blocks(page):
            runner.run(block)
            if "emitter-typed broker" in block.code:
                (master_key,) = re.findall(r"^  master key +(\S+)", runner.background.text, re.MULTILINE)
            yield block, runner
