"""The docstring of everything public says what it takes, returns and raises, and is short enough for a hover."""

import builtins
import inspect
import re

import pytest

import emitter_typed
import emitter_typed.broker
from tests.architecture.docstrings import (
    Docstring,
    attributes_of,
    public_callees,
    public_classes,
    raised_in,
    undocumented_attributes,
)

CLASSES = public_classes()
CALLEES = public_callees()
# A signature shows a value, but not what None stands for.
_tells_default = re.compile(r"\b[Dd]efault\b|\bWithout it\b|\bNone\b|\bomitted\b").search
_tells_seconds = re.compile(r"\b[Ss]econds\b").search
# A list of completions shows one line; a hover, some twelve.
_SUMMARY_CHARACTERS = 80
_DESCRIPTION_LINES = 8


def test_each_class_and_attribute_has_a_docstring() -> None:
    assert [name for name, cls in CLASSES.items() if not vars(cls).get("__doc__")] == []
    assert {name: bare for name, cls in CLASSES.items() if (bare := undocumented_attributes(cls))} == {}


def test_each_function_and_property_has_a_docstring() -> None:
    assert [name for name, each in CALLEES.items() if not each.docstring.text] == []


def test_the_first_line_is_short_enough_for_a_list_of_completions() -> None:
    texts = {name: Docstring(cls.__doc__ or "") for name, cls in CLASSES.items()}
    texts |= {name: each.docstring for name, each in CALLEES.items()}

    assert {name: text.summary for name, text in texts.items() if len(text.summary) > _SUMMARY_CHARACTERS} == {}


def test_the_description_above_the_arguments_is_short_enough_for_a_hover() -> None:
    lines = {name: len(each.docstring.description) for name, each in CALLEES.items()}

    assert {name: count for name, count in lines.items() if count > _DESCRIPTION_LINES} == {}


def test_from_url_says_of_each_setting_what_the_constructor_says() -> None:
    told, made = (
        CALLEES[f"emitter_typed.AsyncClient.{name}"].docstring.entries("Args") for name in ("from_url", "__init__")
    )

    # The default of the URL differs.
    assert {name: text for name, text in told.items() if made[name] != text}.keys() == {"url"}


def test_each_parameter_is_explained_and_nothing_else() -> None:
    found = {name: (list(each.docstring.entries("Args")), list(each.parameters)) for name, each in CALLEES.items()}

    assert {name: both for name, both in found.items() if sorted(both[0]) != sorted(both[1])} == {}


def test_what_none_stands_for_is_said() -> None:
    silent = [
        f"{name}: {parameter}"
        for name, each in CALLEES.items()
        for parameter, text in each.docstring.entries("Args").items()
        if each.parameters[parameter].default is None and not _tells_default(text)
    ]

    assert silent == []


def test_seconds_are_called_seconds() -> None:
    silent = [
        f"{name}: {parameter}"
        for name, each in CALLEES.items()
        for parameter, text in each.docstring.entries("Args").items()
        if parameter.endswith("_s") and not _tells_seconds(text)
    ]

    assert silent == []


def test_what_comes_back_is_said() -> None:
    assert [name for name, each in CALLEES.items() if each.returns and not each.docstring.says_what_is_returned()] == []


def test_each_error_that_a_body_raises_is_said() -> None:
    silent = {name: each.raised - set(each.docstring.entries("Raises")) for name, each in CALLEES.items()}

    assert {name: errors for name, errors in silent.items() if errors} == {}


def test_each_error_that_is_said_exists() -> None:
    for name, each in CALLEES.items():
        for error in each.docstring.entries("Raises"):
            homes = (emitter_typed, emitter_typed.broker, builtins)
            found = next((getattr(home, error) for home in homes if hasattr(home, error)), None)
            assert inspect.isclass(found), f"{name}: {error}"
            assert issubclass(found, Exception), f"{name}: {error}"


# These would hold for nothing at all, if nothing were found.


def test_the_names_that_users_meet_are_among_those_looked_at() -> None:
    assert {
        "emitter_typed.Client.publish",
        "emitter_typed.AsyncClient.publish",
        "emitter_typed.Client.on_message",
        # Both flavours have these, and they stand once.
        "emitter_typed.AsyncClient.__init__",
        "emitter_typed.AsyncClient.with_ttl",
        "emitter_typed.Subscription.get",
        "emitter_typed.Pending.wait",
        "emitter_typed.broker.Broker.start",
        "emitter_typed.broker.Faults.drop_after",
    } <= CALLEES.keys()


def test_sections_are_told_apart() -> None:
    docstring = Docstring(
        """Do it.

        Args:
            first: One line,
                and another: it goes on.
            second_s: Seconds.

        Returns:
            Something.

        Raises:
            Closed: It is closed.
        """
    )

    assert docstring.entries("Args") == {"first": "One line, and another: it goes on.", "second_s": "Seconds."}
    assert docstring.entries("Raises") == {"Closed": "It is closed."}
    assert docstring.says_what_is_returned()
    assert not Docstring("Do it.").says_what_is_returned()


def test_errors_are_found_in_a_body() -> None:
    source = """
        def f():
            if x:
                raise Closed("no") from None
            try:
                g()
            except E:
                raise
            raise Congested
    """

    assert raised_in(source) == {"Closed", "Congested"}


def test_attributes_are_found_in_a_class() -> None:
    source = """
        class One:
            told: int
            'A text.'
            bare: int = 5
            _own: int
            def __init__(self):
                self.set = 1
                'A text.'
                self.bare_too: int = 2
                local = 3
    """

    assert dict(attributes_of(source)) == {"told": True, "bare": False, "set": True, "bare_too": False}


@pytest.mark.parametrize("text", ["Made by clients.", "End the stream. For the clients' own use."])
def test_what_only_clients_call_is_no_users(text: str) -> None:
    assert not Docstring(text).is_for_users()
