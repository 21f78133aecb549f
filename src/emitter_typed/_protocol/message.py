"""A message as a subscriber sees it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from attrs import field, fields, frozen

from emitter_typed._masking import no_dict
from emitter_typed._protocol.payloads import codec
from emitter_typed._types.type_form import TypeForm

if TYPE_CHECKING:
    # Only checkers need the defaults, so that a bare `Message` means `Message[bytes]`; typeshed knows the module.
    from typing_extensions import TypeVar as DefaultTypeVar

    PayloadT = DefaultTypeVar("PayloadT", default=bytes, covariant=True)
else:
    PayloadT = TypeVar("PayloadT", covariant=True)

ChannelPayloadT = TypeVar("ChannelPayloadT", covariant=True)
ParamsT = TypeVar("ParamsT", covariant=True)
T = TypeVar("T")
OtherT = TypeVar("OtherT")


@frozen
class Message(Generic[PayloadT]):
    """A message that arrived on a channel.

    >>> message = Message("chat/ann/", b"hello", b"hello")
    >>> message.channel, message.as_string()
    ('chat/ann/', 'hello')
    """

    channel: str
    """The channel that it was published to, without the key, with its last slash."""
    payload: PayloadT
    """The content: an object of the subscription's `payload` type, or the bytes as they came."""
    _raw: bytes = field(repr=False)
    stored_at: datetime | None = field(default=None, kw_only=True)
    """When the broker stored it, to the second, in UTC, if the client fetched it from storage. None if it arrived live.
    A live message may have been stored too: the broker does not tell. None also for the stored message with which a
    subscription begins if `last`, `since`, `until` and `recover` are omitted."""

    def as_binary(self) -> bytes:
        """Return the payload as bytes.

        Returns:
            The bytes as they came, whatever `payload` is.
        """
        return self._raw

    def as_string(self) -> str:
        """Return the payload as text.

        Returns:
            The text, decoded from UTF-8. JSON is not parsed.

        Raises:
            Undecodable: It is not UTF-8.
        """
        return codec.text(self._raw, self.channel)

    @overload
    def as_object(self, type: None = None) -> object: ...
    @overload
    def as_object(self, type: TypeForm[T]) -> T: ...
    def as_object(self, type: TypeForm[object] | None = None) -> object:
        """Return the payload, read as JSON.

        Args:
            type: The type of the result: a class, or any other type, such as `list[int]`, `int | None` or a `Literal`.
                If omitted, the result is what JSON holds: dicts, lists, texts, numbers, booleans, None.

        Returns:
            An object of that type.

        Raises:
            Undecodable: The payload is not JSON, or does not fit the type. `path` says where.
            InvalidArgument: A payload cannot have this type.
        """
        return codec.decode(self._raw, object if type is None else type, channel=self.channel)

    @property
    def binary(self) -> bytes:
        """The payload as bytes, unchanged. The official client's name for `as_binary()`."""
        return self._raw

    if not TYPE_CHECKING:
        # Programs that take a message for its payload. Hidden from checkers, so that they say so first.
        def __getitem__(self, name: object) -> object:
            public = [each.name for each in fields(self.__class__) if not each.name.startswith("_")]
            raise no_dict(self, name, {each: each for each in (*public, "as_object()")})


_new: Any = object.__new__  # Any: an object of a class with type variables is one of whatever they are
_set_channel, _set_payload, _set_raw, _set_stored_at = (vars(Message)[each.name].__set__ for each in fields(Message))


def live_message(channel: str, payload: T, raw: bytes) -> Message[T]:
    """Return a message that arrived live: `Message(channel, payload, raw)`, in half the time."""
    message: Message[T] = _new(Message)
    _set_channel(message, channel)
    _set_payload(message, payload)
    _set_raw(message, raw)
    _set_stored_at(message, None)
    return message


@frozen
class ChannelMessage(Message[ChannelPayloadT], Generic[ChannelPayloadT, ParamsT]):
    """A message that arrived on a typed channel."""

    params: ParamsT
    """The parameters in the channel's address, such as `.room`."""


_set_params = vars(ChannelMessage)["params"].__set__


def live_channel_message(channel: str, payload: T, raw: bytes, params: OtherT) -> ChannelMessage[T, OtherT]:
    """Return a message of a typed channel that arrived live, as `live_message` does."""
    message: ChannelMessage[T, OtherT] = _new(ChannelMessage)
    _set_channel(message, channel)
    _set_payload(message, payload)
    _set_raw(message, raw)
    _set_stored_at(message, None)
    _set_params(message, params)
    return message


@frozen
class StoredMessage(Message[PayloadT]):
    """A message that the broker had stored."""

    id: bytes = field(repr=False, kw_only=True)
    """The message's id at the broker."""
    stored_at: datetime = field(kw_only=True)
    """When the broker stored it, to the second, in UTC."""


@frozen(kw_only=True)
class Gap:
    """A time without a connection, between two messages of a subscription."""

    recovered: bool
    """True if all messages that were stored meanwhile follow, in order. False in these cases: the subscription was made
    without `recover=True`; fetching failed, and `on_error` received the error; or stored messages may be missing,
    because the broker lost its storage or a cluster stored more in one second than can be fetched. The messages that
    could be fetched follow."""
    since: datetime
    """When the client noticed that the connection was lost, by this machine's clock, in UTC. If the network failed
    without a word, messages may be missing from up to two `keepalive` earlier."""
    until: datetime
    """When the subscription was restored, by this machine's clock, in UTC."""
    count: int
    """Number of stored messages that follow."""
    exact: bool
    """True if exactly the missed messages follow. False if some of them may be duplicates, because not every received
    message was stored, or because some have the same channel and payload. Also False if `recovered` is False."""
