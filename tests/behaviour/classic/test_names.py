"""Each name of the official client is ours too, with its parameters in their order and with their defaults."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from emitter_typed import Client, EmitterMessage, Message
from tests.helpers.classic_names import (
    DIFFERENCES,
    MESSAGE_ATTRIBUTES,
    MESSAGE_METHODS,
    METHODS,
    NO_OPTIONS,
    OPTION_MAKERS,
    OPTIONS,
    PROPERTIES,
    REQUIRED,
    Parameters,
)

Signed = Mapping[str, inspect.Parameter]


def signed(of: type, name: str) -> Signed:
    """Return the parameters of a method, without `self`."""
    parameters = dict(inspect.signature(getattr(of, name)).parameters)
    parameters.pop("self", None)
    return parameters


def default(parameter: inspect.Parameter) -> object:
    """Return a default as the lists say it."""
    if parameter.default is inspect.Parameter.empty:
        return REQUIRED
    return NO_OPTIONS if parameter.default in ((), {}) else parameter.default


def problems(of: type, name: str, wanted: Parameters) -> list[str]:
    """Return what keeps a call with the old positional arguments from meaning the same."""
    ours = signed(of, name)
    said = [f"its parameters begin otherwise: {list(ours)}"] if list(ours)[: len(wanted)] != list(wanted) else []
    for parameter in ours.values():
        said += [f"{parameter.name} has no type"] if parameter.annotation is inspect.Parameter.empty else []
        if parameter.name not in wanted:
            said += [f"{parameter.name} is new, and has to be given"] if default(parameter) == REQUIRED else []
            continue
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            said.append(f"{parameter.name} cannot be given by its place and by its name")
        expected, _ = DIFFERENCES.get((name, parameter.name), (wanted[parameter.name], ""))
        if (default(parameter), type(default(parameter))) != (expected, type(expected)):
            said.append(f"{parameter.name} is {default(parameter)!r} by default, not {expected!r}")
    return said


@pytest.mark.parametrize("name", METHODS)
def test_each_method_takes_what_it_took(name: str) -> None:
    assert problems(Client, name, METHODS[name]) == []


@pytest.mark.parametrize("name", OPTION_MAKERS)
def test_each_option_is_made_as_it_was_made(name: str) -> None:
    assert isinstance(inspect.getattr_static(Client, name), staticmethod)
    assert problems(Client, name, OPTION_MAKERS[name]) == []


@pytest.mark.parametrize("name", OPTIONS)
def test_each_constant_is_the_option_that_it_was(name: str) -> None:
    assert getattr(Client, name) == getattr(Client, OPTIONS[name])()


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_handler_can_be_set_and_read(name: str) -> None:
    def handler(*_: object) -> None: ...

    client: Any = Client()  # Any: by name
    assert getattr(client, name) is None
    setattr(client, name, handler)
    assert getattr(client, name) is handler
    setattr(client, name, None)
    assert getattr(client, name) is None


def test_a_message_is_called_and_read_as_it_was() -> None:
    assert EmitterMessage is Message
    assert [problem for name, wanted in MESSAGE_METHODS.items() for problem in problems(Message, name, wanted)] == []
    message = EmitterMessage("a/", b"x", b"x")
    assert {name: getattr(message, name) for name in MESSAGE_ATTRIBUTES} == {"binary": b"x", "channel": "a/"}


def test_a_client_is_made_without_arguments() -> None:
    assert Client().connection.status == "closed"


def test_every_difference_is_one() -> None:
    """A reason that is no longer needed goes."""
    assert {
        (name, parameter): METHODS[name][parameter] == ours and type(METHODS[name][parameter]) is type(ours)
        for (name, parameter), (ours, _) in DIFFERENCES.items()
    } == dict.fromkeys(DIFFERENCES, False)


def test_a_difference_would_be_found() -> None:
    class Wrong:
        def keyban(self, target_key: str, master_key: str, *, ban: bool, more: int) -> None: ...
        def loop(self, timeout: float = 1) -> None: ...

    Wrong.keyban.__annotations__.pop("master_key")

    assert problems(Wrong, "keyban", METHODS["keyban"]) == [
        "its parameters begin otherwise: ['target_key', 'master_key', 'ban', 'more']",
        "master_key has no type",
        "ban cannot be given by its place and by its name",
        "more is new, and has to be given",
    ]
    assert problems(Wrong, "loop", METHODS["loop"]) == ["timeout is 1 by default, not <Mark.REQUIRED: 'required'>"]


@pytest.mark.foreign
def test_the_lists_are_the_official_clients_own() -> None:
    official: Any = importlib.import_module("emitter.emitter")  # Any: it has no types

    def public(of: type) -> set[str]:
        return {name for name in vars(of) if not name.startswith("_")}

    assert public(official.Client) == {*METHODS, *OPTION_MAKERS, *OPTIONS, *PROPERTIES}
    assert public(official.EmitterMessage) == {*MESSAGE_METHODS}
    for of, methods in ((official.Client, METHODS | OPTION_MAKERS), (official.EmitterMessage, MESSAGE_METHODS)):
        for name, wanted in methods.items():
            found = {parameter.name: default(parameter) for parameter in signed(of, name).values()}
            assert list(found.items()) == list(wanted.items()), name
    assert list(signed(official, "Client")) == []
