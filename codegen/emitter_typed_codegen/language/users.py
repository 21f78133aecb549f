"""What users' schemas say: types, fields and channels."""

from __future__ import annotations

from typing import Literal

from attrs import evolve

from emitter_typed_codegen.language.limits import LONGEST_PATTERN, ConstraintRule
from emitter_typed_codegen.language.scalars import ORDINARY
from emitter_typed_codegen.language.shapes import (
    FIELD_NAME,
    NAME,
    Anything,
    Choice,
    Described,
    Either,
    Flag,
    Key,
    Limit,
    ListOf,
    MapOf,
    OptionValues,
    Prose,
    Shape,
    Snippet,
    Text,
    Type,
    TypedValue,
    Whole,
)
from emitter_typed_codegen.language.texts import (
    ADDRESS,
    IMPORT_NAME,
    LONGEST_ADDRESS,
    RELATIVE_PATH,
    TYPE_NAME,
    TYPE_NAMED,
)

DOC = Key("doc", Prose(), "For people: it becomes the docstring.")
UNIT = Key("unit", Prose(), "The unit, for people, as in `degrees Celsius`.")

DEPRECATED = Key(
    "deprecated",
    Text(examples=("use climate",), called="a text that says what to use instead"),
    "What to use instead, as in `use climate`. Programs that use the deprecated name are warned.",
)

UNKNOWN: Choice[Literal["ignore", "keep"]] = Choice(
    words=(
        ("ignore", "Fields that the record does not declare are dropped."),
        ("keep", "Fields that the record does not declare are kept in `unknown_fields`, and written back."),
    ),
    default="ignore",
)

DIRECTION: Choice[Literal["publish", "subscribe", "both"]] = Choice(
    words=(
        ("publish", "Programs with this schema publish: the facade has no subscribe."),
        ("subscribe", "Programs with this schema subscribe and fetch history: the facade has no publish."),
        ("both", "The facade has both."),
    ),
    default="both",
)

FORMAT: Choice[Literal["", "unix", "unix_ms", "unix_float", "seconds", "milliseconds"]] = Choice(
    words=(
        ("unix", "On the wire, a datetime is an integer: Unix seconds."),
        ("unix_ms", "On the wire, a datetime is an integer: Unix milliseconds."),
        ("unix_float", "On the wire, a datetime is a number of Unix seconds, which may have a fraction."),
        ("seconds", "On the wire, a duration is an integer: seconds."),
        ("milliseconds", "On the wire, a duration is an integer: milliseconds."),
    ),
    default="",
)

_LIMITED: dict[ConstraintRule, str] = {
    "minimum": "The least value, written as a value of the type.",
    "maximum": "The greatest value, written as a value of the type.",
    "exclusive_minimum": "Values must be greater than this one, written as a value of the type.",
    "exclusive_maximum": "Values must be less than this one, written as a value of the type.",
    "min_length": "The smallest number of characters of a string, or bytes of `bytes`.",
    "max_length": "The largest number of characters of a string, or bytes of `bytes`.",
    "pattern": (
        "A regular expression of Python's `re` that the whole text matches. At most "
        f"{LONGEST_PATTERN} characters, and never slow."
    ),
    "min_items": "The smallest number of items of a list or a map.",
    "max_items": "The largest number of items of a list or a map.",
    "max_segments": "The largest number of segments of a `channel`, `filter` or `key_target`.",
}
LIMIT_KEYS = tuple(Key(rule, Limit(rule=rule), doc) for rule, doc in _LIMITED.items())
"""The keys that state limits."""

FIELD_TYPE = Key(
    "type",
    Type(),
    "The type, or several, as in `float | string`. With `?` at its end, the value may be absent or null.",
    required=True,
)

REQUIRED = Key(
    "required",
    Flag(),
    "`true`: the field is never absent, although its type ends with `?`. None is written as null, and a message "
    "without the field is refused.",
    default="false",
)

FIELD = Shape(
    name="field",
    keys=(
        FIELD_TYPE,
        DOC,
        UNIT,
        Key(
            "format",
            FORMAT,
            "Another form on the wire. For a datetime: `unix` (whole Unix seconds), `unix_ms` (whole milliseconds) or "
            "`unix_float` (seconds with a fraction). For a duration: `seconds` or `milliseconds`, as whole ones.",
        ),
        Key(
            "blank",
            ListOf(item=Anything(scalar=True, called="null, true, false, an integer or a text")),
            'Wire values that mean absent, as in `[0, "", null]`. The field needs a `?` or a default.',
        ),
        Key("wire", NAME, "The name on the wire. Default: the field's name."),
        Key(
            "also_read",
            ListOf(item=NAME),
            "Further names on the wire, as in `[sensorID]`. If the field is absent or blank under its own name, these "
            "are read, in order. They are never written. Use it to rename a field.",
        ),
        Key("default", TypedValue(), "The value of an absent field. It must fit the type and the limits."),
        REQUIRED,
        DEPRECATED,
        *LIMIT_KEYS,
    ),
    doc="A field of a record.",
    snippet={"type": "$1"},
)

