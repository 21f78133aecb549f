"""What a schema says about a protocol, as the session and the clients read it. Generated code makes these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from attrs import NOTHING, Factory, evolve, fields, frozen

from emitter_typed._types.constraints import Constraint
from emitter_typed._types.values import Record
from emitter_typed.errors import BrokerError

ResponseT = TypeVar("ResponseT", covariant=True)
EventT = TypeVar("EventT", covariant=True)

ParameterKind = Literal["segment", "channel", "filter"]
"""A part of a topic: one segment (a key, a link); a channel; a channel that may hold wildcards."""


@frozen(kw_only=True)
class EventDefinition(Generic[EventT]):
    """What the broker sends without having been asked, or the replies of a request."""

    name: str
    """The event's name: its handler is `on_<name>`."""
    topic: str | None = None
    """Where it arrives unasked; None: only replies count as it."""
    payload: object
    """The type of what arrives: a class, or a union with a tag; that of the response where only replies count."""
    channel: str | None = None
    """The attribute of the payload that names the channel it is about, and of a request that names its handler."""


@frozen(kw_only=True)
class OptionDefinition:
    """An option of an operation."""

    name: str
    """The parameter's name."""
    wire: str
    """Its name in a topic; for a header, `qos` or `retain`."""
    type: object
    """The type of its value."""
    format: str | None = None
    """As in `Wire`."""
    carrier: Literal["topic", "header"] = "topic"
    """Whether it is written into the topic or into the MQTT header."""
    encode: Mapping[object, str | None] = Factory(dict[object, str | None])
    """What stands on the wire for a value; None: nothing. A value that is not here is written as its type says."""
    constraints: tuple[Constraint, ...] = ()
    """What a value must keep."""
    not_after: str | None = None
    """The option whose value this one's may not exceed, where a call gives both."""


@frozen(kw_only=True)
class LastingDefinition:
    """What a request begins that ends with its connection, so that it is asked for again on the next one."""

    by: str
    """The request's field that names it: what is begun under the same name takes its place."""
    begins: Mapping[str, object] = Factory(dict[str, object])
    """The values of fields with which a request begins it; none: every request does."""
    ends: Mapping[str, object] = Factory(dict[str, object])
    """The values of fields with which a request ends it; none: only the connection's end does."""
    again: Mapping[str, object] = Factory(dict[str, object])
    """The values of fields that the request has when it is made again."""

    def is_begun_by(self, request: Record) -> bool:
        """Tell whether a request begins it.

        Args:
            request: The fields of a request of this kind.

        Returns:
            True if each field of `begins` has its value.
        """
        return _has_values(request, self.begins)

    def is_ended_by(self, request: Record) -> bool:
        """Tell whether a request ends it.

        Args:
            request: The fields of a request of this kind.

        Returns:
            True if each field of `ends` has its value. False if `ends` is empty: then only the connection's end does.
        """
        return bool(self.ends) and _has_values(request, self.ends)

    def restoring(self, request: Record) -> Record:
        """Return the request that begins on a new connection what this one began.

        Args:
            request: The request that began it; it does not change.

        Returns:
            The same request with the values of `again`.
        """
        restoring: Record = evolve(request, **self.again)  # type: ignore[misc]  # each subclass of Record is an attrs class
        return restoring

    def ending(self, request: Record) -> Record:
        """Return the request that ends what this one began, and asks for nothing else.

        Args:
            request: The request that began it; it does not change.

        Returns:
            The same request with the values of `ends`. Fields of `again` have their defaults, if they have any.
        """
        known = {one.name: one.default for one in fields(type(request))}  # type: ignore[arg-type]  # as above
        plain = {name: known[name] for name in self.again if known[name] is not NOTHING}
        ending: Record = evolve(request, **{**plain, **self.ends})  # type: ignore[misc]  # as above
        return ending


@frozen(kw_only=True)
class RequestDefinition(Generic[ResponseT]):
    """A request to the broker, answered on the same topic."""

    name: str
    """The method's name."""
    topic: str
    """Where it is published, and where its reply arrives."""
    response: type[ResponseT]
    """The class of its reply."""
    event: str | None = None
    """The event that a reply also counts as, if its tag is not blank, and whose handler a request can name if it says
    a channel."""
    options: tuple[OptionDefinition, ...] = ()
    """The options that stand behind its channel."""
    channel: str | None = None
    """The field that names the channel it is about, for errors."""
    whole_topic: str | None = None
    """The field that holds key, channel and options of what it is about, as one topic."""
    lasting: LastingDefinition | None = None
    """What it begins that is begun again on the next connection."""

    def lasting_id(self, request: Record) -> tuple[str, object]:
        """Return what identifies that which a request begins: the same on every connection.

        Args:
            request: A request of this kind, which has `lasting`.

        Returns:
            The name of the request, and the value of its field `lasting.by`.
        """
        assert self.lasting is not None, "only what lasts is identified"
        return self.name, getattr(request, self.lasting.by)


