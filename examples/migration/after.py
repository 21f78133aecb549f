"""Tells passengers of late ferries, as `before.py` does, with a schema.

It ends after its first notice. It needs a broker and a master key: `EMITTER_URL` and `EMITTER_MASTER_KEY` say which.
"""

from __future__ import annotations

import os
import sys

from emitter_typed import Client, EmitterError

from migration_api import Ferry, Position, PositionChannelMessage

POSITIONS = (
    Position(stop="harbour", minutes_late=0),
    Position(stop="island", minutes_late=4),
    Position(stop="castle", minutes_late=12),
)


def main(client: Client, master_key: str) -> None:
    """Publish positions, and print the first notice that follows from them."""
    ferry = Ferry(client, client.keygen(master_key, "ferry/#/", "rwsl").key)
    line = ferry.position(line=1)

    def arrived(message: PositionChannelMessage) -> None:
        position = message.payload
        print(position.stop, position.minutes_late)
        if position.minutes_late > 10:
            ferry.notice(line=message.params.line).publish(f"{position.minutes_late} minutes late")

    with ferry.notice(line=1).subscribe(last=0) as notices, line.subscribe(arrived, last=0):
        for position in POSITIONS:
            line.publish(position)
        print("notice:", next(notices).payload)


if __name__ == "__main__":
    try:
        with Client.from_url() as connected:
            main(connected, os.environ["EMITTER_MASTER_KEY"])
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
