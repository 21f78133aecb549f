"""Two programs in one: a sensor that publishes what it measures, and a display that shows it.

It needs a broker: `EMITTER_URL` and `EMITTER_MASTER_KEY` say which. `demo.py` starts one and runs this.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from queue import SimpleQueue

from emitter_typed import (
    Client,
    EmitterError,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    Unauthorized,
)

from home_api import Home, Reading


def told(event: PresenceEvent) -> str:
    """Say in words what a presence event tells; a checker asks for every case."""
    match event:
        case PresenceStatus(channel=channel, who=everyone):
            return f"{len(everyone)} subscribed to {channel}"
        case PresenceSubscribe(channel=channel, who=one):
            return f"{one.username} came to {channel}"
        case PresenceUnsubscribe(channel=channel, who=one):
            return f"{one.username} left {channel}"


def main(url: str, master_key: str) -> None:
    """Publish and receive one typed message, watch who is there, and be refused once."""
    events: SimpleQueue[PresenceEvent] = SimpleQueue()
    with Client.from_url(url, username="display") as display, Client.from_url(url, username="sensor") as sensor:
        made = display.keygen(master_key, "home/#/", "rwslp", ttl=3600)
        print("a new key:      ", made)

        sensor.on_presence = events.put
        print("who is there:   ", sensor.presence(made.key, "home/+/temperature/", status=True, changes=True))
        print("an event:       ", told(events.get(timeout=10)))

        with Home(display, made.key).temperature.subscribe() as temperatures:
            print("an event:       ", told(events.get(timeout=10)))

            reading = Reading(celsius=21.5, taken_at=datetime.now(UTC))
            Home(sensor, made.key).temperature(room="kitchen").publish(reading, ttl=3600)
            message = temperatures.get(timeout_s=10)
            assert message is not None
            print("a typed message:", message.params.room, message.payload)

        print("an event:       ", told(events.get(timeout=10)))

        read_only = display.keygen(master_key, "home/#/", "r").key
        try:
            Home(sensor, read_only).temperature(room="kitchen").publish(reading, qos=1)
        except Unauthorized as error:
            print("a refused key:  ", type(error).__name__, error.status, error.message)


if __name__ == "__main__":
    try:
        main(os.environ["EMITTER_URL"], os.environ["EMITTER_MASTER_KEY"])
    except KeyError as missing:
        sys.exit(f"set {missing}: this program needs a broker; examples/home/demo.py starts one")
    except EmitterError as error:
        sys.exit(str(error))
