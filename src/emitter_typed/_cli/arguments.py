"""What the verbs' arguments have in common: mistakes in one line, and keys that need not be written there."""

from __future__ import annotations

import argparse
import os
import sys
from typing import NoReturn

from emitter_typed.errors import InvalidArgument, hide_keys
from emitter_typed_codegen.exit_codes import USAGE

_MAX_KEY_FILE_CHARACTERS = 4096


class Parser(argparse.ArgumentParser):
    """A parser that tells a mistake in one line, and shows no key that stands in the wrong place."""

    def error(self, message: str) -> NoReturn:
        """End the program with 2."""
        self.exit(USAGE, f"{self.prog}: {hide_keys(message)} (see {self.prog} --help)\n")


def read_key(value: str | None, *, flag: str, variable: str, prog: str) -> str | None:
    """Return the key that the user gave: as `@FILE`, in the environment, or in clear, which is warned about.

    Args:
        value: What stands behind the flag; None: nothing.
        flag: The flag, such as `--master-key`.
        variable: The environment variable that holds the key where the flag is not given.
        prog: Who warns.

    Returns:
        The key, or None if there is none.

    Raises:
        InvalidArgument: The file cannot be read, or holds no text.
    """
    if value is None:
        return os.environ.get(variable) or None
    if value.startswith("@"):
        return _read_file(value[1:], flag)
    print(
        f"{prog}: others on this machine can see a key on the command line: use {flag} @FILE, or {variable}",
        file=sys.stderr,
    )
    return value


def _read_file(path: str, flag: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            # No more than a key may take: the file may be a device that never ends.
            text = file.read(_MAX_KEY_FILE_CHARACTERS).strip()
    except OSError as error:
        raise InvalidArgument(f"{flag} @{path}: {error.strerror}", argument=flag, value=path) from None
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise InvalidArgument(f"{flag} @{path}: the file holds no key", argument=flag, value=path)
    return text
