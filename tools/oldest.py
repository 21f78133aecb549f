"""Prints the oldest allowed release of each dependency, as pins for pip. Run by `make test-oldest`."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def oldest(project: dict[str, object], own_name: str = "emitter-typed") -> Iterator[str]:
    """Give a pin for each dependency of a project and of its extras.

    Raises:
        ValueError: A dependency has no lower bound, so nobody has promised how old it may be.
    """
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    for text in [
        *_texts(project.get("dependencies", [])),
        *(one for extra in extras.values() for one in _texts(extra)),
    ]:
        requirement = Requirement(text)
        if requirement.name == own_name:
            continue
        lower = [each.version for each in requirement.specifier if each.operator in (">=", "==", "~=")]
        if len(lower) != 1:
            raise ValueError(f"{text}: expected one lower bound, such as {requirement.name}>=1.0")
        yield f"{requirement.name}=={lower[0]}"


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(one) for one in value]


if __name__ == "__main__":
    print(*oldest(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]), sep="\n")
