"""Files of other languages, told by how they begin: of each there is one thing to say, not one for each of its keys."""

from __future__ import annotations

import re

from emitter_typed_codegen.problems import Problem
from emitter_typed_codegen.source.tree import Text

_LINES = 50
"""How many lines are looked at: all of these languages say early what they are."""

_OURS = re.compile(r"""[\s{]*["']?emitter[-_ ]?typed["']?\s*:""").match

# Compiled when they are first used: nearly every file is ours.
_OTHERS = (
    ("an AsyncAPI document", r"""[\s{]*["']?asyncapi["']?\s*:"""),
    ("an OpenAPI document", r"""[\s{]*["']?(?:openapi|swagger)["']?\s*:"""),
    ("a JSON Schema", r"""[\s{]*["']?\$schema["']?\s*:"""),
    ("an Avro schema", r"""[\s\[{]*"type"\s*:\s*"(?:record|enum|fixed)\""""),
    ("a JSON Schema", r"""[\s{]*["']?type["']?\s*:\s*["']?(?:object|array|string|number|integer)\b"""),
    ("Protocol Buffers", r"""syntax\s*=\s*["']proto|message\s+\w+\s*\{"""),
    (
        "TypeScript",
        r"(?:export\s+)?(?:declare\s+)?(?:interface|enum|const|class)\s+\w+.*\{|export\s|type\s+\w+\s*=",
    ),
    ("GraphQL", r"(?:type|input|schema|extend type)(?:\s+\w+)?[^:=]*\{"),
    ("Python", r"from\s+[\w.]+\s+import\s|import\s+[\w.]+\s*$|@\w+|class\s+\w+.*:\s*$"),
    ("XML", r"\s*<[?!\w]"),
    ("TOML", r"\[\[?[\w.\"-]+\]\]?\s*$"),
)


def foreign(text: Text) -> Problem | None:
    """Return the problem that a file is in another language; None if it may be a schema."""
    lines = text.lines[:_LINES]
    if any(map(_OURS, text.lines)):
        return None
    for number, line in enumerate(lines, start=1):
        for name, begins in _OTHERS:
            if re.match(begins, line):
                message = f"the file is {name}, not a schema of emitter-typed"
                hint = "a schema is YAML that begins with emitter-typed: 1; emitter-typed init writes an example"
                return text.problem(number, 1, len(line.rstrip()) + 1, "missing-key", message, hint)
    return None
