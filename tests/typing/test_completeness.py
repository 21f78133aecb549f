"""Whoever installs the packages gets a type for everything in them, as pyright counts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("package", ["emitter_typed", "emitter_typed_codegen"])
def test_every_symbol_has_a_type(package: str, tmp_path: Path) -> None:
    """Types that come from other packages are theirs: paho-mqtt leaves some out."""
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"],
        # Elsewhere, where the package is an installed one and no part of a project: in the environment of this Python.
        cwd=tmp_path,
        env={**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)["typeCompleteness"]

    incomplete = [each for each in report["symbols"] if not each["isTypeKnown"] or each["isTypeAmbiguous"]]
    assert [f"{each['name']}: {one['message']}" for each in incomplete for one in each.get("diagnostics", [])] == []
    assert len(report["symbols"]) > 100
    assert report["completenessScore"] == 1
