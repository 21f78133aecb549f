"""What stands for `TypeForm` while a program runs."""

from __future__ import annotations

import typing

from emitter_typed import Client, TypeForm

T = typing.TypeVar("T")


def test_a_call_returns_the_form_itself() -> None:
    form = TypeForm(int | None)

    typing.assert_type(form, TypeForm[int | None])
    assert form == int | None


def test_annotations_that_name_it_can_be_read() -> None:
    def mine(payload: TypeForm[T] | None) -> T: ...  # type: ignore[empty-body]  # only its annotations are read

    assert "TypeForm[~T]" in str(typing.get_type_hints(mine)["payload"])
    assert "TypeForm[~PayloadT]" in str(typing.get_type_hints(Client.subscribe)["payload"])
