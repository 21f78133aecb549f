"""The boss: hands out jobs, and hands out again what nobody has done.

`python boss.py` needs a broker and a key: `EMITTER_URL` and `EMITTER_KEY` say which.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from uuid import uuid4

from emitter_typed import Client, EmitterError, Key

from workers_api import Job, Result, Workers

TEXTS = ("to be or not to be", "hello", "the quick brown fox")


def hand_out(client: Client, key: str | Key, texts: Iterable[str], *, patience_s: float = 5.0) -> dict[str, Result]:
    """Return the result of each text.

    The broker forgets a job when it has sent it to a worker. If no result comes for a while, what is missing is
    published again: a worker may have died. So a job may be done twice, and the first result counts.

    Args:
        client: A connected client.
        key: A key for `jobs/` with `w` and for `results/` with `r`, such as one for `#/`.
        texts: Texts that differ.
        patience_s: Seconds without any result after which jobs are handed out again.
    """
    workers = Workers(client, key)
    missing = {job.id: job for job in (Job(id=uuid4(), text=text) for text in texts)}
    done: dict[str, Result] = {}
    with workers.results.subscribe(last=0) as results:
        while missing:
            for job in missing.values():
                workers.jobs.publish(job)
            while missing and (message := results.get(timeout_s=patience_s)) is not None:
                result = message.payload
                if (finished := missing.pop(result.job, None)) is not None:
                    done[finished.text] = result
    return done


def main(key: str) -> None:
    """Hand out three texts, and print what comes back."""
    with Client.from_url(username="boss") as client:
        for text, result in sorted(hand_out(client, key, TEXTS).items()):
            print(f"{text}: {result.words} words, counted by {result.worker}")


if __name__ == "__main__":
    try:
        main(os.environ["EMITTER_KEY"])
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
