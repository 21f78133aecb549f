"""Text of a schema as Python text: the one way into a literal, and the one way into a docstring.

Whatever the text holds, quotes or code or marks that turn the direction of writing, it comes out inert.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence

from attrs import field

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import STEP, WIDTH

# What does not show, or changes how its neighbours show. By number, since newer Pythons know more characters. Compiled
# when it is first used: few schemas hold anything but plain letters.
HIDDEN = (
    "[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SENTENCE = re.compile(r"(.*?[.!?])\s+(\S.*)", re.DOTALL)
_CLAUSE = r"(?s)(.*?)[.:!?](?:\s+(\S.*)|\s*)\Z"
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
_ITEM = re.compile(r"[-*] ")
_BULLET = re.compile(r"\n\s*[-*] ")
_NEXT_ITEM = re.compile(r"\n\s*(?=[-*] )")
_UNUSUAL = re.compile(r'["\\]|[.!?] |  ')
_WHITE = re.compile(r"[ \t\r]*\n|[\t\r]")
_ENDED = (".", "!", "?", ":", "…")


def literal(text: str) -> str:
    """Return the literal of a text, in the quotes and with the escapes that `ruff format` would leave alone."""
    if text.isascii() and text.isidentifier():
        # As most are.
        return f'"{text}"'
    if "\\" in text and not text.endswith("\\") and not re.search("[\"']", text) and not re.search(HIDDEN, text):
        return f'r"{text}"'
    return _quoted(text, _escaped(text.replace("\\", "\\\\")))


def bytes_literal(data: bytes) -> str:
    """Return the literal of bytes, as `literal` does for a text."""
    text = data.decode("latin-1")
    return f"b{_quoted(text, re.sub('[^ -~]', _escape, text.replace(chr(92), chr(92) * 2)))}"


def folded_literal(text: str, *, start: int) -> str:
    """Return the literal of a text that is assigned to a name, over several lines if one does not hold it.

    Brackets around a long text, or a text in two parts, would come and go with a formatter's line length.

    Args:
        text: The text.
        start: The column where the literal begins.
    """
    line = literal(text)
    if start + len(line) <= WIDTH:
        return line
    escaped = _escaped(text.replace("\\", "\\\\")).replace('"', '\\"')
    pieces = textwrap.wrap(escaped, WIDTH - 4, drop_whitespace=False, break_long_words=False, break_on_hyphens=False)
    body = "\\\n".join(pieces)
    return f'"""\\\n{body}"""'


@frozen
class Section:
    """A part of a docstring below the description."""

    title: str
    """What it is about, such as `Args`, `Returns` or `Raises`."""
    entries: tuple[tuple[str, str], ...] = field(converter=tuple[tuple[str, str], ...])
    """Names and what is said of them; without a name it is a text only."""


def sentence(text: str) -> str:
    """Return a text with a mark at its end."""
    stripped = text.strip()
    return stripped if not stripped or stripped.endswith(_ENDED) else f"{stripped}."


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, without line breaks."""
    plain = sentence(" ".join(text.split()))
    found = _SENTENCE.match(plain)
    return found[1] if found else plain


def first_clause(text: str) -> tuple[str, str]:
    """Return a text up to its first colon or end of a sentence, without that mark, and the rest as sentences."""
    plain = " ".join(text.split())
    found = re.match(_CLAUSE, plain)
    if not found:
        return plain, ""
    rest = found[2] or ""
    return found[1], rest[:1].upper() + rest[1:]


