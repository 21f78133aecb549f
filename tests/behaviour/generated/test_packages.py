"""What generated packages do once they are imported."""

import dataclasses
import json
import sys
import types
import typing
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emitter_typed import Client, contract
from emitter_typed._protocol.payloads import codec
from emitter_typed._types.values import Tag, Unrecognized
from emitter_typed.errors import ContractMismatch, InvalidArgument, Undecodable
from tests.behaviour.conftest import Generated
from tests.helpers.hints import unresolved


def test_defaults_are_values_of_their_types(generated: Generated) -> None:
    made = generated("""
        types:
          Mode: {enum: [auto, manual]}
          T:
            fields:
              moment: {type: datetime, default: 2020-01-02T03:04:05.5+02:00}
              span: {type: duration, default: 1.5}
              price: {type: decimal, default: "1.50"}
              raw: {type: bytes, default: AAEC}
              mode: {type: Mode, default: manual}
              items: {type: "[int]", default: [1, 2]}
              pairs: {type: "{string: int}", default: {a: 1}}
              text: {type: string, default: "say \\"hi\\"\\n\\\\"}
    """)

    value = made.T()

    assert value.moment == datetime(2020, 1, 2, 1, 4, 5, 500000, tzinfo=UTC)
    assert value.span == timedelta(seconds=1.5)
    assert value.price == Decimal("1.50")
    assert value.raw == b"\x00\x01\x02"
    assert value.mode is made.Mode.MANUAL
    assert value.items == (1, 2)
    assert value.pairs == {"a": 1}
    assert value.text == 'say "hi"\n\\'


def test_a_default_that_can_change_is_nobody_elses(generated: Generated) -> None:
    made = generated('types: {T: {fields: {pairs: {type: "{string: int}", default: {}}}}}')

    assert made.T().pairs is not made.T().pairs


def test_a_default_of_json_is_what_the_schema_says(generated: Generated) -> None:
    made = generated("""
        types:
          Any: {alias: json}
          Own: {alias: "{string: int}", distinct: true}
          T:
            fields:
              map: {type: json, default: {a: 1, b: {}, c: [[d, 1], []]}}
              list: {type: "[json]", default: [{a: [1]}, [[a, 1]], {}, []]}
              inner: {type: "{string: json}", default: {x: {y: [1]}}}
              alias: {type: Any, default: {a: 1}}
              none: {type: "json?", default: null}
              empty_map: {type: json, default: {}}
              empty_list: {type: Any?, default: []}
              own: {type: Own, default: {}}
              maps: {type: "[{string: int}]", default: [{a: 1}]}
    """)
    value, other = made.T(), made.T()

    assert value.map == {"a": 1, "b": {}, "c": [["d", 1], []]}
    assert value.list == ({"a": [1]}, [["a", 1]], {}, [])
    assert value.inner == {"x": {"y": [1]}}
    assert value.alias == {"a": 1}
    assert (value.none, value.empty_map, value.empty_list, value.own) == (None, {}, [], {})
    assert value.maps == ({"a": 1},)
    assert codec.decode(codec.encode(value, made.T), made.T, channel="x") == value
    value.map["b"]["changed"] = True
    value.list[0]["a"].append(2)
    assert other == made.T()
    assert other.map["b"] == {}


def test_a_default_may_be_of_a_type_that_leads_back(generated: Generated) -> None:
    made = generated("""
        types:
          Trees: {alias: "[Tree]", distinct: true}
          Tree: {fields: {below: {type: Trees, default: []}, by_name: {type: "{string: Tree}", default: {}}}}
    """)

    assert made.Tree() == made.Tree(below=(), by_name={})


def test_limits_are_checked_where_an_object_is_made(generated: Generated) -> None:
    made = generated("""
        types:
          Room: {alias: string, pattern: "[a-z]+"}
          T: {fields: {level: {type: int, minimum: 1}, rooms: {type: "[Room]", max_items: 2, default: []}}}
    """)

    assert made.T(level=1, rooms=("a",)).rooms == ("a",)
    with pytest.raises(InvalidArgument, match="level"):
        made.T(level=0)
    with pytest.raises(InvalidArgument, match=r"rooms\[0\]"):
        made.T(level=1, rooms=("A",))
    with pytest.raises(InvalidArgument, match="rooms"):
        made.T(level=1, rooms=("a", "b", "c"))


def test_records_are_frozen_slotted_and_made_by_name(generated: Generated) -> None:
    made = generated("types: {T: {fields: {x: int}}}")
    value = made.T(x=1)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.x = 2
    with pytest.raises(TypeError):
        made.T(1)
    assert not hasattr(value, "__dict__")
    assert not dataclasses.is_dataclass(made.T)
    assert hash(value) == hash(made.T(x=1))


