"""With the extra `fast` and without it, the same documents are read, written and refused, in the same words."""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import hypothesis.strategies as st
import pytest
from hypothesis import given

from emitter_typed._protocol.payloads import codec
from emitter_typed.contract import Unrecognized
from emitter_typed.errors import EmitterError
from tests.codegen.golden.several.expected import Defaults, Item
from tests.helpers.json_libraries import without_msgspec
from tests.helpers.records import (
    Command,
    Formats,
    Frames,
    House,
    Identify,
    Kept,
    Lamp,
    Later,
    Log,
    Mode,
    Node,
    Outcomes,
    Present,
    Reading,
    Rights,
    Scalars,
    SetMode,
    Signal,
    Source,
    Told,
    Tree,
)

TYPES: list[Any] = [
    *(object, int, float, bool, str, bytes, Decimal, datetime, UUID, timedelta),
    *(int | None, float | str, list[int], tuple[float, ...], tuple[int, str], set[str], list[Decimal], list[object]),
    *(dict[str, float], Mapping[str, int | None], dict[str, object], dict[str, Decimal]),
    *(
        Scalars,
        Formats,
        Reading,
        Present,
        SetMode,
        Identify,
        House,
        Tree,
        Node,
        Command,
        Lamp,
        Told,
        Signal,
        Outcomes,
        Later,
        Frames,
        Log,
        Kept,
        Defaults,
        Item | tuple[Item, ...] | bool,
        tuple[Reading, ...],
        Reading | None,
    ),
]

NUMBERS = [
    *(
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e2",
        "1E5",
        "-1.5e-7",
        "1e-5",
        "0.00001",
        "5e-324",
        "1e16",
        "1e400",
        "-1e400",
        "1e-400",
    ),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" * 40),
    *("1" * 5000, "1" + "0" * 400, "1.7976931348623157e308", "1.7976931348623159e308", "0." + "1" * 800, "21.50"),
    *("01", "1.", ".5", "+1", "-", "1e", "NaN", "Infinity", "-Infinity", "0x1", "1_0"),
]
TEXTS = [
    *('""', '"x"', '"\\u0000"', '"\x7f"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\/"', '"fühler 😀"'),
    *(
        '"\x01"',
        '"a\nb"',
        '"\\x"',
        '"\\u12"',
        '"',
        "'x'",
        '"2026-01-31T12:00:00Z"',
        '"2026-01-31"',
        '"auto"',
        '"probe"',
    ),
    *('"12.50"', '"eA=="', '"01234567-89ab-cdef-0123-456789abcdef"', '"rw"'),
]
OTHERS = [
    "true",
    "false",
    "null",
    "tru",
    "[]",
    "{}",
    "[1,]",
    '{"a":1,}',
    "",
    " 1 ",
    "\t[\r1\n]",
    "1 2",
    "\x0b1",
    "\ufeff1",
]
LEAVES = st.sampled_from([*NUMBERS, *TEXTS, *OTHERS]) | st.floats().map(json.dumps) | st.integers().map(str)
NAMES = st.sampled_from(
    [
        *('"celsius"', '"note"', '"sensorId"', '"value"', '"children"', '"kind"', '"mode"', '"seconds"', '"limits"'),
        *(
            '"extra"',
            '"is"',
            '"tags"',
            '"gaps"',
            '"commands"',
            '"a"',
            '"\\u0061"',
            '"\\ud83d"',
            '"ü"',
            '"\x01"',
            '"set_mode"',
            '"stage"',
            '"strength"',
            '"by_room"',
            '"told"',
            '"last"',
            '"by_name"',
        ),
        *('"rssi"', '"seenAt"', '"seen"', '"modes"', '"op"', '"numbered"', '"signal"'),
    ]
)


def _listed(items: list[str]) -> str:
    return f"[{','.join(items)}]"


def _object(members: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{name}:{item}" for name, item in members) + "}"


DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(_listed)
        # Names may come twice.
        | st.lists(st.tuples(NAMES, inner), max_size=4).map(_object)
    ),
    max_leaves=8,
)
RIGHT = [
    '{"celsius":21.5}',
    '{"celsius":21,"note":null,"sensorId":"a1","source":"x"}',
    '{"celsius":1e2,"celsius":2}',
    '{"celsius":"x","celsius":2}',
    '{"celsius":-300.0}',
    '{"value":1,"children":[{"value":2},{"value":3,"children":[]}]}',
    '{"mode":"auto"}',
    '{"seconds":9223372036854775808}',
    '{"limits":{"a":1,"b":0.5},"tags":["a"],"gaps":[1,null],"extra":{"x":[1.0,1e-7]},"commands":[{"kind":"identify"}]}',
    '{"limits":{"a":-1}}',
    '{"numbered":[{"op":0,"mode":"auto"},{"op":1}],"signal":{"op":7,"a":[1]},"by_name":{"x":{"op":-2}}}',
    '{"numbered":[{"op":true,"mode":"auto"}]}',
    '{"numbered":[{"op":1.0}],"signal":{"op":9223372036854775808}}',
    '{"op":1,"mode":"auto"}',
    '{"op":"1","mode":"auto"}',
    '{"rssi":null,"note":null,"seenAt":null,"last":null,"modes":null}',
    '{"rssi":1,"note":"a","seen":5,"modes":["auto",null],"last":{"rssi":null,"note":"A","seen":null,"last":null}}',
    '{"rssi":1,"seenAt":0,"last":null,"modes":[]}',
    '{"readings":[{"celsius":1.5},{"celsius":1e400}]}',
    (
        '{"text":"x","flag":true,"count":1,"ratio":1,"blob":"eA==","at":"2026-01-31T12:00:00Z","day":"2026-01-31",'
        '"lasts":1.5,"id":"01234567-89ab-cdef-0123-456789abcdef","price":0.10}'
    ),
]
BEYOND = ["1e999", "1" * 4200, "1" * 5000, "NaN", '"\\ud83d"', '"\x01"', "01", "[" * 300 + "]" * 300, "1.0"]
"""What a record skips, but for what is no JSON."""


def outcome(call: Callable[[Any, Any], object], value: object, type_: Any) -> tuple[object, ...]:
    """Return what a call returns, or what it raises, in a form that tells 1, 1.0, -0.0 and True apart."""
    try:
        made = call(value, type_)
    except EmitterError as error:
        facts = (getattr(error, name, None) for name in ("path", "argument", "raw", "message"))
        return type(error), str(error), *facts
    return made, repr(made), type(made)


def same(call: Callable[[Any, Any], object], value: object, type_: Any) -> object:
    """Return what a call does, which is the same both ways, and at the second time as at the first."""
    first = outcome(call, value, type_)
    with without_msgspec():
        plain = outcome(call, value, type_)
    assert first == plain
    assert outcome(call, value, type_) == plain
    return plain


def read(raw: bytes, type_: Any) -> object:
    return codec.decode(raw, type_)


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_awkward_documents_are_read_alike(type_: Any) -> None:
    for text in (*NUMBERS, *TEXTS, *OTHERS, *RIGHT):
        same(read, text.encode(errors="surrogatepass"), type_)
        same(read, f"[{text},{text}]".encode(errors="surrogatepass"), tuple[type_, ...])
        same(read, f'{{"a":{text},"a":{text}}}'.encode(errors="surrogatepass"), dict[str, type_])


@given(DOCUMENTS, st.sampled_from(TYPES))
def test_documents_are_read_alike(text: str, type_: Any) -> None:
    same(read, text.encode(errors="surrogatepass"), type_)


@given(st.sampled_from(RIGHT), st.data())
def test_damaged_documents_are_read_alike(text: str, data: st.DataObject) -> None:
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 1))] = data.draw(
            st.sampled_from(
                [b"", b"\xff", b"\xed\xa0\x80", b"0", b"e", b"-", b".", b'"', b"\\", b"}", b"\x00", b" ", "é".encode()]
            )
        )
    for type_ in (Reading, Tree, House, Scalars, SetMode, Command, object):
        same(read, bytes(raw), type_)


@pytest.mark.parametrize("name", ['"new"', '"\\ud83d"', '"ü"'])
def test_what_a_record_does_not_know_is_skipped_alike(name: str) -> None:
    """Also from the second such document on, which is read in another way."""
    for beyond, type_ in itertools.product(BEYOND, (Reading, tuple[Reading, ...], Kept)):
        text = f'{{"celsius":1.5,"value":1,{name}:{beyond}}}'
        raw = (text if type_ is not tuple[Reading, ...] else f"[{text},{text}]").encode()
        known = b'{"celsius":1.5,"value":2,"new":1}'
        same(read, known if type_ is not tuple[Reading, ...] else b"[" + known + b"]", type_)
        same(read, raw, type_)


@pytest.mark.parametrize("raw", [b"\xff", b'"\xff"', b'{"new":"\xff","celsius":1}', b'{"\xff":1,"celsius":1}', b"\xc3"])
def test_what_is_not_utf_8_is_refused_alike(raw: bytes) -> None:
    for type_ in TYPES:
        same(read, b'{"celsius":1,"new":"x"}', type_)
        same(read, raw, type_)


@given(st.text("0123456789", min_size=1, max_size=25), st.text("0123456789", max_size=25), st.integers(-330, 330))
def test_a_number_has_the_same_value_and_digits(whole: str, fraction: str, exponent: int) -> None:
    text = f"{int(whole)}.{fraction or '0'}e{exponent}"
    for type_ in (float, object, Decimal, Reading):
        same(read, text.encode() if type_ is not Reading else f'{{"celsius":{text}}}'.encode(), type_)


