"""The JSON Schema of the language, for editors: made of its table, and of what a schema itself declares.

Besides draft-07 it has the keywords of the YAML language server, which other readers pass over: `markdownDescription`,
`defaultSnippets`, `patternErrorMessage`, `errorMessage` and `doNotSuggest`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.language.limits import LIMITS, LONGEST_PATTERN, MOST, RANGE, ConstraintRule, Limited
from emitter_typed_codegen.language.protocol import OPERATION
from emitter_typed_codegen.language.scalars import DESCRIBED, FORMATS, ORDINARY, SCALARS
from emitter_typed_codegen.language.sections import SCHEMA
from emitter_typed_codegen.language.shapes import (
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
    Value,
    Whole,
    listed,
)
from emitter_typed_codegen.language.texts import RELATIVE_PATH, type_pattern
from emitter_typed_codegen.language.users import FIELD, RECORD_NAME
from emitter_typed_codegen.model import (
    Channel,
    Constraint,
    Declaration,
    Protocol,
    Record,
    Scalar,
    ScalarName,
    Schema,
    Setting,
)
from emitter_typed_codegen.ownership import MARK, marked
from emitter_typed_codegen.resolve.values import DATE, DATETIME, NUMBER, UUID
from emitter_typed_codegen.version import VERSION

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonSchema: TypeAlias = dict[str, Json]

_ANY_TEXT: Final = ("string", "number", "boolean")
_DRAFT = "http://json-schema.org/draft-07/schema#"

# Values of each scalar, as far as JSON tells them apart.
_INT: JsonSchema = {"type": "integer", "minimum": -(1 << 63), "maximum": (1 << 63) - 1}
_VALUES: Mapping[Limited, JsonSchema] = {
    "string": {"type": [*_ANY_TEXT]},
    "int": _INT,
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "bytes": {
        "type": [*_ANY_TEXT],
        "pattern": "^(?:[A-Za-z0-9+\\/]{4})*(?:[A-Za-z0-9+\\/]{2}==|[A-Za-z0-9+\\/]{3}=)?$",
    },
    "datetime": {
        "type": "string",
        "pattern": f"^{DATETIME}$",
        "patternErrorMessage": "expected: a time with date and offset, as in 2018-01-01T00:00:00Z",
    },
    "date": {
        "type": "string",
        "pattern": f"^{DATE}$",
        "patternErrorMessage": "expected: a date, as in 2018-01-01",
    },
    "duration": {"type": "number"},
    "uuid": {
        "type": "string",
        "pattern": f"^{UUID}$",
        "patternErrorMessage": "expected: a UUID, as in 01234567-89ab-cdef-0123-456789abcdef",
    },
    "decimal": {
        "type": ["number", "string"],
        "pattern": f"^{NUMBER}$",
        "patternErrorMessage": "expected: a decimal number",
    },
    "json": {},
    "list": {"type": "array"},
    "map": {"type": "object"},
}


_MODELINE = r"#\s*yaml-language-server\s*:.*?\$schema=(\S+)"
ENDING = ".schema.json"
"""How the files for editors end that `generate` keeps current."""


def named_file(schema: Path) -> Path | None:
    """Return the file that a schema names for editors in the comments at its top; None if it names none of ours.

    Ours ends with `.schema.json`, as in `# yaml-language-server: $schema=./home.schema.json`, lies beside the schema or
    in another folder, and is absent or begins with the banner.
    """
    try:
        with schema.open(encoding="utf-8") as lines:
            top = itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), lines)
            found = next(filter(None, (re.match(_MODELINE, line) for line in top)), None)
        if found is None or not found[1].endswith(ENDING) or re.fullmatch(RELATIVE_PATH, found[1]) is None:
            return None
        path = schema.parent / found[1]
        return path if not path.exists() or marked(path.read_text("utf-8")) else None
    except (OSError, ValueError):
        return None


def named_text(path: Path, protocol: Protocol | None, schema: Schema) -> str:
    """Return what the file that a schema names is to hold: what the schema declares, too, if it is called like it.

    So `home.schema.json` is for `home.yaml` alone, and `emitter-typed.schema.json` for all schemas that name it.
    """
    return text(protocol, schema if path.name == f"{Path(schema.source).stem}{ENDING}" else None)


def text(protocol: Protocol | None, local: Schema | None = None) -> str:
    """Return the file that editors read, which begins with the banner.

    Args:
        protocol: What channels run on, for their options and addresses.
        local: The schema whose own types, channels and parameters are offered, too; None: of no schema.
    """
    about = "the schema language" if local is None else f"the schema language, with what {local.source} declares"
    banner = f"{MARK} {VERSION}: {about}. Do not edit; `emitter-typed generate` keeps it current."
    # The banner is in the first line, as in every file that is generated.
    schema = {"$comment": banner, **language_schema(protocol, local)}
    definitions = schema.pop("definitions")
    assert isinstance(definitions, dict)
    # The banner is in the first line, as in every file that is generated; a line is as much as changes at once.
    head, rest = ",\n".join(_entries(schema)), ",\n".join(_entries(definitions))
    return f'{{{head},\n"definitions": {{\n{rest}\n}}}}\n'


def _entries(held: JsonSchema) -> list[str]:
    return [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in held.items()]


def language_schema(protocol: Protocol | None, local: Schema | None = None) -> JsonSchema:
    """Return the JSON Schema of the language.

    Args:
        protocol: What channels run on, for their options and addresses; None: any are taken.
        local: The schema whose own types, channels and parameters are offered, too; None: of no schema.
    """
    maker = _Maker(protocol, _Local() if local is None else _local(local))
    root = maker.shape(SCHEMA)
    return {
        "$schema": _DRAFT,
        **_documented(SCHEMA.doc),
        **root,
        "definitions": dict(sorted(maker.definitions.items())),
    }


@frozen(kw_only=True)
class _Local:
    """What one schema declares, for completing it."""

    types: tuple[Declaration, ...] = ()
    """Under the names that the schema has for them."""
    channels: tuple[Channel, ...] = ()
    texts: Mapping[tuple[str, str], tuple[str, ...]] = {}
    """What may be written for keys that name something else, by shape and key."""


def _local(schema: Schema) -> _Local:
    operations = tuple(one.name for one in schema.operations)
    requests = tuple(one.name for one in schema.requests)
    options = tuple(one.name for one in schema.options)
    errors = tuple(one.name for one in schema.errors)
    return _Local(
        types=(*schema.types, *_importable(schema)),
        channels=schema.channels,
        texts={
            ("request", "event"): tuple(one.name for one in schema.events),
            ("request", "errors"): errors,
            ("operation", "errors"): errors,
            ("operation", "stored"): tuple(one.name for one in schema.operations if one.verb == "fetch"),
            ("operation", "ignores"): options,
            ("pages", "request"): requests,
            ("pages", "size"): options,
            ("option", "applies"): (*operations, *(one.name for one in schema.requests if one.options_in is not None)),
            ("option", "not_after"): options,
        },
    )


def _importable(schema: Schema) -> Iterable[Declaration]:
    """Yield the types of the files that a schema imports itself, under the names that it has for them."""
    from attrs import evolve

    for one in schema.imports:
        for declared in one.schema.types:
            yield evolve(declared, name=f"{one.name}.{declared.name}")


class _Maker:
    """Makes definitions of shapes."""

    def __init__(self, protocol: Protocol | None, local: _Local) -> None:
        self._protocol = protocol
        self._local = local
        self.definitions: JsonSchema = {}

    def shape(self, shape: Shape) -> JsonSchema:
        """Return the schema of a map with known keys."""
        made: JsonSchema = {
            "type": "object",
            "properties": {key.name: self._key(shape, key) for key in shape.keys},
            "additionalProperties": False,
        }
        if shape.required:
            made["required"] = [*shape.required]
        if shape.one_of:
            message = f"exactly one of {listed(shape.one_of, 'and')} must be there"
            made["oneOf"] = [{"required": [name]} for name in shape.one_of]
            made["errorMessage"] = message
        conditions = [*self._of_verbs(shape), *self._of_values(shape)]
        if conditions:
            made["allOf"] = conditions
        together: JsonSchema = {key: [*others] for key, others in shape.together}
        together |= {key.name: ["envelope"] for key in shape.keys if key.protocol and key.name != "envelope"}
        if together:
            made["dependencies"] = together
        return made

    def _key(self, shape: Shape, key: Key) -> JsonSchema:
        made: JsonSchema = {**self._value(key.value, shape, key), **_documented(key.doc, key.default)}
        names = self._local.texts.get((shape.name, key.name), ())
        if names:
            within = made["items"] if isinstance(key.value, ListOf) else made
            assert isinstance(within, dict)
            offered: list[Json] = [*names]
            within["examples"] = offered
        if key.protocol or (key.name == "max_segments" and shape.name in ("field", "parameter", "alias")):
            # Beside a reference, editors read what documents it and nothing else.
            if "$ref" in made:
                made = {"allOf": [made], **_documented(key.doc, key.default)}
            made["doNotSuggest"] = True
        return made

    def _value(self, value: Value, shape: Shape | None = None, key: Key | None = None) -> JsonSchema:
        match value:
            case Text():
                return self._text(value)
            case Prose(quoted=quoted):
                return {"type": ["string", "null"] if quoted else [*_ANY_TEXT, "null"]}
            case Flag(default=default):
                return {"type": "boolean", "default": default}
            case Choice():
                return _choice(value)
            case Whole(least=least, most=most):
                return {"type": "integer", "minimum": least, "maximum": most}
            case Type():
                return self._type(value)
            case TypedValue():
                return {}
            case Limit(rule=rule):
                return _limit(rule)
            case OptionValues():
                return self._option_values()
            case Anything(scalar=scalar):
                return {"type": [*_ANY_TEXT, "null"]} if scalar else {}
            case ListOf():
                made: JsonSchema = {"type": "array", "items": self._value(value.item)}
                if value.at_least:
                    made["minItems"] = value.at_least
                if value.unique:
                    made["uniqueItems"] = True
                return made
            case MapOf():
                return self._map(value, shape, key)
            case Described(shapes=(only,)):
                return self._described(only)
            case Described(shapes=shapes):
                return self._one_of(shapes)
            case Either(of=values):
                return self._either([self._value(one) for one in values])

    def _either(self, schemas: list[JsonSchema]) -> JsonSchema:
        """Return the schema of one of several kinds of value; what is wrong is told by the one that it must be."""
        made: JsonSchema = {"anyOf": list[Json](schemas)}
        for schema in reversed(schemas):
            made = {"if": {"type": self._kind(schema)}, "then": schema, "else": made}
        # Editors look for what to offer in each part of `allOf`, and in none of `then` and `else`.
        names = [f"offered-{_name(one)}" for one in schemas]
        offered: list[Json] = [{"$ref": f"#/definitions/{name}"} for name in names if name in self.definitions]
        return {**made, **({"allOf": offered} if offered else {})}

    def _kind(self, schema: JsonSchema) -> Json:
        """Return the types of JSON that a schema is for."""
        name = _name(schema)
        known = self.definitions[name] if name else schema
        assert isinstance(known, dict)
        return known["type"]

    def _text(self, value: Text) -> JsonSchema:
        numbers = [kind for kind, one in (("number", "1"), ("boolean", "true")) if re.search(value.pattern, one)]
        types: list[Json] = ["string", *([] if value.quoted else numbers)]
        if value.may_be_null:
            types.append("null")
        made: JsonSchema = {"type": types if len(types) > 1 else "string"}
        if value.pattern:
            pattern = value.pattern
            if self._protocol is not None and "{" in (value.examples or ("",))[0] and pattern.endswith("+$"):
                # A channel of a user's: nothing below what is the broker's own, or belongs to a method.
                begins = [self._protocol.reserved, *(f"{first}/" for first, _ in self._protocol.first_segments)]
                pattern = pattern.replace("^", f"^(?!{'|'.join(map(_escaped, begins))})", 1)
            made |= {"pattern": pattern, "patternErrorMessage": f"expected: {value.wrong}"}
        elif not value.may_be_empty:
            made |= {"minLength": 1}
        if value.longest is not None:
            made["maxLength"] = value.longest
        if value is RECORD_NAME:
            made["examples"] = [one.name for one in self._local.types if isinstance(one, Record)]
        elif value.examples:
            made["examples"] = [*value.examples]
        return made

    def _type(self, value: Type) -> JsonSchema:
        """Return a reference to the definition of types with these scalars."""
        whole = {*ORDINARY} <= {*value.scalars}
        name = "-".join(["type", *(one for one in value.scalars if not whole or one not in ORDINARY)])
        if name not in self.definitions:
            pattern = type_pattern(value.scalars, containers=value.containers, optional=value.optional)
            known: dict[str, str] = {scalar: _scalar_doc(scalar) for scalar in value.scalars}
            known |= {one.name: one.doc or f"{type(one).__name__} of this schema." for one in self._local.types}
            self.definitions[name] = {
                "type": "string",
                "if": {"pattern": f"^(?:{'|'.join(map(_escaped, known))})$"},
                # An enum each, so that the word under the cursor is explained, and no other.
                "then": {"anyOf": [{"enum": [word], "markdownEnumDescriptions": [doc]} for word, doc in known.items()]},
                "else": {"pattern": pattern, "patternErrorMessage": _type_expected(value)},
                "allOf": [{"$ref": f"#/definitions/offered-{name}"}],
            }
            words = (_snippet(word, word, doc) for word, doc in known.items())
            self.definitions[f"offered-{name}"] = {"defaultSnippets": [*words, *_offered_types(value)]}
        return {"$ref": f"#/definitions/{name}"}

    def _map(self, value: MapOf, shape: Shape | None, key: Key | None) -> JsonSchema:
        described = self._value(value.value)
        made: JsonSchema = {"type": "object", "additionalProperties": described}
        names = self._text(value.names)
        del names["type"]
        if names:
            made["propertyNames"] = names
        if value.at_least:
            made["minProperties"] = value.at_least
        if value.snippets:
            made["defaultSnippets"] = [{"label": label, "body": _as_json(body)} for label, body in value.snippets]
        own: JsonSchema = {}
        if shape is SCHEMA and key is not None and key.name == "types":
            for declared in self._local.types:
                if "." not in declared.name and declared.doc:
                    own[declared.name] = {**described, **_documented(declared.doc)}
        if shape is SCHEMA and key is not None and key.name == "channels":
            for channel in self._local.channels:
                own[channel.name] = self._own_channel(channel, described)
        if own:
            made["properties"] = own
        return made

    def _own_channel(self, channel: Channel, described: JsonSchema) -> JsonSchema:
        """Return the schema of a channel that the file declares: its parameters are offered."""
        doc = f"`{channel.address}`\n\n{channel.doc}".strip()
        params: JsonSchema = {param.name: _documented(param.doc) for param in channel.params}
        offered: JsonSchema = {"properties": {"params": {"properties": params}}}
        # The own doc alone: editors show the innermost one.
        return {"allOf": [{"$ref": described["$ref"]}, *([offered] if params else [])], **_documented(doc)}

    def _described(self, shape: Shape) -> JsonSchema:
        if shape.name not in self.definitions:
            # What refers to itself finds its name.
            self.definitions[shape.name] = {}
            self.definitions[shape.name] = self.shape(shape)
        return {"$ref": f"#/definitions/{shape.name}", **_documented(shape.doc)}

    def _one_of(self, shapes: tuple[Shape, ...]) -> JsonSchema:
        """Return the schema of a map that one of its keys says the shape of."""
        kinds = [shape.kind for shape in shapes]
        name = "type-declaration"
        if name not in self.definitions:
            # None of them is there then: what is missing is told in words of ours.
            otherwise: JsonSchema = {
                "properties": {shape.kind: {**_documented(shape.doc), **self._offer(shape)} for shape in shapes},
                "required": [shapes[-1].kind],
                "errorMessage": f"a type says what it is: give it one of {listed(kinds, 'or')}",
            }
            for shape in reversed(shapes):
                otherwise = {
                    "if": {"type": "object", "required": [shape.kind]},
                    "then": self._described(shape),
                    "else": otherwise,
                }
            self.definitions[name] = {"type": "object", **otherwise}
        return {"$ref": f"#/definitions/{name}"}

    def _offer(self, shape: Shape) -> JsonSchema:
        return {"defaultSnippets": [{"label": shape.kind, "body": _as_json(shape.snippet[shape.kind])}]}

    def _option_values(self) -> JsonSchema:
        if self._protocol is None:
            return {"type": "object"}
        options: JsonSchema = {one.name: _setting(one) for one in self._protocol.settings}
        return {"type": "object", "properties": options, "additionalProperties": False}

    def _of_values(self, shape: Shape) -> Iterable[Json]:
        called = next((key.name for key in shape.keys if isinstance(key.value, Type)), None)
        if called is not None and shape.key("minimum") is not None:
            name = f"values-of-{called}"
            self.definitions[name] = _of_values(called, [key.name for key in FIELD.keys if called == "type"])
            self.definitions |= {f"value-{kind}": value for kind, value in _VALUES.items()}
            yield {"$ref": f"#/definitions/{name}"}
        if shape.key("secret") is not None:
            yield from _of_aliases()

    def _of_verbs(self, shape: Shape) -> Iterable[Json]:
        """Yield what holds for the verbs of an operation."""
        keys = [key for key in shape.keys if key.verbs]
        (verb, *_) = OPERATION.keys
        assert isinstance(verb.value, Choice)
        for word in [word for word, _ in verb.value.words] if keys else ():
            is_it = _has({verb.name: {"const": word}})
            for key in keys:
                if word not in key.verbs:
                    yield {"if": is_it, "then": _never(key.name, f"{key.name} is for {listed(key.verbs)}")}
                elif key.needed:
                    yield {"if": is_it, "then": {"required": [key.name]}}


def _name(schema: JsonSchema) -> str:
    """Return the name of the definition that a schema refers to; empty if it refers to none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _scalar_doc(scalar: ScalarName) -> str:
    described = DESCRIBED[scalar]
    return f"{described.wire}; `{described.python}` in Python"


