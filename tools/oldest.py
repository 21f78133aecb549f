"""Prints the oldest allowed release of each dependency, as pins for pip. Run by `make test-oldest`."""

import tomllib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def dependencies() -> Iterable[str]:
    """Return what the package and its extras ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return chain(project["dependencies"], *project["optional-dependencies"].values())


def oldest(asked: Iterable[str], own_name: str = "emitter-typed") -> Iterator[str]:
    """Give a pin for each of these dependencies; extras that ask for the package itself are left out.

    Raises:
        ValueError: A dependency has no lower bound, so nobody has promised how old it may be.
    """
    for text in asked:
        requirement = Requirement(text)
        if requirement.name == own_name:
            continue
        lower = [each.version for each in requirement.specifier if each.operator in (">=", "==", "~=")]
        if len(lower) != 1:
            raise ValueError(f"{text}: expected one lower bound, such as {requirement.name}>=1.0")
        yield f"{requirement.name}=={lower[0]}"


if __name__ == "__main__":
    print(*oldest(dependencies()), sep="\n")
