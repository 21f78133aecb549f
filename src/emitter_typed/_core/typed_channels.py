"""What the channels of a user's schema are made of: definitions, and bases that compose, encode and decode."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeGuard, TypeVar, get_type_hints

from attrs import field, frozen

from emitter_typed._masking import hide_keys, kind_for_text, kind_of
from emitter_typed._protocol.address import Address
from emitter_typed._protocol.message import ChannelMessage, StoredMessage, live_channel_message
from emitter_typed._protocol.payloads import codec, parameters
from emitter_typed._types.values import Secret, is_masked, masked_form
from emitter_typed.errors import InvalidArgument

# Of how many channels a definition remembers the parameters, and how long their names may be.
_MAX_KNOWN_CHANNELS: Final = 4096
_MAX_KNOWN_CHARACTERS: Final = 256

PayloadT = TypeVar("PayloadT")
ParamsT = TypeVar("ParamsT")

_ByChannel: TypeAlias = Mapping[str, str | Secret] | Callable[[str], str | Secret]

KeySource: TypeAlias = str | Secret | Mapping[str, str | Secret] | Callable[[str], str | Secret]
"""The keys of a facade: one for all channels, a mapping from channel name to key, or a function of the name."""


@frozen(kw_only=True)
class ChannelDefinition(Generic[PayloadT, ParamsT]):
    """A channel of a user's schema."""

    name: str
    """The attribute's name in the facade."""
    address: Address
    """The channel's name, with a `{parameter}` in the place of some segments."""
    payload: object
    """The type of what is published there."""
    params: type[ParamsT] | None
    """The class that holds the address's parameters; None where it has none."""
    defaults: Mapping[str, object]
    """Values of options that a publish does not give."""
    # The parameters of channels that messages came from: to read them takes longer than to read most payloads.
    _params_of: dict[str, ParamsT] = field(factory=dict[str, ParamsT], init=False, eq=False, repr=False)

    def decode(
        self, channel: str, raw: bytes, stored_at: datetime | None = None
    ) -> ChannelMessage[PayloadT, ParamsT] | None:
        """Make a message of what arrived, or was stored.

        Args:
            channel: The channel that it was published to.
            raw: The payload.
            stored_at: When the broker stored it. None: it arrived live.

        Returns:
            The message. None if the channel is not of this address, as that of a message to a channel below it.

        Raises:
            Undecodable: The payload does not fit its type, or a segment of the channel does not fit its parameter.
        """
        try:
            params = self._params_of[channel]
        except KeyError:
            texts = self.address.match(channel)
            if texts is None:
                return None
            params = self._remembered(channel, parameters.read(texts, self.params, channel=channel, raw=raw))
        payload: PayloadT = codec.decode(raw, self.payload, channel=channel)
        if stored_at is None:
            return live_channel_message(channel, payload, raw, params)
        return ChannelMessage(channel, payload, raw, params, stored_at=stored_at)

    def decode_stored(self, message: StoredMessage) -> ChannelMessage[PayloadT, ParamsT] | None:
        """Make the same of a message of the history.

        Args:
            message: The message, as it was stored.

        Returns:
            What `decode` returns.

        Raises:
            Undecodable: As `decode` does.
        """
        return self.decode(message.channel, message.payload, message.stored_at)

    def _remembered(self, channel: str, params: ParamsT) -> ParamsT:
        if len(channel) <= _MAX_KNOWN_CHARACTERS:
            if len(self._params_of) >= _MAX_KNOWN_CHANNELS:
                self._params_of.clear()
            self._params_of[channel] = params
        return params


# What to use with a client of the other flavour.
_FACADE_FOR: Final = {
    "AsyncClient": ": use the class whose name begins with Async, such as AsyncHome",
    "Client": ": use the class whose name does not begin with Async, such as Home",
}


def check_client(client: object, expected: type, name: str) -> None:
    """Raise InvalidArgument unless a client is of the expected class, such as the one of that name."""
    if not isinstance(client, expected):
        advice = _FACADE_FOR.get(type(client).__name__, "")
        problem = f"client: expected a client such as {name}, got {kind_of(client)}{advice}"
        raise InvalidArgument(problem, argument="client", value=client)


