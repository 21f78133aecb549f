"""A broker that speaks TLS as well, as foreign clients do, and an authority that they trust."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from emitter_typed.broker import Broker


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def broker(authority: trustme.CA, tmp_path: Path) -> Iterator[Broker]:
    """The embedded broker, which takes plain connections, TLS and WebSocket on its one port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate = tmp_path / "broker.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    context.load_cert_chain(certificate)
    with Broker(tls=context) as running:
        yield running
