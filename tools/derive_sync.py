"""Derives modules of the sync client from those of the async one: without `await`, and with other names.

`make generate` runs it, and writes the modules. `make generate-check` runs it with `--check`, and fails if one of them
is not what would be written.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MODULES = (
    "src/emitter_typed/_core/async_calls.py",
    "src/emitter_typed/_core/async_channels.py",
    "src/emitter_typed/_core/async_subscriptions.py",
    "src/emitter_typed/_async/handlers.py",
    "src/emitter_typed/_async/lifecycle.py",
    "src/emitter_typed/_async/receiving.py",
)
"""What is derived from; what it makes has the same path, with `sync` for `async`."""

REPLACEMENTS = (
    # A paragraph of a docstring.
    (r"(?s)\n\n +With asyncio, .*?(?=\n\n|\n *\"\"\")", ""),
    (r"\basync (?=def|for|with)", ""),
    (r"\bawait ", ""),
    # A handler that may return what is awaited may not.
    (r"\bAwaitable\[None\]( \| None)?", "None"),
    # Classes for users have the plain name, ...
    (r"\ban (?=`Async)", "a "),
    (r"\bAsync(Callback|Client|ConnectionState|Handler|Iterator|Pending|Subscription)\b", r"\1"),
    # ... those that are generated for users as well, ...
    (r'"Async"', '""'),
    # ... and our own tell what they are.
    (r"\bAsync(?=[A-Z])", "Sync"),
    (r"(?<![a-z])async_", "sync_"),
    (r"(?<=_)async\b", "sync"),
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\bwith asyncio\b", "with threads"),
    (r"\btask\b", "thread"),
)
"""Patterns and what stands in their place, in this order: in code, docstrings and comments alike."""

FIXES = "F401,I,UP028"
"""What ruff does after them: it takes out imports that nothing needs now, sorts the others, writes `yield from`."""


class NotDerivable(Exception):
    """A module that cannot be derived from, and why."""


def derive(text: str, name: str) -> str:
    """Return the sync module that an async one makes.

    Args:
        text: The async module.
        name: Its path.

    Raises:
        NotDerivable: It is not Python, or a line would still speak of asyncio.
    """
    derived = text
    for pattern, replacement in REPLACEMENTS:
        derived = re.sub(pattern, replacement, derived)
    fixed = _ruff("check", "--quiet", "--fix", "--unsafe-fixes", f"--select={FIXES}", given=derived, name=name)
    derived = _ruff("format", given=fixed, name=name)
    for line in derived.splitlines():
        if re.search("async|await|coroutine|event loop", line, re.IGNORECASE):
            raise NotDerivable(
                f"{name}: this cannot be said of threads, so put it into a class that has a twin written by hand: "
                f"{line.strip()}"
            )
    source = Path(name).relative_to("src/emitter_typed")
    return f"# @generated from {source} by tools/derive_sync.py. Do not edit: run `make generate`.\n{derived}"


def derived_name(name: str) -> str:
    """Return the path of what is made of a module."""
    return name.replace("async", "sync")


def _ruff(*arguments: str, given: str, name: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, f"--stdin-filename={ROOT / derived_name(name)}", "-"]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise NotDerivable(f"{name}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write what has changed, or with `--check` say it; return 1 if that is some, or something cannot be derived."""
    check = arguments == ["--check"]
    if arguments and not check:
        print("usage: python -m tools.derive_sync [--check]", file=sys.stderr)
        return 2
    changed = 0
    for name in MODULES:
        target = root / derived_name(name)
        try:
            text = derive((root / name).read_text("utf-8"), name)
        except NotDerivable as error:
            print(error, file=sys.stderr)
            return 1
        if not target.exists() or target.read_text("utf-8") != text:
            changed += 1
            if check:
                print(f"{derived_name(name)} is not what {name} makes: run `make generate`", file=sys.stderr)
            else:
                target.write_text(text, "utf-8", newline="\n")
    print(f"{len(MODULES)} modules, {changed} {'to be written' if check else 'written'}")
    return int(check and changed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