class HeldKeys:
    """The keys of channels, none of which it shows. Called with the name of a channel, it returns that one's key."""

    __slots__ = ("_reveal",)

    def __init__(self, keys: _ByChannel) -> None:
        """Hold keys by the channel's name, or a function of that name."""
        self._reveal: Callable[[], _ByChannel] = lambda: keys

    def __call__(self, channel: str) -> Secret:
        """Return the key of a channel. Raises InvalidArgument if there is none."""
        found = _find_key(self._reveal(), channel)
        if isinstance(found, InvalidArgument):
            # Raised here, where no frame shows the keys of other channels.
            raise found
        return found


def held_keys(keys: KeySource) -> Secret | HeldKeys:
    """Return keys as what shows none of them, so that no frame of a facade does.

    Args:
        keys: One key for all channels, a mapping from channel name to key, or a function of the name.

    Returns:
        A `Secret`, or a function from channel name to `Secret`. What is that already is returned as it is. A mapping is
        not copied, and looked up at each call of a channel.

    Raises:
        InvalidArgument: It is none of these, is an empty text, or is the masked form of a key.
    """
    if isinstance(keys, Secret | HeldKeys):
        return keys
    if isinstance(keys, str) and is_masked(keys):
        raise masked_form("key")
    if _can_be_keys(keys):
        return Secret(keys) if isinstance(keys, str) else HeldKeys(keys)
    given = _kind_of_key(keys)
    # Nothing in this frame shows what may hold keys.
    del keys
    raise InvalidArgument(
        "key: expected a key, a mapping from channel names to keys, or a function from channel name to key, "
        f"got {given}",
        argument="key",
        value=None,
    )


def _can_be_keys(given: object) -> bool:
    return given != "" if isinstance(given, str) else isinstance(given, Mapping) or callable(given)


def _kind_of_key(given: object) -> str:
    return "an empty text" if given == "" else kind_for_text(given, "key")


def _find_key(keys: _ByChannel, channel: str) -> Secret | InvalidArgument:
    key: object
    if callable(keys):
        try:
            key = keys(channel)
        except Exception as error:
            refusal = InvalidArgument(
                f"key: the function raised {type(error).__name__} for the channel {channel}: see the cause",
                argument="key",
                value=None,
            )
            refusal.__cause__ = error
            return refusal
    elif channel in keys:
        key = keys[channel]
    else:
        return InvalidArgument(
            f"key: the mapping has no key for the channel {channel}: add one under that name",
            argument="key",
            value=None,
        )
    if isinstance(key, str) and is_masked(key):
        return masked_form("key")
    if _is_key(key):
        return key if isinstance(key, Secret) else Secret(key)
    return InvalidArgument(
        f"key: expected a key for the channel {channel}, got {_kind_of_key(key)}", argument="key", value=None
    )


def _is_key(value: object) -> TypeGuard[str | Secret]:
    return isinstance(value, Secret) or (isinstance(value, str) and value != "")


if TYPE_CHECKING:

    class _OfPayload(Generic[PayloadT, ParamsT]):
        pass

else:

    class _OfPayload:
        # Only checkers ask what a base was given. To note it for each of thousands of channels takes longer than to
        # make their classes, and keeps the garbage collector busy.
        def __class_getitem__(cls, _: object) -> type:
            return cls