def _offered_types(value: Type) -> Iterable[Json]:
    """Yield what editors offer of types that are more than a word."""
    if value.containers:
        yield _snippet("[T]", '"[${1:string}]"', "A list of one type, in quotes.")
        yield _snippet("{string: T}", '"{string: ${1:string}\\}"', "A map with text keys, in quotes.")
        doc = "One of several types that JSON tells apart, such as a number and a text."
        yield _snippet("T | U", "${1:float} | ${2:string}", doc)
    if value.optional:
        yield _snippet("T?", "${1:string}?", "What may be absent or null.")


def _documented(doc: str, default: str = "") -> JsonSchema:
    if not doc:
        return {}
    if default:
        doc = f"{doc}\n\nDefault: `{default}`."
    plain = doc.replace("``", "`").replace("`", "")
    return {"description": plain, **({"markdownDescription": doc} if plain != doc else {})}


def _snippet(label: str, body: str, doc: str) -> Json:
    return {"label": label, "bodyText": body, **_documented(doc)}


def _as_json(value: Snippet) -> Json:
    return json.loads(json.dumps(value))  # type: ignore[no-any-return]  # what JSON holds


def _has(properties: JsonSchema) -> JsonSchema:
    return {"properties": properties, "required": [*properties]}


def _choice(value: Choice[str]) -> JsonSchema:
    words: list[Json] = [word for word, _ in value.words]
    docs: list[Json] = [doc for _, doc in value.words]
    # A word that YAML reads as a number is that number, too.
    numbers: list[Json] = [int(word) for word, _ in value.words if word.isdecimal()]
    return {
        "enum": [*numbers, *words],
        "markdownEnumDescriptions": [*docs[: len(numbers)], *docs],
        **({"default": numbers[0]} if numbers else {"default": value.default} if value.default else {}),
    }


