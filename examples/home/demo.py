"""The tour in one command: from a schema to typed messages over a socket, with nothing but this checkout.

1. generate a package from `home.yaml`; 2. check `app.py` against it with mypy strict; 3. start the embedded broker;
4. run `app.py`. Everything is made in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from emitter_typed.broker import Broker

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def step(number: int, title: str) -> None:
    """Say what comes next."""
    print(f"\n[{number}/4] {title}", flush=True)


def run(folder: Path, *command: str, **environment: str) -> None:
    """Run a program of this Python in a folder, and end with its exit code if it fails."""
    print(f"      $ {' '.join(command)}", flush=True)
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, env={**os.environ, **environment}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Go through the four steps."""
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="emitter-typed-demo-") as name:
        folder = Path(name)
        for file in ("home.yaml", "app.py"):
            shutil.copy(HERE / file, folder)

        step(1, "home.yaml becomes the package home_api")
        run(folder, "emitter_typed", "generate", "home.yaml", "--out", "home_api")

        step(2, "mypy strict checks app.py against it")
        run(folder, "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache" / "demo"), "app.py")

        step(3, "the embedded broker starts on a free port of 127.0.0.1")
        with Broker() as broker:
            print(f"      listening on {broker.url}", flush=True)

            step(4, "app.py runs, and prints what comes back as objects")
            run(folder, "app", EMITTER_URL=broker.url, EMITTER_MASTER_KEY=broker.master_key)
    print(f"\nDone in {perf_counter() - began:.1f} s. The schema and the program are in {HERE.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
