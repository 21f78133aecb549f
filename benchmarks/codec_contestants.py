"""One contestant, one case of `benchmarks/codec.py`, in a process of its own.

`python -m benchmarks.codec_contestants NAME CASE FOLDER` writes, as JSON, the CPU microseconds that reading and writing
take, and how many wrong documents are refused. FOLDER holds the package that the compiler made of the schema.
"""

from __future__ import annotations

import enum
import importlib
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast  # Any: a contestant's objects, which are alike in nothing but their meaning

import attrs
from cattrs.preconf.json import make_converter

from benchmarks.codec_cases import raw, wrong
from benchmarks.codec_peers import Codec, msgspec, pydantic

MISSING = 3
"""The exit code of a contestant that is not installed."""
REPEATS = 5
REPEAT_S = 0.04


class Mode(enum.StrEnum):
    """How a station works."""

    AUTO = "auto"
    ECO = "eco"
    BOOST = "boost"


@attrs.frozen(kw_only=True)
class Reading:
    """The flat record."""

    n: int
    celsius: float
    room: str
    ok: bool


@attrs.frozen(kw_only=True)
class Place:
    """Part of the nested record."""

    latitude: float
    longitude: float
    altitude_m: float | None = None


@attrs.frozen(kw_only=True)
class Sample:
    """Part of the nested record."""

    sensor: str
    celsius: float
    humidity: float | None = None
    tags: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Report:
    """The nested record."""

    station: str
    taken_at: datetime
    mode: Mode
    firmware: str | None = None
    interval_s: int = 60
    place: Place
    samples: tuple[Sample, ...]
    limits: Mapping[str, float]
    remarks: tuple[str, ...]


TYPES: dict[str, Any] = {"flat": Reading, "nested": Report, "list": tuple[Reading, ...]}


def _our_codec(type_: Any) -> Codec:
    from emitter_typed._protocol.payloads import codec

    return lambda payload: codec.decode(payload, type_), lambda value: codec.encode(value, type_)


def ours(case: str) -> Codec:
    """Return our codec without extras, with the classes that the compiler made."""
    # The import system takes None for a module that is not there.
    sys.modules["msgspec"] = cast("Any", None)
    return ours_fast(case)


def ours_fast(case: str) -> Codec:
    """Return our codec with the extra `fast`, with the classes that the compiler made."""
    types: Any = importlib.import_module("station_api.types")
    many: Any = tuple[types.Reading, ...]
    return _our_codec({"flat": types.Reading, "nested": types.Report, "list": many}[case])


def ours_by_hand(case: str) -> Codec:
    """Return our codec, with attrs classes that were written by hand."""
    return _our_codec(TYPES[case])


def _cattrs(case: str, converter: Any) -> Codec:
    type_ = TYPES[case]
    structure, unstructure = converter.get_structure_hook(type_), converter.get_unstructure_hook(type_)
    loads, encode = json.loads, json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return lambda payload: structure(loads(payload), type_), lambda value: encode(unstructure(value)).encode()


def cattrs_by_hand(case: str) -> Codec:
    """Return json and the converter that cattrs has for it, which says what is wrong and where."""
    return _cattrs(case, make_converter())


def cattrs_fast(case: str) -> Codec:
    """Return json and the converter that cattrs has for it, without places in its errors."""
    return _cattrs(case, make_converter(detailed_validation=False))


