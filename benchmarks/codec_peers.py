# pyright: basic, reportMissingImports=false
# mypy: disable-error-code="import-not-found, import-untyped, misc"
"""The same types for pydantic and msgspec, which need not be installed."""

import enum
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any  # what untyped libraries give

Codec = tuple[Callable[[bytes], Any], Callable[[Any], bytes]]
"""What reads a payload, and what writes one."""


class Mode(enum.StrEnum):
    """How a station works."""

    AUTO = "auto"
    ECO = "eco"
    BOOST = "boost"


def pydantic(case: str) -> Codec:
    """Return pydantic, strict."""
    from pydantic import BaseModel, ConfigDict, TypeAdapter

    class Strict(BaseModel):
        model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    class Reading(Strict):
        n: int
        celsius: float
        room: str
        ok: bool

    class Place(Strict):
        latitude: float
        longitude: float
        altitude_m: float | None = None

    class Sample(Strict):
        sensor: str
        celsius: float
        humidity: float | None = None
        tags: tuple[str, ...]

    class Report(Strict):
        station: str
        taken_at: datetime
        mode: Mode
        firmware: str | None = None
        interval_s: int = 60
        place: Place
        samples: tuple[Sample, ...]
        limits: Mapping[str, float]
        remarks: tuple[str, ...]

    types: dict[str, Any] = {"flat": Reading, "nested": Report, "list": tuple[Reading, ...]}
    adapter = TypeAdapter(types[case])
    return adapter.validate_json, adapter.dump_json


def msgspec(case: str) -> Codec:
    """Return msgspec, which is strict by itself."""
    from msgspec import Struct, json

    class Reading(Struct):
        n: int
        celsius: float
        room: str
        ok: bool

    class Place(Struct):
        latitude: float
        longitude: float
        altitude_m: float | None = None

    class Sample(Struct):
        sensor: str
        celsius: float
        tags: tuple[str, ...]
        humidity: float | None = None

    class Report(Struct):
        station: str
        taken_at: datetime
        mode: Mode
        place: Place
        samples: tuple[Sample, ...]
        limits: dict[str, float]
        remarks: tuple[str, ...]
        firmware: str | None = None
        interval_s: int = 60

    types: dict[str, Any] = {"flat": Reading, "nested": Report, "list": tuple[Reading, ...]}
    return json.Decoder(types[case]).decode, json.Encoder().encode
