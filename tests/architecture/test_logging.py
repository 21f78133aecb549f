"""Every line of the log is an event that docs/reference/logging.md tells of, in a form that programs can rely on."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers.tree import ROOT, module_files

LEVELS = {
    "debug": "DEBUG",
    "info": "INFO",
    "warning": "WARNING",
    "error": "ERROR",
    "exception": "ERROR",
    "critical": "CRITICAL",
}
FORM = re.compile(r"(?P<event>[a-z]+\.[a-z_]+)(?P<facts>(?: [a-z_]+=%(?:s|d|\.\d+f))*)")
FREE_TEXT = {"reason", "error"}
WORDS = re.compile(r"\blogging\b|\bLog\b")


class Line(NamedTuple):
    event: str
    level: str
    logger: str
    facts: tuple[str, ...]


class Module(NamedTuple):
    logger: str | None
    calls: list[ast.Call]


def read_module(source: str) -> Module:
    """Find the logger of a module, and every call of it; whoever logs in another way is refused."""
    tree = ast.parse(source)
    loggers = [
        each.value.args[0]
        for each in tree.body
        if isinstance(each, ast.Assign)
        and isinstance(each.value, ast.Call)
        and ast.unparse(each.targets[0]) == "_log"
        and ast.unparse(each.value.func) in ("Log", "logging.getLogger")
    ]
    used = [
        each
        for each in ast.walk(tree)
        if (isinstance(each, ast.Name) and each.id == "Log")
        or (
            isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id in ("logging", "_log")
        )
    ]
    calls = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and ast.unparse(each.func.value) == "_log"
    ]
    assert len(used) == len(calls) + len(loggers), "logging is used as _log.info(…), and _log is made once"
    assert all(isinstance(each, ast.Constant) for each in loggers)
    assert bool(calls) == bool(loggers), "a logger that nobody uses, or none that is used"
    return Module(ast.literal_eval(loggers[0]) if loggers else None, calls)


def read_line(call: ast.Call, logger: str) -> Line:
    """Return what a call logs; one that does not have the form is refused."""
    where = ast.unparse(call)
    assert isinstance(call.func, ast.Attribute)
    template, *values = call.args
    assert isinstance(template, ast.Constant), f"not a text: {where}"
    form = FORM.fullmatch(str(template.value))
    assert form is not None, f"not of the form event.name fact=%s: {where}"
    facts = tuple(fact.partition("=")[0] for fact in form["facts"].split())
    assert len(facts) == len(values), f"as many values as facts: {where}"
    assert FREE_TEXT.isdisjoint(facts[:-1]), f"free text comes last: {where}"
    return Line(form["event"], LEVELS[call.func.attr], logger, facts)


def read_lines(source: str) -> list[Line]:
    """Return what a module logs."""
    module = read_module(source)
    return [read_line(call, str(module.logger)) for call in module.calls]


def logging_modules() -> Iterator[tuple[str, Path]]:
    for name, path in module_files().items():
        # `_guards` defines how the others log.
        ours = name.startswith("emitter_typed.") and name != "emitter_typed._guards"
        if ours and WORDS.search(path.read_text("utf-8")):
            yield name, path


def lines() -> Iterator[Line]:
    for name, path in logging_modules():
        belongs = "emitter_typed.broker" if name.startswith("emitter_typed._broker") else "emitter_typed"
        for line in read_lines(path.read_text("utf-8")):
            assert line.logger == belongs, name
            yield line


def told() -> list[Line]:
    page = (ROOT / "docs" / "reference" / "logging.md").read_text("utf-8")
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in page.splitlines() if row.startswith("| `")]
    return [
        Line(event.strip("`"), level, logger.strip("`"), tuple(re.findall(r"`(\w+)`", facts)))
        for event, level, logger, facts, _ in rows
    ]


def test_the_page_tells_every_event_and_no_other() -> None:
    assert sorted(told()) == sorted(set(lines()))


@pytest.mark.parametrize(
    "statement",
    [
        '_log.info("it works")',
        '_log.info("Connection.opened")',
        '_log.info("connection.opened: %s", host)',
        '_log.info("connection.opened host=%s")',
        '_log.info("connection.lost reason=%s delay_s=%d", reason, delay_s)',
        '_log.info(f"connection.opened host={host}")',
        '_log.log(20, "connection.opened")',
        'logging.info("connection.opened")',
        'logging.getLogger("x").info("connection.opened")',
        'Log("x").info("connection.opened")',
        "log = _log.info",
    ],
)
def test_another_form_is_found(statement: str) -> None:
    source = f'_log = Log("emitter_typed")\n_log.info("connection.closed")\n{statement}\n'

    with pytest.raises((AssertionError, KeyError)):
        read_lines(source)


def test_a_client_logs_only_where_no_lock_is_held() -> None:
    plain = [
        name
        for name, path in logging_modules()
        # The command line says only what its own logger does with what a client logs.
        if not name.startswith(("emitter_typed._broker", "emitter_typed._cli"))
        and "getLogger" in path.read_text("utf-8")
    ]

    assert plain == [], "a Log waits until its thread holds no lock"
