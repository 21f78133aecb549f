"""What a schema calls deprecated: a warning where it is used, in the editor by PEP 702 and at run time by these."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import NOTHING, fields

from emitter_typed._frames import hiding

ClassT = TypeVar("ClassT")

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)

if TYPE_CHECKING:
    from typing_extensions import deprecated as deprecated
else:

    def deprecated(message: str, /) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Make a function warn at the line of its caller, as PEP 702 says.

        Args:
            message: What to use instead. The warning begins with the function's name.

        Returns:
            What marks the function.
        """

        def marked(function: Callable[..., Any]) -> Callable[..., Any]:
            # A coroutine fails when the warning has long returned.
            hidden = hiding(function)

            @hiding
            @functools.wraps(function)
            def warning(*args: Any, **named: Any) -> Any:
                warnings.warn(f"{function.__name__} is deprecated: {message}", DeprecationWarning, stacklevel=3)
                return hidden(*args, **named)

            warning.__deprecated__ = message
            return warning

        return marked


def warn_when_made(message: str | None = None, /, **by_field: str) -> Callable[[type[ClassT]], type[ClassT]]:
    """Make an attrs class warn when a program makes an object of it; one that is read from the wire warns nobody.

    Args:
        message: What to say of the class; None: it is not deprecated itself.
        by_field: What to say where a field is given another value than its default.

    Returns:
        What marks the class.
    """

    def marked(cls: type[ClassT]) -> type[ClassT]:
        make: Callable[..., None] = cls.__init__
        attributes: Any = cls  # Any: an attrs class, which no bound of a type variable can say
        by_parameter = {one.alias or one.name: one.default for one in fields(attributes)}
        avoidable = {name: by_parameter[name] for name in by_field if by_parameter[name] is not NOTHING}

        @functools.wraps(make)
        def warning(self: object, **given: object) -> None:
            if not _quiet.get():
                if message is not None:
                    warnings.warn(f"{cls.__name__} is deprecated: {message}", DeprecationWarning, stacklevel=2)
                for name, default in avoidable.items():
                    if name in given and given[name] != default:
                        said = f"{name} of {cls.__name__} is deprecated: {by_field[name]}"
                        warnings.warn(said, DeprecationWarning, stacklevel=2)
            make(self, **given)

        # Python 3.14 copies what makes annotations instead; attrs gives a constructor the annotations themselves.
        warning.__annotations__ = make.__annotations__
        setattr(cls, "__init__", warning)  # noqa: B010  # checkers refuse the plain spelling
        return cls

    return marked


@contextmanager
def quietly() -> Generator[None]:
    """Make objects without a warning: they came from elsewhere."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


def warns(cls: type) -> bool:
    """Tell whether a class warns when an object of it is made."""
    # A class of the program's own may inherit its constructor.
    return hasattr(getattr(cls, "__init__"), "__wrapped__")  # noqa: B009  # checkers refuse the plain spelling