PARAMETER_TYPE = Type(scalars=("string", "int", "uuid", "date"), containers=False, optional=False)

PARAMETER = Shape(
    name="parameter",
    keys=(Key("type", PARAMETER_TYPE, "The type.", required=True), DOC, UNIT, *LIMIT_KEYS),
    doc=(
        "A parameter of an address: `string` (the default), `int`, `uuid`, `date`, an enum or an alias of one of these."
    ),
    snippet={"type": "$1"},
)


def fields_of(shape: Shape, snippets: tuple[tuple[str, Snippet], ...] = ()) -> MapOf:
    """Return the map of fields or parameters, each of which is a type or a map with one."""
    (type_key, *_) = shape.keys
    names = FIELD_NAME if shape.key("default") is not None else NAME
    return MapOf(value=Either(of=(type_key.value, Described(shapes=(shape,)))), names=names, snippets=snippets)


FIELDS = Key(
    "fields",
    fields_of(FIELD, (("field: type", {"${1:field}": "${2:string}"}),)),
    "The fields by name: each is a type, or a map with `type`.",
    required=True,
)

RECORD = Shape(
    name="record",
    keys=(
        FIELDS,
        DOC,
        DEPRECATED,
        Key(
            "unknown",
            UNKNOWN,
            "What happens to unknown fields: `keep` keeps them in `unknown_fields`, and writes them back unchanged. No "
            "field of the record can have that name then.",
            default="ignore",
        ),
    ),
    doc="An object with these fields.",
    kind="fields",
    snippet={"fields": {"${2:field}": "${3:string}"}},
)

_MEANING = Key("doc", Prose(), "What it means.")
_OLD = Key(
    "deprecated",
    Text(examples=("use auto",), called="a text that says what to use instead"),
    "What to use instead, as in `use auto`. Docstrings and exported documents say it; no program is warned.",
)
NUMBER = Whole(least=-(1 << 63), most=(1 << 63) - 1)

VALUE = Shape(
    name="value",
    keys=(
        Key("name", NAME, "The name of a text in Python. Default: the text."),
        Key("value", NUMBER, "The number on the wire. The key before it is its name."),
        _MEANING,
        _OLD,
    ),
    doc="A value of an enum.",
)

LETTER = Shape(
    name="letter",
    keys=(Key("name", NAME, "Its name in Python. Default: the letter."), _MEANING, _OLD),
    doc="The meaning of a letter of flags.",
)

_DESCRIBED = Prose(quoted=True, called="a text that describes it")

ENUM = Shape(
    name="enum",
    keys=(
        Key(
            "enum",
            Either(
                of=(
                    ListOf(item=evolve(NAME, quoted=True), at_least=1, unique=True),
                    MapOf(
                        value=Either(of=(_DESCRIBED, NUMBER, Described(shapes=(VALUE,)))),
                        names=Text(may_be_empty=True),
                        at_least=1,
                    ),
                )
            ),
            'A few texts (`"1"` and `"true"` in quotes): a list, or a map to docs or to `{name, doc, deprecated}`, '
            'where `name` is the name in Python. A text that cannot be a name, such as `""`, needs a `name`: '
            '`{"": {name: none}, on: ""}`. Or a few numbers: a map of names to numbers, `{unknown: 0, charging: 1}`, '
            "or to `{value: 1, doc, deprecated}`.",
            required=True,
        ),
        DOC,
        Key(
            "open", Flag(), "`true`: any other text, or any other number, is kept instead of refused.", default="false"
        ),
    ),
    doc="One of a few texts, or of a few numbers.",
    kind="enum",
    snippet={"enum": ["${2:auto}"]},
)

_LETTER = Text(pattern="^[A-Za-z]$", wrong="one letter from a to z or A to Z")

FLAGS = Shape(
    name="flags",
    keys=(
        Key(
            "flags",
            Either(
                of=(
                    ListOf(item=_LETTER, at_least=1, unique=True),
                    MapOf(value=Either(of=(_DESCRIBED, Described(shapes=(LETTER,)))), names=_LETTER, at_least=1),
                )
            ),
            "A map of one letter (a to z, A to Z) to docs or to `{name, doc, deprecated}`, or a list of letters.",
            required=True,
        ),
        DOC,
    ),
    doc="A set of letters.",
    kind="flags",
    snippet={"flags": {"${2:r}": {"name": "${3:read}"}}},
)

RECORD_NAME = Text(pattern=TYPE_NAMED, wrong="the name of a record", called="the name of a record")