def _limit(rule: ConstraintRule) -> JsonSchema:
    if rule in RANGE:
        return {"type": ["number", "string"]}
    if rule == "pattern":
        return {"type": [*_ANY_TEXT], "minLength": 1, "maxLength": LONGEST_PATTERN}
    return {"type": "integer", "minimum": 0, "maximum": MOST}


def _type_expected(value: Type) -> str:
    if not value.containers:
        return f"a type is expected: {listed(value.scalars, 'or')}, or the name of an enum or alias"
    return 'a type is expected, as in string?, float | string, "[T]", "{string: T}" or the name of a type'


def _escaped(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", lambda found: f"\\{found[0]}" if found[0] in r"\^$.*+?()[]{}|/" else found[0], text)


def _setting(setting: Setting) -> JsonSchema:
    """Return the schema of an option's value."""
    base = setting.type
    made: JsonSchema = dict(_VALUES[base.name]) if isinstance(base, Scalar) else {}
    if setting.values:
        made = {"enum": [*setting.values]}
    for constraint in setting.constraints:
        made |= _constrained(constraint)
    return {**made, **_documented(setting.doc)}


def _constrained(constraint: Constraint) -> JsonSchema:
    words = {
        "minimum": "minimum",
        "maximum": "maximum",
        "exclusive_minimum": "exclusiveMinimum",
        "exclusive_maximum": "exclusiveMaximum",
    }
    known = words.get(constraint.rule)
    return {known: constraint.value} if known is not None and not isinstance(constraint.value, str) else {}


def _of_values(called: str, names: Collection[str]) -> JsonSchema:
    """Return what the keys beside a type must be where it is one of the language's own, or a list or a map."""
    conditions: list[Json] = []
    for low, high in (("minimum", "exclusive_minimum"), ("maximum", "exclusive_maximum")):
        both: JsonSchema = {"required": [low, high]}
        conditions.append({"if": both, "then": _never(high, f"{low} and {high} have the same meaning")})
    for rule, kinds in LIMITS.items():
        others: list[Limited] = [kind for kind in _SPELLED if kind not in kinds]
        conditions.append(_if(called, others, _never(rule, f"{rule} is a limit of {listed(kinds)}")))
    for kind in LIMITS["minimum"]:
        conditions.append(_if(called, [kind], {"properties": dict.fromkeys(RANGE, _value_of(kind))}))
    if "default" not in names:
        return {"allOf": conditions}
    message = f"only a {listed(list(FORMATS), 'or')} can have another format"
    others = [kind for kind in _SPELLED if kind not in FORMATS]
    conditions.append(_if(called, others, _never("format", message)))
    for scalar, forms in FORMATS.items():
        conditions.append(_if(called, [scalar], {"properties": {"format": {"enum": list(forms)}}}))
    for kind in _VALUES:
        or_null: JsonSchema = {"anyOf": [_value_of(kind), {"type": "null"}]}
        conditions.append(_if(called, [kind], {"properties": {"default": _value_of(kind)}}, mark=""))
        conditions.append(_if(called, [kind], {"properties": {"default": or_null}}, mark=r"\?"))
    conditions.append(_if(called, list(_SPELLED), {"dependencies": {"blank": ["default"]}}, mark=""))
    if "required" in names:
        conditions += _of_required(called)
    return {"allOf": conditions}


def _of_required(called: str) -> Iterable[Json]:
    """Yield what holds for a field that is never absent, and for one of which that is denied."""
    never, denied = (_has({"required": {"const": value}}) for value in (True, False))
    for name in ("default", "blank"):
        yield {"if": never, "then": _never(name, f"with required: true, {name} means nothing")}
    message = "required: true is for a type with a ?; without it, the field is required already"
    yield {"if": never, "then": {"properties": {called: {"pattern": r"\?\s*$", "patternErrorMessage": message}}}}
    message = "write the type with a ?, and remove required: false"
    optional: JsonSchema = {called: {"pattern": r"\?\s*$", "patternErrorMessage": message}}
    yield {"if": denied, "then": {"anyOf": [{"required": ["default"]}, {"properties": optional}]}}


def _value_of(kind: Limited) -> JsonSchema:
    return {"$ref": f"#/definitions/value-{kind}"}


_SPELLED: Mapping[Limited, str] = {**{one: one for one in SCALARS}, "list": r"\[.*\]", "map": r"\{.*\}"}


def _if(called: str, kinds: Iterable[Limited], then: JsonSchema, mark: str = r"\??") -> JsonSchema:
    """Return what holds where the type is one of these, with or without its mark."""
    pattern = rf"(?:{'|'.join(_SPELLED[kind] for kind in kinds)})\s*{mark}"
    return {"if": _has({called: _is(pattern)}), "then": then}


def _never(key: str, message: str) -> JsonSchema:
    """Return what holds where a key may not be, and what is said of it there."""
    return {"properties": {key: False}, "errorMessage": message}


def _of_aliases() -> Iterable[Json]:
    """Yield what holds for secrets, and for types of their own."""
    secret, distinct = (_has({key: {"const": True}}) for key in ("secret", "distinct"))
    for name in ("distinct", *LIMITS):
        yield {"if": secret, "then": _never(name, f"a secret has no {name}")}
    others = "|".join(pattern for kind, pattern in _SPELLED.items() if kind != "string")
    for condition, pattern, message in (
        (secret, rf"(?:{others})\s*\??", "a secret is a string"),
        (
            distinct,
            r"(?:json|[^\[\]{}]*\|.*|.*\?)",
            "this cannot be distinct: in Python it is several classes, not one",
        ),
    ):
        alias: JsonSchema = {"pattern": rf"^(?!\s*{pattern}\s*$)", "patternErrorMessage": message}
        yield {"if": condition, "then": {"properties": {"alias": alias}}}


def _is(pattern: str) -> JsonSchema:
    return {"type": "string", "pattern": rf"^\s*{pattern}\s*$"}
