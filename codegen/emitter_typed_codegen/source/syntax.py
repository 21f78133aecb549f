"""What is wrong with a text that is no YAML, in our words, and what remains of it without that.

The library stops at the first error. So a text with one is read entry by entry: those that cannot be read are told, and
taken out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import Factory

from emitter_typed_codegen.data import define, frozen
from emitter_typed_codegen.language.texts import WIDE_COLON
from emitter_typed_codegen.problems import Problem, Rule, quoted
from emitter_typed_codegen.source.loading import MarkedYAMLError, PythonLoader, YAMLError, events, parsed, unclosed
from emitter_typed_codegen.source.tree import Text

_MOST_LEVELS = 20
# Sections, what they declare, and what that says: deeper in, nothing has to be there, and nobody asks for it.
_LEVEL_OF_KEYS = 2
_LONGEST_SHOWN = 60
_KEY = re.compile(
    r"""(?P<before>\s*(?:- +)*)(?P<name>"[^"\\]*"|'[^']*'|[^\s"'\[\]{},&*!|>%@`#:?-][^\s:#]*)(?P<rest>.*)"""
)
_HEADER = re.compile(r"""\s*(?:- +)*(?:"[^"]*"|'[^']*'|[^\s"'\[\]{}&*!|>%@`#][^#]*?):\s*(?:#.*)?|\s*-\s*(?:#.*)?""")
# In YAML a space that does not break, as in text from a page, separates nothing.
_MEANT = re.compile(r"\s*(?:- +)*[\w-]+:(?=[^ \t:/])")
_LONE_WORD = re.compile(r"(?P<before>\s*(?:- +)*)(?P<name>[\w-]+)\s*")
_ITEMS = re.compile(r"(\w+)\[(\w*)\]\??")
_ALTERNATIVES = re.compile(r"""(["'])[^"']*\1\s*\|\s*["']""")
_ONE_OF = "one of a few texts is an enum: declare it under types, as in Mode: {enum: [auto, manual]}, and write Mode"
_UNCLOSED = (
    ("the bracket of this list is not closed", "close it with ]"),
    ("the brace of this map is not closed", "close it with }"),
)
_BLOCK = re.compile(r"[|>][-+]?").fullmatch
_QUOTES = "“”„‟‘’"
_INDENTED = "this line is indented differently from the lines around it"
_SAME_SPACES = "indent both with the same number of spaces"


@define
class Mended:
    """A text without what could not be read."""

    lines: list[str]
    problems: list[Problem] = Factory(list[Problem])
    broken: set[int] = Factory(set[int])
    """The lines, counted from 1, of keys and items whose values were taken out."""
    whole: bool = True
    """Whether all keys are still there."""


def mend(text: Text) -> Mended:
    """Take out of a text that is no YAML what keeps it from being any, as little as may be."""
    mender = _Mender(text, Mended(list(text.lines)))
    mender.range(0, len(text.lines), 0)
    return mender.mended


