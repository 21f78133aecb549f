"""What refusals of a connection mean: of the login, and of several brokers or addresses together."""

from __future__ import annotations

from collections.abc import Sequence

from emitter_typed.errors import ConnectionRefused, EmitterError

# The return codes of a CONNACK for a username or password that is not accepted (MQTT 3.1.1, 3.2.2.3).
_REFUSED_LOGIN = (4, 5)


def together(error: ConnectionRefused, others: Sequence[ConnectionRefused], *, permanent: bool) -> ConnectionRefused:
    """Return the error of several attempts at once: the last one's, with what the others met."""
    joint = ConnectionRefused(
        error.reason,
        host=error.host,
        port=error.port,
        return_code=error.return_code,
        permanent=permanent,
        others=others,
    )
    causes = [each.__cause__ for each in (error, *others)]
    # It is a matter of time only where it is one for all.
    joint.__cause__ = next((cause for cause in causes if not isinstance(cause, TimeoutError)), error.__cause__)
    return joint


def is_refused_login(error: EmitterError) -> bool:
    """Tell whether a broker has refused the login, which would be the same at any other."""
    return isinstance(error, ConnectionRefused) and error.return_code in _REFUSED_LOGIN
