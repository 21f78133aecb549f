"""Every exception of emitter-typed.

```
EmitterError
├── InvalidArgument (ValueError)          you: refused before anything was sent
├── Closed                                you: the client is closed, or was never connected
├── BrokerError                           the broker said no; one generated class for each status
├── AmbiguousReply                        somebody may have forged a reply or an error on your channels
├── ReplyMissing                          the broker acknowledged a request, but its reply was too large to send
├── HistoryIncomplete                     `history` may lack messages of a cluster's nodes
├── Undecodable (ValueError)              a reply, event or payload that does not fit its type
├── RequestTimeout (TimeoutError)         the network: no answer in time, outcome unknown
├── ConnectionRefused (ConnectionError)   the network or the broker: there is no connection to begin with
├── ConnectionLost (ConnectionError)      the network: the connection ended, outcome unknown
├── Congested                             you: more is under way than the bounds allow; nothing was sent
├── SlowConsumer                          you: a queue with overflow="fail" was full
├── HandlerFailed                         you: a handler raised; what it raised is the `__cause__`
└── ContractMismatch (ImportError)        generated code and the installed runtime do not fit together
```

Each says in its text what to do about it, and carries the facts as attributes. A channel key never appears in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from emitter_typed._masking import hide_keys, no_dict, shows_no_key

__all__ = [
    "AmbiguousReply",
    "BrokerError",
    "Closed",
    "Congested",
    "ConnectionLost",
    "ConnectionRefused",
    "ContractMismatch",
    "EmitterError",
    "HandlerFailed",
    "HistoryIncomplete",
    "InvalidArgument",
    "ReplyMissing",
    "RequestTimeout",
    "SlowConsumer",
    "Undecodable",
]


def _rebuild(cls: type[EmitterError], args: tuple[object, ...], fields: dict[str, object]) -> EmitterError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


class EmitterError(Exception):
    """The root of all errors that emitter-typed raises."""

    message: str
    """What happened, without the advice that `str()` adds."""

    def __init__(self, message: str, advice: str = "") -> None:
        """Make an error whose text is the message, then the advice.

        Args:
            message: What happened, in one line.
            advice: What to do about it. Default: nothing.
        """
        super().__init__(f"{message}: {advice}" if advice else message)
        self.message = message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by fields: subclasses take keyword-only arguments that `args` does not hold."""
        return _rebuild, (type(self), self.args, self.__dict__)

    if not TYPE_CHECKING:
        # The official client gives a dict to on_error. Hidden from checkers, so that they say so first.
        def __getitem__(self, name: object) -> object:
            raise no_dict(self, name, {each: each for each in vars(self)})


class InvalidArgument(EmitterError, ValueError):
    """An argument breaks a rule. Nothing was sent or written."""

    argument: str
    """The parameter, field or option that was refused."""
    value: object
    """The value that was passed. A key is held as a `Secret`, which is masked. None if the value may contain a
    key in another form."""

    def __init__(self, message: str, *, argument: str, value: object) -> None:
        """Say which argument breaks which rule.

        Args:
            message: What is wrong, what was expected and what to do. Text that looks like a key is hidden.
            argument: The parameter, field or option.
            value: What was passed. It is kept only if it shows no key.
        """
        # A key may stand in the place of any argument.
        super().__init__(hide_keys(message))
        self.argument = argument
        self.value = hide_keys(value) if isinstance(value, str) else value if shows_no_key(value) else None


class Closed(EmitterError):
    """The client, broker or subscription is not open, so the call was not carried out.

    Nothing was sent.
    """