@frozen
class _Mender:
    text: Text
    mended: Mended

    def range(self, start: int, end: int, level: int) -> None:
        """Mend some lines that cannot be read, which lie so deep in others."""
        entries = _entries(self.text.lines, start, end)
        failing = [entry for entry in entries if self._fails(*entry, alone=len(entries) == 1)]
        if not failing or level > _MOST_LEVELS:
            self._take_out(start, end, level, several=True)
            return
        for first, last in failing:
            below = self._first(first, last) + 1
            opens = _HEADER.fullmatch(self.text.lines[below - 1]) is not None
            if opens and _entries(self.text.lines, below, last) and self._fails(below, last, alone=True):
                self.range(below, last, level + 1)
                if not any(map(str.strip, self.mended.lines[below:last])):
                    self.mended.broken.add(below)
            else:
                self._take_out(first, last, level)

    def _first(self, start: int, end: int) -> int:
        return next((n for n in range(start, end) if _indent(self.text.lines[n]) is not None), start)

    def _fails(self, start: int, end: int, *, alone: bool) -> bool:
        """Whether some lines cannot be read, or are no entry such as may stand beside others."""
        try:
            # The stream, the document, and then what stands there.
            found = list(parsed("\n".join(self.text.lines[start:end])))[2:]
        except YAMLError:
            return True
        return not alone and bool(found) and isinstance(found[0], events.ScalarEvent)

    def _take_out(self, start: int, end: int, level: int, *, several: bool = False) -> None:
        lines = self.mended.lines
        first = self._first(start, end)
        try:
            # Its words are the ones that are known here, and it knows the place of all that it opened.
            for _ in parsed("\n".join(self.text.lines[start:end]), PythonLoader):
                pass
        except MarkedYAMLError as error:
            self.mended.problems.append(syntax_problem(self.text, error, start))
        except YAMLError:
            return
        else:
            if several:
                return
            self.mended.problems.append(_no_key(self.text, first))
        found = _KEY.match(lines[first])
        nested = sum(_indent(line) is not None for line in lines[first:end]) > 1
        # The marks of other languages, such as //, are no names.
        a_name = found is not None and any(map(str.isalnum, found["name"])) and WIDE_COLON not in found["name"]
        named = a_name and found is not None and (found["rest"].startswith(":") or not nested)
        if found is not None and named:
            lines[first] = f"{found['before']}{found['name'].rstrip(':')}:"
            self.mended.broken.add(first + 1)
        else:
            lines[first] = ""
        lines[start:first] = [""] * (first - start)
        lines[first + 1 : end] = [""] * (end - first - 1)
        if (level <= _LEVEL_OF_KEYS and (several or not named)) or (level == 0 and nested):
            self.mended.whole = False


def _indent(line: str) -> int | None:
    """Return how far a line is indented; None if it begins nothing."""
    begun = line.lstrip(" ")
    return None if not begun or begun[0] in "#]}" else len(line) - len(begun)


