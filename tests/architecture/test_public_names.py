"""The lazy door: what checkers see is what a program gets."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable

import attrs
import pytest

from tests.architecture.docstrings import public_callees, public_classes
from tests.helpers.tree import ROOT

PACKAGE = "emitter_typed"
PUBLIC = (PACKAGE, *(f"{PACKAGE}.{name}" for name in ("broker", "channels", "contract", "errors", "testing")))


@pytest.fixture(scope="module")
def seen_by_checkers() -> list[ast.stmt]:
    tree = ast.parse((ROOT / "src" / PACKAGE / "__init__.py").read_text("utf-8"))
    (block,) = [each for each in tree.body if isinstance(each, ast.If)]
    return block.body


def test_each_name_has_the_home_that_checkers_see(seen_by_checkers: list[ast.stmt]) -> None:
    imports = [each for each in seen_by_checkers if isinstance(each, ast.ImportFrom)]
    seen = {
        each.module.removeprefix(f"{PACKAGE}."): tuple(alias.name for alias in each.names)
        for each in imports
        if each.module is not None and each.module != PACKAGE
    }

    package = importlib.import_module(PACKAGE)
    assert list(seen.pop("_generated")) == importlib.import_module(f"{PACKAGE}._generated").__all__
    assert seen == package._HOMES


def test_the_list_that_checkers_see_is_the_list_at_run_time(seen_by_checkers: list[ast.stmt]) -> None:
    (listed,) = [ast.literal_eval(each.value) for each in seen_by_checkers if isinstance(each, ast.Assign)]

    assert listed == importlib.import_module(PACKAGE).__all__


def test_each_name_is_the_one_of_its_home() -> None:
    package = importlib.import_module(PACKAGE)

    for home, names in package._HOMES.items():
        module = importlib.import_module(f"{PACKAGE}.{home}")
        assert all(getattr(package, name) is getattr(module, name) for name in names), home


MODULES = ("broker", "channels", "cli", "contract", "errors", "testing")


@pytest.mark.parametrize("name", MODULES)
def test_a_public_module_is_an_attribute_of_the_package(name: str) -> None:
    """In a process of its own: an import anywhere would set the attribute."""
    program = f"import emitter_typed; print(emitter_typed.{name}.__name__)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == f"{PACKAGE}.{name}"


def test_a_module_of_generated_code_is_no_attribute_of_the_package() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'sync_api'"):
        _ = importlib.import_module(PACKAGE).sync_api


def test_the_module_of_errors_defines_errors_and_nothing_else() -> None:
    module = importlib.import_module(f"{PACKAGE}.errors")
    defined = {name: one for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__}
    public = {name: one for name, one in defined.items() if not name.startswith("_")}

    assert [name for name, one in public.items() if not inspect.isclass(one)] == []
    assert module.__all__ == sorted(public)


# Type variables stand for whatever the caller uses.
_is_type_variable = re.compile(r"_?[A-Z]\w*T|T|Ts").fullmatch


def test_each_type_in_a_public_signature_can_be_imported_from_a_public_module() -> None:
    """Whoever wraps a call has to annotate its parameters, its result and its attributes."""
    importable = {name for module in PUBLIC for name in importlib.import_module(module).__all__}
    found = {name: ours_in(each.function) for name, each in public_callees().items()}
    found |= {name: ours_in(cls) for name, cls in public_classes().items() if attrs.has(cls)}

    hidden = {
        f"{name}: {one}" for name, types in found.items() for one in types - importable if not _is_type_variable(one)
    }

    assert hidden == set()


def ours_in(annotated: Callable[..., object]) -> set[str]:
    """Return the names of this package in the annotations of a function or class."""
    source = (ROOT / "src" / annotated.__module__.replace(".", "/")).with_suffix(".py")
    tree = ast.parse(source.read_text("utf-8"))
    own = {each.name for each in tree.body if isinstance(each, ast.ClassDef)}
    own |= {
        alias.name
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and (each.level or (each.module or "").startswith(PACKAGE))
        for alias in each.names
    }
    texts = [text for text in inspect.get_annotations(annotated).values() if isinstance(text, str)]
    named = {each.id for text in texts for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Name)}
    return named & own


def test_a_type_in_a_signature_would_be_found() -> None:
    subscribe = public_callees()[f"{PACKAGE}.Client.subscribe"].function

    assert {"Message", "Handler", "Subscription", "Overflow"} <= ours_in(subscribe)


def test_no_private_name_stands_in_the_body_of_a_client() -> None:
    """Editors list those first when `client.` is completed."""
    package = importlib.import_module(PACKAGE)
    for client in (package.Client, package.AsyncClient):
        tree = ast.parse(inspect.getsource(client)).body[0]
        assert isinstance(tree, ast.ClassDef)
        assert [type(each) for each in tree.body] == [ast.Expr], client
