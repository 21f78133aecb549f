"""Every lock of the library is a guard, so that the sentinel of the tests sees whether one is held."""

import ast

from tests.helpers.tree import module_files

LOCKS = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "allocate_lock"}
# Each with the reason for which its locks are no guards.
PLAIN = {
    "emitter_typed._guards": "It makes guards of them.",
    "emitter_typed._core.outcomes": "Held from the beginning of a call to its end; it guards nothing.",
    "emitter_typed._cli.terminal": "It keeps lines of the command line whole; no code of a program runs under it.",
}


def makes_locks(source: str) -> bool:
    return any(
        isinstance(each, ast.Call)
        and (
            (isinstance(each.func, ast.Attribute) and each.func.attr in LOCKS and not _is_asyncio(each.func.value))
            or (isinstance(each.func, ast.Name) and each.func.id in LOCKS)
        )
        for each in ast.walk(ast.parse(source))
    )


def _is_asyncio(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id == "asyncio"


def test_only_the_listed_modules_make_other_locks() -> None:
    found = {
        name
        for name, path in module_files().items()
        if name.startswith("emitter_typed.") and makes_locks(path.read_text("utf-8"))
    }

    assert found == set(PLAIN)