def _entries(lines: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """Return where the outermost entries of some lines begin and end."""
    indents = {n: indent for n in range(start, end) if (indent := _indent(lines[n])) is not None}
    if not indents:
        return []
    outermost = [n for n, indent in indents.items() if indent == min(indents.values())]
    items = [n for n in outermost if re.match(r" *-(?: |$)", lines[n])]
    # The items of a list may stand below their key without being indented.
    firsts = outermost if outermost[0] in items else [n for n in outermost if n not in items]
    return list(zip([start, *firsts[1:]], [*firsts[1:], end], strict=True))


def syntax_problem(text: Text, error: MarkedYAMLError, offset: int = 0) -> Problem:
    """Return the problem that an error of the library is, for lines of which some stand before the first one read."""
    return _Telling(text, error, offset).problem()


def _no_key(text: Text, row: int) -> Problem:
    """Return the problem that a line among entries is none."""
    line = text.lines[row]
    missing = _MEANT.match(line)
    wide = line.find(WIDE_COLON)
    if wide >= 0 and missing is None:
        fixed = line.replace(WIDE_COLON, ": ", 1).strip()
        place = row + 1, wide + 1, wide + 2
        message, hint = "this colon is not the one of ASCII", f"write {fixed[:_LONGEST_SHOWN]}"
    elif missing is not None:
        value = "".join(filter(str.isprintable, line[missing.end() :]))
        fixed = f"{line[: missing.end()]} {value}".strip()
        place = row + 1, missing.end(), missing.end() + 1
        message, hint = "the space after the colon is missing", f"write {fixed[:_LONGEST_SHOWN]}"
    else:
        place = row + 1, len(line) - len(line.lstrip()) + 1, len(line.rstrip()) + 1
        message = "this line has no key and no colon"
        comment = line.lstrip().startswith(("//", "/*", "--", ";"))
        hint = "begin a comment with #" if comment else "write a key, a colon and a space before the text"
    return text.problem(*place, "yaml-syntax", message, hint)


class _Telling:
    """Finds out what the author of a line may have meant."""

    def __init__(self, text: Text, error: MarkedYAMLError, offset: int) -> None:
        self._text = text
        self._offset = offset
        self._wording = error.problem or ""
        self._context = error.context or ""
        marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
        places = [(min(mark.line + offset, len(text.lines) - 1), mark.column) for mark in marks] or [(offset, 0)]
        self._row, self._at = places[0]
        self._opened = places[-1]
        self._line = text.lines[self._row]
        self._at = min(self._at, len(self._line))

    def problem(self) -> Problem:
        for tell in (self._tab, self._quotes, self._begins, self._colon, self._brackets, self._place):
            found = tell()
            if found is not None:
                return found
        return self._at_mark(f"this cannot be read as YAML: {self._wording}")

    def _make(
        self, row: int, start: int, end: int, message: str, hint: str = "", rule: Rule = "yaml-syntax"
    ) -> Problem:
        return self._text.problem(row + 1, start + 1, max(end, start + 1) + 1, rule, message, hint)

    def _at_mark(self, message: str, hint: str = "") -> Problem:
        return self._make(self._row, self._at, self._at + 1, message, hint)

    def _tab(self) -> Problem | None:
        indent = self._line[: len(self._line) - len(self._line.lstrip())]
        if "\t" in indent:
            at = indent.index("\t")
        elif "'\\t'" in self._wording or "a tab" in self._wording:
            at = self._at
        else:
            return None
        return self._make(self._row, at, at + 1, "the line is indented with a tab", "indent with spaces", "tab")

    def _quotes(self) -> Problem | None:
        if "quoted scalar" not in self._context:
            return None
        row, at = self._opened
        if "escape" not in self._wording and "hexadecimal" not in self._wording:
            hint = "write the same quote at the end of the text"
            return self._make(row, at, at + 1, "this quote is not closed", hint)
        line = self._text.lines[row]
        closed = re.compile(r'"(?:[^"\\]|\\.)*"').match(line, at)
        inner = closed[0][1:-1] if closed is not None else ""
        plain = inner and len(inner) <= _LONGEST_SHOWN and not re.search(r"[^ -~]", inner)
        escaped = inner.replace('\\"', '"').replace("'", "''")
        hint = f"write '{escaped}'" if plain else "use single quotes, or write the backslash twice"
        at = max(self._at - 1, 0)
        return self._make(
            self._row,
            at,
            at + 2,
            "this is not an escape that YAML knows: a backslash in double quotes begins one",
            hint,
        )

    def _begins(self) -> Problem | None:
        """Texts that begin as something else does."""
        if "that cannot start any token" in self._wording:
            row, at = self._row, self._at
        elif any(what in self._context for what in ("an alias", "an anchor", "block scalar", "a tag")):
            row, at = self._opened
        else:
            found = self._value(self._row, self._at)
            if found is None or self._line[found[0]] not in "*&!" or "mapping values" in self._wording:
                return None
            row, at = self._row, found[0]
        line = self._text.lines[row]
        span = self._value(row, at) or (at, at + 1)
        value = line[span[0] : span[1]]
        hint = _ONE_OF if _ALTERNATIVES.search(line) else _in_quotes(value)
        if _BLOCK(value):
            hint = "put the text in quotes, or write the map around it without braces, a line for each key"
        return self._make(
            row, at, at + 1, f"a text without quotes cannot begin with {line[at : at + 1] or 'this'}", hint
        )

    def _colon(self) -> Problem | None:
        if "could not find expected ':'" in self._wording:
            return _no_key(self._text, self._opened[0])
        if "mapping keys are not allowed" in self._wording:
            hint = self._meant() or 'put the text in quotes, as in type: "[string]?"'
            return self._at_mark("the question mark cannot follow a list or map without quotes", hint)
        flow = "but got ':'" in self._wording or "found unexpected ':'" in self._wording
        if not flow and "mapping values are not allowed" not in self._wording:
            return None
        span = self._value(self._row, self._at)
        if span is None or span[0] == len(self._line) - len(self._line.lstrip()):
            above = next((n for n in range(self._row - 1, -1, -1) if self._text.lines[n].strip()), self._row)
            if WIDE_COLON in self._text.lines[above]:
                return _no_key(self._text, above)
            return self._lone_word() or self._at_mark(
                "this key is indented deeper than the one above, which has a value already", _SAME_SPACES
            )
        if self._line[span[0]] in "[{":
            return None
        if ":" not in self._line[span[0] : span[1] - 1] and self._line[span[1] - 1] == ":":
            return self._make(self._row, *span, "a value is missing after the colon", "write one, or remove the key")
        before = self._line[span[0] : self._at].rstrip()
        hint = self._in_quotes(span)
        word = re.search(r"(?<=\s)[\w-]+$", before)
        if flow and word is not None:
            hint = f"{hint}, or a comma before {quoted(word[0])}"
        return self._make(self._row, *span, "a text with a colon needs quotes", hint)

    def _lone_word(self) -> Problem | None:
        """The line above is one word, and what stands here is indented below it."""
        lines = self._text.lines
        row = next((n for n in range(self._row - 1, -1, -1) if _indent(lines[n]) is not None), self._row)
        word = _LONE_WORD.fullmatch(lines[row])
        if word is None or len(word["before"]) >= len(self._line) - len(self._line.lstrip()):
            return None
        name = word["name"]
        message = f"the colon after {quoted(name)} is missing"
        return self._make(row, *word.span("name"), message, f"write {name[:_LONGEST_SHOWN]}:")

    def _brackets(self) -> Problem | None:
        in_flow = "flow" in self._context
        behind = self._line[: self._at].rstrip()
        sign = self._line[self._at : self._at + 1]
        span = self._value(self._row, self._at)
        known = in_flow or "block" in self._context
        if span is not None and span[0] < self._at and known:
            starts = self._line[span[0]]
            if sign and sign in "[{" and starts not in "[{\"'":
                message, hint = "a text with brackets or braces needs quotes", self._in_quotes(span)
                of_items = _ITEMS.fullmatch(self._line[slice(*span)])
                if of_items is not None:
                    hint = f'a list type is written "[{of_items[2] or of_items[1]}]"; any other text: {hint}'
                return self._make(self._row, *span, message, hint)
            if behind.endswith(("]", "}")) and starts in "[{" and sign and sign not in "]}":
                after = self._line[self._at : span[1]].strip()
                if not after.strip(",;"):
                    return self._at_mark(f"{quoted(after)} cannot follow a closing bracket or brace here", "remove it")
                message = "text follows a closing bracket or brace"
                return self._make(self._row, *span, message, self._in_quotes(span))
        if behind.endswith(('"', "'")) and sign and sign not in "]}" and known:
            hint = "put the whole text in quotes, those inside it twice"
            if span is not None:
                hint = self._in_quotes(span)
            return self._at_mark("text follows the closing quote", hint)
        if not in_flow:
            return None
        if "node content" in self._wording and sign:
            hint = self._in_quotes(span) if span and sign in ":-" else "write a value, or remove the comma"
            return self._at_mark("a value is missing here", hint)
        opened = self._opener()
        if opened is None:
            return None
        row, at = opened
        message, hint = _UNCLOSED[self._text.lines[row][at] == "{"]
        comment = re.search(r"(?<=\s)#.*[\]}]", self._text.lines[row][at:])
        if comment is not None:
            where = at + comment.start()
            message = "the comment that begins here hides the closing bracket or brace"
            return self._make(row, where, where + 1, message, "if the # belongs to a text, put that text in quotes")
        return self._make(row, at, at + 1, message, hint)

    def _place(self) -> Problem | None:
        sign = self._line[self._at : self._at + 1]
        if sign and sign in "]},":
            return self._at_mark(
                f"there is no open bracket or brace for this {sign}", "remove it, or put the text in quotes"
            )
        if "sequence entries are not allowed" in self._wording or "but found '-'" in self._wording:
            return self._at_mark(
                "a list with dashes cannot begin in this line", "write each item below the key, on a line of its own"
            )
        unlike = ("expected <block end>", "expected the node content", "expected '<document start>'")
        if any(wording in self._wording for wording in unlike):
            return self._at_mark(_INDENTED, _SAME_SPACES)
        return None

    def _opener(self) -> tuple[int, int] | None:
        """Return the place of what was opened last before the error, and is not closed there."""
        row, at = self._opened
        if self._text.lines[row][at : at + 1] in ("[", "{"):
            return row, at
        opened = unclosed("\n".join(self._text.lines[self._offset : self._row + 1]))
        return None if opened is None else (opened.line + self._offset, opened.column)

    def _value(self, row: int, at: int) -> tuple[int, int] | None:
        return value_at(self._text.lines[row], at)

    def _meant(self) -> str:
        span = self._value(self._row, self._at)
        return self._in_quotes(span) if span is not None else ""

    def _in_quotes(self, span: tuple[int, int]) -> str:
        return _in_quotes(self._line[span[0] : span[1]])


_OPEN_PARAMETER = re.compile(r"([^{}\s,]*\{\w+),").match


def _in_quotes(text: str) -> str:
    # Programs for prose make these quotes of the others.
    text = text.strip().strip(_QUOTES)
    parameter = _OPEN_PARAMETER(text)
    if parameter is not None:
        # The brace that ends it is the one of the map around it.
        return f'write "{parameter[1]}}}/"'
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if not text or len(text) > _LONGEST_SHOWN or not text.isprintable():
        return "put the text in quotes"
    if '"' not in text and "\\" not in text:
        return f'write "{text}"'
    apostrophes = text.replace("'", "''")
    return f"write '{apostrophes}'"


def value_at(line: str, at: int) -> tuple[int, int] | None:
    """Return where the text begins and ends that its author may have meant at a place of a line.

    That is a value, up to the comma or the bracket that ends it where brackets are open, or to the end of the line. A
    bracket in a text, as in `home/{room}/`, belongs to the text.
    """
    opened: list[int] = []
    start: int | None = None
    is_value, inside = False, 0
    position = 0
    while position < len(line):
        sign = line[position]
        if start is None and sign in "\"'":
            closing = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'").match(line, position)
            start, position = position, closing.end() if closing is not None else len(line)
            continue
        if start is None and sign in "[{":
            opened.append(position)
            is_value = sign == "["
        elif start is not None and sign in "[{":
            inside += 1
        elif sign in "]}" and inside:
            inside -= 1
        elif sign in "]}" and opened:
            if start is not None and start <= at <= position:
                return start, _stripped(line, start, position)
            # What goes on behind it begins with it.
            start, is_value = opened.pop(), True
        elif sign == "," and opened and not inside:
            if start is not None and start <= at < position:
                return start, _stripped(line, start, position)
            start, is_value = None, line[opened[-1]] == "["
        elif sign == ":" and not is_value and not inside and line[position + 1 : position + 2] in ("", " ", "\t"):
            start, is_value = None, True
        elif sign == "#" and line[position - 1 : position] == " " and not opened:
            break
        elif sign == "-" and not opened and start is None and line[position + 1 : position + 2] == " ":
            pass
        elif start is None and not sign.isspace():
            start = position
        position += 1
    if start is not None and start <= at <= position:
        return start, _stripped(line, start, position)
    return None


def _stripped(line: str, start: int, end: int) -> int:
    return start + len(line[start:end].rstrip())
