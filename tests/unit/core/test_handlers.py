"""A channel's own handler comes before the general one, for its channel and those below."""

from __future__ import annotations

from datetime import UTC, datetime

from emitter_typed import PresenceInfo, PresenceSubscribe
from emitter_typed._core.handlers import EventHandlers
from emitter_typed._generated.protocol import ON_PRESENCE


def event(channel: str) -> PresenceSubscribe:
    return PresenceSubscribe(time=datetime(2026, 1, 1, tzinfo=UTC), channel=channel, who=PresenceInfo(id="x"))


def test_the_most_special_of_handlers_are_found() -> None:
    handlers: EventHandlers[str] = EventHandlers()
    assert handlers.find(ON_PRESENCE, event("a/")) == []
    assert handlers.set("presence", "all") is None
    assert handlers.set_for_channel("presence", "a/", "a") is None
    handlers.set_for_channel("presence", "a/+/c/", "c")
    assert handlers.find(ON_PRESENCE, event("b/")) == ["all"]
    assert handlers.find(ON_PRESENCE, event("a/")) == ["a"]
    assert sorted(handlers.find(ON_PRESENCE, event("a/b/c/"))) == ["a", "c"]
    assert handlers.find(ON_PRESENCE, event("a/+/c/")) == ["a", "c"]
    assert sorted(handlers) == ["a", "all", "c"]


def test_what_is_replaced_is_given_back() -> None:
    handlers: EventHandlers[str] = EventHandlers()
    handlers.set("presence", "one")
    assert handlers.set("presence", "two") == "one"
    assert handlers.get("presence") == "two"
    assert handlers.set("presence", None) == "two"
    assert handlers.get("presence") is None
    handlers.set_for_channel("presence", "a/", "one")
    assert handlers.set_for_channel("presence", "a/", "two") == "one"
    assert handlers.find(ON_PRESENCE, event("a/")) == ["two"]
    assert handlers.set_for_channel("presence", "a/", None) == "two"
    assert list(handlers) == []


def test_whether_there_is_any_handler_is_known_without_a_look_at_each() -> None:
    handlers: EventHandlers[str] = EventHandlers()
    assert not handlers
    handlers.set("presence", "all")
    assert handlers
    handlers.set("presence", None)
    handlers.set_for_channel("presence", "a/", "a")
    assert handlers
    handlers.set_for_channel("presence", "a/", None)
    assert not handlers
