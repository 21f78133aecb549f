"""`emitter-typed broker`: the embedded broker as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from emitter_typed._cli.arguments import PROGRAM, Parser, positive
from emitter_typed._cli.keys import read_key
from emitter_typed_codegen.exit_codes import DONE

if TYPE_CHECKING:
    from emitter_typed import Matcher
    from emitter_typed.broker import AsyncBroker, AsyncCluster

_PROG = "emitter-typed broker"
_KEY_VARIABLE = "EMITTER_MASTER_KEY"
_NOTES = f"""\
The master key comes from a file with --master-key @FILE, or from {_KEY_VARIABLE}.
Without either, a new one is made and printed, and keys of an earlier start
do not work. --json prints the master key in any case."""

_STOPPING = (signal.SIGINT, signal.SIGTERM)


class _Options(argparse.Namespace):
    host: str
    port: int | None
    matcher: Matcher
    master_key: str | None
    cluster: int | None
    tls_cert: str | None
    tls_key: str | None
    json: bool


def main(verb: str, arguments: Sequence[str]) -> int:
    """Run the broker until SIGINT or SIGTERM; once it has stopped, the process takes neither, for it is to end.

    Args:
        verb: The verb.
        arguments: The arguments after it.

    Returns:
        0 after a signal.

    Raises:
        CannotListen: It cannot listen there.
        InvalidArgument: An argument makes no sense.
        SystemExit: Help was asked for, or an argument cannot be read.
    """
    options = parser(verb).parse(arguments, _Options())
    master_key = read_key(options.master_key, flag="--master-key", variable=_KEY_VARIABLE, prog=_PROG)
    server = _make(options, master_key)
    asyncio.run(_serve(server, host=options.host, as_json=options.json, key_given=master_key is not None))
    return DONE


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Run the embedded broker, for development and tests. Ctrl-C ends it.",
        notes=_NOTES,
        example="--port 0 --json",
    )
    made.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    made.add_argument("--port", type=int, help="the port; 0 picks a free one (default: 8080, and 0 for a cluster)")
    made.add_argument(
        "--matcher",
        choices=("emitter", "mqtt"),
        default="emitter",
        help="how channels are matched: by prefix, or as MQTT does (default: %(default)s)",
    )
    made.add_argument(
        "--cluster", type=positive, metavar="N", help="run this number of brokers as a cluster, on free ports"
    )
    made.add_argument("--master-key", metavar="@FILE", help="the file of the master key")
    made.add_argument("--tls-cert", metavar="FILE", help="a certificate in PEM form: the port then takes TLS as well")
    made.add_argument("--tls-key", metavar="FILE", help="the certificate's private key in PEM form, not encrypted")
    made.add_argument("--json", action="store_true", help="print URL, master key and matcher as one line of JSON")
    return made


def _make(options: _Options, master_key: str | None) -> AsyncBroker | AsyncCluster:
    from emitter_typed.broker import AsyncBroker, AsyncCluster

    tls = None
    if options.tls_cert is not None or options.tls_key is not None:
        from emitter_typed._cli.certificates import server_context

        tls = server_context(options.tls_cert, options.tls_key)
    if options.cluster is not None:
        return AsyncCluster(
            options.cluster,
            host=options.host,
            port=options.port or 0,
            matcher=options.matcher,
            master_key=master_key,
            tls=tls,
        )
    return AsyncBroker(
        host=options.host,
        port=8080 if options.port is None else options.port,
        matcher=options.matcher,
        master_key=master_key,
        tls=tls,
    )


async def _serve(server: AsyncBroker | AsyncCluster, *, host: str, as_json: bool, key_given: bool) -> None:
    from emitter_typed.broker import AsyncCluster

    async with server:
        stopping = _stopped_by_signals()
        urls = server.urls if isinstance(server, AsyncCluster) else (server.url,)
        if as_json:
            facts: dict[str, object] = {"url": urls[0], "master_key": server.master_key, "matcher": server.matcher}
            if isinstance(server, AsyncCluster):
                facts["urls"] = urls
            print(json.dumps(facts), flush=True)
        else:
            # This often ends up in the log of a CI, where the key of others must not stand.
            print(_in_words(urls, server.matcher, "as given" if key_given else server.master_key), flush=True)
        if not _is_loopback(host):
            warning = "others can reach this broker: it is for development, and not protected"
            print(f"{_PROG}: {warning}", file=sys.stderr, flush=True)
        await stopping.wait()
    # The loop's handlers end with it, and a second Ctrl-C would meet Python's own.
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)


def _stopped_by_signals() -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        # Raised where the loop is closed: then it has stopped.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)

    for number in _STOPPING:
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:
            # So it is with the loops of Windows, which wake up for each signal all the same.
            signal.signal(number, stop)
    return stopping


def _in_words(urls: Sequence[str], matcher: str, master_key: str) -> str:
    lines: list[str] = []
    for url in urls:
        scheme, _, address = url.partition("://")
        websocket, page = ("wss", "https") if scheme == "mqtts" else ("ws", "http")
        lines += [
            f"listening on {url}, for development and tests (Ctrl-C ends it)",
            f"  over WebSocket  {websocket}://{address}",
            f"  is it up?       {page}://{address}/health",
        ]
    return "\n".join(
        [
            *lines,
            f"  matcher         {matcher}",
            f"  master key      {master_key}",
            f"make a key, with the master key in {_KEY_VARIABLE}:",
            f"  {PROGRAM} keygen 'chat/#/' rwslp --url {urls[0]}",
        ]
    )


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
