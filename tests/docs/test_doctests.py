"""The examples in docstrings do what they show."""

import doctest
import importlib

import pytest

from tests.helpers.tree import module_files

SHOWING = [name for name, path in sorted(module_files().items()) if ">>> " in path.read_text("utf-8")]


def test_the_classes_that_users_begin_with_show_how() -> None:
    import emitter_typed
    from emitter_typed.broker import AsyncBroker, Broker

    beginnings = (emitter_typed.Client, emitter_typed.AsyncClient, emitter_typed.Message, Broker, AsyncBroker)
    assert [each.__name__ for each in beginnings if ">>> " not in (each.__doc__ or "")] == []


@pytest.mark.parametrize("name", SHOWING)
def test_examples_give_what_they_show(name: str) -> None:
    module = importlib.import_module(name)

    result = doctest.testmod(module, verbose=False)

    assert result.failed == 0, "see the output above"
    assert result.attempted > 0, "the examples are in no docstring"
