"""The words of errors: those about an argument begin with its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import emitter_typed

PACKAGE = Path(emitter_typed.__file__).parent
# On the command line, arguments have other names: options, and the words in upper case of its help.
ELSEWHERE = {"_cli"}
# About several arguments, or none: nothing is wrong with the host that a connected client is called with.
FREE = {
    "the client is already connected: call close() first",
    "sent_bytes, received_bytes: pass at least one of them",
    # The path is that of the value inside the argument.
    "{argument}: does not fit at {error.path}: {error}",
    "value: does not fit at {error.path}: {error}",
}


def text(node: ast.expr) -> str:
    """Return a text as it stands in the code, without its quotation marks."""
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(text(each) for each in parts)
        case ast.FormattedValue(value=value):
            return f"{{{ast.unparse(value)}}}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text(left) + text(right)
        case ast.Call(func=ast.Name(id="hide_keys"), args=[first, *_]):
            return text(first)
        case _:
            return f"{{{ast.unparse(node)}}}"


def refusals() -> Iterator[tuple[str, str, str]]:
    """Go through the calls of InvalidArgument: where each is, its argument, and its words where they stand there."""
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE)
        if place.parts[0] in ELSEWHERE:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="InvalidArgument"), args=[said], keywords=keywords):
                    argument = next(text(each.value) for each in keywords if each.arg == "argument")
                    words = text(said)
                    # A helper's text is handed on whole, and is read where the helper is called.
                    if not (words.startswith("{") and words.partition("}")[2] in ("", "{advice}")):
                        yield f"{place}:{node.lineno}", argument, words
                case _:
                    pass


def test_an_error_about_an_argument_begins_with_its_name() -> None:
    """`username: must have …`, so that a reader sees first what to change."""
    found = list(refusals())
    others = {where: words for where, argument, words in found if not words.startswith(f"{argument}: ")}
    assert len(found) > 80
    assert {where: words for where, words in others.items() if words not in FREE} == {}
    assert {*others.values()} == FREE, "what is listed is said somewhere"
