"""Words of other languages for what this one has, and what is said to somebody who writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from emitter_typed_codegen.language.scalars import SCALARS
from emitter_typed_codegen.model import JsonKind, Scalar, json_kinds
from emitter_typed_codegen.problems import quoted

_KEYS = """
address: topic channel path route uri url subject
payload: message messages body schema data content type
name: title
doc: description desc summary title comment comments note notes help docs documentation
pattern: regex regexp matches match
minimum: min ge gte from
maximum: max le lte to
exclusive_minimum: gt above
exclusive_maximum: lt below
min_length: minlen
max_length: maxlen length size
type: kind dtype datatype ref $ref
fields: properties attributes columns members struct record message object class
enum: values choices options literals literal const
flags: bits bitmask bitfield bitset
value: number code id const wire int integer index
union: oneof anyof variants
present: untagged
tag: discriminator discriminant
alias: type newtype typedef base of
unknown: additionalproperties extra extras
params: parameters variables arguments args
direction: mode operation operations access action
wire: alias json jsonname rename key serializedname wirename name
also_read: aliases oldname oldnames formername formernames was
options: settings defaults
types: type schemas components definitions $defs defs models messages structs records payloads enums unions aliases
channels: topics subjects endpoints paths
imports: include includes import
emitter-typed: emitter
secret: sensitive password
deprecated: obsolete
unit: uom
"""

_WORDS = """
publish: out output send produce emit write pub publisher
subscribe: in input receive consume listen read sub subscriber
both: inout duplex bidirectional all readwrite any
keep: preserve allow true
ignore: drop strip
unix: epoch timestamp unixtime
unix_ms: epoch_ms epochms millis unixms epochmillis
seconds: second sec s
milliseconds: millisecond millis ms msec
"""

_SCALARS = """
string: str text char varchar email uri url hostname id cstring unicode
string: hex hexadecimal base64url ip ipv4 ipv6 mac color colour regex html xml
int: integer long short byte unsigned int8 int16 int32 int64 uint uint8 uint16 uint32 uint64
int: i8 i16 i32 i64 u8 u16 u32 u64 isize usize sint32 sint64 fixed32 fixed64 bigint
float: number double real float32 float64 f32 f64 percent percentage
bool: boolean
bytes: binary blob buffer base64 bytearray
datetime: timestamp time date-time instant
duration: timedelta interval period
uuid: guid
decimal: money bigdecimal numeric
json: any object unknown mixed variant dynamic jsonobject jsonvalue
"""

_ADVICE = {
    "nullable null allownull": (
        "write the type with a ?, as in int?; with required: true beside it, None is written as null, and not left out"
    ),
    "optional": "write the type with a ?, as in int?",
    "required": "remove it: a field is required unless its type ends with ? or it has a default",
    "items item": 'write the type of the items in the type, as in type: "[int]"; limits of the items need an alias',
    "example examples": "write it into doc",
    "ttl": "write it under options, as in options: {ttl: 60}",
    "retain retained": "write it under options, as in options: {retain: true}",
    "qos": "write it under options, as in options: {qos: 1}",
    "me echo": "write it under options, as in options: {echo: false}",
    "bindings": "write what MQTT knows under options, as in options: {qos: 1}",
    "servers host broker": "remove it: a program names the broker when it connects",
    "enum fields flags union alias oneof anyof values choices": (
        "declare a type under types, as in Mode: {enum: [auto, manual]}, and name it here: type: Mode"
    ),
    "const": "declare an enum with one value under types, and name it here",
    "allof extends inherits": (
        "remove it: a record cannot inherit. Write out all fields, or add a field whose type is the other record"
    ),
    "multipleof readonly writeonly uniqueitems contenttype immutable precision scale decimals step unique": (
        "remove it: the language has no such key"
    ),
    "range between": "write it as in minimum: 0 and maximum: 10",
    "name": "remove it: the name stands before the colon",
    "last history replay": "pass it in the call, as in subscribe(last=10)",
    "response responses reply": "declare a second channel for it",
    "$schema": "write it as a comment in the first line, as in # yaml-language-server: $schema=./home.schema.json",
    "package namespace": "remove it: the command names the folder of the package, as in --out home_api",
    "id number index tag position reserved": "remove it: fields have names, and no numbers",
    "info": "write name, version and doc at the top level",
    "properties": "declare a type with fields under types, as in Reading: {fields: {celsius: float}}",
    "additionalproperties": (
        'for a map of one type, write type: "{string: int}"; to keep unknown fields of a record: unknown: keep'
    ),
    "of": 'write the type of the items in the type, as in type: "[int]"',
    "type": "remove it: the other keys say what kind of type it is",
    "default": "remove it: only a field can have a default",
    "schema": "write the type itself, as in type: int",
    "subscribe publish": "write direction: subscribe or direction: publish, and address and payload beside it",
}
_TYPE_ADVICE = {
    "number": "write float, or int for integers",
    "timestamp": "write datetime; with format: unix it is a number of seconds, with unix_ms of milliseconds",
    "object dict map mapping struct record": (
        'write json for any JSON, "{string: T}" for a map to values of one type T, or the name of a record'
    ),
    "array list tuple set sequence": 'write "[T]", where T is the type of the items',
    "enum": "declare an enum under types, as in Mode: {enum: [auto, manual]}, and write its name here",
    "intenum intflag": "declare an enum under types, as in State: {enum: {off: 0, on: 1}}, and write its name here",
    "unix epoch unixtime": "write datetime, and format: unix beside it",
    "unix_ms unixms epoch_ms epochms millis": "write datetime, and format: unix_ms beside it",
    "unix_float": "write datetime, and format: unix_float beside it",
    "seconds": "write duration, and format: seconds beside it",
    "milliseconds ms": "write duration, and format: milliseconds beside it",
    "undefined null none void": "write the type of the values that may be null, with a ?, as in int?",
}


def _by_word(table: str) -> dict[str, list[str]]:
    """Return the names of this language for each word of a table whose lines are a name and its words."""
    found: dict[str, list[str]] = {}
    for line in table.strip().splitlines():
        name, words = line.split(": ")
        for word in words.split():
            found.setdefault(word, []).append(name)
    return found


_CALLED = _by_word(_KEYS)
_WORDS_CALLED = _by_word(_WORDS)
_SCALAR = {word: names[0] for word, names in _by_word(_SCALARS).items()}
_ADVISED = {word: advice for words, advice in _ADVICE.items() for word in words.split()}
_TYPES = {word: advice for words, advice in _TYPE_ADVICE.items() for word in words.split()}

_TRUTHS = {
    **dict.fromkeys(("yes", "on", "y", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "0"), "false"),
}
_NOTHING = frozenset({"null", "none", "nil", "undefined", "void"})
_QUALIFIER = r"(?:\w+(?:\.|::))*"
_LIST = (
    rf"{_QUALIFIER}(?:readonly)?(?:frozen)?(?:list|array|sequence|iterable|collection|set|vec|vector|repeated|slice)"
    r"\s*[\[<(](.*)[\]>)]"
)
_TUPLE = rf"{_QUALIFIER}tuple\s*[\[<(](.*?)(,.*)?[\]>)]"
_FIXED = rf"(?:{_QUALIFIER}tuple\s*)?[\[<(](.*,.*)[\]>)]"
_MAP = (
    rf"{_QUALIFIER}(?:ordered|hash|tree|default)?(?:dict|dictionary|map|mapping|record|object|hash)"
    r"\s*[\[<(]\s*\w+\s*,(.*)[\]>)]"
)
_GO_MAP = r"map\[\w+\](.+)"
_INDEX = r"\{\s*(?:\[\s*\w+\s*:\s*\w+\s*\]|\w+)\s*:(.*)\}"
_OPTIONAL = rf"{_QUALIFIER}(?:optional|maybe|option|nullable|notrequired)\s*[\[<(](.*)[\]>)]"
_UNION = rf"{_QUALIFIER}(?:union|oneof|anyof)\s*[\[<(](.*)[\]>)]"
_SAME = rf"{_QUALIFIER}(?:required|final|readonly|annotated)\s*[\[<(](.*?)(?:,.*)?[\]>)]"
_WORD_BEFORE = r"(repeated|optional|required|readonly|const|list of|array of|set of|map of|map of string to)\s+(.+)"
_SIZED = r"(n?varchar|n?char|decimal|numeric|float|int|integer|bigint|text|binary|varbinary)\s*\([\d\s,]*\)"
_CHOICES = r"""(?:literal|enum)\s*[\[<({].*|(["']).*\1(?:\s*\|\s*(["']).*\2)+"""
_LONGEST = 200
# Other names that differ in case alone may be types of the schema, such as `Date`.
_CAPITALS = frozenset({"String", "STRING", "Int", "INT", "Float", "FLOAT", "Bool", "UUID", "Uuid", "JSON"})
_NAME = re.compile(r"[^\W\d][\w.-]*")
_ONE_OF_TEXTS = "declare an enum under types, as in Mode: {enum: [auto, manual]}, and write its name here"
_ONE_OF_TYPES = (
    "write the names of the types, as in float | string; for records, declare a union under types, as in "
    "Command: {union: [Start, Stop], tag: kind}, and write its name; for any JSON: json"
)


def word_called(word: str, known: Collection[str]) -> str | None:
    """Return what a word of other languages for one of a few words is called here; None if nothing is close to it."""
    return next((name for name in _WORDS_CALLED.get(word.casefold(), ()) if name in known), None)


def word_advice(word: str, known: Collection[str]) -> str:
    """Return what to do about a word of other languages that means nothing here; empty if it is not known."""
    if "ignore" in known and word.casefold() in ("forbid", "false", "reject", "error", "deny"):
        return "unknown fields cannot be refused: write ignore or keep"
    called = word_called(word, known)
    return f"write {called}" if called else ""


def truth_meant(text: str) -> str:
    """Return true or false for a word that means one of them; empty if it means neither."""
    word = text.casefold()
    return _TRUTHS.get(word, word if word in ("true", "false") else "")


def key_called(key: str, known: Collection[str]) -> str | None:
    """Return what a word of other languages is called here; None if it is none, or what it stands for is not known."""
    word = key.casefold().replace("_", "").replace("-", "")
    return next((name for name in _CALLED.get(word, ()) if name in known), None)


def key_advice(key: str, known: Collection[str]) -> str:
    """Return what to say of a key that is none of those known here; empty if nothing is close to it."""
    called = key_called(key, known)
    if called is not None:
        return f"{quoted(key)} is called {quoted(called)} here"
    if " " in key.strip():
        return "if this is part of the text before it, put that text in quotes"
    return _ADVISED.get(key.casefold().replace("_", ""), "")


_WELL_KNOWN = {
    "timestamp": "datetime",
    "duration": "duration",
    "struct": "json",
    "value": "json",
    "any": "json",
    "doublevalue": "float?",
    "floatvalue": "float?",
    "int64value": "int?",
    "uint64value": "int?",
    "int32value": "int?",
    "uint32value": "int?",
    "boolvalue": "bool?",
    "stringvalue": "string?",
    "bytesvalue": "bytes?",
}
"""What Protocol Buffers has in `google.protobuf`."""


def type_advice(name: str) -> str:
    """Return what to write for the name of a type of another language; empty if it is not known."""
    word = name.casefold()
    well_known = _WELL_KNOWN.get(word.removeprefix("google.protobuf.")) if word.startswith("google.protobuf.") else None
    if well_known is not None:
        return write_type(well_known)
    if word in _TYPES or word in _SCALAR:
        return _TYPES.get(word) or f"write {_SCALAR[word]}"
    meant = type_meant(name)
    if meant not in ("", name):
        return write_type(meant)
    if re.fullmatch(r"-?[0-9.]+|true|false", name):
        return "write a type, as in int; a value belongs under default, as in {type: int, default: 5}"
    return several_advice(name)


def several_advice(text: str) -> str:
    """Return what to do about a type of another language that is one of several texts or types; empty if it is none."""
    text = text.strip()
    if re.fullmatch(_CHOICES, text, re.IGNORECASE):
        return _ONE_OF_TEXTS
    if len(_members(text, "|")) > 1 or re.fullmatch(_UNION, text, re.IGNORECASE):
        return _ONE_OF_TYPES
    if found := re.fullmatch(_FIXED, text, re.IGNORECASE):
        items = _members(found[1], ",")
        meant = [*dict.fromkeys(type_meant(item) for item in items)]
        inner = several_types(meant)
        if len(items) > 1 and all(meant) and "?" not in inner:
            length = f"min_items: {len(items)}, max_items: {len(items)}"
            return (
                f'declare an alias for a list of this length under types, as in Items: {{alias: "[{inner}]", {length}}}'
            )
    if re.fullmatch(_TUPLE, text, re.IGNORECASE):
        return 'write "[T]" for items of one type T, and "[T | U]" for items of two types'
    return ""


def write_type(text: str) -> str:
    """Return the advice to write a type, in quotes where YAML needs them."""
    return f'write "{text}"' if "[" in text or "{" in text else f"write {text}"


def several_types(members: Iterable[str]) -> str:
    """Return one type for the values of several, in which a message tells the types beside `|` apart."""
    parts = [part for member in members for part in _members(member, "|")]
    kept = [*dict.fromkeys(part.removesuffix("?") for part in parts)]
    if "json" in kept:
        kept = ["json"]
    for kind, wide in _WIDE.items():
        alike: list[str] = [one for one in SCALARS if one in kept and kind in json_kinds(Scalar(one), {})]
        kept = _merged(kept, alike, wide)
    for before, after in (("[", "]"), ("{string: ", "}")):
        alike = [one for one in kept if one.startswith(before)]
        if len(alike) > 1:
            inner = several_types(one.removeprefix(before).removesuffix(after) for one in alike)
            kept = _merged(kept, alike, f"{before}{inner}{after}")
    text = " | ".join(kept)
    return _with_mark(text) if any(part.endswith("?") for part in parts) else text


def _merged(types: list[str], alike: list[str], wide: str) -> list[str]:
    return [*dict.fromkeys(wide if one in alike else one for one in types)] if len(alike) > 1 else types


_WIDE: dict[JsonKind, str] = {"number": "float", "text": "string"}
"""The scalar of each kind to which the values of all its other scalars can be changed."""


def is_no_member(name: str) -> bool:
    """Tell whether a word beside `|` is null, or a text in quotes, as in other languages."""
    return name.casefold() in _NOTHING or name[0] in "\"'"


def type_meant(text: str) -> str:
    """Return a type as this language writes it that was written as others do, such as `list[int]`; empty if unknown."""
    text = text.strip().rstrip(";,").strip("“”‘’`")
    if len(text) > _LONGEST:
        return ""
    if text.endswith("!"):
        return type_meant(text[:-1])
    if text.startswith("#/"):
        return type_meant(text.rpartition("/")[2])
    if text.casefold() in ("byte[]", "[]byte"):
        return "bytes"
    if found := re.fullmatch(_WORD_BEFORE, text, re.IGNORECASE):
        inner = type_meant(found[2])
        before = found[1].casefold()
        if before.startswith("map of"):
            return inner and f"{{string: {inner}}}"
        if before == "optional":
            return _with_mark(inner)
        return inner and f"[{inner}]" if before == "repeated" or before.endswith(" of") else inner
    if text.startswith("[") and text.endswith("]"):
        inner = type_meant(text[1:-1])
        return inner and f"[{inner}]"
    union = re.fullmatch(_UNION, text, re.IGNORECASE)
    alternatives = _members(union[1], ",") if union else _members(re.sub(r"\s+or\s+", "|", text), "|")
    rest = [part for part in alternatives if part.casefold() not in _NOTHING]
    if len(alternatives) > 1:
        several = [type_meant(part) for part in rest]
        meant = several_types(several) if all(several) else ""
        return _with_mark(meant) if len(rest) < len(alternatives) else meant
    if found := re.fullmatch(r"\((.*)\)(\??)", text):
        inner = type_meant(found[1])
        return _with_mark(inner) if found[2] else inner
    if text[:1] in ("?", "*", "&"):
        inner = type_meant(text[1:])
        return inner if text[0] == "&" else _with_mark(inner)
    if found := re.fullmatch(_SIZED, text, re.IGNORECASE):
        return _SCALAR.get(found[1].casefold().removeprefix("n"), found[1].casefold())
    if found := re.fullmatch(_SAME, text, re.IGNORECASE):
        return type_meant(found[1])
    if found := re.fullmatch(_OPTIONAL, text, re.IGNORECASE):
        return _with_mark(type_meant(found[1]))
    if found := re.fullmatch(_LIST, text, re.IGNORECASE):
        inner = type_meant(found[1])
        return inner and f"[{inner}]"
    if found := re.fullmatch(_TUPLE, text, re.IGNORECASE):
        inner = type_meant(found[1]) if (found[2] or ",...").replace(" ", "") == ",..." else ""
        return inner and f"[{inner}]"
    if found := re.fullmatch(f"{_MAP}|{_GO_MAP}|{_INDEX}", text, re.IGNORECASE):
        inner = type_meant(found[1] or found[2] or found[3])
        return inner and f"{{string: {inner}}}"
    if found := re.fullmatch(r"\[\](.+)", text):
        inner = type_meant(found[1])
        return inner and f"[{inner}]"
    if found := re.fullmatch(r"string\s*:\s*(.+)", text):
        inner = type_meant(found[1])
        return inner and f"{{string: {inner}}}"
    if text.endswith("[]"):
        inner = type_meant(text[:-2])
        return inner and f"[{inner}]"
    if text.endswith(("?", "*")):
        return _with_mark(type_meant(text[:-1]))
    word = text.casefold()
    if text in _CAPITALS:
        return word
    return _SCALAR.get(word, text) if _NAME.fullmatch(text) else ""


def _with_mark(text: str) -> str:
    return text if not text or text.endswith("?") else f"{text}?"


def _members(text: str, separator: str) -> list[str]:
    """Return what stands between bars or commas that are in no brackets."""
    depth = 0
    members = [""]
    for sign in text:
        depth += (sign in "[<({") - (sign in "]>)}")
        if sign == separator and depth == 0:
            members.append("")
        else:
            members[-1] += sign
    return [member.strip() for member in members]
