"""Time is told by one clock, which goes on where a program's tests stop the others."""

import ast

from tests.helpers.tree import module_files

# Each with the reason for which it asks Python's own clocks.
OWN = {
    "emitter_typed._broker.clock": "The time of day of the embedded broker, which tests may move.",
    "emitter_typed._clock": "It makes the clock of the others.",
}


def test_only_the_listed_modules_import_time() -> None:
    found = {
        name
        for name, path in module_files().items()
        if name.startswith("emitter_typed.")
        for each in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(each, ast.Import) and any(one.name == "time" for one in each.names))
        or (isinstance(each, ast.ImportFrom) and each.module == "time")
    }

    assert found == set(OWN)
