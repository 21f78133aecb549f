"""The other side of `benchmarks/client.py`: one connection of MQTT 3.1.1, on a bare socket, in a process of its own.

Not the embedded broker, which does more for each message than the fastest clients do: it would be what is measured.
Here a flood is one ready-made buffer, and what comes in is cut into packets and no more.
"""

from __future__ import annotations

import contextlib
import socket
import sys

PAYLOAD = '{"n":%7d,"celsius":21.5,"room":"kitchen","ok":true}'
"""55 bytes of JSON; the number counts from 0."""
RICH_PAYLOAD = (
    '{"n":%7d,"taken":"2026-11-29T10:20:30.125Z","mode":"heating","room":"K\u00fcche \u2013 \u53a8\u623f","note":null,'
    '"samples":[{"at":1,"celsius":21.5},{"at":2,"celsius":21.25},{"at":3,"celsius":21.0}]}'
)
"""A larger one: a date, one of a few texts, text beyond ASCII, null, objects in a list; one field is left out."""
PAYLOADS = {"rich": RICH_PAYLOAD}
"""The payload of the rows that have one of their own."""
FLOOD, SINK, DONE, REQUEST = "in/", "out/", "done/", "emitter/me/"


def packet(kind: int, body: bytes) -> bytes:
    """Return an MQTT packet (MQTT 3.1.1, 2.2)."""
    size = b""
    left = len(body)
    while left > 0x7F:
        size += bytes((left & 0x7F | 0x80,))
        left >>= 7
    return bytes((kind,)) + size + bytes((left,)) + body


def text(value: str) -> bytes:
    """Return a text as MQTT writes it."""
    return len(value.encode()).to_bytes(2, "big") + value.encode()


def publish(topic: str, payload: bytes, packet_id: int = 0) -> bytes:
    """Return a PUBLISH, of QoS 1 if it has an identifier."""
    number = packet_id.to_bytes(2, "big") if packet_id else b""
    return packet(0x32 if packet_id else 0x30, text(topic) + number + payload)


def split(data: bytes, start: int) -> tuple[int, int] | None:
    """Return where the body of the packet at a place begins, and where it ends; None if it is not all there."""
    size = shift = 0
    for place in range(start + 1, len(data)):
        size |= (data[place] & 0x7F) << shift
        shift += 7
        if data[place] < 0x80:
            end = place + 1 + size
            return (place + 1, end) if end <= len(data) else None
    return None


def answer(kind: int, body: bytes, flood: bytes) -> bytes:
    """Return what is sent for anything but a PUBLISH of QoS 0."""
    match kind & 0xF0:
        case 0x10:
            return packet(0x20, b"\0\0")
        case 0x30:
            border = 2 + int.from_bytes(body[:2], "big")
            number = body[border : border + 2]
            reply = b""
            if body[2:border] == REQUEST.encode():
                document = b'{"req":%d,"status":200,"id":"OMD26VMC4LI2OGOAXZGQQCN6JY"}'
                reply = publish(REQUEST, document % int.from_bytes(number, "big"))
            return reply + packet(0x40, number)
        case 0x80:
            wanted = body[4:-1].decode()
            return packet(0x90, body[:2] + b"\0") + (flood if f"/{FLOOD}" in wanted else b"")
        case 0xA0:
            return packet(0xB0, body[:2])
        case 0xC0:
            return packet(0xD0, b"")
        case _:
            return b""


def serve(connection: socket.socket, count: int, flood: bytes) -> None:
    """Answer until the client has gone; tell it when so many messages of QoS 0 have come."""
    # A service's answer to what emitter-io asks at QoS 0, which has no identifier.
    unnumbered = publish(REQUEST, b'{"status":200,"id":"OMD26VMC4LI2OGOAXZGQQCN6JY"}')
    counted = 0
    data = b""
    while received := connection.recv(256 * 1024):
        data += received
        start = 0
        answers: list[bytes] = []
        while (found := split(data, start)) is not None:
            body, end = found
            if data[start] == 0x30 and data[body + 2 : body + 10] != b"emitter/":
                counted += 1
                if counted == count:
                    answers.append(publish(DONE, b""))
            elif data[start] == 0x30:
                answers.append(unnumbered)
            else:
                answers.append(answer(data[start], data[body:end], flood))
            start = end
        data = data[start:]
        connection.sendall(b"".join(answers))


def main() -> None:
    """Serve one client; the arguments are how many messages make a flood, and which row it is for."""
    count, row = int(sys.argv[1]), sys.argv[2]
    template = PAYLOADS.get(row, PAYLOAD)
    flood = b"".join(publish(FLOOD, (template % number).encode()) for number in range(count))
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A client leaves without a goodbye.
            with contextlib.suppress(ConnectionError):
                serve(connection, count, flood)


if __name__ == "__main__":
    main()
