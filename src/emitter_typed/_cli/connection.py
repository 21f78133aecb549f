"""Which broker and which key: the options of every verb that talks to one, and the client that they make."""

from __future__ import annotations

import argparse
import os
import signal
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Final, Literal, cast

from emitter_typed._cli.arguments import Parser, time_limit
from emitter_typed._cli.error_text import error_text
from emitter_typed._cli.keys import read_key, read_key_file
from emitter_typed._cli.profiles import Profile, find_profile
from emitter_typed._cli.terminal import Terminal
from emitter_typed.errors import EmitterError, InvalidArgument
from emitter_typed_codegen.paths import reason

if TYPE_CHECKING:
    from datetime import timedelta

    from emitter_typed import Client, Matcher

DEFAULT_URL: Final = "mqtt://127.0.0.1:8080"
"""Where `emitter-typed broker` listens."""

URL_VARIABLE: Final = "EMITTER_URL"
KEY_VARIABLE: Final = "EMITTER_KEY"
MASTER_KEY_VARIABLE: Final = "EMITTER_MASTER_KEY"

Kind = Literal["key", "master_key"]
_KEYS: Final[dict[Kind, tuple[str, str, str]]] = {
    "key": ("--key", KEY_VARIABLE, "the file of the channel key; @- is stdin"),
    "master_key": ("--master-key", MASTER_KEY_VARIABLE, "the file of the master key; @- is stdin"),
}


class ConnectionOptions(argparse.Namespace):
    """What the options of a connection become."""

    url: str | None
    profile: str | None
    username: str | None
    timeout: timedelta
    tls_ca: str | None
    matcher: Matcher | None
    json: bool
    key: str | None = None
    master_key: str | None = None


def add_connection(parser: Parser, *, key: Kind | None) -> None:
    """Add the options of a connection, and of the kind of key that the verb needs."""
    group = parser.add_argument_group("connection")
    if key is not None:
        flag, variable, text = _KEYS[key]
        group.add_argument(flag, metavar="@FILE", help=f"{text} (default: {variable}, or the profile's)")
    group.add_argument(
        "--url", help=f"the broker, such as mqtt://host:8080 or wss://host (default: {URL_VARIABLE}, or {DEFAULT_URL})"
    )
    group.add_argument("--profile", metavar="NAME", help="the profile with broker and keys (default: EMITTER_PROFILE)")
    group.add_argument("--username", metavar="NAME", help="the name that presence shows to others")
    group.add_argument(
        "--tls-ca", metavar="FILE", help="certificate authority to trust, in PEM form (default: the system's)"
    )
    group.add_argument(
        "--matcher", choices=("emitter", "mqtt"), help="how the broker matches channels (default: emitter)"
    )
    group.add_argument(
        "--timeout",
        type=time_limit,
        default="10s",
        metavar="TIME",
        help="how long to wait for the broker (default: 10s)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


class Connecting:
    """A verb's broker and key, before there is a connection."""

    def __init__(self, options: ConnectionOptions, terminal: Terminal) -> None:
        """Find the profile. Raises InvalidArgument."""
        self._options = options
        self._terminal = terminal
        named = options.url or os.environ.get(URL_VARIABLE) or None
        self._profile: Profile = find_profile(options.profile, url_given=named is not None)
        self.url: str = options.url or self._profile.get("url") or named or DEFAULT_URL

    @property
    def has_profile(self) -> bool:
        """Whether a profile says the URL."""
        return self._options.url is None and "url" in self._profile

    def key(self, kind: Kind = "key") -> str:
        """Return the key: of the option, the profile or the environment. Raises InvalidArgument if there is none."""
        flag, variable, _ = _KEYS[kind]
        found = None
        value: str | None = self._options.key if kind == "key" else self._options.master_key
        if value is None and kind in self._profile:
            value = self._profile[kind]
            found = read_key_file(value[1:], flag) if value.startswith("@") else value
        if found is None:
            found = read_key(value, flag=flag, variable=variable, prog=self._terminal.prog)
        if found is None:
            raise InvalidArgument(
                f"no {kind.replace('_', ' ')}: pass {flag} @FILE, set {variable}, or name a profile that has one",
                argument=kind,
                value=None,
            )
        return found

    @contextmanager
    def client(self, *, reconnect: bool = False) -> Generator[Client]:
        """Connect, and close at the end.

        Args:
            reconnect: Whether to connect again when the connection is lost, with a word about it.

        Raises:
            EmitterError: There is no connection, or an option makes no sense.
        """
        from emitter_typed import Client

        silence_logs()
        matcher = self._options.matcher or self._profile.get("matcher") or "emitter"
        client = Client.from_url(
            self.url,
            username=self._options.username or self._profile.get("username"),
            timeout_s=self._options.timeout.total_seconds(),
            tls=_trusting(self._options.tls_ca or self._profile.get("tls_ca")),
            matcher=cast("Matcher", matcher),
            reconnect=reconnect,
        )
        client.on_error = self._report
        if reconnect:
            self._tell_of_losses(client)
        with _interrupted_once():
            client.connect()
            try:
                yield client
            finally:
                client.close()

    def _report(self, error: EmitterError) -> None:
        text = error_text(error)
        self._terminal.event("error", text, message=text)

    def _tell_of_losses(self, client: Client) -> None:
        def lost() -> None:
            # Closing is no loss.
            if (error := client.connection.error) is not None:
                self._terminal.event("disconnected", f"{error.message}; connecting again", reason=error.message)

        def connected() -> None:
            if client.connection.connects > 1:
                self._terminal.event("reconnected", "connected again")

        client.on_disconnect = lost
        client.on_connect = connected


def silence_logs() -> None:
    """Keep warnings of the library off stderr: a verb tells of them in words of its own."""
    from logging import NullHandler, getLogger

    logger = getLogger("emitter_typed")
    if not any(isinstance(each, NullHandler) for each in logger.handlers):
        logger.addHandler(NullHandler())


@contextmanager
def _interrupted_once() -> Generator[None]:
    """Let the first Ctrl-C close what is open, and the second one end the program at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        with suppress(TypeError):
            signal.signal(signal.SIGINT, before)


def _trusting(authority: str | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    try:
        return ssl.create_default_context(cafile=os.path.expanduser(authority))
    except ssl.SSLError:
        why = "the file contains no certificate in PEM form"
    except OSError as error:
        why = reason(error)
    raise InvalidArgument(f"--tls-ca {authority}: {why}", argument="tls_ca", value=authority)
