"""What only a protocol says: envelope, requests, events, operations, options and errors."""

from __future__ import annotations

from typing import Literal

from attrs import evolve

from emitter_typed_codegen.language.scalars import ORDINARY
from emitter_typed_codegen.language.shapes import (
    NAME,
    Anything,
    Choice,
    Described,
    Either,
    Flag,
    Key,
    ListOf,
    MapOf,
    Prose,
    Shape,
    Text,
    Type,
    Whole,
)
from emitter_typed_codegen.language.texts import BROKER_TOPIC, LONGEST_ADDRESS, TOPIC, WORD
from emitter_typed_codegen.language.users import (
    DOC,
    FIELD,
    FIELD_TYPE,
    FIELDS,
    LIMIT_KEYS,
    PARAMETER,
    RECORD_NAME,
    REQUIRED,
    UNIT,
    fields_of,
)

LARGEST_PACKET = 268_435_455
"""What MQTT can write."""
STATUSES = range(400, 600)

VERB: Choice[Literal["publish", "subscribe", "unsubscribe", "fetch"]] = Choice(
    words=(
        ("publish", "It sends a message."),
        ("subscribe", "It begins to receive messages."),
        ("unsubscribe", "It ends that."),
        ("fetch", "It asks for stored messages."),
    ),
    default="publish",
)

CARRIER: Choice[Literal["topic", "header"]] = Choice(
    words=(
        ("topic", "It is written after the channel, as in `?ttl=60`."),
        ("header", "It is MQTT's own `qos` or `retain`."),
    ),
    default="topic",
)

_BROKER_TOPIC = Text(
    pattern=BROKER_TOPIC,
    wrong="segments that each end with a slash, without parameters and wildcards",
    longest=LONGEST_ADDRESS,
)

ENVELOPE = Shape(
    name="envelope",
    keys=(
        Key("reserved", _BROKER_TOPIC, "The beginning of the broker's own topics.", required=True),
        Key("errors", _BROKER_TOPIC, "The topic of errors without a request.", required=True),
        Key("correlation", Text(), "The field with the identifier of the request.", required=True),
        Key("status", Text(), "The field with the status.", required=True),
        Key("message", Text(), "The field with the message of an error.", required=True),
        Key(
            "max_packet_bytes",
            Whole(least=1, most=LARGEST_PACKET),
            "The largest remaining length of a packet, in both directions.",
            required=True,
        ),
    ),
    doc="The fields of every reply and error, and the topics of the broker.",
)

_VALUES_OF_FIELDS = MapOf(value=Anything(), names=NAME, called="a map of fields to values")

LASTING = Shape(
    name="lasting",
    keys=(
        Key("by", Text(), "The field that names it.", required=True),
        Key("begins", _VALUES_OF_FIELDS, "The values of fields with which a request begins it."),
        Key("ends", _VALUES_OF_FIELDS, "The values of fields with which a request ends it."),
        Key("again", _VALUES_OF_FIELDS, "The values of fields of the request that begins it again."),
    ),
    doc="Something that a request begins at the broker, and that a client begins again after a reconnect.",
)

WATCH = Shape(
    name="watch",
    keys=(Key("name", NAME, "The name of the method.", required=True), DOC),
    doc="A method that iterates over the events of the channel that the request's `lasting` begins and ends.",
)

_REQUEST_FIELD = evolve(
    FIELD,
    name="request-field",
    keys=(
        evolve(FIELD_TYPE, value=Type(scalars=(*ORDINARY, "channel", "filter", "key_target"))),
        *(key for key in FIELD.keys[1:] if key is not REQUIRED),
    ),
)

REQUEST_FIELDS = Shape(
    name="request-fields",
    keys=(
        Key(
            FIELDS.name,
            fields_of(_REQUEST_FIELD),
            "The fields by name: the parameters of the method, in their order. Optional ones come last.",
            required=True,
        ),
        DOC,
    ),
    doc="What is sent.",
)

RESPONSE = Shape(name="response", keys=(FIELDS, DOC), doc="What is replied.")

_ERRORS = Key("errors", ListOf(item=Text()), "The errors to expect.")

