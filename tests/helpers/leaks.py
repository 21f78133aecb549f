"""Finds keys in what a test has logged, printed or raised: every key that a broker of this process has made."""

from __future__ import annotations

import functools
import logging
import re

import pytest

_KEY_LENGTH = 32
# Base64url, as keys are, and long enough to hold one.
_find_runs = re.compile(rf"[\w-]{{{_KEY_LENGTH},}}", re.ASCII).findall


class Leaks(logging.Handler):
    """Looks for the keys that brokers make in what the library logs and raises, as it does so."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._keys: set[str] = set()
        self._shown: set[str] = set()

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look at every key that is made, every error and every log record from now on."""
        from emitter_typed._broker.keys import KeyRing
        from emitter_typed.errors import EmitterError

        seal, begin, error = KeyRing.seal, KeyRing.__init__, EmitterError.__init__

        def sealed(ring: KeyRing, *args: object, **named: object) -> str:
            key = seal(ring, *args, **named)  # type: ignore[arg-type]  # handed on as it came
            self._keys.add(key)
            return key

        def begun(ring: KeyRing, master_key: str, *args: object) -> None:
            begin(ring, master_key, *args)  # type: ignore[arg-type]  # handed on as it came
            self._keys.add(master_key)

        @functools.wraps(error)
        def raised(own: EmitterError, message: str, advice: str = "") -> None:
            error(own, message, advice)
            self.search(str(own))

        monkeypatch.setattr(KeyRing, "seal", sealed)
        monkeypatch.setattr(KeyRing, "__init__", begun)
        monkeypatch.setattr(EmitterError, "__init__", raised)

    def emit(self, record: logging.LogRecord) -> None:
        """Take what is logged, with the traceback if there is one."""
        self.search(self.format(record))

    def search(self, text: str) -> None:
        """Look for keys in a text."""
        for run in _find_runs(text):
            pieces = {run[start : start + _KEY_LENGTH] for start in range(len(run) - _KEY_LENGTH + 1)}
            self._shown |= pieces & self._keys

    def take(self) -> list[str]:
        """Return the ends of the keys that were found since the last time."""
        shown, self._shown = self._shown, set()
        return sorted(f"…{key[-4:]}" for key in shown)
