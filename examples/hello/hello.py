"""Subscribe to `chat/`, say hello in `chat/<your name>/`, and print what arrives.

It needs a broker and a key: `EMITTER_URL` and `EMITTER_KEY` say which.
"""

from __future__ import annotations

import os
import sys

from emitter_typed import Client, EmitterError, Key

from hello_api import Hello


def say_hello(client: Client, key: str | Key, name: str) -> str:
    """Publish a greeting, and return it as it came back from the broker."""
    chat = Hello(client, key).chat
    with chat.subscribe(last=0) as messages:
        chat(name=name).publish("hello, emitter!")
        message = next(messages)
    return f"{message.params.name}: {message.payload}"


def main(key: str, name: str) -> None:
    """Connect, greet and leave."""
    with Client.from_url(username=name) as client:
        print(say_hello(client, key, name))


if __name__ == "__main__":
    try:
        main(os.environ["EMITTER_KEY"], *sys.argv[1:2] or ["ann"])
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
