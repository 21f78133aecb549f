"""A certificate and its key, in files, as what a server needs for TLS."""

from __future__ import annotations

import ssl

from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.paths import reason

CERTIFICATE, KEY = "--tls-cert", "--tls-key"

# What OpenSSL says where both are fine, and made for each other they are not.
_MISFITS = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}


def server_context(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """Return the context of a server, or None without files.

    Args:
        certificate: The file of the certificate, and of those that lead to its authority, in PEM.
        key: The file of its private key, in PEM.

    Raises:
        InvalidArgument: One of the two is missing, cannot be read or is something else, the key is encrypted, or the
            two do not fit.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        present, absent = (KEY, CERTIFICATE) if certificate is None else (CERTIFICATE, KEY)
        raise InvalidArgument(f"{present} needs {absent} as well", argument=absent, value=None)
    for flag, path in ((CERTIFICATE, certificate), (KEY, key)):
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise _unusable(flag, path, reason(error)) from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _check_certificate(certificate)

    def password() -> str:
        raise _unusable(KEY, key, "the key is encrypted: pass one that is not")

    try:
        context.load_cert_chain(certificate, key, password)
    except ssl.SSLError as error:
        if error.reason in _MISFITS:
            raise _unusable(KEY, key, f"the key does not fit the certificate in {certificate}") from None
        # OpenSSL gives a reason for what it will not take, and none for what it cannot read.
        why = error.reason or "the file contains no private key in PEM form"
        raise _unusable(KEY, key, why) from None
    return context


def _check_certificate(path: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except ssl.SSLError:
        raise _unusable(CERTIFICATE, path, "the file contains no certificate in PEM form") from None


def _unusable(flag: str, path: str, why: str) -> InvalidArgument:
    return InvalidArgument(f"{flag} {path}: {why}", argument=flag, value=path)
