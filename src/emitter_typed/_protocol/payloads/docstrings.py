"""What the source of a class says of it and of its fields, in docstrings and in texts below the fields."""

from __future__ import annotations

import ast
import enum
import inspect
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise


def class_text(cls: type) -> str:
    """Return the docstring of a class; empty where nobody wrote one."""
    text = cls.__doc__
    # attrs and dataclasses write the signature where there is no text.
    if not text or text.startswith(f"{cls.__name__}(") or text == enum.Enum.__doc__ or "__doc__" not in vars(cls):
        return ""
    return inspect.cleandoc(text)


def field_text(cls: type, name: str) -> str:
    """Return the text of the property that reads a field, or below it in the source; empty where there is none."""
    found = getattr(cls, name, None)
    if isinstance(found, property):
        return inspect.cleandoc(found.__doc__ or "")
    for base in cls.__mro__:
        text = _texts_of(base.__module__).get(base.__qualname__, {}).get(name)
        if text:
            return text
    return ""


@lru_cache(maxsize=64)
def _texts_of(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts below the fields of all classes of a module; none where there is no source."""
    found = sys.modules.get(module)
    try:
        tree = ast.parse(inspect.getsource(found)) if found is not None else ast.Module([], [])
    except (OSError, TypeError, SyntaxError):
        return {}
    return dict(_class_texts(tree.body, ""))


def _class_texts(body: list[ast.stmt], within: str) -> Iterable[tuple[str, Mapping[str, str]]]:
    for each in body:
        if isinstance(each, ast.ClassDef):
            yield f"{within}{each.name}", dict(_texts_below(each.body))
            yield from _class_texts(each.body, f"{within}{each.name}.")


def _texts_below(body: list[ast.stmt]) -> Iterable[tuple[str, str]]:
    for field, below in pairwise(body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            yield field.target.id, inspect.cleandoc(below.value.value)
