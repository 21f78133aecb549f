"""Certificates of an authority that only a test knows."""

from __future__ import annotations

import ssl
from functools import cache

import trustme


@cache
def authority() -> trustme.CA:
    """Return the authority; making keys takes long, so that there is one for all tests."""
    return trustme.CA()


def server_context() -> ssl.SSLContext:
    """Return the context of a server at 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1", "localhost").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  # half typed
    return context


def client_context() -> ssl.SSLContext:
    """Return the context of a client that trusts the authority, and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)  # pyright: ignore[reportUnknownMemberType]  # half typed
    return context
