"""How signatures say that they take any form of a type: a class, `int | None`, a `Literal`, a `NewType`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from typing_extensions import TypeForm as TypeForm
else:
    T = TypeVar("T")

    # Checkers know PEP 747 by the stubs that they bring. Python has it from 3.15 on, and `typing.get_type_hints` looks
    # for the name in every version.
    class TypeForm(Generic[T]):
        """Any type that an annotation may hold, such as `list[int]` (PEP 747).

        `type[T]` takes only classes.
        """

        # As PEP 747 has it: a call tells checkers what a form is, and returns it as it is.
        def __new__(cls, form: object, /) -> object:
            return form