class Channel(_OfPayload[PayloadT, ParamsT]):
    """A typed channel, sync or async: the definition, and those of its parameters that are known."""

    # A schema names its subclasses, and pytest takes a class named `Test…` for tests.
    __test__ = False

    _definition: ChannelDefinition[PayloadT, ParamsT]
    _params: Mapping[str, object]

    if not TYPE_CHECKING:
        # Hidden from checkers, which would take any name for an attribute.
        def __getattr__(self, name: str) -> object:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}{self._advice(name)}", name=name, obj=self
            )

    def __repr__(self) -> str:
        """Show the address, and the parameters that are known; no key."""
        known = "".join(f" {name}={hide_keys(text)}" for name, text in self._texts().items())
        return f"<{type(self).__name__} {self._definition.address.template}{known}>"

    def _advice(self, name: str) -> str:
        """Return what to do about an attribute that a channel lacks: another object may have it."""
        if name.startswith("_"):
            return ""
        attribute = self._definition.name
        cls: Any = type(self)  # Any: a generated class, which can be called if it has parameters
        if callable(self) and hasattr(get_type_hints(cls.__call__).get("return"), name):
            given = ", ".join(f"{parameter}=..." for parameter in self._definition.address.parameters)
            return f": pass its parameters first, as in {attribute}({given}).{name}(...)"
        client = getattr(self, "_client", None)
        if callable(method := getattr(client, name, None)) and "channel" in signature(method).parameters:
            return f": call the client's, and pass it {attribute}.channel, or {attribute}.key_target to make a key"
        return ""

    @property
    def channel(self) -> str:
        """The name of the channel, for methods of the client such as `presence`.

        `+` stands for each parameter that is not known. For `keygen`, use `key_target`.
        """
        return self._definition.address.filter(self._texts())

    @property
    def key_target(self) -> str:
        """What to pass to `keygen` as its channel, for a key that opens this channel.

        If parameters are not known, the key opens every channel that this stands for. `+` stands for a parameter
        in the middle. Parameters at the end become `#`, which also opens everything below: a key for `home/+/` would
        open nothing, one for `home/#/` opens every room.
        """
        return self._definition.address.key_target(self._texts())

    def _texts(self) -> dict[str, str]:
        return {name: parameters.text(value) for name, value in self._params.items() if value is not None}

    def _hold(self, keys: KeySource, params: Mapping[str, object] | None) -> None:
        """Take the keys and the parameters that are known: all, unless this can be called to tell the others."""
        self._keys: Secret | HeldKeys = held_keys(keys)
        self._params = params or {}
        if not callable(self):
            self._definition.address.check_known(self._params)

    def _narrowed(self, **params: object) -> dict[str, object]:
        known = {**self._params, **{name: value for name, value in params.items() if value is not None}}
        parameters.check(known, self._definition.params)
        return known

    def _arguments(self, *, static: bool) -> tuple[Secret, str]:
        texts = self._texts()
        address = self._definition.address
        channel = address.compose(texts) if static else address.filter(texts)
        keys = self._keys
        return keys if isinstance(keys, Secret) else keys(self._definition.name), channel

    def _encode(self, payload: PayloadT) -> bytes:
        return codec.encode(payload, self._definition.payload, argument="payload")

    def _with_defaults(self, options_given: Mapping[str, object]) -> dict[str, object]:
        # The schema's own defaults yield to what the call says.
        explicit = {name: value for name, value in options_given.items() if value is not None}
        return {**self._definition.defaults, **explicit}


# What a facade holds under a name that no attribute can have, so that no channel's is taken.
_MAKER = ""
_SHOWN_CHANNELS = 5


class Facade:
    """Holds typed channels by attribute. Where there are too many to make them all at once, they are made when used."""

    # It has no public attributes of its own: they would hide channels. For `__test__`, see `Channel`.
    __test__ = False

    def __repr__(self) -> str:
        """Show the names of the first channels, but no deprecated ones; no key."""
        made = (name for name, held in vars(self).items() if isinstance(held, Channel))
        _, names = vars(self).get(_MAKER, (None, made))
        # A deprecated channel is a property, and held under a hidden name.
        public = [name for name in names if not name.startswith("_")]
        more = f" and {len(public) - _SHOWN_CHANNELS} more" if len(public) > _SHOWN_CHANNELS else ""
        return f"<{type(self).__name__} {', '.join(public[:_SHOWN_CHANNELS])}{more}>"

    if not TYPE_CHECKING:
        # Hidden from checkers, which would take any name for a channel.
        def __getattr__(self, name: str) -> object:
            make, names = vars(self).get(_MAKER, (None, ()))
            if name not in names:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            # What two threads ask for at once is one object.
            return vars(self).setdefault(name, make(name))

        def __dir__(self) -> list[str]:
            _, names = vars(self).get(_MAKER, (None, ()))
            return sorted({*super().__dir__(), *names} - {_MAKER})


@cache
def _class_names(table: str) -> Mapping[str, str]:
    return dict(line.split() for line in table.splitlines() if line)


def offer_channels(facade: Facade, client: object, keys: KeySource, module: str, table: str, prefix: str) -> None:
    """Let a facade make its channels.

    Args:
        facade: What holds them.
        client: What they use.
        keys: Their keys.
        module: The name of the facade's module, whose package has the classes of the channels.
        table: A line for each channel: the attribute, and the class of the sync channel.
        prefix: What the class of this facade's channel has before that.
    """
    package, names = sys.modules[module.rpartition(".")[0]], _class_names(table)

    def make(name: str) -> object:
        return getattr(package, prefix + names[name])(client, keys)

    vars(facade)[_MAKER] = make, names
