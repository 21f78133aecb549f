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

from emitter_typed._cli.arguments import Parser, read_key
from emitter_typed.errors import EmitterError
from emitter_typed_codegen.exit_codes import DONE, NOT_LISTENING, USAGE

if TYPE_CHECKING:
    from emitter_typed.broker import AsyncBroker

_PROG = "emitter-typed broker"
_KEY_VARIABLE = "EMITTER_MASTER_KEY"
_EPILOG = f"""\
The master key comes from a file with --master-key @FILE, or from the environment variable
{_KEY_VARIABLE}. Without either, a new one is made and printed. --json prints it in any case.

example: {_PROG} --port 0 --json

exit codes: 0 a signal stopped it, 2 wrong usage, 3 it cannot listen there"""

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str]) -> int:
    """Run the broker until SIGINT or SIGTERM; once it has stopped, the process takes neither, for it is to end.

    Args:
        arguments: The arguments after the verb.

    Returns:
        0 after a signal, 2 for wrong usage, 3 where it cannot listen.

    Raises:
        SystemExit: Help was asked for, or an argument cannot be read.
    """
    options = _parser().parse_args(arguments)
    try:
        master_key = read_key(options.master_key, flag="--master-key", variable=_KEY_VARIABLE, prog=_PROG)
        broker = _make(options, master_key)
        asyncio.run(_serve(broker, as_json=options.json, key_given=master_key is not None))
    except EmitterError as error:
        print(f"{_PROG}: {error}", file=sys.stderr)
        return USAGE if isinstance(error, ValueError) else NOT_LISTENING
    return DONE


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="Run the embedded broker, for development and tests. Ctrl-C ends it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="the port; 0 picks a free one (default: %(default)s)")
    parser.add_argument(
        "--matcher",
        choices=("emitter", "mqtt"),
        default="emitter",
        help="how channels are matched: by prefix, or as MQTT does (default: %(default)s)",
    )
    parser.add_argument("--master-key", metavar="@FILE", help="the file of the key that makes keys")
    parser.add_argument("--tls-cert", metavar="FILE", help="a certificate in PEM form: the port then takes TLS as well")
    parser.add_argument("--tls-key", metavar="FILE", help="the certificate's private key in PEM form, not encrypted")
    parser.add_argument("--json", action="store_true", help="print URL, master key and matcher as one line of JSON")
    return parser


def _make(options: argparse.Namespace, master_key: str | None) -> AsyncBroker:
    from emitter_typed.broker import AsyncBroker

    tls = None
    if options.tls_cert is not None or options.tls_key is not None:
        from emitter_typed._cli.certificates import server_context

        tls = server_context(options.tls_cert, options.tls_key)
    return AsyncBroker(
        host=options.host,
        port=options.port,
        matcher=options.matcher,
        master_key=master_key,
        tls=tls,
    )


async def _serve(broker: AsyncBroker, *, as_json: bool, key_given: bool) -> None:
    async with broker:
        stopping = _stopped_by_signals()
        if as_json:
            facts = {"url": broker.url, "master_key": broker.master_key, "matcher": broker.matcher}
            print(json.dumps(facts), flush=True)
        else:
            print(_in_words(broker, key_given=key_given), flush=True)
        if not _is_loopback(broker.host):
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


def _in_words(broker: AsyncBroker, *, key_given: bool) -> str:
    scheme, _, address = broker.url.partition("://")
    websocket, page = ("wss", "https") if scheme == "mqtts" else ("ws", "http")
    # This often ends up in the log of a CI, where the key of others must not stand.
    master_key = "as given" if key_given else broker.master_key
    return f"""\
listening on {broker.url}, for development and tests (Ctrl-C ends it)
  over WebSocket  {websocket}://{address}
  is it up?       {page}://{address}/health
  matcher         {broker.matcher}
  master key      {master_key}
make a key in Python, with the master key in {_KEY_VARIABLE}:
  import os
  from emitter_typed import Client
  with Client.from_url("{broker.url}") as client:
      print(client.keygen(os.environ["{_KEY_VARIABLE}"], "chat/#/", "rwslp").key.reveal())"""


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