class BrokerError(EmitterError):
    """The broker refused an operation. Each status has a subclass."""

    hint: ClassVar[str] = ""
    """What to do about this status."""
    status: int
    """The status that the broker sent, such as 401."""
    operation: str
    """The refused operation, such as `"publish"`."""
    channel: str | None
    """The channel as it was sent, with keys masked. None if the operation has no channel, such as `me`, or if the
    broker did not tell which call it refuses, as with messages of QoS 0."""

    def __init_subclass__(cls) -> None:
        # Tracebacks and pickles name the module that users import it from. Other classes name the one that defines
        # them, where Python finds what their annotations mean.
        if cls.__module__ == "emitter_typed._generated.errors":
            cls.__module__ = "emitter_typed"

    def __init__(
        self,
        status: int,
        message: str,
        operation: str,
        *,
        channel: str | None = None,
        traced: bool = True,
        swapped: bool = False,
    ) -> None:
        """Hold the broker's message. `str()` adds the operation, the channel and the hint.

        Args:
            status: The status that the broker sent.
            message: The broker's message.
            operation: The refused operation.
            channel: The channel of the operation, if known.
            traced: True if the broker told which call it refuses.
            swapped: True if key and channel look swapped.
        """
        channel = None if channel is None else hide_keys(channel)
        to = "to" if operation.startswith(("publish", "subscribe")) else "for"
        about = f" {to} {channel}" if channel else ""
        unknown = "" if traced else "; at QoS 0 the broker does not tell which message it was"
        hint = "what looks like a key was given as the channel; the order is key, channel" if swapped else self.hint
        super().__init__(f"{operation}{about} was refused with {status} ({message}){unknown}", hint)
        self.message = message
        self.status = status
        self.operation = operation
        self.channel = channel


class AmbiguousReply(EmitterError):
    """The reply to an operation may be forged by another client.

    A client that may publish below the reserved prefix can forge a reply or an error for a client that subscribes
    there. The broker may have carried the operation out.
    """

    operation: str
    """The request, publish, subscribe or unsubscribe."""

    def __init__(self, operation: str) -> None:
        """Name the operation.

        Args:
            operation: The request, publish, subscribe or unsubscribe.
        """
        super().__init__(
            f"{operation}: the reply may be forged by another client",
            "this client subscribes below the reserved prefix; "
            "close the subscription with allow_reserved=True, then call again",
        )
        self.operation = operation


class ReplyMissing(EmitterError):
    """The broker acknowledged a request, but no reply came.

    The reply is too large for a packet. Or the broker is not Emitter: any MQTT broker acknowledges a request.
    """

    operation: str
    """The request."""

    def __init__(self, operation: str) -> None:
        """Name the request.

        Args:
            operation: The request.
        """
        super().__init__(
            f"{operation} was acknowledged, but no reply came",
            "check that this is an Emitter broker; if it is, the reply is too large for a packet: request less at once",
        )
        self.operation = operation


class HistoryIncomplete(EmitterError):
    """`history` fetched all that it could; some messages may be missing.

    Each node of a cluster stores what was published to it. If several nodes stored more in one second than a page of
    the broker holds, a client cannot fetch all of it, nor see what is missing. The same holds for a broker that
    restarted within that second. If a node does not answer, the broker answers without it.
    """

    operation: str
    """The call, such as `history`."""
    seconds: tuple[datetime, ...]
    """The seconds whose messages may be missing, oldest first, in UTC. Empty if only a node is missing."""
    node_missing: bool
    """True if a node did not answer, or went away meanwhile. Any message that it stored may be missing."""

    def __init__(self, operation: str, seconds: Sequence[datetime], *, node_missing: bool = False) -> None:
        """Name the call, the seconds, and whether a node is missing.

        Args:
            operation: The call, such as `history`.
            seconds: The seconds whose messages may be missing, oldest first. Empty only if a node is missing.
            node_missing: True if a node did not answer, or went away meanwhile.
        """
        if node_missing:
            super().__init__(
                f"{operation} may lack messages: a node of the cluster did not answer, or went away meanwhile",
                "call it again once all nodes are up, or ask another node",
            )
        else:
            first = seconds[0].isoformat()
            several = f" and {len(seconds) - 1} more" if len(seconds) > 1 else ""
            super().__init__(
                f"{operation} may lack messages of the second {first}{several}: several nodes of a cluster, or a "
                "broker before and after a restart, stored more in it than a page holds",
                "in a cluster, ask another node too, with `since` and `until` around that second",
            )
        self.operation = operation
        self.seconds = tuple(seconds)
        self.node_missing = node_missing


