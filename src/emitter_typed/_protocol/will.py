"""The last will of a connection."""

from __future__ import annotations

from attrs import field, frozen

from emitter_typed._frames import hides_arguments
from emitter_typed._masking import hide_keys, kind_for_text
from emitter_typed._protocol.operations import one_segment
from emitter_typed._protocol.payloads.codec import encode
from emitter_typed._protocol.topics import compose_topic, validate_channel
from emitter_typed._types.constraints import check_boolean
from emitter_typed._types.values import Secret
from emitter_typed.errors import InvalidArgument

_MAX_PAYLOAD_BYTES = 65_535


@hides_arguments
@frozen(init=False)
class Will:
    """The message that the broker publishes when the connection of a client has ended.

    Emitter also publishes it after a normal disconnect. The repr does not show the key.

    >>> Will("EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI", "chat/ann/", "gone")
    Will(channel='chat/ann/', retain=False)
    """

    channel: str
    """The channel, with its last slash."""
    retain: bool
    """True if the broker stores it for later subscribers."""
    topic: str = field(repr=False)
    """Key and channel in the form that the broker expects. It contains the key."""
    payload: bytes = field(repr=False)
    """The message in bytes."""

    def __init__(self, key: str | Secret, channel: str, message: object, *, retain: bool = False) -> None:
        """Make a will. The broker ignores a will that it does not accept, without an error.

        Args:
            key: A channel key with the permission `w`.
            channel: The channel, without wildcards. A missing final slash is added.
            message: The payload: bytes and str as they are, anything else as JSON.
            retain: True to store it for later subscribers. Default: False.

        Raises:
            InvalidArgument: The key or the channel is not valid, or the message cannot be encoded or is longer than
                65,535 bytes (MQTT 3.1.1, 3.1.3.3).
        """
        text = key.reveal() if isinstance(key, Secret) else key
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise InvalidArgument(f"key: expected a text, got {kind_for_text(text, 'key')}", argument="key", value=None)
        check_boolean("retain", retain)
        one_segment("key", text)
        try:
            written = validate_channel(channel, static=True)
        except InvalidArgument as error:
            # Whoever takes the one for the other must not find the key in the error.
            value = hide_keys(error.value, text) if isinstance(error.value, str) else error.value
            raise InvalidArgument(hide_keys(error.message, text), argument=error.argument, value=value) from None
        payload = encode(message)
        if len(payload) > _MAX_PAYLOAD_BYTES:
            raise InvalidArgument(
                f"message: has {len(payload)} bytes, and a will at most {_MAX_PAYLOAD_BYTES}",
                argument="message",
                value=len(payload),
            )
        values = {"channel": written, "retain": retain, "topic": compose_topic(text, written), "payload": payload}
        for name, value in values.items():
            object.__setattr__(self, name, value)
