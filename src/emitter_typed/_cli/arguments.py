"""What the verbs' arguments have in common: mistakes in one line with a suggestion, and a typed result."""

from __future__ import annotations

import argparse
import os
import re
from datetime import datetime, timedelta
from typing import NoReturn

from emitter_typed._masking import hide_keys
from emitter_typed_codegen.arguments import PROGRAM as PROGRAM
from emitter_typed_codegen.arguments import Parser as BaseParser
from emitter_typed_codegen.arguments import suggestion as suggestion

_SCHEMA_ENDINGS = (".yaml", ".yml", ".json")
_is_windows_path = re.compile(r"[A-Za-z]:[\\/]").match
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Parser(BaseParser):
    """The parser of a verb, which shows no key that was given in the wrong place."""

    def error(self, message: str) -> NoReturn:
        """End the program with 2."""
        super().error(hide_keys(message))


def channel(text: str) -> str:
    """Read a channel; what is plainly something else is refused with a word about where it belongs."""
    if hide_keys(text) != text:
        raise argparse.ArgumentTypeError(
            "this looks like a key, not a channel: keys go to --key @FILE or EMITTER_KEY, and a channel is like chat/"
        )
    if _is_windows_path(text) or (text.endswith(_SCHEMA_ENDINGS) and os.path.exists(text)):
        raise argparse.ArgumentTypeError(f"{text} is a file, not a channel such as chat/: a schema goes to --schema")
    return text


def seconds(text: str) -> timedelta:
    """Read a time span: `90`, `90s`, `15m`, `2h` or `7d`."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        if (span := timedelta(seconds=float(number) * _UNITS[unit])) >= timedelta():
            return span
    except (ValueError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(f"expected a time span such as 90, 90s, 15m, 2h or 7d, got {text!r}")


def time_limit(text: str) -> timedelta:
    """Read how long to wait: a time span of more than 0, and at most a day."""
    if not timedelta() < (span := seconds(text)) <= timedelta(days=1):
        raise argparse.ArgumentTypeError(f"expected a time span above 0, and at most 1d, got {text!r}")
    return span


def moment(text: str) -> datetime:
    """Read a time: ISO 8601, in local time if it names no zone; or a time span, which counts back from now."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        pass
    try:
        # Nobody who counts back in hours means microseconds, which errors would show.
        return datetime.now().astimezone().replace(microsecond=0) - seconds(text)
    except (argparse.ArgumentTypeError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"expected a time such as 2026-11-29T12:00:00Z, or a time span that counts back, such as 2h, got {text!r}"
        ) from None


def positive(text: str) -> int:
    """Read an integer above 0."""
    if (number := _whole(text)) is None or number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer above 0, got {text!r}")
    return number


def natural(text: str) -> int:
    """Read an integer of 0 or more."""
    if (number := _whole(text)) is None or number < 0:
        raise argparse.ArgumentTypeError(f"expected an integer of 0 or more, got {text!r}")
    return number


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
