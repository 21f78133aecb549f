"""What `benchmarks/codec.py` reads and writes: three documents, and their types in our schema language."""

from __future__ import annotations

import json

SCHEMA = """
emitter-typed: 1
name: Station
types:
  Reading: {fields: {n: int, celsius: float, room: string, ok: bool}}
  Mode: {enum: [auto, eco, boost]}
  Place: {fields: {latitude: float, longitude: float, altitude_m: float?}}
  Sample: {fields: {sensor: string, celsius: float, humidity: float?, tags: "[string]"}}
  Report:
    fields:
      station: string
      taken_at: datetime
      mode: Mode
      firmware: string?
      interval_s: {type: int, default: 60}
      place: Place
      samples: "[Sample]"
      limits: "{string: float}"
      remarks: "[string]"
channels:
  readings: {address: readings/, payload: Reading}
  reports: {address: reports/, payload: Report}
"""

TITLES = {"flat": "50 B flat", "nested": "1 kB nested", "list": "50 kB list"}
"""The cases: a record of scalars, a record of everything that a schema knows, a list of records of scalars."""


def _reading(number: int) -> dict[str, object]:
    return {"n": number, "celsius": 21.5, "room": "kitchen", "ok": number % 2 == 0}


def _sample(number: int) -> dict[str, object]:
    humidity = {"humidity": 40.5 + number} if number % 2 else {}
    return {"sensor": f"probe-{number}", "celsius": 18.25 + number, **humidity, "tags": ["indoor", "fühler"]}


_REPORT: dict[str, object] = {
    "station": "Zürich Höngg, 北側",
    "taken_at": "2026-01-31T12:00:00.250000Z",
    "mode": "eco",
    "firmware": "4.2.1-rc3",
    "place": {"latitude": 47.4021, "longitude": 8.4988},
    "samples": [_sample(number) for number in range(9)],
    "limits": {"frost": -2.5, "comfort": 21.0, "fire": 68.0, "wind": 24.5},
    "remarks": ["Tür offen", "filter changed", "the sensor on the south side stood in the sun until noon"],
}

DOCUMENTS: dict[str, object] = {
    "flat": _reading(123),
    "nested": _REPORT,
    "list": [_reading(number) for number in range(950)],
}


def raw(case: str) -> bytes:
    """Return the payload of a case."""
    return json.dumps(DOCUMENTS[case], ensure_ascii=False, separators=(",", ":")).encode()


WRONG = (
    ('"celsius":18.25', '"celsius":"18.25"'),
    ('"celsius":18.25', '"celsius":true'),
    ('"celsius":18.25', '"celsius":NaN'),
    ('"latitude":47.4021,', ""),
    ('"mode":"eco"', '"mode":"off"'),
    ('"mode":"eco"', '"interval_s":9223372036854775808,"mode":"eco"'),
    ('"mode":"eco"', '"interval_s":60.5,"mode":"eco"'),
    ("12:00:00.250000Z", "12:00:00.250000"),
    ('"remarks":[', '"remarks":"Tür","rest":['),
    ('"Tür offen"', '"\\ud83d"'),
    ('"Tür offen"', "7"),
)
"""What makes the nested document one that breaks a rule: each of these parts, and what then stands in its place."""


def wrong() -> list[bytes]:
    """Return documents of the nested case that each break one rule."""
    text = raw("nested").decode()
    return [text.replace(old, new, 1).encode() for old, new in WRONG]
