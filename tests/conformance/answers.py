"""What a call is to end with, and what it ended with, both written as the broker writes it."""

from __future__ import annotations

from base64 import b64decode
from typing import cast

from emitter_typed import (
    KeybanResponse,
    KeygenResponse,
    LinkResponse,
    MeResponse,
    PresenceInfo,
    PresenceResponse,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    StoredMessage,
)
from emitter_typed._types.values import Json


def shown(result: object) -> object:
    """Return a result or an event as the broker writes it."""
    match result:
        case KeygenResponse(key=key, channel=channel):
            return {"key": key.reveal(), "channel": channel}
        case KeybanResponse(banned=banned):
            return {"banned": banned}
        case LinkResponse(name=name, channel=channel):
            return {"name": name, "channel": channel}
        case MeResponse(id=own_id, links=links):
            return {"id": own_id, **({"links": dict(links)} if links else {})}
        case PresenceResponse(time=None, channel=None, who=()):
            return {"time": 0, "event": "", "channel": "", "who": None}
        case PresenceResponse(time=time, channel=channel, who=who) if time is not None:
            return {"time": time.timestamp(), "event": "status", "channel": channel, "who": [_one(one) for one in who]}
        case PresenceStatus(time=time, channel=channel, who=who):
            return {"time": time.timestamp(), "event": "status", "channel": channel, "who": [_one(one) for one in who]}
        case PresenceSubscribe(time=time, channel=channel, who=one):
            return {"time": time.timestamp(), "event": "subscribe", "channel": channel, "who": _one(one)}
        case PresenceUnsubscribe(time=time, channel=channel, who=one):
            return {"time": time.timestamp(), "event": "unsubscribe", "channel": channel, "who": _one(one)}
        case list():
            # Their order is that of the ids, which the recordings do not hold.
            return sorted((each.channel, each.payload) for each in cast("list[StoredMessage]", result))
        case _:
            return result


def _one(who: PresenceInfo) -> dict[str, Json]:
    return {"id": who.id, **({} if who.username is None else {"username": who.username})}


def expected_result(send: dict[str, Json], came: list[dict[str, Json]]) -> object:
    """Return what the recorded answers to a packet say, about that packet."""
    for packet in came:
        document = packet.get("json")
        if packet["type"] != "PUBLISH" or not isinstance(document, dict) or document.get("req") != send.get("id", -1):
            continue
        if isinstance(status := document.get("status"), int) and status >= 400:
            return {"status": status, "message": document["message"]}
        if "messages" in document:
            items = cast("list[dict[str, Json]]", document["messages"])
            return sorted((str(each["channel"]), b64decode(str(each["payload"] or ""))) for each in items)
        return {name: each for name, each in document.items() if name not in ("req", "status")}
    # A page that does not fit a packet is asked for again, and then it is empty.
    return [] if send.get("topic") == "emitter/history/" else None
