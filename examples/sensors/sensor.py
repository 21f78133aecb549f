"""A sensor: measures, publishes, and keeps what it measured while the broker is away.

`python sensor.py tomatoes 1` needs a broker and a key: `EMITTER_URL` and `EMITTER_KEY` say which.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from emitter_typed import Client, EmitterError, Key

from sensors_api import Greenhouses, Reading


def measure(count: int, every_s: float) -> Iterator[Reading]:
    """Yield as many readings as are wanted, one at a time; a real sensor would ask its hardware."""
    celsius = 20.0
    for number in range(count):
        if number:
            time.sleep(every_s)
        celsius += random.uniform(-1, 1)
        yield Reading(celsius=round(celsius, 1), humidity=55.0, measured_at=datetime.now(UTC))


def publish(client: Client, key: str | Key, house: str, sensor: int, readings: Iterable[Reading]) -> int:
    """Publish readings, and return how many the broker has acknowledged.

    `publish_nowait` does not wait for the network: what is measured without a connection is sent after the next one.
    What it returns can be waited for, and raises what the broker says against it.
    """
    channel = Greenhouses(client, key).reading(house=house, sensor=sensor)
    published = [channel.publish_nowait(reading) for reading in readings]
    for pending in published:
        pending.wait(timeout_s=60)
    return len(published)


def main(key: str, house: str, sensor: str) -> None:
    """Publish five readings."""
    with Client.from_url(username=f"{house}/{sensor}") as client:
        print(publish(client, key, house, int(sensor), measure(5, every_s=0.2)), "readings published")


if __name__ == "__main__":
    try:
        main(os.environ["EMITTER_KEY"], *sys.argv[1:3])
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
