"""The tutorial works from its first line to its last, but for what a package index is needed for."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from emitter_typed._cli.init import SCHEMA
from emitter_typed_codegen.version import VERSION
from tests.docs.page_runner import PageRunner, noted_blocks
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def test_a_reader_gets_what_the_page_shows(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    master_key = ""

    def edited(code: str) -> str:
        # What the page installs is there, its port may be taken, and each broker makes a master key of its own.
        code = re.sub(r"^(python3 -m venv|\. \.venv|pip install)\b.*\n", "", code, flags=re.MULTILINE)
        code = code.replace("emitter-typed broker", f"emitter-typed broker --port {port}").replace(":8080", f":{port}")
        return re.sub(r"(?<=EMITTER_MASTER_KEY=)\S+", master_key, code)

    with PageRunner(tmp_path, environment={"EMITTER_URL": f"mqtt://127.0.0.1:{port}"}, edited=edited) as runner:
        for block in noted_blocks(PAGE):
            runner.run(block)
            if "emitter-typed broker" in block.code:
                (master_key,) = re.findall(r"^  master key +(\S+)", runner.background.text, re.MULTILINE)
            if block.note == "display":
                assert runner.background.wait(block.code.splitlines()[-1])
                assert runner.background.text == block.code


def test_the_schema_is_the_one_that_init_writes() -> None:
    assert [block.code for block in noted_blocks(PAGE) if block.language == "yaml"] == [SCHEMA]


def test_the_wheel_has_the_name_that_this_version_gives_it() -> None:
    assert re.findall(r"emitter_typed-[\w.]+-py3-none-any\.whl", PAGE) == [f"emitter_typed-{VERSION}-py3-none-any.whl"]
