"""What documents tell of a channel: its key and permissions, what is stored, and what a payload is as bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.model import Channel, Literal_, Named, Scalar, Schema, TypeRef

DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "both": ("publish", "subscribe"),
    "publish": ("publish",),
    "subscribe": ("subscribe",),
}
"""What an application does with a channel, by its direction in the schema."""

_PERMISSIONS = {"publish": "w", "subscribe": "r"}
_STORE, _LOAD, _PRESENCE = "s", "l", "p"

_PARAMETER = re.compile(r"\{.+\}").fullmatch


def segments(channel: Channel) -> list[str]:
    """Return the segments of an address; a parameter is `{name}`."""
    return channel.address.removesuffix("/").split("/")


def parameter_name(segment: str) -> str | None:
    """Return the name of the parameter that a segment is; None if it is a text."""
    return segment[1:-1] if _PARAMETER(segment) else None


def key_target(channel: Channel) -> str:
    """Return what to ask a key for that opens all channels of an address."""
    parts = segments(channel)
    # A key whose last segment is `+` opens nothing.
    fixed = max((place for place, part in enumerate(parts, start=1) if not _PARAMETER(part)), default=0)
    kept = ["+" if _PARAMETER(part) else part for part in parts[:fixed]]
    return "".join(f"{part}/" for part in [*kept, *(["#"] if fixed < len(parts) else [])])


def is_stored(channel: Channel) -> bool:
    """Tell whether the broker stores what is published, unless a call says otherwise."""
    return any(name in ("ttl", "retain") and bool(value) for name, value in channel.options)


def permissions(channel: Channel, direction: str) -> dict[str, str]:
    """Return the permissions that a key needs for a direction, by what they are for."""
    needed = _PERMISSIONS[direction]
    if direction == "publish":
        return {"publish": needed + (_STORE if is_stored(channel) else "")}
    return {"subscribe": needed, "stored": _LOAD, "presence": _PRESENCE}


def mqtt_binding(channel: Channel) -> dict[str, Literal_]:
    """Return the options that stand in MQTT's own header."""
    return {name: value for name, value in channel.options if name in ("qos", "retain")}


def media_type(schema: Schema, payload: TypeRef) -> str:
    """Return what a payload is as bytes."""
    found = resolve(schema, payload)
    if isinstance(found.base, Scalar) and not found.optional:
        if found.base.name in ("text", "string"):
            return "text/plain"
        if found.base.name == "bytes":
            return "application/octet-stream"
    return "application/json"


def payload_name(channel: Channel) -> str | None:
    """Return the name of the type of a payload; None if the type has no name of its own."""
    return channel.payload.name if isinstance(channel.payload, Named) else None