def test_annotations_can_be_read_whatever_fields_are_called(generated: Generated) -> None:
    """A converter reads them at run time, when a field `str` has long taken the place of the type."""
    made = generated("""
        types:
          T:
            fields:
              str: string
              date: date?
              then: date?
              class: int
              2fast: int
              tuple: "[string]"
              next: T?
    """)

    hints = typing.get_type_hints(made.T)

    assert hints["str"] is str
    assert hints["then"] == hints["date"]
    assert hints["tuple"] == tuple[str, ...]
    assert made.T(str="a", class_=1, _2fast=2, tuple=()).class_ == 1


def test_types_and_channels_may_be_called_as_the_runtime_calls_its_own(generated: Generated) -> None:
    made = generated("""
        name: Address
        types:
          Record: {fields: {tag: Tag, wire: {type: string, wire: x}}}
          Tag: {enum: [a], open: true}
          QueueLimits: {union: [Record, Message], tag: kind}
          Message: {fields: {literal: Literal?}}
          Literal: {alias: int, minimum: 0, distinct: true}
        channels:
          sync: {address: "a/{pattern}/", payload: QueueLimits}
          async: {address: "b/{frozen}/", payload: Message, params: {frozen: Tag}}
          channel: {address: c/, payload: "[Record]"}
    """)

    assert made.Record(tag=made.Tag.A, wire="w") == made.Record(tag=made.Tag.A, wire="w")
    assert typing.get_type_hints(made.Record)["tag"] == made.Tag | Unrecognized[str]
    assert issubclass(made.SyncChannel, contract.SyncChannel)
    assert issubclass(made.ChannelChannel, contract.SyncChannel)


DEPRECATED = """
    name: Attic
    types:
      Reading:
        fields:
          celsius: float
          source: {type: string, default: probe, wire: Source, deprecated: it is always probe}
          taken: {type: int, deprecated: the message has it}
      Old: {deprecated: use Reading, fields: {celsius: float}}
    channels:
      old: {address: old/, payload: Old, deprecated: use reading}
      reading: {address: reading/, payload: Reading}
"""


def test_what_is_deprecated_warns_where_it_is_used(generated: Generated) -> None:
    made = generated(DEPRECATED)
    facade = made.Attic(Client(), "key")
    reading = made.Reading(celsius=1.5, taken=1)
    uses: list[tuple[Callable[[], object], str]] = [
        (lambda: facade.old, "old is deprecated: use reading"),
        (lambda: reading.source, "source is deprecated: it is always probe"),
        (lambda: reading.taken, "taken is deprecated: the message has it"),
        (lambda: made.Reading(celsius=1, taken=1, source="x"), "source of Reading is deprecated: it is always probe"),
        (lambda: made.Old(celsius=1), "Old is deprecated: use Reading"),
    ]

    for use, words in uses:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            use()
        assert [(str(one.message), one.filename) for one in caught] == [(words, __file__)]


def test_what_is_deprecated_is_read_written_and_changed_quietly(generated: Generated) -> None:
    """Every warning fails a test; but one that is raised while a shape is written only makes us write without it."""
    made = generated(DEPRECATED)

    reading = codec.decode(b'{"celsius":1.5,"Source":"x","taken":3}', made.Reading)
    with warnings.catch_warnings(record=True) as caught_warnings:
        warnings.simplefilter("always")
        assert codec.encode(reading) == b'{"celsius":1.5,"Source":"x","taken":3}'
    assert caught_warnings == []
    with pytest.raises(Undecodable) as caught:
        codec.decode(b'{"celsius":1.5,"Source":3,"taken":3}', made.Reading)
    assert caught.value.path == "$.Source"
    plain = made.Reading(celsius=1, taken=1)
    assert attrs.evolve(plain, celsius=2).celsius == 2
    assert codec.decode(b'{"celsius":1.5}', made.Old).celsius == 1.5
    assert made.Attic(Client(), "key").reading is not None


def test_an_open_enum_has_room_for_what_is_not_known(generated: Generated) -> None:
    made = generated("types: {M: {enum: [a], open: true}, T: {fields: {m: M}}}")

    assert typing.get_type_hints(made.T)["m"] == made.M | Unrecognized[str]


def test_a_union_carries_its_tag(generated: Generated) -> None:
    made = generated("types: {A: {fields: {x: int}}, B: {fields: {x: int}}, U: {union: [A, B], tag: kind}}")

    assert typing.get_args(made.U) == (made.A | made.B, Tag("kind", (("a", made.A), ("b", made.B))))