class Undecodable(EmitterError, ValueError):
    """A payload, a document or a channel's parameter does not fit its type.

    The subscription that received it goes on.
    """

    channel: str
    """The channel, with keys masked. Empty if there is none."""
    raw: bytes
    """The payload, unchanged. Empty if there is none, as in `decode`."""
    path: str
    """Where in the document the problem is, such as `$.readings[3].celsius`. Of a parameter: its name, as `$.room`."""

    def __init__(
        self, message: str, *, channel: str = "", raw: bytes = b"", path: str = "$", subject: str = "the payload"
    ) -> None:
        """Say what is wrong, at which path, on which channel or in which subject.

        Args:
            message: What is wrong.
            channel: Where it arrived. Keys in it are masked. Default: nowhere.
            raw: The payload. Default: there is none.
            path: Where in the document the problem is. Default: the whole of it.
            subject: What does not fit, as the text begins with it.
        """
        channel = hide_keys(channel)
        where = f" on {channel}" if channel else ""
        super().__init__(f"{subject}{where} does not fit at {path}: {message}")
        self.message = message
        self.channel = channel
        self.raw = raw
        self.path = path


class RequestTimeout(EmitterError, TimeoutError):
    """No answer arrived within the time limit.

    The broker may have carried the operation out.
    """

    operation: str
    """The operation that was not answered."""
    timeout_s: float
    """The limit that ran out, in seconds."""
    offline: str | None
    """Why there was no connection when the time was over: for `drain`, and for a message of QoS 1 that waits for a
    connection. Otherwise None."""
    unacknowledged: int | None
    """For `drain`: number of messages of QoS 1 that the broker has not acknowledged. Otherwise None."""
    handlers_running: int | None
    """For `drain`: number of handlers that have not yet handled all messages that had arrived. Otherwise None."""
    unsent: int | None
    """For `drain`: number of messages of QoS 0 that were not handed to the network. Otherwise None."""

    def __init__(
        self,
        operation: str,
        timeout_s: float,
        *,
        offline: str | None = None,
        unacknowledged: int | None = None,
        handlers_running: int | None = None,
        unsent: int | None = None,
    ) -> None:
        """Name the operation, its limit, and what it waited for.

        Args:
            operation: The operation.
            timeout_s: The limit that ran out, in seconds.
            offline: Why there is no connection. None: there is one, or it does not matter.
            unacknowledged: For `drain`: number of messages of QoS 1 that are not acknowledged. Default: not `drain`.
            handlers_running: For `drain`: number of handlers that are not done.
            unsent: For `drain`: number of messages of QoS 0 that were not handed to the network.
        """
        if unacknowledged is not None:
            message = (
                f"{operation} did not finish within {timeout_s:g} s: {unacknowledged} messages of QoS 1 are not "
                f"acknowledged, {unsent or 0} of QoS 0 are not sent, {handlers_running} handlers are still running"
            )
            message += "" if offline is None else f", there is no connection ({offline})"
            advice = "what is left is lost; pass a larger timeout_s"
        elif offline is not None:
            message = f"{operation} was not acknowledged within {timeout_s:g} s: there is no connection ({offline})"
            advice = "the message is kept and sent after the next connect"
        else:
            message = f"{operation} was not answered within {timeout_s:g} s"
            advice = (
                "check the address, the port and TLS; the peer may not be an MQTT broker"
                if operation == "connect"
                else "the broker may have carried it out; check that the address is an Emitter broker, "
                "or pass a larger timeout_s"
            )
        super().__init__(message, advice)
        self.operation = operation
        self.timeout_s = timeout_s
        self.offline = offline
        self.unacknowledged = unacknowledged
        self.handlers_running = handlers_running
        self.unsent = unsent


