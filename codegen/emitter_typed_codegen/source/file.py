"""Files into characters: what keeps one from being read, and what no schema may hold."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from emitter_typed_codegen.conflicts import MARKS, mark_of
from emitter_typed_codegen.problems import Problem, did_you_mean, quoted
from emitter_typed_codegen.source.foreign import foreign
from emitter_typed_codegen.source.parser import parse
from emitter_typed_codegen.source.tree import Document, Place, Text

MOST_BYTES = 1_000_000
"""The size up to which a file is read. Fifty channels with eighty types take about 60 kB."""

_BREAK = re.compile("\r\n|\r|\n")
# What no YAML may hold, and besides: line breaks that editors do not count, and byte-order marks. What may stand there
# is by far the larger set, which would take 7 ms to compile. It is compiled when a line is not printable.
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"

# A schema begins with a character of ASCII, whose other bytes are NUL. UTF-32 comes first: its mark begins as that of
# UTF-16 does.
_WIDE = (
    ("UTF-32", rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0]"),
    ("UTF-16", rb"\xff\xfe|\xfe\xff|[^\0]\0|\0[^\0]"),
)

_RESOLVE = "keep the lines that are right, and delete those that begin with <<<<<<<, |||||||, ======= or >>>>>>>"


def read(path: Path) -> Document:
    """Read one file. What is wrong with it is among the problems of the document; nothing is raised."""
    text = Text(path.as_posix())
    whole = Place(text, 0, 0, 0)
    content = _bytes(path, text)
    if isinstance(content, Problem):
        return Document(root=None, whole=whole, problems=[content])
    wide = _wide(content)
    if wide is not None:
        problem = text.problem(0, 0, 0, "encoding", f"the file is {wide}", "save it as UTF-8")
        return Document(root=None, whole=whole, problems=[problem])
    try:
        characters = content.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = _undecodable(text, content, error)
        return Document(root=None, whole=whole, problems=[problem])
    text.lines = _BREAK.split(characters)
    problems = list(_forbidden(text)) or list(_conflicts(text))
    root = None if problems else parse(characters, text, problems)
    other = foreign(text)
    if other is not None:
        return Document(root=None, whole=whole, problems=[other])
    return Document(root=root, whole=whole, problems=problems)


def _bytes(path: Path, text: Text) -> bytes | Problem:
    try:
        mode = path.stat().st_mode
        # To open one has another error on each system.
        if stat.S_ISDIR(mode):
            return text.problem(0, 0, 0, "not-readable", "this is a folder, not a file", "name a file in it")
        # Nobody knows when a pipe or a device ends.
        if not stat.S_ISREG(mode):
            message = "this is a pipe or a device, not a file"
            return text.problem(0, 0, 0, "not-readable", message, "save the schema as a file, and name that")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            message = "this link leads to a file that does not exist"
            return text.problem(0, 0, 0, "no-file", message, "correct or remove the link")
        return text.problem(0, 0, 0, "no-file", "the file does not exist", _meant(path))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return text.problem(0, 0, 0, "not-readable", f"the file cannot be read: {why}")
    if len(content) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES:,} bytes"
        return text.problem(0, 0, 0, "too-large", message, "check that it is a schema, or split it with imports")
    return content


def _meant(path: Path) -> str:
    siblings = _siblings(path)
    whole = next((name for name in siblings if Path(name).stem == path.name), None)
    return f"did you mean {quoted(whole)}?" if whole is not None else did_you_mean(path.name, siblings)


def _siblings(path: Path) -> list[str]:
    try:
        return [one.name for one in path.parent.iterdir() if one.suffix in (".yaml", ".yml")]
    except OSError:
        return []


def _wide(content: bytes) -> str | None:
    """Return the encoding of a file whose characters take two or four bytes, with a mark of it or without one."""
    if content[:4].isascii() and b"\0" not in content[:4]:
        # As nearly all do.
        return None
    return next((name for name, begins in _WIDE if re.match(begins, content)), None)


def _undecodable(text: Text, content: bytes, error: UnicodeDecodeError) -> Problem:
    before = content[: error.start].decode("utf-8")
    text.lines = _BREAK.split(before + content[error.start :].decode("utf-8", "replace"))
    lines = _BREAK.split(before)
    column = len(lines[-1]) + 1
    message = f"the byte 0x{content[error.start]:02x} is not UTF-8"
    return text.problem(len(lines), column, column + 1, "encoding", message, "save the file as UTF-8")


def _conflicts(text: Text) -> Iterator[Problem]:
    """Yield the conflicts that Git left: what stands between their marks is two schemas, also if a mark is missing."""
    closed = 0
    marks = [(number, line) for number, line in enumerate(text.lines, start=1) if line.startswith(MARKS)]
    ends = [number for number, line in marks if line.startswith(">>>>>>>")]
    for number, line in marks:
        mark = mark_of(line)
        if mark == "<<<<<<<":
            end = next((one for one in ends if one > number), None)
            until = "" if end is None else f", up to line {end}"
            message = f"a merge conflict of Git begins here{until}"
            yield text.problem(number, 1, len(line) + 1, "yaml-syntax", message, _RESOLVE)
            closed = end or len(text.lines)
        elif mark and number > closed:
            message = f"this mark is left from a merge conflict of Git: {mark}"
            yield text.problem(number, 1, len(line) + 1, "yaml-syntax", message, _RESOLVE)


def _forbidden(text: Text) -> Iterator[Problem]:
    for number, line in enumerate(text.lines, start=1):
        # Nearly every line is printable.
        found = None if line.isprintable() else re.search(_FORBIDDEN, line)
        if found is None:
            continue
        column, character = found.start() + 1, found.group()
        if character == "\ufeff" and (number, column) == (1, 1):
            message, hint = "the file begins with a byte-order mark (BOM)", "save it as UTF-8 without BOM"
        else:
            message = f"a schema cannot contain the character U+{ord(character):04X}"
            hint = f'delete it; if it is meant, write "\\u{ord(character):04x}", in double quotes'
        yield text.problem(number, column, column + 1, "bad-character", message, hint)
