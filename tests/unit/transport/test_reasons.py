"""Why there is no connection, in words."""

from __future__ import annotations

import errno
import os
import ssl

import pytest

from emitter_typed._transport.reasons import is_permanent, words


def of_openssl(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "told", "permanent"),
    [
        (TimeoutError(), "it did not answer in time", False),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "it did not answer in time", False),
        (TimeoutError("its name took too long"), "its name took too long", False),
        (OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)), os.strerror(errno.ECONNREFUSED), False),
        (ssl.SSLEOFError(8, "EOF occurred"), "it ended the connection in the middle of TLS", False),
        (of_openssl("WRONG_VERSION_NUMBER"), "TLS failed, wrong version number", True),
        # What a caller's context raises of its own, such as one that pins a certificate.
        (ssl.SSLError("another pin"), "TLS failed, another pin", True),
        (ssl.SSLError(1, "another pin"), "TLS failed, another pin", True),
        (ssl.SSLError(), "TLS failed, for no reason given", True),
        (
            ssl.CertificateError("another pin"),
            "its certificate was not accepted, another pin; pass a context that trusts it as tls=",
            True,
        ),
        (ValueError("no good"), "no good", False),
        (ValueError(), "ValueError", False),
    ],
    ids=repr,
)
def test_what_an_attempt_raised_is_said_in_words(error: Exception, told: str, permanent: bool) -> None:
    assert (words(error), is_permanent(error)) == (told, permanent)
