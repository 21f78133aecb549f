"""Why there is no connection: in words, and whether another attempt may fare better."""

from __future__ import annotations

import errno
import os
import ssl
import sys
from collections.abc import Sequence
from typing import Final

from emitter_typed._protocol.refusals import together
from emitter_typed.errors import ConnectionRefused

_PASSING_RETURN_CODE = 3
# TLS that ended in the middle: the other side may have been shut down.
_CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
# From here on, os.strerror of Windows calls each an unknown error.
_FIRST_OF_WINSOCK: Final = 10_000
_NO_WAY: Final = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class HandshakeRefused(ConnectionError):
    """A proxy or a WebSocket server has answered, and does not let us through."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        """Say what it answered, and whether it would answer the same again."""
        super().__init__(message)
        self.permanent = permanent


def system_words(code: int) -> str:
    """Return what the system says of an error number of a socket."""
    if sys.platform == "win32" and code >= _FIRST_OF_WINSOCK:
        import ctypes

        return ctypes.FormatError(code).strip().rstrip(".")
    return os.strerror(code)


def words(error: Exception) -> str:
    """Say what an attempt to connect raised."""
    if isinstance(error, TimeoutError):
        return str(error) if error.args and not error.strerror else "it did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", None) or _own_words(error)
        return f"its certificate was not accepted, {why}; pass a context that trusts it as tls="
    if isinstance(error, _CUT_OFF):
        return "it ended the connection in the middle of TLS"
    if isinstance(error, ssl.SSLError):
        reason: str | None = getattr(error, "reason", None)
        return f"TLS failed, {_own_words(error) if reason is None else reason.replace('_', ' ').lower()}"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__


def _own_words(error: ssl.SSLError) -> str:
    """Return what an error says that is not of OpenSSL, such as one of a caller's context that pins a certificate."""
    return error.strerror or ", ".join(map(str, error.args)) or "for no reason given"


def is_permanent(error: Exception) -> bool:
    """Tell whether the same attempt would always raise the same."""
    if isinstance(error, HandshakeRefused):
        return error.permanent
    return isinstance(error, ssl.SSLError) and not isinstance(error, _CUT_OFF)


def refused_by_all(errors: Sequence[ConnectionRefused]) -> ConnectionRefused:
    """Return the error of a name whose addresses were all tried: permanent only if it is so for each.

    Addresses that this machine has no way to, such as those of IPv6 without a network for it, do not count.
    """
    reached = [each for each in errors if getattr(each.__cause__, "errno", None) not in _NO_WAY] or errors
    # What was answered says more than that nothing was.
    telling = next((each for each in reached if each.permanent), reached[-1])
    permanent = all(each.permanent for each in reached)
    return telling if telling.permanent == permanent else together(telling, (), permanent=permanent)


def is_permanent_code(return_code: int) -> bool:
    """Tell whether a broker would always refuse with this return code of a CONNACK (MQTT 3.1.1, 3.2.2.3)."""
    return return_code != _PASSING_RETURN_CODE