@frozen(kw_only=True)
class PagesDefinition:
    """How an operation fetches what is stored, page by page, with a request that people do not call themselves."""

    request: RequestDefinition[Any]
    """The request for a page."""
    record: Callable[..., Record]
    """The class of the request's fields."""
    topic: str
    """The request's field that holds the whole topic: key, channel and options."""
    after: str
    """The request's field that holds the id after which a page begins, towards older messages."""
    items: str
    """The response's field that holds the messages."""
    size: str
    """The option that bounds a page."""
    item_id: str
    """The field of a message that holds its id."""
    item_channel: str
    """The field of a message that holds its channel."""
    item_payload: str
    """The field of a message that holds its payload's bytes."""


@frozen(kw_only=True, eq=False)
class OperationDefinition:
    """A publish, subscribe, unsubscribe or fetch, in the form that its topic gives it. Equal to itself alone."""

    name: str
    """The method's name."""
    topic: str
    """The topic, with a `{parameter}` for each of its parameters."""
    parameters: Mapping[str, ParameterKind]
    """The parameters, in the order of the method's."""
    constraints: Mapping[str, tuple[Constraint, ...]] = Factory(dict[str, tuple[Constraint, ...]])
    """What the value of a parameter must keep."""
    options: tuple[OptionDefinition, ...] = ()
    """The options that it takes."""
    ignored: tuple[OptionDefinition, ...] = ()
    """The options that it takes in a set and that mean nothing to it."""
    defaults: Mapping[str, object] = Factory(dict[str, object])
    """Values of options that the call does not give."""
    no_replay: Mapping[str, object] = Factory(dict[str, object])
    """Values of options with which a subscribe brings no stored messages."""
    no_echo: Mapping[str, object] = Factory(dict[str, object])
    """Values of options with which a publish does not come back to its own client."""
    stored: str | None = None
    """The operation, of the same parameters, that fetches what is stored on the channels of a subscribe."""
    pages: PagesDefinition | None = None
    """How it fetches, if that is what it does."""

    @cached_property
    def times(self) -> tuple[str, ...]:
        """The names of its options that are times."""
        return tuple(option.name for option in self.options if option.type is datetime)


@frozen(kw_only=True)
class Envelope:
    """The fields around every reply and error."""

    reserved: str
    """What the topics of requests, events and errors begin with."""
    errors: str
    """The topic of errors that are not a request's own."""
    correlation: str
    """The field that holds the packet identifier of what is answered."""
    status: str
    """The field that holds the status; 400 and above are errors."""
    message: str
    """The field that holds an error's words."""
    max_packet_bytes: int
    """The largest remaining length of a packet, both ways; a broker drops a connection that sends more. In a schema it
    is what the broker has by default; a client has its own setting."""


@frozen(kw_only=True)
class ProtocolDefinition:
    """A whole protocol."""

    envelope: Envelope
    """What all its requests share."""
    requests: Mapping[str, RequestDefinition[object]]
    """By name."""
    events: Mapping[str, EventDefinition[object]]
    """By name."""
    operations: Mapping[str, OperationDefinition]
    """By name."""
    errors: Mapping[int, type[BrokerError]]
    """The class for each status; a status that is not here is a plain BrokerError."""

    def handled(self, definition: RequestDefinition[object], request: object) -> tuple[str, str]:
        """Return the event whose handler a request names, and the channel that the handler is for.

        Args:
            definition: The definition of the request, which has an `event`.
            request: Its fields.

        Returns:
            The name of the event, and the channel as the request has it.
        """
        assert definition.event is not None, "generated code names handlers only where there is an event"
        event = self.events[definition.event]
        assert event.channel is not None, "an event with handlers for channels names its channel"
        channel: str = getattr(request, event.channel)
        return event.name, channel


def _has_values(request: Record, values: Mapping[str, object]) -> bool:
    return all(getattr(request, name) == value for name, value in values.items())
