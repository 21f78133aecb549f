"""Words of other languages for what this one has, and what is said to somebody who writes them."""

from __future__ import annotations

import re
from collections.abc import Collection

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
fields: properties attributes columns members struct record
enum: values choices options literals
union: oneof anyof variants
tag: discriminator discriminant
alias: type newtype typedef base of
unknown: additionalproperties extra extras
params: parameters variables arguments args
direction: mode operation access
wire: alias json jsonname rename key serializedname
options: settings defaults
types: schemas components definitions $defs defs models messages structs records payloads
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
ignore: drop strip forbid false
unix: epoch timestamp unixtime
seconds: second sec s
"""

_SCALARS = """
string: str text char varchar email uri url hostname
int: integer long short byte int8 int16 int32 int64 uint uint8 uint16 uint32 uint64
int: i8 i16 i32 i64 u8 u16 u32 u64 isize usize sint32 sint64 fixed32 fixed64 bigint
float: number double real float32 float64 f32 f64
bool: boolean
bytes: binary blob buffer base64 bytearray
datetime: timestamp time date-time instant
duration: timedelta interval period
uuid: guid
decimal: money bigdecimal numeric
json: any object
"""

_ADVICE = {
    "nullable optional null": "write the type with a ?, as in int?",
    "required": "a field is required unless its type has a ? or it has a default",
    "items item": 'the type of the items stands in the type, as in "[int]"; their limits stand in an alias',
    "example examples": "write it into doc",
    "ttl retain qos me": "write it under options",
    "enum fields flags union alias oneof anyof values choices": (
        "declare a type under types, as in Mode: {enum: [auto, manual]}, and name it here: type: Mode"
    ),
    "const": "an enum may have one value: declare it under types",
    "allof extends inherits": "a record has all its fields itself: write them out, or hold the other record in a field",
    "multipleof readonly writeonly uniqueitems contenttype immutable": "leave it out: nothing here is like it",
    "info": "write name, version and doc at the top",
    "openapi asyncapi swagger syntax": "a schema here is a document of its own: begin it with emitter-typed: 1",
    "properties": "fields stand in a type, as in types: {Reading: {fields: {celsius: float}}}",
}
_TYPE_ADVICE = {
    "number": "write float, or int for whole numbers",
    "timestamp": "write datetime; with format: unix it is a number of seconds, with unix_ms of milliseconds",
    "object dict map mapping struct record": (
        'write json for any, "{string: T}" for a map of one type, or the name of a type with fields'
    ),
    "array list tuple set sequence": 'write "[T]", with T for the type of the items',
    "enum": "declare it under types, as in Mode: {enum: [auto, manual]}",
    "null none void": "write the type of what is there with a ?, as in int?",
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
_LIST = r"(?:list|array|sequence|set|tuple|vec|vector|repeated)\s*[\[<(](.*)[\]>)]"
_MAP = r"(?:dict|map|mapping|record|object|hash)\s*[\[<(]\s*\w+\s*,(.*)[\]>)]"
_OPTIONAL = r"(?:optional|maybe|option|nullable)\s*[\[<(](.*)[\]>)]"
_WORD_BEFORE = r"(repeated|optional|required)\s+(.+)"
_NAME = re.compile(r"[^\W\d][\w.-]*")


def word_called(word: str, known: Collection[str]) -> str | None:
    """Return what a word of other languages for one of a few words is called here; None if nothing is close to it."""
    return next((name for name in _WORDS_CALLED.get(word.casefold(), ()) if name in known), None)


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
        return f"{quoted(key)} is {quoted(called)} here"
    if " " in key.strip():
        return "put the text before it in quotes if the comma or the colon belongs to it"
    return _ADVISED.get(key.casefold(), "")


def type_advice(name: str) -> str:
    """Return what to write for the name of a type of another language; empty if it is not known."""
    word = name.casefold()
    if word in _TYPES or word in _SCALAR:
        return _TYPES.get(word) or f"write {_SCALAR[word]}"
    meant = type_meant(name)
    return "" if meant in ("", name) else write_type(meant)


def write_type(text: str) -> str:
    """Return the advice to write a type, in quotes where YAML needs them."""
    return f'write "{text}"' if text[0] in "[{" else f"write {text}"


def type_meant(text: str) -> str:
    """Return a type as this language writes it that was written as others do, such as `list[int]`; empty if unknown."""
    text = text.strip().rstrip(";")
    if text.endswith("!"):
        bare = text[:-1].casefold()
        return bare if bare in ("int", "float", "string") else type_meant(text[:-1])
    if text.startswith("#/"):
        return type_meant(text.rpartition("/")[2])
    if found := re.fullmatch(_WORD_BEFORE, text, re.IGNORECASE):
        inner = type_meant(found[2])
        return {"repeated": inner and f"[{inner}]", "optional": _with_mark(inner)}.get(found[1].casefold(), inner)
    if text.startswith("[") and text.endswith("]"):
        inner = type_meant(text[1:-1])
        return inner and f"[{inner}]"
    optional = _members(text)
    rest = [part for part in optional if part.casefold() not in _NOTHING]
    if len(optional) > 1:
        return _with_mark(type_meant(rest[0])) if len(rest) == 1 and len(rest) < len(optional) else ""
    if found := re.fullmatch(_OPTIONAL, text, re.IGNORECASE):
        return _with_mark(type_meant(found[1]))
    if found := re.fullmatch(_LIST, text, re.IGNORECASE):
        inner = type_meant(re.sub(r",\s*\.\.\.$", "", found[1].strip()))
        return inner and f"[{inner}]"
    if found := re.fullmatch(_MAP, text, re.IGNORECASE):
        inner = type_meant(found[1])
        return inner and f"{{string: {inner}}}"
    if text.endswith("[]"):
        inner = type_meant(text[:-2])
        return inner and f"[{inner}]"
    if text.endswith("?"):
        return _with_mark(type_meant(text[:-1]))
    return _SCALAR.get(text.casefold(), text) if _NAME.fullmatch(text) else ""


def _with_mark(text: str) -> str:
    return text if not text or text.endswith("?") else f"{text}?"


def _members(text: str) -> list[str]:
    """Return what stands between bars that are in no brackets."""
    depth = 0
    members = [""]
    for sign in text:
        depth += (sign in "[<({") - (sign in "]>)}")
        if sign == "|" and depth == 0:
            members.append("")
        else:
            members[-1] += sign
    return [member.strip() for member in members]
