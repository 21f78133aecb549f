"""A proxy that speaks SOCKS5 (RFC 1928) with one client, and remembers where it wanted to go."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

from tests.helpers.listeners import LIMIT_S, exactly


class SocksProxy:
    """What the proxy was asked for."""

    port = 0
    target: tuple[str, int] | None = None
    username: str | None = None


@contextmanager
def socks_proxy(*, password: str | None = None, answer: int = 0) -> Generator[SocksProxy]:
    """Serve one client, which must know the password, if there is one; answer 0 is a success."""
    proxy = SocksProxy()
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy.port = server.getsockname()[1]
        server.settimeout(LIMIT_S)

        def run() -> None:
            client, _ = server.accept()
            with client:
                client.settimeout(LIMIT_S)
                exactly(client, exactly(client, 2)[1])
                client.sendall(b"\x05\x00" if password is None else b"\x05\x02")
                if password is not None:
                    proxy.username = exactly(client, exactly(client, 2)[1]).decode()
                    good = exactly(client, exactly(client, 1)[0]).decode() == password
                    client.sendall(b"\x01\x00" if good else b"\x01\x01")
                    if not good:
                        return
                assert exactly(client, 4) == b"\x05\x01\x00\x03", "the client resolves no name itself"
                host = exactly(client, exactly(client, 1)[0]).decode()
                proxy.target = host, int.from_bytes(exactly(client, 2), "big")
                client.sendall(bytes([5, answer, 0, 1]) + bytes(6))
                if answer:
                    return
                with socket.create_connection(("127.0.0.1", proxy.target[1]), timeout=LIMIT_S) as target:
                    back = threading.Thread(target=_pump, args=(target, client), name="proxy-back")
                    back.start()
                    _pump(client, target)
                    back.join(LIMIT_S)

        thread = threading.Thread(target=run, name="proxy")
        thread.start()
        try:
            yield proxy
        finally:
            thread.join(LIMIT_S)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
