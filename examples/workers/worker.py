"""A worker: takes its share of the jobs.

Start as many as you like: `python worker.py bob`. It needs a broker and two keys: `EMITTER_URL`, `EMITTER_GROUP_KEY`
for the group and `EMITTER_KEY` for the results.
"""

from __future__ import annotations

import os
import sys

from emitter_typed import Client, EmitterError, Key, Message, Subscription

from workers_api import Job, Result, Workers

GROUP = "counters"


def work(client: Client, group_key: str | Key, key: str | Key, name: str) -> Subscription[Message[Job]]:
    """Join the group, and do each job that comes.

    The handler has a thread of its own and receives one job at a time.

    Args:
        client: A connected client.
        group_key: A key for `$share/counters/jobs/` with `r`.
        key: A key for `results/` with `w`.
        name: The worker's name.

    Returns:
        The subscription. `close` ends the membership.
    """
    results = Workers(client, key).results

    def do(message: Message[Job]) -> None:
        job = message.payload
        results.publish(Result(job=job.id, worker=name, words=len(job.text.split())))

    return client.subscribe_with_group(group_key, "jobs/", GROUP, do, payload=Job)


def main(group_key: str, key: str, name: str) -> None:
    """Work until Ctrl-C."""
    with Client.from_url(username=name) as client, work(client, group_key, key, name) as jobs:
        print(f"{name} is a member of {GROUP}", flush=True)
        try:
            client.loop_forever()
        except KeyboardInterrupt:
            print(f"{name} did {jobs.delivered} jobs")


if __name__ == "__main__":
    try:
        main(os.environ["EMITTER_GROUP_KEY"], os.environ["EMITTER_KEY"], *sys.argv[1:2])
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
