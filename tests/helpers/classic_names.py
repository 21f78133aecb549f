"""Every public name of the official Python client, emitter-io 2.3.0, and where ours differ on purpose."""

from __future__ import annotations

import enum
from typing import TypeAlias


class Mark(enum.Enum):
    """What is no value: a parameter without default, or one whose default is no options, `{}` there and `()` here."""

    REQUIRED = "required"
    NO_OPTIONS = "no options"


REQUIRED, NO_OPTIONS = Mark.REQUIRED, Mark.NO_OPTIONS

Default: TypeAlias = str | int | bool | Mark | None
Parameters: TypeAlias = dict[str, Default]
"""Names of parameters in their order, with their defaults."""

METHODS: dict[str, Parameters] = {
    "connect": {"host": "api.emitter.io", "port": 443, "secure": True, "keepalive": 30, "username": None},
    "disconnect": {},
    "keyban": {"master_key": REQUIRED, "target_key": REQUIRED, "ban": REQUIRED},
    "keygen": {"key": REQUIRED, "channel": REQUIRED, "permissions": REQUIRED, "ttl": 0},
    "link": {
        "key": REQUIRED,
        "channel": REQUIRED,
        "name": REQUIRED,
        "subscribe": REQUIRED,
        "options": NO_OPTIONS,
    },
    "loop": {"timeout": REQUIRED},
    "loop_forever": {},
    "loop_start": {},
    "loop_stop": {},
    "me": {},
    "presence": {"key": REQUIRED, "channel": REQUIRED, "status": False, "changes": False, "optional_handler": None},
    "publish": {"key": REQUIRED, "channel": REQUIRED, "message": REQUIRED, "options": NO_OPTIONS},
    "publish_with_link": {"link": REQUIRED, "message": REQUIRED},
    "subscribe": {"key": REQUIRED, "channel": REQUIRED, "optional_handler": None, "options": NO_OPTIONS},
    "subscribe_with_group": {
        "key": REQUIRED,
        "channel": REQUIRED,
        "share_group": REQUIRED,
        "optional_handler": None,
        "options": NO_OPTIONS,
    },
    "unsubscribe": {"key": REQUIRED, "channel": REQUIRED},
}
"""The methods of `Client`, with their parameters in order; `Client()` itself takes none."""

OPTION_MAKERS: dict[str, Parameters] = {
    "with_at_least_once": {},
    "with_at_most_once": {},
    "with_last": {"last": REQUIRED},
    "with_retain": {},
    "with_ttl": {"ttl": REQUIRED},
    "without_echo": {},
}
"""The static methods of `Client`."""

OPTIONS = {"QOS0": "with_at_most_once", "QOS1": "with_at_least_once", "RETAIN": "with_retain"}
"""The constants of `Client`, and the static method that returns the same."""

PROPERTIES = (
    *("on_connect", "on_disconnect", "on_error", "on_keyban", "on_keygen", "on_me", "on_message", "on_presence"),
)
"""The properties of `Client`, which can be set."""

MESSAGE_METHODS: dict[str, Parameters] = {"as_binary": {}, "as_object": {}, "as_string": {}}
"""The methods of `EmitterMessage`."""

MESSAGE_ATTRIBUTES = ("binary", "channel")
"""What an `EmitterMessage` holds."""

DIFFERENCES: dict[tuple[str, str], tuple[Default, str]] = {
    ("presence", "changes"): (
        None,
        "False ends a watch: who only asks for the status would end it by the old default. None leaves it as it is.",
    ),
    ("link", "subscribe"): (False, "It may be left out; who says it says it in the same place."),
}
"""Our default for a parameter where it is another one, and why."""