class ConnectionRefused(EmitterError, ConnectionError):
    """No connection could be made: nothing listens there, or the broker refused it."""

    reason: str
    """The reason, without the address and without advice."""
    host: str
    """The host that was tried; with several brokers, the last one. Text that looks like a key is hidden."""
    port: int
    """The port that was tried."""
    return_code: int | None
    """The return code of the CONNACK (MQTT 3.1.1, 3.2.2.3). None if no CONNACK arrived."""
    permanent: bool
    """True if another attempt would fail the same way: the login was refused, a certificate is not accepted, or no MQTT
    broker answers there. False if waiting may help: nothing listens, no answer in time, or the broker is not available.
    With several brokers or addresses: True only if it is so for all of them, or if the login was refused."""
    others: tuple[ConnectionRefused, ...]
    """The errors of the client's other brokers, which were tried before. Empty if there is only one broker."""

    def __init__(
        self,
        message: str,
        *,
        host: str,
        port: int,
        return_code: int | None = None,
        permanent: bool = False,
        others: Sequence[ConnectionRefused] = (),
    ) -> None:
        """Say why there is no connection to host and port, and to those that were tried before.

        Args:
            message: The reason.
            host: The host that was tried. Text that looks like a key is hidden.
            port: The port that was tried.
            return_code: The return code of the CONNACK (MQTT 3.1.1, 3.2.2.3). None: no CONNACK arrived.
            permanent: True if another attempt would fail the same way.
            others: The errors of the brokers that were tried before.
        """
        # A key may have been given in the place of the host.
        host = hide_keys(host)
        if return_code is None:
            advice = "check the host and the port, that the broker runs, and whether it expects TLS or WebSocket there"
        elif permanent:
            advice = "the broker does not accept this client: check the username"
        else:
            advice = "the broker is not available now: try again later"
        texts = [f"no connection to {host}:{port}: {message}", *(other.message for other in others)]
        super().__init__("; ".join(texts), advice)
        self.reason = message
        self.others = tuple(others)
        self.host = host
        self.port = port
        self.return_code = return_code
        self.permanent = permanent


class ConnectionLost(EmitterError, ConnectionError):
    """The connection was lost before the answer arrived.

    The broker may have carried the operation out.
    """

    operation: str | None
    """The operation that was interrupted. None for a subscription, or for the connection itself."""
    reconnecting: bool
    """True if the client reconnects."""

    def __init__(self, message: str, *, operation: str | None = None, reconnecting: bool = False) -> None:
        """Say why the connection was lost, during which operation, and whether the client reconnects.

        Args:
            message: The reason.
            operation: The operation that was interrupted. None: no operation was.
            reconnecting: True if the client reconnects.
        """
        what = f" during {operation}" if operation else ""
        advice = "the client reconnects" if reconnecting else "connect again"
        super().__init__(f"the connection was lost{what} ({message})", advice)
        self.message = message
        self.operation = operation
        self.reconnecting = reconnecting


class Congested(EmitterError):
    """Too much is in flight to the broker. Nothing was sent; calls in flight go on."""

    operation: str
    """The operation that was not carried out."""

    def __init__(self, operation: str, bound: str) -> None:
        """Name the operation and the limit that is reached.

        Args:
            operation: The operation.
            bound: Which limit is reached, in words.
        """
        super().__init__(f"{operation} was not sent: {bound}", "wait until some calls have finished, then call again")
        self.operation = operation


class SlowConsumer(EmitterError):
    """A subscription with `overflow="fail"` ended, because its queue was full."""

    channel: str
    """The channel of the subscription. Text that looks like a key is hidden."""
    max_messages: int
    """The queue's limit in messages."""
    max_bytes: int
    """The queue's limit in bytes of payload."""

    def __init__(self, channel: str, *, max_messages: int, max_bytes: int) -> None:
        """Name the subscription and its limits.

        Args:
            channel: The channel of the subscription. Text that looks like a key is hidden.
            max_messages: The queue's limit in messages.
            max_bytes: The queue's limit in bytes of payload.
        """
        channel = hide_keys(channel)
        super().__init__(
            f"the queue of {channel} was full ({max_messages} messages or {max_bytes} bytes)",
            'read faster, allow more max_messages or max_bytes, or drop messages with overflow="drop_oldest"',
        )
        self.channel = channel
        self.max_messages = max_messages
        self.max_bytes = max_bytes


class HandlerFailed(EmitterError):
    """A handler raised. Its exception is the `__cause__`.

    The handler is called with later messages.
    """

    handler: str
    """What the handler handles, such as `"messages on chat/"`."""

    def __init__(self, handler: str) -> None:
        """Name what the handler handles.

        Args:
            handler: What it handles, such as `"messages on chat/"`.
        """
        super().__init__(f"the handler for {handler} raised", "see the cause")
        self.handler = handler


class ContractMismatch(EmitterError, ImportError):
    """Generated code and the installed version of emitter-typed do not fit together."""

    package: str
    """The generated package."""

    def __init__(self, message: str, *, package: str, advice: str) -> None:
        """Name the package, and the command to run.

        Args:
            message: What does not fit together.
            package: The generated package.
            advice: What to do: the command to run, or what to install.
        """
        super().__init__(message, advice)
        self.package = package
