"""Wire names become legal identifiers that their authors recognize."""

import keyword
import re
import sys
import unicodedata
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed_codegen.names import (
    NEWER_CHARACTERS,
    attribute_name,
    channel_class,
    class_name,
    constant_name,
    free_name,
)

FORMS = (attribute_name, class_name, constant_name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("celsius", "celsius"),
        ("sensorId", "sensorId"),
        ("sensor-id", "sensor_id"),
        ("class", "class_"),
        ("match", "match"),
        ("self", "self_"),
        ("from_json", "from_json_"),
        ("to_json", "to_json_"),
        ("2fast", "_2fast"),
        ("été", "été"),
        ("__init__", "_init__"),
        ("%", "percent_sign"),
        ("", "empty"),
    ],
)
def test_an_attribute_keeps_what_it_can_of_its_name(text: str, name: str) -> None:
    assert attribute_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Reading", "Reading"),
        ("HTTPServer", "HTTPServer"),
        ("living-room", "LivingRoom"),
        ("2x", "N2x"),
        ("None", "None_"),
    ],
)
def test_a_class_is_written_in_capitals(text: str, name: str) -> None:
    assert class_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("auto", "AUTO"),
        ("half-open", "HALF_OPEN"),
        ("halfOpen", "HALF_OPEN"),
        ("_missing_", "MISSING"),
        ("2x", "_2X"),
    ],
)
def test_a_constant_is_written_in_upper_case(text: str, name: str) -> None:
    assert constant_name(text) == name


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text())
def test_any_text_becomes_an_identifier(form: Callable[[str], str], text: str) -> None:
    name = form(text)

    assert name.isidentifier()
    assert not keyword.iskeyword(name)


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text())
def test_names_are_in_the_form_in_which_python_compares_them(form: Callable[[str], str], text: str) -> None:
    """Else two fields that look different to a collision check would be one attribute."""
    name = form(text)

    assert unicodedata.normalize("NFKC", name) == name


@given(text=st.text())
def test_no_attribute_is_mangled_or_one_of_pythons_own(text: str) -> None:
    assert not attribute_name(text).startswith("__")


@given(text=st.text())
def test_no_constant_is_one_of_the_enum_modules_own(text: str) -> None:
    name = constant_name(text)

    assert not (name.startswith("_") and name.endswith("_"))


@pytest.mark.parametrize("form", [attribute_name, class_name])
@given(text=st.from_regex(r"[A-Za-z][A-Za-z0-9]*", fullmatch=True))
def test_a_name_is_its_own_name(form: Callable[[str], str], text: str) -> None:
    assert form(form(text)) == form(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("リビング・ルーム", "リビング_ルーム"),  # part of an identifier since Python 3.13
        ("a\U0001e4d0b", "a_b"),  # a letter since Python 3.12
        ("a\U0001e030", "a_"),  # another letter, to Python, since 3.12
        ("\U0001fae8", "u1fae8"),  # has a name since Python 3.12
        ("\U0002ebf0", "u2ebf0"),  # since Python 3.13
        ("a\U000105c0", "a_"),  # a letter since Python 3.14
        ("a\U0001ccd6", "a_"),  # another A, to Python, since 3.14
    ],
)
def test_every_python_makes_the_same_name(text: str, name: str) -> None:
    assert attribute_name(text) == name


@pytest.mark.parametrize("text", ["ɤ", "ƛ"])
def test_capitals_that_only_newer_pythons_know_are_not_used(text: str) -> None:
    """Python 3.14 knows capitals of these letters, which are no part of an identifier to 3.11."""
    assert (class_name(f"{text}a"), constant_name(f"{text}a")) == (f"{text}a", f"{text}A")


def test_characters_that_only_newer_pythons_know_are_known_to_be_newer() -> None:
    """Counts what Python 3.11 counts; a Python that knows more needs its new ranges in the table."""
    newer = re.compile(NEWER_CHARACTERS)
    old = [character for character in map(chr, range(sys.maxunicode + 1)) if not newer.match(character)]

    assert sum(f"_{character}".isidentifier() for character in old) == 135_053
    assert sum(bool(unicodedata.name(character, "")) for character in old) == 138_548


def test_no_parameter_hides_what_the_constructor_of_attrs_uses() -> None:
    @attrs.frozen(kw_only=True)
    class Sample:
        validated: int = attrs.field(validator=attrs.validators.instance_of(int))
        made: dict[str, int] = attrs.field(factory=dict[str, int])

    code, globals_ = Sample.__init__.__code__, Sample.__init__.__globals__
    used = {name for name in code.co_names if name in globals_} | {*code.co_varnames} - {"validated", "made"}

    assert {"NOTHING", "self"} <= used
    assert [name for name in used if attribute_name(name) == name] == []


@pytest.mark.parametrize(
    ("channel", "name"), [("True", "TrueParams"), ("2fast", "N2fastParams"), ("living-room", "LivingRoomParams")]
)
def test_a_class_of_a_channel_is_a_word_of_its_own(channel: str, name: str) -> None:
    assert channel_class(channel, "Params") == name


def test_a_name_that_is_taken_gets_underscores_where_no_class_mangles_them() -> None:
    assert free_name("_types", {"_types", "_types_"}) == "_types__"