def test_the_facade_holds_its_channels(generated: Generated) -> None:
    made = generated("""
        name: Home
        channels:
          temperature: {address: "home/{room}/temperature/", payload: text}
          status: {address: home/status/, payload: text}
    """)

    assert set(typing.get_type_hints(made.Home)) == {"temperature", "status"}
    assert typing.get_type_hints(made.Home)["status"] is made.StatusChannel
    assert typing.get_type_hints(made.AsyncHome)["temperature"] is made.AsyncTemperatureChannels


def test_a_runtime_of_another_contract_is_told_at_import(generated: Generated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "CONTRACT", contract.CONTRACT + 1)

    with pytest.raises(ContractMismatch, match=r"emitter-typed generate generated_\d+\.yaml --out generated_\d+"):
        generated("types: {T: {fields: {x: int}}}")


def test_a_runtime_that_lacks_what_the_package_needs_is_told_at_import(
    generated: Generated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check comes before all that an older runtime may not have."""
    older = types.ModuleType("emitter_typed.contract")
    vars(older).update(CONTRACT=contract.CONTRACT - 1, check_contract=contract.check_contract)
    monkeypatch.setitem(sys.modules, "emitter_typed.contract", older)
    monkeypatch.setattr(contract, "CONTRACT", older.CONTRACT)

    with pytest.raises(ContractMismatch, match="install a newer emitter-typed"):
        generated("name: Home\ntypes: {T: {fields: {x: int}}}\nchannels: {a: {address: a/, payload: T}}")


def test_a_package_loads_its_parts_on_use(generated: Generated) -> None:
    made = generated("name: Home\ntypes: {T: {fields: {x: int}}}\nchannels: {a: {address: a/, payload: T}}")

    def loaded() -> set[str]:
        return {name.rpartition(".")[2] for name in sys.modules if name.startswith(f"{made.__name__}.")}

    assert loaded() == set()
    assert set(made.__all__) <= set(dir(made))
    assert made.T(x=1).x == 1
    assert loaded() == {"types"}
    assert made.facade.Home is made.Home
    assert loaded() == {"types", "channels", "facade"}
    everything: dict[str, object] = {}
    exec(f"from {made.__name__} import *", everything)
    assert set(made.__all__) <= set(everything)
    assert not hasattr(made, "Nothing")


CODE = ('"""', "'''\\", "{{ 1/0 }}", "{% raw %}", '"); raise SystemExit(1) #', "\\N{BULLET}", "#")
# The language itself refuses names that cannot be seen.
VISIBLE = st.one_of(
    st.sampled_from(CODE),
    st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
)
HOSTILE = st.one_of(VISIBLE, st.sampled_from(["\u202e", "a\tb", "\u2028", "  "]))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(doc=HOSTILE, default=HOSTILE, wire=VISIBLE, value=VISIBLE)
def test_hostile_texts_arrive_as_texts(generated: Generated, doc: str, default: str, wire: str, value: str) -> None:
    d, v, w, e = map(_said, (f"Begin. {doc}", default, f"w{wire}", f"e{value}"))
    made = generated(f"""
        doc: {d}
        types:
          E: {{doc: {d}, enum: [{e}]}}
          T: {{doc: {d}, fields: {{x: {{type: string, wire: {w}, default: {v}, doc: {d}}}}}}}
    """)

    (member,) = made.E
    assert member.value == f"e{value}"
    assert made.T().x == default
    assert attrs.fields(made.T).x.metadata["emitter_typed.wire"].name == f"w{wire}"
    assert made.T.__doc__.startswith("Begin.")


def _said(text: str) -> str:
    """Write a text in YAML; JSON would write some characters as two."""
    return "".join(c if c.isascii() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))


def test_nothing_but_the_package_is_written(generated: Generated, tmp_path: Path) -> None:
    made = generated("types: {T: {fields: {x: int}}}")

    assert {path.name for path in tmp_path.iterdir()} == {made.__name__, f"{made.__name__}.yaml"}


@pytest.mark.parametrize("size", [3, 201])
def test_every_annotation_can_be_read_however_large_the_package_is(generated: Generated, size: int) -> None:
    types = "".join(
        f"\n  T{n}: {{fields: {{next: T{(n * 7 + 3) % size}?, own: T{n}?, mode: Mode}}}}" for n in range(size)
    )
    channels = "".join(f"\n  c{n}: {{address: 'a{n}/{{room}}/', payload: T{n}, deprecated: old}}" for n in range(size))
    made = generated(f"types: {types}\n  Mode: {{enum: [a]}}\nchannels: {channels}")

    assert unresolved(made) == []


def test_a_package_has_the_version_of_its_schema_if_it_has_one(generated: Generated) -> None:
    assert generated("version: 1.10\ntypes: {A: {fields: {}}}").__version__ == "1.10"
    assert not hasattr(generated("types: {A: {fields: {}}}"), "__version__")
