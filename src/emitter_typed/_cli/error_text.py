"""Errors of the client in the words of a shell: options instead of parameters, and no method of the client."""

from __future__ import annotations

import re
from typing import Final

from emitter_typed.errors import (
    AmbiguousReply,
    BrokerError,
    ConnectionLost,
    ConnectionRefused,
    EmitterError,
    RequestTimeout,
)

# What errors name and advise, and what that is in a shell.
_WORDS: Final = tuple(
    (re.compile(theirs), ours)
    for theirs, ours in (
        (r"\btimeout_s\b", "--timeout"),
        (r"\bshare_group\b", "--group"),
        (r"make the client with matcher=\"mqtt\"", "pass --matcher mqtt"),
        (r"call history for", "use `emitter-typed history` for"),
        (r"use a second client", "run a second `emitter-typed sub`"),
        (r"pass the name that presence shows.*", "a name goes to --username, and a key to --key @FILE"),
        (r"`since` and `until`", "--since and --until"),
        (r"pass port 0\b", "pass --port 0"),
        (r"pass a context that trusts it as tls=", "pass --tls-ca FILE with the authority that signed it"),
        (r" \(max_packet_bytes is \d+\)", ""),
        (r"permissions: ('.') is not one of its letters \w+", r"\1 is not a permission: expected letters of rwslpe"),
    )
)

# These take another kind of key than all others do.
_OF_MASTERS: Final = ("keygen", "keyban")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_MASTER_KEY: Final = "use the broker's master key: --master-key @FILE, or EMITTER_MASTER_KEY"


class BadSchema(EmitterError):
    """A schema that breaks rules of the language; the text tells all of them."""


def error_text(error: EmitterError) -> str:
    """Return what an error says to somebody who uses the program and not the library: on one line, but for a schema's.

    Those are shown with their places, as `check` does.
    """
    from emitter_typed import Unauthorized

    match error:
        case BadSchema():
            return str(error)
        case BrokerError():
            about = f" for {error.channel}" if error.channel else ""
            text = f"the broker refused it{about} with {error.status} ({error.message})"
            hint = _MASTER_KEY if isinstance(error, Unauthorized) and error.operation in _OF_MASTERS else error.hint
            text += f": {hint}" if hint else ""
        case ConnectionRefused(return_code=None, permanent=False) if error.host in _LOOPBACK:
            text = f"{error}; `emitter-typed broker` runs one for tests"
        case RequestTimeout():
            text = f"no answer{str(error).rpartition(' was not answered')[2]}"
            if error.offline is not None:
                text = f"no connection for {error.timeout_s:g} s ({error.offline}): run the command again"
        case ConnectionLost():
            advice = "connecting again" if error.reconnecting else "run the command again"
            text = f"the connection was lost ({error.message}): {advice}"
        case AmbiguousReply():
            text = "the answer may be forged by another client: subscribe to a narrower channel"
        case _:
            text = str(error)
    for theirs, ours in _WORDS:
        text = theirs.sub(ours, text)
    return " ".join(text.split())
