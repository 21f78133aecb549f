"""A monitor: follows all sensors, raises alarms, and misses nothing while its connection is lost.

`python monitor.py 5` ends after five readings. It needs a broker and a key: `EMITTER_URL` and `EMITTER_KEY` say which.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice

from emitter_typed import Client, EmitterError, Gap, Subscription, Undecodable

from sensors_api import Alarm, Battery, Greenhouses, Reading, ReadingChannelMessage, Reason

FROST_CELSIUS = 2
HEAT_CELSIUS = 35


def alarms(reading: Reading) -> Iterator[Alarm]:
    """Yield what is wrong with a reading."""
    if reading.celsius < FROST_CELSIUS:
        yield Alarm(reason=Reason.FROST, celsius=reading.celsius)
    if reading.celsius > HEAT_CELSIUS:
        yield Alarm(reason=Reason.HEAT, celsius=reading.celsius)
    if reading.battery is Battery.LOW:
        yield Alarm(reason=Reason.BATTERY, celsius=reading.celsius)


def follow(greenhouses: Greenhouses, readings: Subscription[ReadingChannelMessage]) -> Iterator[ReadingChannelMessage]:
    """Yield each reading, and raise its alarms."""
    for event in readings.events():
        match event:
            case Gap(recovered=True, count=count):
                print(f"the connection was lost: {count} readings were missed, and follow")
            case Gap():
                print("the connection was lost: some readings may be missing")
            case Undecodable():
                print(f"left out, for it does not fit the schema: {event}")
            case message:
                for alarm in alarms(message.payload):
                    greenhouses.alarm(house=message.params.house).publish(alarm)
                yield message


def subscribe(greenhouses: Greenhouses) -> Subscription[ReadingChannelMessage]:
    """Subscribe to all greenhouses. Stored readings of the last hour come first."""
    return greenhouses.reading.subscribe(last=1000, recover=True)


def main(key: str, count: int | None) -> None:
    """Print readings until there were as many as are wanted."""
    with Client.from_url(username="monitor") as client:
        greenhouses = Greenhouses(client, key)
        with subscribe(greenhouses) as readings:
            for message in islice(follow(greenhouses, readings), count):
                reading = message.payload
                print(message.params.house, message.params.sensor, f"{reading.celsius} °C", f"{reading.humidity} %")


if __name__ == "__main__":
    try:
        main(os.environ["EMITTER_KEY"], int(sys.argv[1]) if sys.argv[1:] else None)
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass
