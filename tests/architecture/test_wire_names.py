"""What the schema owns stands in the schema: no module that a person wrote spells a name of Emitter's protocol."""

import ast
from collections.abc import Iterator
from typing import get_args

import attrs

from emitter_typed_codegen import model
from emitter_typed_codegen.model import protocol
from emitter_typed_codegen.resolve import load
from tests.helpers.tree import ROOT, has_banner, module_files

SCHEMA = load(ROOT / "schema" / "emitter.yaml")
ALLOWED: dict[str, set[str | int]] = {
    # The broker does not tell a subscriber that the key may not load: the history request does.
    "src/emitter_typed/_protocol/receiving/feed.py": {401},
    # Fields of MQTT's own header, which an option may be carried in.
    "src/emitter_typed/_protocol/operations.py": {"qos", "retain"},
    "codegen/emitter_typed_codegen/resolve/protocol/options.py": {"qos", "retain"},
    # Routing to share groups is more than a template can say; the argument that an error is about.
    "src/emitter_typed/_protocol/topics.py": {"$share", "key"},
    # Arguments of a will, which is a part of CONNECT and no operation.
    "src/emitter_typed/_protocol/will.py": {"key", "retain"},
    # An argument of connect.
    "src/emitter_typed/_core/settings.py": {"username"},
    # The argument that an error is about.
    "src/emitter_typed/_core/typed_channels.py": {"key"},
    # A word of the schema language.
    "codegen/emitter_typed_codegen/language/users.py": {"secret"},
    "codegen/emitter_typed_codegen/editors.py": {"secret"},
    "codegen/emitter_typed_codegen/resolve/types.py": {"secret"},
    "codegen/emitter_typed_codegen/diff.py": {"changes"},
    # Documents tell people which permissions a key needs, and what is stored.
    "codegen/emitter_typed_codegen/export/channels.py": {"l", "p", "qos", "r", "retain", "s", "ttl", "w"},
    # What people write beside `options` instead of in it.
    "codegen/emitter_typed_codegen/resolve/synonyms.py": {"qos", "ttl"},
    # The parameter of a user's facade; a plural.
    "codegen/emitter_typed_codegen/view/facade.py": {"key"},
}
"""The modules that spell names of the wire, and why each has to."""
# The embedded broker plays the other side, from the recordings: a schema that both read would hide its own faults.
OTHER_SIDE = "src/emitter_typed/_broker/"
# The command line is a program of the client: verbs, options and fields of its output are names of its own.
PROGRAM = "src/emitter_typed/_cli/"


def owned() -> set[str | int]:
    """Return fields, values, topics, statuses and words of the protocol, but for what the language has words for."""
    assert SCHEMA.envelope is not None
    envelope = attrs.asdict(SCHEMA.envelope)
    names: set[str | int] = {value for key, value in envelope.items() if key != "max_packet_bytes"}
    records = [one for one in SCHEMA.types if isinstance(one, model.Record)]
    for request in SCHEMA.requests:
        names.add(request.topic)
        records += [request.request, request.response]
    names |= {field.wire for record in records for field in record.fields}
    names |= {event.topic for event in SCHEMA.events if event.topic} | {option.wire for option in SCHEMA.options}
    for one in SCHEMA.types:
        if isinstance(one, model.Flags | model.Enum):
            names |= {value.wire for value in one.values}
        elif isinstance(one, model.Union):
            names |= {value for value in (one.tag, *(value for value, _ in one.members)) if value is not None}
    for operation in SCHEMA.operations:
        names |= {segment for segment in operation.topic.split("/") if not segment.startswith("{")}
    for error in SCHEMA.errors:
        names |= {error.status, *error.messages}
    return names - language()


def language() -> set[str | int]:
    """Return the words of the schema language: a record may call its fields the same."""
    # Errors begin there in every protocol.
    lowest_status = 400
    known = [*vars(model).values(), *vars(protocol).values()]
    classes = [one for one in known if isinstance(one, type) and attrs.has(one)]
    words = {field.name for cls in classes for field in attrs.fields(cls)}
    verbs = {"publish", "subscribe", "unsubscribe", "fetch"}
    return {*words, *get_args(model.ScalarName), *verbs, lowest_status}


def literals(tree: ast.Module) -> Iterator[str | int]:
    """Yield the texts and numbers of a module, but for docstrings and the parts of texts with holes in them."""
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    skipped |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in skipped and isinstance(node.value, str | int):
            yield node.value


def spelt() -> dict[str, set[str | int]]:
    """Return the names that each module spells."""
    names = owned()
    found: dict[str, set[str | int]] = {}
    for path in module_files().values():
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        if not name.startswith((OTHER_SIDE, PROGRAM)) and not has_banner(text):
            here = names & set(literals(ast.parse(text)))
            if here:
                found[name] = here
    return found


def test_only_the_listed_modules_spell_names_of_the_wire() -> None:
    assert spelt() == ALLOWED


def test_no_text_holds_what_the_brokers_own_topics_begin_with() -> None:
    """Nor does one that is put together."""
    assert SCHEMA.envelope is not None
    holding = [
        path.relative_to(ROOT).as_posix()
        for path in module_files().values()
        if not has_banner(text := path.read_text("utf-8"))
        and not path.relative_to(ROOT).as_posix().startswith(OTHER_SIDE)
        and any(SCHEMA.envelope.reserved in one for one in texts(ast.parse(text)))
    ]

    assert holding == []


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield all texts of a module but its docstrings."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def test_a_name_would_be_found() -> None:
    assert {"startFromID", "ttl", "me", "banned", "req", "$share", 401} <= owned()
    tree = ast.parse('"""ttl"""\nx = fields["startFromID"]\ny = 401\nz = f"{x}s"\n')
    assert owned() & set(literals(tree)) == {"startFromID", 401}