@pytest.mark.parametrize("levels", [10, 100, 250])
def test_depth_is_the_same_where_both_can(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    for raw in (deep.encode(), f'{{"extra":{deep}}}'.encode(), b'{"value":1,"children":[' * levels + b"]}" * levels):
        for type_ in (object, House, Tree):
            same(read, raw, type_)


@pytest.mark.parametrize("levels", [100_000])
def test_what_is_too_deep_is_refused_alike(levels: int) -> None:
    for raw in (b"[" * levels, b'{"new":' + b"[" * levels, b'{"children":[' * levels):
        for type_ in (object, House, Tree, Reading):
            same(read, raw, type_)


VALUES: list[object] = [
    *(0, -0.0, 0.0, 1.0, 1e-4, 9.9e-5, 1e-5, 1e15, 1e16, 1.5e300, 5e-324, -1e16, -1e-4, math.nan, math.inf, 21.5, True),
    *(2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30, None, ""),
    *("x\x00\x1f\x7f\u2028\"\\/\b\f\n\r\té😀", "\ud800"),
    *(b"", b"x", Decimal("1.50"), Decimal("1E+20"), Decimal("NaN"), UUID(int=1), timedelta(microseconds=1)),
    *(datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 1, 31, 12, 0, 0, 250, tzinfo=UTC)),
    *(datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=-3)))),
    *(datetime(2026, 1, 31), datetime(2026, 1, 31).date()),  # noqa: DTZ001  # naive on purpose
    *([], (), [1, 2.5], ("a",), {"a"}, frozenset({"b", "a"}), {"a": 1e-7}, {1: 2},),
    *({"a": {"b": [1e22, None]}}, {"\ud800": 1}),
    *(Mode.AUTO, Source.PROBE, Unrecognized("x"), Rights.READ, Reading(celsius=1e-7), Reading(celsius=2, note="é")),
    *(SetMode(mode=Mode.AUTO), Identify(), Tree(value=1, children=(Tree(value=2),)),),
    Kept(value=1, unknown_fields={"x": 1e-7}),
    House(readings=(Reading(celsius=1e16),), limits={"a": 1e-9}, extra={"x": [1e-9]}, commands=(Identify(seconds=3),)),
]  # fmt: skip


def write(value: object, type_: Any) -> object:
    return codec.encode(value, type_)


@pytest.mark.parametrize("type_", [None, *TYPES], ids=str)
def test_values_are_written_alike(type_: Any) -> None:
    fitting = [value for value in VALUES if bytes in outcome(write, value, type_)][:1]
    for value in VALUES:
        same(write, value, type_)
        if type_ is not None:
            # After one that fits, too: a list may be what msgspec takes as it is, up to an item that is not.
            for values in ([value, value], [*fitting, value]):
                same(write, values, list[type_])
                same(write, dict(zip("aéz", values, strict=False)), dict[str, type_])


@pytest.mark.parametrize(
    "record",
    [
        Scalars(
            text="x",
            flag=True,
            count=1,
            ratio=1.5,
            blob=b"x",
            at=datetime(2026, 1, 31, tzinfo=UTC),
            day=datetime(2026, 1, 31, tzinfo=UTC).date(),
            lasts=timedelta(seconds=1),
            id=UUID(int=1),
            price=Decimal("1.5"),
        ),
        House(),
        Tree(value=1),
        SetMode(mode=Mode.AUTO),
    ],
    ids=lambda record: type(record).__name__,
)
def test_what_a_field_holds_against_its_type_is_refused_alike(record: Any) -> None:
    cls: Any = record.__class__
    for attribute, value in itertools.product(attrs.fields(cls), VALUES):
        changed = attrs.evolve(record)
        object.__setattr__(changed, attribute.name, value)
        same(write, changed, type(record))
        same(write, changed, None)


@given(st.floats() | st.floats(-1e-3, 1e-3) | st.floats(1e15, 1e17))
def test_a_number_is_written_as_python_writes_it(number: float) -> None:
    for type_ in (float, object):
        same(write, number, type_)
    same(write, [number], list[float])
    if math.isfinite(number):
        assert codec.encode(number, float) == repr(number).encode()


@given(st.text(st.characters(exclude_categories=[])))
def test_a_text_is_written_alike(text: str) -> None:
    same(write, [text], list[str])
    same(write, {text: text}, dict[str, str])
    same(write, Identify(), Identify)


def test_a_program_that_shortens_integers_is_followed() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(1000)
    try:
        for text in ("1" * 1500, f'{{"celsius":1,"new":{"1" * 1500}}}'):
            for type_ in (object, Reading, float):
                same(read, text.encode(), type_)
    finally:
        sys.set_int_max_str_digits(before)
