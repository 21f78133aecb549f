"""What tools see that print tracebacks with locals."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType, TracebackType

from tests.helpers.tree import ROOT

TESTS, HELPERS = str(ROOT / "tests" / "behaviour"), str(ROOT / "tests" / "helpers")
SOURCE = str(ROOT / "src")


def frames(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of the library that an error and its causes went through."""
    seen: set[int] = set()
    errors: list[BaseException | None] = [error]
    while errors:
        one = errors.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        errors += [one.__cause__, one.__context__]
        traceback: TracebackType | None = one.__traceback__
        while traceback is not None:
            if not traceback.tb_frame.f_code.co_filename.startswith((TESTS, HELPERS)):
                yield traceback.tb_frame
            traceback = traceback.tb_next


def shown(error: BaseException, *keys: str) -> list[str]:
    """Say which local of which frame shows a key."""
    return [
        f"{frame.f_code.co_filename.removeprefix(SOURCE)}:{frame.f_lineno} {frame.f_code.co_name}: {name}"
        for frame in frames(error)
        for name, value in frame.f_locals.items()
        if any(key in _repr(value) for key in keys)
    ]


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:
        return repr(error)
