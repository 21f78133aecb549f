"""What is printed when a rule is broken, and the page that shows it."""

import re
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.problems import Rule, SchemaProblems
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.source import MOST_BYTES

RULES: tuple[str, ...] = get_args(Rule)
CASES = Path(__file__).parent / "cases"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "rules.md"
SCHEMA = "emitter-typed: 1\ntypes:\n  Reading: {fields: {celsius: float}}\n"


def no_file() -> None:
    Path("home.yaml").write_text(SCHEMA)
    load(Path("hoem.yaml"))


def not_readable() -> None:
    Path("schemas").mkdir()
    load(Path("schemas"))


def too_large() -> None:
    Path("home.yaml").write_text("#" * (MOST_BYTES + 1))
    load(Path("home.yaml"))


def output() -> None:
    Path("home.yaml").write_text(SCHEMA)
    generate = ["generate", "home.yaml", "--out", "home_api"]
    main(generate)
    Path("home_api/types.py").write_text("mine\n")
    main(generate)


SITUATIONS: dict[str, Callable[[], None]] = {
    "no-file": no_file,
    "not-readable": not_readable,
    "too-large": too_large,
    "output": output,
}
"""What no file in a repository can show, made in the folder in which it is called."""


def printed(rule: str) -> str:
    """Return what is printed for the case of a rule."""
    with TemporaryDirectory() as folder, chdir(folder if rule in SITUATIONS else CASES):
        said = StringIO()
        try:
            with redirect_stderr(said), redirect_stdout(StringIO()):
                SITUATIONS.get(rule, lambda: load(Path(f"{rule}.yaml")))()
        except SchemaProblems as problems:
            return str(problems)
        return said.getvalue()


def example(rule: str) -> str:
    """Return what the page shows of it: the first problem that is about the rule."""
    text = (CASES / f"{rule}.txt").read_text("utf-8")
    whole = re.findall(r"^\S.*\n(?: .*\n)*", text, re.MULTILINE)
    return next((problem for problem in whole if f": {rule}: " in problem.splitlines()[0]), text)


class Section:
    """What the page says about one rule."""

    def __init__(self, found: re.Match[str]) -> None:
        """Take it from the match of `sections`."""
        self.rule, self.meaning, self.example, self.instead = found.groups()


def sections(page: str) -> Iterator[Section]:
    """Return what a page says about each rule, in its order; what has not this form is none."""
    form = r"^### (\S+)\n\n(\S(?:.*\n)+?)\n```text\n((?:.*\n)*?)```\n\nInstead: (\S(?:.*\n)+?)(?=\n#|\Z)"
    return map(Section, re.finditer(form, page, re.MULTILINE))


def with_examples(page: str) -> str:
    """Return a page with the examples as they are now."""
    return re.sub(
        r"^(### (\S+)\n\n(?:.*\n)+?\n```text\n)(?:.*\n)*?(```\n)",
        lambda found: f"{found[1]}{example(found[2])}{found[3]}" if found[2] in RULES else found[0],
        page,
        flags=re.MULTILINE,
    )
