"""`python make_strategies.py MODULE…` makes all that modules of strategies have, and prints how many they are."""

import importlib
import inspect
import sys
import typing
from pathlib import Path


def main(modules: list[str]) -> None:
    """Make all strategies, and read what they say they are."""
    for name in modules:
        module = importlib.import_module(name)
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == name:
                made = function()
                assert typing.get_type_hints(function)["return"].__origin__ in type(made).__mro__, f"{name}: {function}"
    sys.stdout.write(f"{len(modules)}\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1:])
