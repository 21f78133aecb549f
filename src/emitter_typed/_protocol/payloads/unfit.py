"""What a conversion raises: what is wrong, and the place, which each container adds on the way out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from emitter_typed._masking import hide_keys, kind_of, shown, with_article
from emitter_typed.errors import InvalidArgument

_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch


def step(name: object) -> str:
    """Return the step of a path to what has this name in an object."""
    if not isinstance(name, str):
        return f"[{kind_of(name)}]"
    return f".{name}" if _is_name(name) else f"[{shown(name)}]"


class Unfit(ValueError):
    """A value breaks the rule of its type. Never leaves the codec."""

    def __init__(self, problem: str, *steps: str) -> None:
        """Say what is wrong, and where below the value: the steps from the inside out."""
        super().__init__(problem)
        self._steps = [*steps]

    @property
    def path(self) -> str:
        """Where it is, such as `$.readings[3].celsius`."""
        return "$" + "".join(self.steps)

    @property
    def steps(self) -> list[str]:
        """The steps of the path, from the outside in."""
        return self._steps[::-1]

    def below(self, step: str) -> Unfit:
        """Note that all of it lies one step further in, and return itself."""
        self._steps.append(step)
        return self

    def in_json(self) -> str:
        """Return what is wrong, for the reader of a document."""
        return str(self)


class NeedsDigits(Unfit):
    """A number of a document that a decimal is to be made of, and that was read without its digits."""

    def __init__(self) -> None:
        """Say it."""
        super().__init__("the digits of the number are not known")


class Unexpected(Unfit):
    """A value of another type than was expected. It is named as Python's users do, for most are somebody's argument."""

    def __init__(self, what: str, value: object) -> None:
        """Say what was expected and what came."""
        super().__init__(f"expected {what}, got {kind_of(value)}")
        self.what = what
        self._kind = "null" if value is None else "an object" if isinstance(value, Mapping) else kind_of(value)

    def in_json(self) -> str:
        """Return the same in JSON's words."""
        return f"expected {self.what}, got {self._kind}"


def expected(what: str, value: object) -> Unfit:
    """Say what was expected and what came."""
    return Unexpected(what, value)


def other_class(value: object, cls: type) -> Unfit:
    """Say that an object is of another class than the one that is to be written."""
    return expected(with_article(cls.__name__), value)


def refused(error: Exception, name: str | None = None) -> Unfit:
    """Return what a class, or a constraint of its field, says of a value as a problem of that value.

    Args:
        error: What was raised.
        name: What the field is called in the path, where the error does not name the field itself.
    """
    if isinstance(error, InvalidArgument):
        argument, bracket, item = error.argument.partition("[")
        name = argument if name is None else name
        problem = Unfit(error.message.removeprefix(error.argument).lstrip(": "), f"{bracket}{item}")
        return problem.below(step(name)) if name else problem
    first = error.args[0] if error.args else ""
    # Validators of attrs give the attribute, the class and the value after their text.
    return Unfit(hide_keys(first if isinstance(first, str) and first else type(error).__name__))


class Missing(Unfit):
    """A field is not there."""

    def __init__(self, name: str) -> None:
        """Name the field."""
        super().__init__("is missing", step(name))
        self.name = name


def unset(name: str) -> NoReturn:
    """Say that an attribute has no value. Raises Unfit."""
    raise Unfit("has no value", step(name))
