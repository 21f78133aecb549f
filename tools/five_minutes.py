"""Measures how long it takes from `pip install` of the wheel to a typed message in a shell, as the tutorial goes.

`python -m tools.five_minutes` builds the wheel, then runs the tutorial's own blocks in a new folder with a new
environment. A person also reads and types; the program's time is what they wait for.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.docs.tutorial import PAGE, follow

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Follow the tutorial; 0 if it arrives."""
    with tempfile.TemporaryDirectory(prefix="emitter-typed-five-minutes-") as name:
        scratch = Path(name)
        print("building the wheel", flush=True)
        subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(scratch / "dist"), str(ROOT)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (wheel,) = (scratch / "dist").glob("*.whl")
        (scratch / "home").mkdir()
        print(f"{measure(wheel, scratch / 'home'):.1f} s from `pip install` to a typed message in a shell")
    return 0


def measure(wheel: Path, folder: Path) -> float:
    """Run the tutorial's blocks up to the typed message, and return the seconds that they took."""
    page, _, _ = PAGE.partition("## 9.")
    began_s = time.monotonic()
    shown = ""
    # The interpreter that made this environment: the reader has no other.
    programs = Path(sys.base_prefix) / "bin"
    for block, runner in follow(page, folder, lambda code: code.replace(wheel.name, str(wheel)), programs):
        if block.language == "sh":
            shown = runner.printed.strip()
            print(f"{time.monotonic() - began_s:6.1f} s  {block.code.splitlines()[-1]}", flush=True)
    print(f"          {shown}")
    return time.monotonic() - began_s


if __name__ == "__main__":
    sys.exit(main())