UNION = Shape(
    name="union",
    keys=(
        Key(
            "union",
            ListOf(item=RECORD_NAME, at_least=1, unique=True),
            "The names of several records. Either a `tag` says which one it is, or the field that is `present`.",
            required=True,
        ),
        Key(
            "tag",
            evolve(NAME, examples=("kind",)),
            "The field on the wire that says which record it is. The records do not declare it.",
        ),
        Key(
            "present",
            ListOf(item=evolve(NAME, examples=("result", "error")), at_least=1),
            "Instead of a tag: for each record, in order, a field of it that is always there, and that no other record "
            "has, as in `[result, error]`.",
        ),
        DOC,
        Key(
            "values",
            ListOf(item=Either(of=(NUMBER, Text(quoted=True, may_be_empty=True))), unique=True),
            "The value of the tag for each record, in order: texts, or integers, as in `[1, 2]`. Default: the "
            "record's name in snake_case.",
        ),
        Key(
            "open",
            Flag(),
            "`true`: an object with any other text, or any other number, as its tag, or with none of the fields of "
            "`present`, is kept, as an `UnrecognizedMember`, instead of refused.",
            default="false",
        ),
    ),
    doc="One of several records, with a field that says which one.",
    kind="union",
    together=(("values", ("tag",)),),
    one_of=("tag", "present"),
    snippet={"union": ["$2"], "tag": "${3:kind}"},
)

ALIAS = Shape(
    name="alias",
    keys=(
        Key("alias", Type(), "The type that it stands for. At most 16 aliases may stand in a row.", required=True),
        DOC,
        Key(
            "distinct",
            Flag(),
            "`true`: type checkers treat it as a different type. Not for `json`, a union, an open enum and a type with "
            "`?` or `|`, which are several classes in Python.",
            default="false",
        ),
        Key(
            "secret",
            Flag(),
            "`true`: a string that `repr`, `str` and logs mask. It has no limits.",
            default="false",
        ),
        *LIMIT_KEYS,
    ),
    doc="Another name for a type, with limits.",
    kind="alias",
    snippet={"alias": "${2:string}"},
)

KINDS = (ENUM, FLAGS, ALIAS, RECORD, UNION)
"""The kinds of types, in the order in which the compiler reads them: each finds what its own checks look at."""

CHANNEL = Shape(
    name="channel",
    keys=(
        Key(
            "address",
            Text(
                pattern=ADDRESS,
                wrong="segments that each end with a slash, as in home/{room}/temperature/, without wildcards",
                longest=LONGEST_ADDRESS,
                examples=("home/{room}/temperature/",),
            ),
            f"Segments, each ending with `/`, at most {LONGEST_ADDRESS} characters. A segment is a parameter, as in "
            "`{room}`, or contains only `A-Z a-z 0-9` and ``- . : _ $ [ ] \\ ^ ` ``. No wildcards, no `:room` or "
            "`[room]` for a parameter, and no channel that is reserved for the broker.",
            required=True,
        ),
        Key(
            "payload",
            Type(scalars=(*ORDINARY, "text")),
            "A type. A payload of type `text`, `string` or `bytes` is sent as it is. An enum is read as JSON or as the "
            "text itself, such as `ON`, and written as JSON. All others, and these with a `?`, are JSON.",
            required=True,
        ),
        Key(
            "params",
            fields_of(PARAMETER),
            "The types of parameters: `string` (the default), `int`, `uuid`, `date`, an enum or an alias of these; "
            "each a type or a map with `type`, `doc`, `unit` and limits. All of them must be in the address.",
        ),
        Key(
            "options",
            OptionValues(),
            "Default values of options of a publish, as in `{ttl: 3600, qos: 1}`.",
        ),
        Key(
            "direction",
            DIRECTION,
            "`both`, `publish` or `subscribe`, as seen from your programs. The facade lacks the other one. `history` "
            "belongs to `subscribe`.",
            default="both",
        ),
        DOC,
        DEPRECATED,
        Key(
            "overlaps",
            Flag(),
            "`true`: other channels may match the same topics. Otherwise two channels that can match one topic must "
            "have the same payload.",
            default="false",
        ),
    ),
    doc="A channel: its address, and what is published there.",
    snippet={"address": "${2:home/{room\\}/}", "payload": "$3"},
)

IMPORTS = MapOf(
    value=Text(
        pattern=RELATIVE_PATH,
        wrong="a path from this file's folder, with slashes, as in ./common.yaml",
        examples=("./common.yaml",),
        called="the path of a file, as in ./common.yaml",
    ),
    names=Text(pattern=IMPORT_NAME, wrong="a letter from a to z, then a to z, 0 to 9 or _", longest=NAME.longest),
    snippets=(("name: ./file.yaml", {"${1:common}": "./${2:common}.yaml"}),),
)

TYPES = MapOf(
    value=Described(shapes=KINDS),
    names=Text(
        pattern=TYPE_NAME,
        wrong="a letter, then letters, digits, _ or -, and no type of the language itself",
        longest=NAME.longest,
    ),
    snippets=tuple((f"Name: {shape.kind}", {"${1:Name}": shape.snippet}) for shape in KINDS),
)

CHANNELS = MapOf(
    value=Described(shapes=(CHANNEL,)),
    names=NAME,
    snippets=(("name: address and payload", {"${1:name}": CHANNEL.snippet}),),
)
