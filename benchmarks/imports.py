"""What importing a generated package costs, beside the same attrs classes written by hand.

    python benchmarks/imports.py [ROUNDS]

A schema of 50 channels and 80 types with 6 fields each becomes a package, and a module with the same 80 classes is
written as one would by hand. Each import is timed in a process of its own, from its first statement to its last; the
cases take turns, and the median of all rounds counts. Both sides pay for attrs, which the interpreter has not loaded.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from emitter_typed_codegen.cli import main as emitter_typed

CHANNELS = 50
TYPES = 80
# As the schema says them, and as one writes them in Python.
FIELDS = {
    "int": "int",
    "float": "float",
    "string": "str",
    "datetime?": "datetime | None = None",
    "bool": "bool",
    '"[string]"': "tuple[str, ...]",
}
RUNTIME = "import emitter_typed.channels\nfrom emitter_typed import Client\n"
TIMED = """
import sys
{before}
from time import perf_counter
start = perf_counter()
{statement}
print(perf_counter() - start)
"""
CASES = {
    "by hand: 80 classes": ("", "import by_hand"),
    "import big_api": ("", "import big_api"),
    "use of one type, which loads all 80": ("", "from big_api import Type1"),
    "by hand, client loaded": (RUNTIME, "import by_hand"),
    "import big_api, client loaded": (RUNTIME, "import big_api"),
    "use of one type, client loaded": (RUNTIME, "from big_api import Type1"),
    "use of the facade, client loaded: 80 types, 50 classes of parameters, 200 of channels": (
        RUNTIME,
        "from big_api import Big",
    ),
}


def schema(types: int = TYPES, *, channels: int = CHANNELS) -> str:
    """Return a schema of so many types and channels."""
    declared = (
        f"  Type{number}:\n    doc: The type number {number}.\n    fields:\n"
        + "".join(f"      field_{index}: {{type: {said}, doc: Field {index}.}}\n" for index, said in enumerate(FIELDS))
        for number in range(types)
    )
    addressed = (
        f'  channel_{number}: {{address: "big/{number}/{{room}}/", payload: Type{number}, doc: Channel {number}.}}\n'
        for number in range(channels)
    )
    return f"emitter-typed: 1\nname: Big\ntypes:\n{''.join(declared)}" + (
        f"channels:\n{''.join(addressed)}" if channels else ""
    )


def by_hand(types: int = TYPES) -> str:
    """Return the same classes as a person would write them."""
    head = "from __future__ import annotations\n\nfrom datetime import datetime\n\nfrom attrs import frozen\n"
    fields = "".join(
        f'    field_{index}: {said}\n    """Field {index}."""\n' for index, said in enumerate(FIELDS.values())
    )
    return head + "".join(
        f'\n\n@frozen(kw_only=True)\nclass Type{number}:\n    """The type number {number}."""\n\n{fields}'
        for number in range(types)
    )


def seconds(folder: Path, before: str, statement: str) -> float:
    """Time a statement in a new process."""
    program = TIMED.format(before=before, statement=statement)
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main(rounds: int) -> None:
    """Time every case so many times, and print medians and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "big.yaml").write_text(schema(), "utf-8")
        (folder / "by_hand.py").write_text(by_hand(), "utf-8")
        assert emitter_typed(["generate", str(folder / "big.yaml"), "--out", str(folder / "big_api")]) == 0
        # The first round compiles what lies on the disk, and does not count.
        times = [{case: seconds(folder, *said) for case, said in CASES.items()} for _ in range(rounds + 1)][1:]
    medians = {case: statistics.median(one[case] for one in times) for case in CASES}
    for case, median in medians.items():
        hand = medians["by hand, client loaded" if "client loaded" in case else "by hand: 80 classes"]
        print(f"{median * 1000:7.1f} ms {median / hand:6.2f} x by hand   {case}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
