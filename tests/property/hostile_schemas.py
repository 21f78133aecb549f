"""Legal schemas whose names mean something to Python, to the libraries, and to what the compiler prints beside them."""

import ast
import builtins
import inspect
import json
import keyword
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import attrs
from cattrs import gen

from emitter_typed import contract
from emitter_typed_codegen.language.scalars import SCALARS, SPECIAL
from emitter_typed_codegen.names import (
    RESERVED_MODULES,
    RESERVED_TYPES,
    attribute_name,
    channel_class,
    class_name,
    constant_name,
    hidden_name,
)

ROOT = Path(__file__).parents[2]

Described: TypeAlias = dict[str, object]

_ODD = [
    "2fast", "sensor-id", "a.b", "x y", "été", "ÉTÉ", "名前", "温度-1", "ﬁeld", "ｓtr", "µ", "ß", "ı",
    "𝐫eading", "ª", "-", "_", "__", "_2", "a" * 90, "A" * 45, "MiXed_Case-Name", "a1B2c3", "x" * 60, "W" * 17,
    "half-open", "GPS", "gps", "Gps", "property", "TYPE_CHECKING", "typevar_map", "Status", "room", "value",
    "name", "mro", "from_json", "to_json", "Channel", "Params", "Ⅳ", "x²", "a·b",
]  # fmt: skip
"""Names that are no identifiers, or others than they look, or long, or equal in a form that Python gives them."""

_WIRE = ["", "a b", "é", '"', "'", "\\", "$type", "{x}", "0", "class", "None", "a" * 90]
_SCALARS: dict[str, object] = {
    "string": 'say "hi"\\n', "int": 7, "float": 1e22, "bool": True, "bytes": "AAEC", "datetime": "2018-01-01T00:00:00Z",
    "date": "2018-01-01", "duration": 1.5, "uuid": "01234567-89ab-cdef-0123-456789abcdef", "decimal": "0.10",
    "json": {"a": [1, {}, [], None, 1e22], "b": {}},
}  # fmt: skip
"""The scalars with a default each."""


@cache
def names() -> list[str]:
    """Return all names that a schema may be expected to hit: among them every one that generated code mentions."""
    found: set[str] = {*_ODD, *dir(builtins), *keyword.kwlist, *keyword.softkwlist, *contract.__all__}
    found |= {name for name in dir(attrs) if not name.startswith("__")}
    for make in ("make_dict_structure_fn_from_attrs", "make_dict_unstructure_fn_from_attrs"):
        found |= {*inspect.signature(getattr(gen, make)).parameters}
    for path in sorted(ROOT.glob("tests/codegen/golden/*/expected/*.py")):
        found |= set(_mentioned(ast.parse(path.read_text("utf-8"))))
    # What begins an identifier differs between versions of Python; nothing here depends on the one that runs this.
    return sorted(found - {"WindowsError", "PythonFinalizationError", "_IncompleteInputError"})


def _mentioned(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=called):
                yield from name.split(".")
                yield called or name.rpartition(".")[2]
            case ast.keyword(arg=str() as name):
                yield name
            case _:
                pass