# A program without any library for it.


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingData:
    """The flat record."""

    n: int
    celsius: float
    room: str
    ok: bool

    @classmethod
    def from_dict(cls, document: object) -> ReadingData:
        """Read it."""
        members = _object(document)
        return cls(
            n=_integer(members, "n"),
            celsius=_number(members, "celsius"),
            room=_text(members, "room"),
            ok=_boolean(members, "ok"),
        )

    def to_dict(self) -> dict[str, object]:
        """Write it."""
        return {"n": self.n, "celsius": self.celsius, "room": self.room, "ok": self.ok}


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceData:
    """Part of the nested record."""

    latitude: float
    longitude: float
    altitude_m: float | None = None

    @classmethod
    def from_dict(cls, document: object) -> PlaceData:
        """Read it."""
        members = _object(document)
        return cls(
            latitude=_number(members, "latitude"),
            longitude=_number(members, "longitude"),
            altitude_m=None if members.get("altitude_m") is None else _number(members, "altitude_m"),
        )

    def to_dict(self) -> dict[str, object]:
        """Write it."""
        return {"latitude": self.latitude, "longitude": self.longitude, "altitude_m": self.altitude_m}


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleData:
    """Part of the nested record."""

    sensor: str
    celsius: float
    humidity: float | None = None
    tags: tuple[str, ...]

    @classmethod
    def from_dict(cls, document: object) -> SampleData:
        """Read it."""
        members = _object(document)
        return cls(
            sensor=_text(members, "sensor"),
            celsius=_number(members, "celsius"),
            humidity=None if members.get("humidity") is None else _number(members, "humidity"),
            tags=_texts(members, "tags"),
        )

    def to_dict(self) -> dict[str, object]:
        """Write it."""
        return {"sensor": self.sensor, "celsius": self.celsius, "humidity": self.humidity, "tags": self.tags}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportData:
    """The nested record."""

    station: str
    taken_at: datetime
    mode: Mode
    firmware: str | None = None
    interval_s: int = 60
    place: PlaceData
    samples: tuple[SampleData, ...]
    limits: Mapping[str, float]
    remarks: tuple[str, ...]

    @classmethod
    def from_dict(cls, document: object) -> ReportData:
        """Read it."""
        members = _object(document)
        taken_at = datetime.fromisoformat(_text(members, "taken_at"))
        if taken_at.utcoffset() is None:
            raise ValueError("taken_at: no offset")
        limits = _object(members["limits"])
        return cls(
            station=_text(members, "station"),
            taken_at=taken_at,
            mode=Mode(_text(members, "mode")),
            firmware=None if members.get("firmware") is None else _text(members, "firmware"),
            interval_s=_integer(members, "interval_s") if "interval_s" in members else 60,
            place=PlaceData.from_dict(members["place"]),
            samples=tuple([SampleData.from_dict(each) for each in _list(members["samples"])]),
            limits={name: _number(limits, name) for name in limits},
            remarks=_texts(members, "remarks"),
        )

    def to_dict(self) -> dict[str, object]:
        """Write it."""
        return {
            "station": self.station,
            "taken_at": self.taken_at.astimezone(UTC).isoformat(),
            "mode": self.mode.value,
            "firmware": self.firmware,
            "interval_s": self.interval_s,
            "place": self.place.to_dict(),
            "samples": [each.to_dict() for each in self.samples],
            "limits": dict(self.limits),
            "remarks": self.remarks,
        }


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return cast("dict[str, object]", value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return cast("list[object]", value)


def _integer(members: dict[str, object], name: str) -> int:
    value = members[name]
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError(f"{name}: no integer of 64 bits")
    return value


def _number(members: dict[str, object], name: str) -> float:
    value = members[name]
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"{name}: no number")
    if not math.isfinite(value):
        raise ValueError(f"{name}: not finite")
    return float(value)


def _boolean(members: dict[str, object], name: str) -> bool:
    value = members[name]
    if type(value) is not bool:
        raise ValueError(f"{name}: no boolean")
    return value


def _text(members: dict[str, object], name: str) -> str:
    value = members[name]
    if type(value) is not str:
        raise ValueError(f"{name}: no text")
    if not value.isascii():
        value.encode()
    return value


def _texts(members: dict[str, object], name: str) -> tuple[str, ...]:
    values = _list(members[name])
    for value in values:
        if type(value) is not str:
            raise ValueError(f"{name}: no list of texts")
        if not value.isascii():
            value.encode()
    return tuple(cast("list[str]", values))


def dataclass_by_hand(case: str) -> Codec:
    """Return json and dataclasses that check what they are made of."""
    loads, encode = json.loads, json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    if case == "list":
        read = ReadingData.from_dict
        return (
            lambda payload: tuple([read(each) for each in _list(loads(payload))]),
            lambda value: encode([each.to_dict() for each in value]).encode(),
        )
    cls = ReadingData if case == "flat" else ReportData
    return lambda payload: cls.from_dict(loads(payload)), lambda value: encode(value.to_dict()).encode()


CONTESTANTS: dict[str, Callable[[str], Codec]] = {
    "emitter_typed": ours,
    "emitter_typed[fast]": ours_fast,
    "cattrs by hand": cattrs_by_hand,
    "cattrs by hand, no details": cattrs_fast,
    "dataclass by hand": dataclass_by_hand,
    "pydantic": pydantic,
    "msgspec": msgspec,
}
"""What each of them reads and writes a case with."""


def microseconds(call: Callable[[Any], object], argument: object) -> tuple[float, float]:
    """Return the CPU time of a call and the time on the clock, of the repeat that took least CPU time."""
    count = 1
    figures: list[tuple[float, float]] = []
    while len(figures) < REPEATS:
        before, before_s = time.process_time(), time.perf_counter()
        for _ in range(count):
            call(argument)
        took_s, passed_s = time.process_time() - before, time.perf_counter() - before_s
        if took_s < REPEAT_S / 2:
            count *= 2
        else:
            figures.append((took_s / count * 1e6, passed_s / count * 1e6))
    return min(figures)


def refused(read: Callable[[bytes], object]) -> int:
    """Return how many wrong documents raise an error."""
    count = 0
    for payload in wrong():
        try:
            read(payload)
        # Each library has errors of its own, and some of them are no ValueError.
        except Exception:
            count += 1
    return count


def main(name: str, case: str, folder: str) -> int:
    """Measure, and write the figures."""
    sys.path.append(folder)
    try:
        read, write = CONTESTANTS[name](case)
    except ImportError as error:
        print(error, file=sys.stderr)
        return MISSING
    payload = raw(case)
    value = read(payload)
    assert read(write(value)) == value
    print(
        json.dumps(
            {
                "read": microseconds(read, payload),
                "write": microseconds(write, value),
                "refused": refused(read) if case == "nested" else None,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