REQUEST = Shape(
    name="request",
    keys=(
        Key("topic", _BROKER_TOPIC, "Where it is published.", required=True),
        Key("response", Described(shapes=(RESPONSE,)), "The response: its `fields` and `doc`.", required=True),
        Key("request", Described(shapes=(REQUEST_FIELDS,)), "The request: its `fields` and `doc`."),
        DOC,
        Key("event", Text(), "The event for each response."),
        _ERRORS,
        Key(
            "lasting",
            Described(shapes=(LASTING,)),
            "What it begins at the broker, and what a client begins again after a reconnect: `by` is the field that "
            "names it; `begins` and `ends` are the values of fields with which a request does so; `again` those that "
            "it has when it is made again.",
        ),
        Key(
            "watch",
            Described(shapes=(WATCH,)),
            "`name` and `doc` of a method that iterates over the events of the channel that its `lasting` begins and "
            "ends.",
        ),
        Key(
            "internal",
            Flag(),
            "`true`: it has no method; an operation sends it. The operation may have the same name.",
            default="false",
        ),
        Key(
            "options_in",
            Text(),
            "The field, a channel or filter, after which the options are written, as in `chat/?ttl=60`.",
        ),
    ),
    doc="A request and its response.",
)

EVENT = Shape(
    name="event",
    keys=(
        Key("topic", _BROKER_TOPIC, "Where it arrives. If given, `payload` is required too."),
        Key(
            "payload",
            evolve(RECORD_NAME, called="the name of a record or union"),
            "A record or union.",
        ),
        Key("channel", Text(), "The field of the payload that names the channel."),
        DOC,
    ),
    together=(("topic", ("payload",)), ("payload", ("topic",)), ("channel", ("topic", "payload"))),
    doc=(
        "A message from the broker. If `topic` and `payload` are omitted, it is the response of the one request that "
        "names it as its `event`."
    ),
)

PAGES = Shape(
    name="pages",
    keys=(
        Key("request", Text(), "The request for one page. All of its other fields may be absent.", required=True),
        Key(
            "topic",
            Text(),
            "The request's field, a `string`, for the operation's whole topic with its options.",
            required=True,
        ),
        Key(
            "after",
            Text(),
            "The request's field, a `bytes?`, for the id after which the page begins.",
            required=True,
        ),
        Key("items", Text(), "The response's field that lists the messages, which are records.", required=True),
        Key(
            "size",
            Text(),
            "The option, an `int`, that says how many messages a page holds; if a call omits it, everything is "
            "fetched.",
            required=True,
        ),
        Key("id", Text(), "The field of a message for its id, `bytes`.", required=True),
        Key("channel", Text(), "The field of a message for its channel, a `string`.", required=True),
        Key("payload", Text(), "The field of a message for its payload, `bytes`.", required=True),
    ),
    doc="The request for stored messages, and the names of its fields.",
)

_OPTION_VALUES = MapOf(value=Anything(), names=NAME, called="a map of options to values")

# A topic has as many segments as it likes.
OPERATION_PARAMETER = Shape(
    name="operation-parameter",
    keys=(
        evolve(FIELD_TYPE, value=Type(scalars=("string", "channel", "filter"), containers=False)),
        *(key for key in PARAMETER.keys[1:] if key.name != "max_segments"),
    ),
    doc="A parameter of an operation: a secret, a string, a channel or a filter.",
)

