"""What only a protocol has: requests, events, operations and errors. No user's schema needs any of it."""

from __future__ import annotations

from typing import Literal

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model.types import Field, Literal_, Record


@frozen(kw_only=True)
class Lasting:
    """What a request begins that ends with its connection, so that it is asked for again on the next one."""

    by: str
    """The request's field that names it."""
    begins: tuple[tuple[str, Literal_], ...] = ()
    """The values of fields with which a request begins it, by field name; none: every request does."""
    ends: tuple[tuple[str, Literal_], ...] = ()
    """The values of fields with which a request ends it."""
    again: tuple[tuple[str, Literal_], ...] = ()
    """The values of fields that the request has when it is made again."""


@frozen(kw_only=True)
class Watch:
    """A method that iterates over the events that a request begins, until it is no longer iterated over."""

    name: str
    doc: str = ""


@frozen(kw_only=True)
class Request:
    """A request to the broker and its reply."""

    name: str
    topic: str
    doc: str = ""
    request: Record
    """Its fields, in the order of the method's parameters. Its name is the one of the generated class."""
    response: Record
    event: str | None = None
    """The event that a reply also counts as, and whose handler the request can name."""
    errors: tuple[str, ...] = ()
    internal: bool = False
    """Whether it has no method of its own: an operation makes it."""
    options_in: str | None = None
    """The field that is a channel, and behind which the request's options are written."""
    lasting: Lasting | None = None
    """What it begins that is begun again on the next connection."""
    watch: Watch | None = None
    """The method that iterates over the events that it begins."""


@frozen(kw_only=True)
class Event:
    """What the broker sends without having been asked, or the replies of a request to a handler of all of them."""

    name: str
    topic: str | None
    """Where it arrives unasked; None: only replies count as it."""
    doc: str = ""
    payload: str
    """The name of a record or union, or of a request's response."""
    channel: str | None = None
    """The field of the payload that names the channel it is about."""


@frozen(kw_only=True)
class Pages:
    """How a fetch asks for stored messages: a request for one page after the other, and where in it everything is."""

    request: str
    """The name of the request."""
    topic: str
    """The request's field for the whole topic, options included."""
    after: str
    """The request's field for the id after which a page begins."""
    items: str
    """The response's field that lists the messages."""
    size: str
    """The option that says how many messages a page holds."""
    id: str
    """A message's field for its id."""
    channel: str
    """A message's field for its channel."""
    payload: str
    """A message's field for its payload."""


@frozen(kw_only=True)
class Operation:
    """A publish, subscribe, unsubscribe or fetch, in the form that its topic gives it."""

    name: str
    verb: Literal["publish", "subscribe", "unsubscribe", "fetch"]
    topic: str
    doc: str = ""
    params: tuple[Field, ...] = ()
    wait: bool = True
    """Whether a publish returns when it is done, or at once."""
    typed: bool = False
    """Whether a user's channels have it too; its parameters are then a secret and a channel or filter."""
    defaults: tuple[tuple[str, Literal_], ...] = ()
    """Values of options that a call does not give, by option name."""
    errors: tuple[str, ...] = ()
    no_replay: tuple[tuple[str, Literal_], ...] = ()
    """Values of options with which a subscribe brings no stored messages, by option name."""
    ignores: tuple[str, ...] = ()
    """The options that it takes in a set and that mean nothing to it."""
    no_echo: tuple[tuple[str, Literal_], ...] = ()
    """Values of options with which a publish does not come back to its own client, by option name."""
    stored: str | None = None
    """The fetch of what is stored on the channels of a subscribe, by name; None: there is none."""
    pages: Pages | None = None
    """How it fetches; None for every other verb."""


@frozen(kw_only=True)
class Error:
    """The class of a status."""

    name: str
    status: int
    doc: str = ""
    hint: str = ""
    messages: tuple[str, ...] = ()
    """What the broker says with this status."""


@frozen(kw_only=True)
class Envelope:
    """The fields around every reply and error, and the topics that are the broker's own."""

    reserved: str
    errors: str
    correlation: str
    status: str
    message: str
    max_packet_bytes: int
    """The largest remaining length of a packet, in both directions."""
