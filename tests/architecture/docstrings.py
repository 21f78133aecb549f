"""Everything public, with its docstrings taken apart, as the architecture tests see it."""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from types import FunctionType
from typing import NamedTuple

import attrs

from emitter_typed._generated import errors as generated_errors

PACKAGES = ("emitter_typed", "emitter_typed.broker", "emitter_typed.channels", "emitter_typed.testing")

_find_sections = re.compile(r"^(Args|Returns|Raises):\n((?: .*\n|\n(?= ))*)", re.MULTILINE).findall
_find_sections_begin = re.compile(r"^(?:Args|Returns|Raises):$", re.MULTILINE).split
_find_entries = re.compile(r"^    (\w+): ((?:.*\n(?:     .*\n)*))", re.MULTILINE).findall


class Docstring:
    """A docstring and its sections."""

    def __init__(self, text: str) -> None:
        self.text = inspect.cleandoc(text)
        self._sections: dict[str, str] = dict(_find_sections(self.text + "\n"))

    @property
    def summary(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0]

    @property
    def description(self) -> list[str]:
        """The lines between the first one and the sections, without examples and blank lines."""
        above = _find_sections_begin(self.text).pop(0)
        return [line for line in above.split("\n")[1:] if line.strip() and not line.startswith((">>>", "..."))]

    def entries(self, section: str) -> dict[str, str]:
        """Return what a section tells, by its names."""
        return {name: " ".join(text.split()) for name, text in _find_entries(self._sections.get(section, ""))}

    def says_what_is_returned(self) -> bool:
        """Whether there is a section, or one sentence that begins with it."""
        return "Returns" in self._sections or self.text.startswith("Return ")

    def is_for_users(self) -> bool:
        """Whether it does not say that the rest of the package calls this, and nobody else."""
        first, _, _ = self.text.partition("\n")
        return first not in ("Made by clients.", "Made by brokers.") and "For the clients' own use." not in self.text


class Callee(NamedTuple):
    """A function, method or property that users call."""

    name: str
    function: FunctionType
    is_property: bool = False

    @property
    def docstring(self) -> Docstring:
        return Docstring(self.function.__doc__ or "")

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        parameters = inspect.signature(self.function).parameters
        return (
            {} if self.is_property else {name: one for name, one in parameters.items() if name not in ("self", "cls")}
        )

    @property
    def returns(self) -> bool:
        annotation: object = inspect.signature(self.function).return_annotation
        return not self.is_property and annotation not in (None, "None", inspect.Signature.empty)

    @property
    def raised(self) -> set[str]:
        """The classes that its own body raises by name."""
        return raised_in(inspect.getsource(self.function))


def raised_in(source: str) -> set[str]:
    """Return the classes that a function raises by name."""
    tree = ast.parse(textwrap.dedent(source))
    raised = [each.exc for each in ast.walk(tree) if isinstance(each, ast.Raise)]
    named = [each.func if isinstance(each, ast.Call) else each for each in raised]
    return {each.id for each in named if isinstance(each, ast.Name) and each.id[0].isupper()}


def public_classes() -> dict[str, type]:
    """Return the classes that can be imported from a public package, by where."""
    return {name: value for name, value in _public_values() if isinstance(value, type)}


def public_callees() -> dict[str, Callee]:
    """Return the functions that can be imported, and what public classes have; what is inherited stands there once."""
    found: dict[object, Callee] = {}
    for name, value in _public_values():
        if isinstance(value, FunctionType):
            found[value] = Callee(name, value)
        elif isinstance(value, type):
            for each in _callees_of(name, value):
                found.setdefault(each.function, each)
    return {each.name: each for each in found.values() if each.docstring.is_for_users()}


def undocumented_attributes(of: type) -> set[str]:
    """Return the public attributes of a class that have no text below them, in it or where they are inherited from."""
    told: dict[str, bool] = {}
    for cls in of.__mro__:
        if cls.__module__.startswith("emitter_typed"):
            for name, has_text in attributes_of(source_of(cls)):
                told[name] = told.get(name, False) or has_text
    return {name for name, has_text in told.items() if not has_text}


def source_of(cls: type) -> str:
    """Return the source of a class, also of one that names the module that users import it from."""
    if cls.__module__ != "emitter_typed":
        return inspect.getsource(cls)
    source = inspect.getsource(generated_errors)
    (found,) = [each for each in ast.parse(source).body if isinstance(each, ast.ClassDef) and each.name == cls.__name__]
    return ast.get_source_segment(source, found) or ""


def attributes_of(source: str) -> Iterator[tuple[str, bool]]:
    """Yield what a class declares or its constructor sets, and whether a text follows."""
    (cls,) = ast.parse(textwrap.dedent(source)).body
    assert isinstance(cls, ast.ClassDef)
    makers = [each.body for each in cls.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    for body, where in [(cls.body, ""), *((each, "self.") for each in makers)]:
        for statement, after in pairwise([*body, ast.Pass()]):
            assigned = _assigned(statement)
            name = assigned.removeprefix(where)
            if assigned.startswith(where) and name.isidentifier() and not name.startswith("_"):
                yield name, isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)


def _assigned(statement: ast.stmt) -> str:
    if isinstance(statement, ast.AnnAssign):
        return ast.unparse(statement.target)
    return ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""


def _public_values() -> Iterator[tuple[str, object]]:
    for package in PACKAGES:
        module = importlib.import_module(package)
        names: list[str] = module.__all__
        for name in names:
            yield f"{package}.{name}", getattr(module, name)


def _callees_of(path: str, of: type) -> Iterator[Callee]:
    for name in dir(of):
        if name.startswith("_") and (name != "__init__" or attrs.has(of) or issubclass(of, BaseException)):
            continue
        value = inspect.getattr_static(of, name)
        function: object = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if isinstance(function, FunctionType) and function.__module__.startswith("emitter_typed"):
            yield Callee(f"{path}.{name}", function, isinstance(value, property))
