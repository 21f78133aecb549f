"""Secrets that do not show, flags by their letters, and records that are no dicts."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from datetime import timedelta

import pytest

from emitter_typed import Key, KeygenResponse, Permission, Secret, Unrecognized
from emitter_typed._generated.types import KeygenRequest
from emitter_typed.errors import InvalidArgument

TEXT = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"


def test_a_secret_shows_its_end_and_no_more() -> None:
    key = Key(TEXT)
    assert key.reveal() == TEXT
    for shown in (str(key), repr(key), f"{key}", f"{key!s}", f"{key!r}", f"{[key]}", f"{key:>40}".strip(), "%s" % key):  # noqa: UP031  # logs do so
        assert "Key(…kMgI)" in shown
        assert TEXT[:8] not in shown


def test_a_short_secret_shows_nothing() -> None:
    assert str(Key("0123456789abcde")) == "Key(…)"
    assert str(Key("0123456789abcdef")) == "Key(…cdef)"


def test_a_record_does_not_show_the_secrets_in_it() -> None:
    request = KeygenRequest(key=Key(TEXT), channel="a/", permissions=Permission("r"), ttl=timedelta(0))
    assert TEXT not in repr(request) + str(KeygenResponse(key=Key(TEXT), channel="a/"))


def test_json_does_not_take_a_secret() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"key": Key(TEXT)})
    assert TEXT not in "".join(traceback.format_exception(caught.value))


def test_a_log_does_not_show_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").info("key=%s %r", Key(TEXT), {"key": Key(TEXT)})
    assert TEXT not in caplog.text


def test_secrets_are_equal_within_their_class() -> None:
    assert Key(TEXT) == Key(Key(TEXT)) == pickle.loads(pickle.dumps(Key(TEXT))) == copy.copy(Key(TEXT))
    assert Key(TEXT) != Secret(TEXT)
    assert Key(TEXT) != TEXT
    assert len({Key(TEXT), Key(TEXT), Secret(TEXT)}) == 2


@pytest.mark.parametrize("wrong", ["", None, 5, b"bytes", ["x"]])
def test_a_secret_is_made_from_a_text(wrong: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Key(wrong)  # type: ignore[arg-type]  # callers without a checker
    assert (caught.value.argument, caught.value.value) == ("key", None)
    # What is given by mistake may still be a key, such as one in bytes.
    assert set(caught.traceback[-1].frame.f_locals) <= {"self", "argument", "kind", "problem"}


def test_flags_are_made_from_letters_in_any_order() -> None:
    assert Permission("wr") == Permission.READ | Permission.WRITE == Permission("rrw")
    assert Permission("lsr").letters == "rsl"
    assert Permission("").letters == ""
    assert (Permission("rw") & Permission("r")).letters == "r"
    assert (~Permission("r")).letters == "wslpex"
    assert Permission.READ in Permission("rw")
    assert pickle.loads(pickle.dumps(Permission("rw"))) == Permission("rw")
    assert Permission(Permission("rw")) == Permission("rw")


def test_an_unknown_letter_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidArgument, match="Permission: 'z' is not one of its letters rwslpex"):
        Permission("rz")


def test_what_was_a_dict_says_how_it_is_read_now() -> None:
    with pytest.raises(TypeError, match=r"write \.channel instead"):
        KeygenResponse(key=Key(TEXT), channel="a/")["channel"]  # type: ignore[index]  # pyright: ignore[reportIndexIssue, reportUnknownVariableType]  # the mistake


def test_an_unknown_value_is_kept() -> None:
    assert Unrecognized("x") == Unrecognized("x")
    assert Unrecognized("x").raw == "x"
    assert Unrecognized("x").value == "x"
    assert repr(Unrecognized("x")) == "Unrecognized(raw='x')"