def docstring(doc: str, indent: int, *, facts: str = "", sections: Sequence[Section] = ()) -> str:
    """Return a docstring with its quotes, and without the indentation of its first line.

    Args:
        doc: The text. Its first sentence is the summary if that fits a line; blank lines part paragraphs, and a line
            that begins with `- ` begins an item.
        indent: The indentation of what is documented.
        facts: What the last paragraph ends with; it is never part of the first one.
        sections: What follows; an empty one is left out.
    """
    text = sentence(doc)
    width = WIDTH - indent
    if not facts and not sections and _plain(text) and len(text) <= width - 6 and not _UNUSUAL.search(text):
        # As most are: one sentence on one line.
        return f'"""{text}"""'
    everything = "".join([doc, facts, *[text for one in sections for entry in one.entries for text in entry]])
    raw = "\\" in everything and '"""' not in everything and not re.search(HIDDEN, _WHITE.sub(" ", everything))
    inert = str if raw else _inert
    paragraphs = _PARAGRAPH.split(inert(text))
    found = _SENTENCE.match(" ".join(paragraphs[0].split()))
    if found and len(found[1]) <= width - 3 - raw and not _BULLET.search(paragraphs[0]):
        paragraphs[:1] = [found[1], found[2]]
    if len(paragraphs) == 1 or _BULLET.search(paragraphs[-1]):
        paragraphs.append("")
    paragraphs[-1] = f"{paragraphs[-1]} {inert(facts)}"
    paragraphs = [paragraph for paragraph in paragraphs if paragraph.strip()]
    following = [_section(section, width, inert) for section in sections if section.entries]
    quotes = 'r"""' if raw else '"""'
    # A formatter would part two kinds of quotes as well.
    opening = f"{quotes} " if paragraphs and paragraphs[0].lstrip().startswith('"') else quotes
    # A text that fills the line but for the closing quotes would get them there or below, by a formatter's line length.
    first = len(opening) + (0 if following or len(paragraphs) > 1 else 3)
    blocks = [_paragraph(paragraph, width, 0 if index else first) for index, paragraph in enumerate(paragraphs)]
    lines = [line for block in [*blocks, *following] for line in [*block, ""]][:-1]
    if len(lines) == 1:
        return f'{opening}{lines[0]}"""'
    margin = " " * indent
    return "\n".join([opening + lines[0], *(f"{margin}{line}".rstrip() for line in lines[1:]), f'{margin}"""'])


def comment(text: str) -> str:
    """Return a text as it may stand in a comment, on one line."""
    return _escaped(text)


def _escaped(text: str) -> str:
    return text if _plain(text) else re.sub(HIDDEN, _escape, text)


def _plain(text: str) -> bool:
    # Nearly every text is.
    return text.isascii() and text.isprintable()


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _SHORT.get(character) or (f"\\x{ord(character):02x}" if ord(character) < 0x100 else _code(character))


def _quoted(text: str, escaped: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{escaped.replace(quote, chr(92) + quote)}{quote}"


def _inert(text: str) -> str:
    if _plain(text.replace("\n", "")) and "\\" not in text and '""' not in text and " \n" not in text:
        return text
    plain = _WHITE.sub(lambda white: "\n" if "\n" in white[0] else " ", text).replace("\\", "\\u005c")
    hidden = "\n".join(re.sub(HIDDEN, lambda found: _code(found[0]), line) for line in plain.split("\n"))
    return hidden.replace('"""', '""\\u0022')


def _code(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _wrap(text: str, width: int, *, first: str = "", others: str = "") -> list[str]:
    if text and len(first) + len(text) <= width and text == " ".join(text.split()):
        return [first + text]
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _paragraph(text: str, width: int, before: int) -> list[str]:
    """Return the lines of a paragraph of which the first one has something before it."""
    lines: list[str] = []
    # Each item of a list is a paragraph whose later lines hang.
    for item in _NEXT_ITEM.split(text):
        first = "" if lines else " " * before
        others = "  " if _ITEM.match(item.strip()) else ""
        lines += [line.removeprefix(first) for line in _wrap(item.strip(), width, first=first, others=others)]
    return lines


def _section(section: Section, width: int, inert: Callable[[str], str]) -> list[str]:
    lines = [f"{section.title}:"]
    step = " " * STEP
    for name, text in section.entries:
        entry = inert(f"{name}: {text}" if name else text)
        lines += _wrap(" ".join(entry.split()), width, first=step, others=step * 2 if name else step)
    return lines