class Hostile:
    """Makes schemas, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.classes = {*RESERVED_TYPES, "PublishOption", "SubscribeOption", "RequestOption"}
        self.kinds: dict[str, str] = {}
        self.values: dict[str, list[str]] = {}
        self.numbers: set[str] = set()
        """The enums whose values are numbers."""

    def files(self) -> dict[str, str]:
        """Return the text of `schema.yaml`, and of what it imports, by file."""
        files: dict[str, str] = {}
        imports: Described = {}
        if self.random.random() < 0.25:
            other = Hostile(self.random.randrange(1 << 30))
            files["other.yaml"] = other._text({"types": other.types()})
            called = self._pick(set(), str, _import_name)
            imports[called] = "./other.yaml"
            self.kinds |= {f"{called}.{name}": kind for name, kind in other.kinds.items()}
            self.values |= {f"{called}.{name}": values for name, values in other.values.items()}
            self.numbers |= {f"{called}.{name}" for name in other.numbers}
        name = self._class(self.name())
        while name.startswith("Async") or f"Async{name}" in self.classes or not name.isidentifier():
            name = self._class(self.name())
        self.classes.add(f"Async{name}")
        content: Described = {"name": name, "imports": imports, "types": self.types(), "channels": self.channels()}
        files["schema.yaml"] = self._text({key: value for key, value in content.items() if value})
        return files

    def name(self) -> str:
        """Return a name, perhaps in another form than it is known in."""
        name = self.random.choice(self.random.choice([_ODD, names()]))
        forms: list[Callable[[str], str]] = [
            str, str, str, str.lower, str.upper, str.capitalize, "_{}".format, "{}_".format, "__{}__".format
        ]  # fmt: skip
        return self.random.choice(forms)(name)[:90]

    def types(self) -> Described:
        """Return the section of the types."""
        makers = {"enum": self._enum, "flags": self._flags, "alias": self._alias, "secret": self._secret}
        types: Described = {}
        records: list[str] = []
        for _ in range(self.random.randint(3, 7)):
            name, kind = self._type_name(), self.random.choice([*makers, "record", "record", "record"])
            self.kinds[name] = kind
            if kind in makers:
                types[name] = makers[kind](name)
            else:
                records.append(name)
        # When all names are known: a record may hold any type.
        for name in records:
            types[name] = self._record()
        if records and self.random.random() < 0.5:
            name = self._type_name()
            members = self.random.sample(records, self.random.randint(1, len(records)))
            # No field is called so on the wire.
            tag = f"tag {self.random.randrange(99)}"
            is_open = self.random.random() < 0.5
            values: list[object] = [f"v{i}" for i in range(len(members))]
            if self.random.random() < 0.3:
                values = [*self.random.sample([0, 1, -1, 2**63 - 1, -(2**63), 10, 11], len(members))]
            types[name] = {"union": members, "tag": tag, "values": values, "open": is_open}
            self.kinds[name] = "union"
        if self.random.random() < 0.3:
            members = [self._type_name() for _ in range(self.random.randint(1, 3))]
            fields = [f"only {number}" for number in range(len(members))]
            for member, field in zip(members, fields, strict=True):
                types[member] = {"fields": {field: "int"}, "unknown": "keep"}
                self.kinds[member] = "record"
            name = self._type_name()
            types[name] = {"union": members, "present": fields, "open": self.random.random() < 0.5}
            self.kinds[name] = "union"
        return types

    def channels(self) -> Described:
        """Return the section of the channels."""
        attributes: set[str] = set()
        channels: Described = {}
        for number in range(self.random.randint(0, 3)):
            name = self._channel_name(attributes)
            taken: set[str] = set()
            params = [self._pick(taken, attribute_name, _parameter_name) for _ in range(self.random.randint(0, 3))]
            payload = self.random.choice(["text", self._type(), self._type()])
            address = "/".join([f"c{number}", *(f"{{{param}}}" for param in params), ""])
            described: Described = {"address": address, "payload": payload}
            if params:
                described["params"] = {param: self._parameter() for param in params}
            if self.random.random() < 0.3:
                described["deprecated"] = 'use "another"'
            if self.random.random() < 0.5:
                described["direction"] = self.random.choice(["publish", "subscribe"])
            channels[name] = described
        return channels

    def _text(self, content: Described) -> str:
        return json.dumps({"emitter-typed": 1, **content}, ensure_ascii=False, indent=1) + "\n"

    def _pick(self, taken: set[str], made: Callable[[str], str], fits: Callable[[str], bool]) -> str:
        """Return a name of which what is made of it is not taken, and take that."""
        while True:
            name = self.name()
            if fits(name) and made(name) not in taken:
                taken.add(made(name))
                return name

    def _class(self, name: str) -> str:
        found = class_name(name)
        self.classes.add(found)
        return found

    def _type_name(self) -> str:
        return self._pick(self.classes, class_name, _is_type_name)

    def _channel_name(self, attributes: set[str]) -> str:
        """Return the name of a channel none of whose names are taken, and take those."""
        while True:
            name = self.name()
            held = {attribute_name(name), hidden_name(attribute_name(name))}
            made = {channel_class(name, part) for part in ("Params", "Channel", "Channels", "ChannelMessage")}
            made |= {f"Async{one}" for one in made}
            if not held & attributes and not made & self.classes:
                attributes |= held
                self.classes |= made
                return name

    def _enum(self, name: str) -> Described:
        taken: set[str] = set()
        wires = [self._pick(taken, constant_name, bool) for _ in range(self.random.randint(1, 4))]
        self.values[name] = wires
        is_open = self.random.random() < 0.5
        if self.random.random() < 0.3:
            self.numbers.add(name)
            numbers = self.random.sample([0, 1, -1, 2**63 - 1, -(2**63), 42], len(wires))
            described = [number if self.random.random() < 0.5 else self._old({"value": number}) for number in numbers]
            return {"enum": dict(zip(wires, described, strict=True)), "open": is_open}
        if self.random.random() < 0.3:
            return {"enum": {wire: self._old({"name": wire}) for wire in wires}, "open": is_open}
        return {"enum": wires, "open": is_open}

    def _old(self, described: Described) -> Described:
        return {**described, "deprecated": 'say """another\\'} if self.random.random() < 0.5 else described

    def _flags(self, name: str) -> Described:
        taken: set[str] = set()
        letters = self.random.sample("abcdeXYZ", 3)
        self.values[name] = letters
        return {"flags": {letter: self._old({"name": self._pick(taken, constant_name, bool)}) for letter in letters}}

    def _secret(self, _: str) -> Described:
        return {"alias": "string", "secret": True}

    def _alias(self, name: str) -> Described:
        scalar = self.random.choice([*_SCALARS])
        several = self._several() if self.random.random() < 0.2 else ""
        kind = several or self.random.choice([scalar, f"[{scalar}]", f"{{string: {scalar}}}"])
        self.kinds[name] = kind
        return {"alias": kind, "distinct": not several and kind != "json" and self.random.random() < 0.5}

    def _record(self) -> Described:
        keeps = self.random.random() < 0.2
        taken = {"unknown_fields"} if keeps else set[str]()
        wires: set[str] = set()
        fields: Described = {}
        for _ in range(self.random.randint(0, 6)):
            # As one would write it: a field is called like its type.
            same = [one for one in self.kinds if "." not in one and attribute_name(one) not in taken]
            if same and self.random.random() < 0.2:
                field, ref = (one := self.random.choice(same)), one
                taken.add(attribute_name(field))
            else:
                field, ref = self._pick(taken, attribute_name, bool), self._type()
            fields[field] = self._field(field, ref, taken, wires)
        described: Described = {"fields": fields}
        if keeps:
            described["unknown"] = "keep"
        if self.random.random() < 0.2:
            described["deprecated"] = "it is old"
        return described

    def _field(self, name: str, ref: str, taken: set[str], wires: set[str]) -> Described:
        described: Described = {"type": ref}
        wire = self.random.choice([name, name, *_WIRE]) or name
        if wire in wires:
            wire = f"{name}~{len(wires)}"
        wires.add(wire)
        described["wire"] = wire
        default = self._default(ref)
        if default is not None:
            described["default"] = default
        elif not ref.endswith("?") and self._is_record(ref):
            # Otherwise it might need itself.
            described["type"] = f"{ref}?"
        if default is None and str(described["type"]).endswith("?") and self.random.random() < 0.3:
            described["required"] = True
        hidden = hidden_name(attribute_name(name))
        if self.random.random() < 0.2 and hidden not in taken:
            taken.add(hidden)
            described["deprecated"] = "it was never right"
        if ref == "int" and self.random.random() < 0.5:
            described["minimum"] = 0
        return described

    def _is_record(self, ref: str) -> bool:
        return self.kinds.get(ref) in ("record", "union")

    def _default(self, ref: str) -> object:
        if self.random.random() < 0.5:
            return None
        ref = ref.removesuffix("?")
        kind = self.kinds.get(ref, ref)
        several = _members(kind)
        if len(several) > 1:
            # The name of a value of an enum of numbers may be the text beside it.
            members = [one for one in several if one not in self.numbers]
            return self._default(self.random.choice(members)) if members else None
        if kind in ("enum", "flags"):
            return self.random.choice(self.values[ref])
        if kind in _SCALARS:
            return _SCALARS[kind]
        if kind.startswith("["):
            item = self._default(kind[1:-1])
            return [] if item is None else [item]
        if kind.startswith("{"):
            item = self._default(kind[len("{string: ") : -1])
            return {} if item is None else {"a": item}
        return None

    def _type(self) -> str:
        base = self.random.choice([*_SCALARS, *self.kinds, *self.kinds])
        if self.random.random() < 0.2:
            base = self._several() or base
        form = self.random.choice(["{}", "{}", "{}", "{}?", "[{}]", "[{}]?", "{{string: {}}}", "[{{string: [{}?]}}?]"])
        return form.format(base)

    def _several(self) -> str:
        """Return several types of which each has a kind of its own in JSON; nothing if only one is found."""
        found: dict[str, str] = {}
        for ref in self.random.sample([*_SCALARS, *self.kinds, "[string]", "{string: int}"], 3):
            kind = self._json_kind(ref)
            if kind:
                found.setdefault(kind, ref)
        return " | ".join(found.values()) if len(found) > 1 else ""

    def _json_kind(self, ref: str) -> str:
        kind = self.kinds.get(ref, ref)
        if kind in ("json", "decimal", "alias") or len(_members(kind)) > 1:
            return ""
        if kind in ("bool", "record", "union") or kind.startswith(("[", "{")):
            return {"bool": "bool", "[": "list"}.get(kind if kind == "bool" else kind[0], "object")
        return "number" if kind in ("int", "float", "duration") or ref in self.numbers else "text"

    def _parameter(self) -> Described | str:
        enums = [
            name
            for name, kind in self.kinds.items()
            if kind == "enum" and all(re.fullmatch(r"[-.:A-Za-z0-9_]+", value) for value in self.values[name])
        ]
        return self.random.choice(["string", "int", "uuid", "date", *enums])


def _members(ref: str) -> list[str]:
    """Return the types that stand beside `|`, but not those in brackets."""
    members = [""]
    depth = 0
    for part in ref.split(" "):
        if part == "|" and not depth:
            members.append("")
        else:
            members[-1] = f"{members[-1]} {part}".strip()
            depth += part.count("[") + part.count("{") - part.count("]") - part.count("}")
    return members


def _is_type_name(name: str) -> bool:
    return re.fullmatch(r"[^\W\d][\w-]*", name) is not None and name not in {*SCALARS, *SPECIAL}


def _import_name(name: str) -> bool:
    return (
        re.fullmatch("[a-z][a-z0-9_]*", name) is not None
        and name not in RESERVED_MODULES
        and not keyword.iskeyword(name)
    )


def _parameter_name(name: str) -> bool:
    return not re.search(r"[{}/+#]", name)