OPERATION = Shape(
    name="operation",
    keys=(
        Key(
            "verb",
            VERB,
            "What it does: `publish`, `subscribe`, `unsubscribe` or `fetch`.",
            required=True,
        ),
        Key(
            "topic",
            Text(
                pattern=TOPIC,
                wrong="segments between slashes, as in {key}/{channel}, without wildcards",
                longest=LONGEST_ADDRESS,
                examples=("{key}/{channel}",),
            ),
            "In the topic, each of the `params` is a whole segment; a channel or filter is the last one, without a "
            "slash after it.",
            required=True,
        ),
        Key(
            "params",
            fields_of(OPERATION_PARAMETER),
            "The parameters by name: secrets, strings, channels and filters.",
            required=True,
        ),
        DOC,
        Key(
            "wait",
            Flag(default=True),
            "`false`: it returns at once.",
            default="true",
            verbs=("publish",),
        ),
        Key(
            "typed",
            Flag(),
            "`true`: typed channels have it too; a fetch belongs to `subscribe`. Its parameters are a secret, then "
            "a channel or filter.",
            default="false",
            verbs=("publish", "subscribe", "fetch"),
        ),
        Key(
            "options",
            _OPTION_VALUES,
            "Default values of options.",
            verbs=("publish", "subscribe", "fetch"),
        ),
        _ERRORS,
        Key(
            "pages",
            Described(shapes=(PAGES,)),
            "Required: how it fetches, page by page.",
            verbs=("fetch",),
            needed=True,
        ),
        Key(
            "no_replay",
            _OPTION_VALUES,
            "Values of options with which it brings no stored messages.",
            verbs=("subscribe",),
        ),
        Key(
            "no_echo",
            _OPTION_VALUES,
            "Values of options with which a message does not come back to its own client.",
            verbs=("publish",),
        ),
        Key(
            "stored",
            Text(),
            "The fetch, with the same parameters, for stored messages of its channels. The subscribe then takes "
            "`recover`.",
            verbs=("subscribe",),
        ),
        Key(
            "ignores",
            ListOf(item=Text()),
            "Options that it accepts in a set of objects, and ignores.",
            verbs=("publish", "subscribe", "fetch"),
        ),
    ),
    doc="A publish, subscribe, unsubscribe or fetch.",
)

_WORD = Text(pattern=WORD, wrong="letters from A to Z or a to z and digits")

OPTION = Shape(
    name="option",
    keys=(
        Key(
            "type",
            Type(scalars=("int", "bool", "string", "datetime", "duration"), containers=False, optional=False),
            "The type: `int`, `bool`, `string`, `datetime`, `duration` or an enum.",
            required=True,
        ),
        Key("applies", ListOf(item=Text()), "Operations, and requests with `options_in`.", required=True),
        DOC,
        UNIT,
        Key("wire", _WORD, "Its name on the wire, of letters and digits. Default: the option's name."),
        *(key for key in FIELD.keys if key.name == "format"),
        Key(
            "carrier",
            CARRIER,
            "`topic`, or `header` for MQTT's own `qos` and `retain`.",
            default="topic",
        ),
        Key(
            "encode",
            MapOf(
                value=Text(
                    pattern=WORD,
                    wrong="letters from A to Z or a to z and digits",
                    may_be_null=True,
                    called="a text, or null for nothing",
                ),
                names=Text(may_be_empty=True),
                called="a map of values to what stands on the wire for them",
            ),
            "The text on the wire for a value; `null` for no text.",
        ),
        Key("values", ListOf(item=Text()), "The only values."),
        Key(
            "not_after",
            Text(),
            "Another option. If both are given, this one must not have the larger value.",
        ),
        Key(
            "classic",
            Either(of=(NAME, MapOf(value=Anything(), names=NAME))),
            "A function that makes it: `with_ttl`, or `{without_echo: false}` for a function with a fixed value.",
        ),
        *LIMIT_KEYS,
    ),
    doc="An option of operations and requests.",
)

ERROR = Shape(
    name="error",
    keys=(
        Key(
            "status",
            Whole(least=STATUSES[0], most=STATUSES[-1]),
            f"The status: {STATUSES[0]} to {STATUSES[-1]}.",
            required=True,
        ),
        DOC,
        Key("hint", Prose(), "What to do."),
        Key(
            "messages",
            ListOf(item=Text()),
            "The broker's own messages for it, for the docstring of the class.",
        ),
    ),
    doc="The class of a status.",
)


def _section(name: str, shape: Shape, doc: str) -> Key:
    return Key(name, MapOf(value=Described(shapes=(shape,)), names=NAME), doc, protocol=True)


PROTOCOL_KEYS = (
    Key("envelope", Described(shapes=(ENVELOPE,)), "The fields of every reply and error.", protocol=True),
    _section("requests", REQUEST, "Requests to the broker, and their responses."),
    _section("events", EVENT, "What the broker tells."),
    _section("operations", OPERATION, "Publishes, subscribes, unsubscribes and fetches."),
    _section("options", OPTION, "The options of operations and requests."),
    _section("errors", ERROR, "The classes of statuses."),
)
"""The sections that only a protocol has. Each needs the envelope."""
