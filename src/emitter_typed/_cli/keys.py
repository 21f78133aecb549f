"""Keys that need not stand on the command line, where everybody on the machine sees them."""

from __future__ import annotations

import os
import sys

from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.paths import reason

_MAX_KEY_FILE_CHARACTERS = 4096


def read_key(value: str | None, *, flag: str, variable: str, prog: str) -> str | None:
    """Return the key that the user gave: as `@FILE`, in the environment, or in clear, which is warned about.

    Args:
        value: What stands behind the flag: `@FILE`, `@-` for stdin, or the key; None: nothing.
        flag: The flag, such as `--master-key`.
        variable: The environment variable that holds the key, or `@FILE`, where the flag is not given.
        prog: Who warns.

    Returns:
        The key, or None if there is none.

    Raises:
        InvalidArgument: The file cannot be read, or holds no text; or a file is named without the `@`.
    """
    if value is None:
        set_there = os.environ.get(variable) or None
        if set_there is not None and set_there.startswith("@"):
            return read_key_file(set_there[1:], variable)
        return None if set_there is None else _no_file(set_there, variable)
    if value.startswith("@"):
        return read_key_file(value[1:], flag)
    _no_file(value, flag)
    instead = flag if flag.endswith("@FILE") else f"{flag} @FILE"
    instead += f", or {variable}" if variable else ""
    print(f"{prog}: others on this machine can see a key on the command line: use {instead}", file=sys.stderr)
    return value


def _no_file(value: str, flag: str) -> str:
    # Else the broker would be asked with a key that is the name of a file.
    if os.path.isfile(value):
        raise InvalidArgument(f"{flag}: {value} is a file: write @{value}", argument=flag, value=None)
    return value


def read_key_file(path: str, flag: str) -> str:
    """Return the key that a file holds, or stdin for `-`. Raises InvalidArgument.

    Shells leave `~` behind an `@` as it is.
    """
    if path == "-":
        text = "" if sys.stdin is None else sys.stdin.readline(_MAX_KEY_FILE_CHARACTERS).strip()
        if not text:
            raise InvalidArgument(f"{flag} @-: stdin contains no key", argument=flag, value=path)
        return text
    try:
        # Windows PowerShell begins a file in UTF-8 with a byte-order mark.
        with open(os.path.expanduser(path), encoding="utf-8-sig") as file:
            # No more than a key may take: the file may be a device that never ends.
            text = file.read(_MAX_KEY_FILE_CHARACTERS).strip()
    except OSError as error:
        raise InvalidArgument(f"{flag} @{path}: {reason(error)}", argument=flag, value=path) from None
    except UnicodeDecodeError:
        # Such as UTF-16, which `>` writes in Windows PowerShell.
        message = f"{flag} @{path}: the file is not UTF-8: save it as UTF-8"
        raise InvalidArgument(message, argument=flag, value=path) from None
    if not text:
        raise InvalidArgument(f"{flag} @{path}: the file contains no key", argument=flag, value=path)
    return text
