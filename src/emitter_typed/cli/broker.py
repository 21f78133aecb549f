"""`emitter-typed broker`: the embedded broker as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence

from emitter_typed.errors import EmitterError


def main(arguments: Sequence[str]) -> int:
    """Run the broker until SIGINT or SIGTERM.

    Args:
        arguments: The arguments after the verb.

    Returns:
        0 after a signal, 2 for wrong usage, 3 where it cannot listen.
    """
    parser = argparse.ArgumentParser(
        prog="emitter-typed broker",
        description="Run the embedded broker, for development and tests. Ctrl-C ends it.",
        epilog="example: emitter-typed broker --port 0 --json",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="the port; 0 picks a free one (default: %(default)s)")
    parser.add_argument(
        "--matcher",
        choices=("emitter", "mqtt"),
        default="emitter",
        help="how channels are matched: by prefix, or as MQTT does (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the address and the master key as one JSON line")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return 0 if stop.code in (None, 0) else 2
    try:
        asyncio.run(_serve(options.host, options.port, options.matcher, as_json=options.json))
    except EmitterError as error:
        print(f"emitter-typed broker: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 3
    return 0


async def _serve(host: str, port: int, matcher: str, *, as_json: bool) -> None:
    from emitter_typed.broker import AsyncBroker

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncBroker(host=host, port=port, matcher="mqtt" if matcher == "mqtt" else "emitter") as broker:
        if as_json:
            print(
                json.dumps({"url": broker.url, "master_key": broker.master_key, "matcher": matcher}),
                flush=True,
            )
        else:
            print(f"listening on {broker.url}\nmaster key {broker.master_key}\nCtrl-C ends it", flush=True)
        if not _is_loopback(host):
            warning = "others can reach this broker: it is for development, and not protected"
            print(f"emitter-typed broker: {warning}", file=sys.stderr, flush=True)
        await stopping.wait()


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
