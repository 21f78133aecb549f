"""What a checker knows after `from emitter_typed import *`: the names of the schema too. Never run."""
# ruff: noqa: F403, F405

from typing import assert_type

from emitter_typed import *


def names(client: Client, key: Key) -> None:
    assert_type(client.keygen(key, "chat/", Permission.READ).key, Key)
    try:
        client.publish(key, "chat/", "hello", qos=1)
    except (Unauthorized, RequestTimeout) as error:
        raise SystemExit(str(error)) from None
