"""The YAML library's two parsers, made to agree. The only importer of the library.

The one that is written in C is fast, and not in every build of PyYAML. The other one is older: it has rules for
question marks in brackets and for tabs that YAML has given up since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml import MarkedYAMLError, YAMLError, events
from yaml.error import Mark
from yaml.scanner import ScannerError
from yaml.tokens import (
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    ScalarToken,
)

__all__ = ["Loader", "MarkedYAMLError", "PythonLoader", "YAMLError", "events", "fastest", "parsed", "unclosed"]

_BREAKS = "\r\n\x85\u2028\u2029"
_ENDS = f"\0{_BREAKS}"
_BLANKS = f" \t{_ENDS}"
_SURROGATES = ("\\ud", "\\uD", "\\U0000d", "\\U0000D")


if TYPE_CHECKING:

    class _Scanner(yaml.SafeLoader):
        # What the library's stubs say nothing of.
        flow_level: int
        indent: int
        column: int
        allow_simple_key: bool

        def peek(self, index: int = 0) -> str: ...
        def prefix(self, length: int = 1) -> str: ...
        def forward(self, length: int = 1) -> None: ...
        def get_mark(self) -> Mark: ...
        def scan_line_break(self) -> str: ...
        def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Mark) -> list[str]: ...
        def scan_block_scalar_ignored_line(self, start_mark: Mark) -> None: ...
        def scan_block_scalar_indentation(self) -> tuple[list[str], int, Mark]: ...
        def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Mark]: ...

else:
    _Scanner = yaml.SafeLoader


class PythonLoader(_Scanner):
    """The parser that is written in Python, with the rules of the other one."""

    allow_simple_key: bool

    def scan_to_next_token(self) -> None:
        """Go to what comes next. A tab may stand where no key can begin."""
        while True:
            while self.peek() == " " or (self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in _ENDS:
                    self.forward()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_plain(self) -> ScalarToken:
        """Read a text without quotes. In brackets, it may hold a question mark, and no colon before a bracket."""
        chunks: list[str] = []
        start = end = self.get_mark()
        indent = self.indent + 1
        spaces: list[str] = []
        while self.peek() != "#":
            length = 0
            while (sign := self.peek(length)) not in _BLANKS:
                after = self.peek(length + 1)
                if self.flow_level and sign == ":" and after in ",?[]{}":
                    raise ScannerError("while scanning a plain scalar", start, "found unexpected ':'", self.get_mark())
                if (sign == ":" and after in _BLANKS) or (self.flow_level and sign in ",[]{}"):
                    break
                length += 1
            if length == 0:
                break
            self.allow_simple_key = False
            chunks += [*spaces, self.prefix(length)]
            self.forward(length)
            end = self.get_mark()
            spaces = self.scan_plain_spaces(indent, start)
            if not spaces or (not self.flow_level and self.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)

    def scan_plain_spaces(self, indent: int, start_mark: Mark) -> list[str]:
        """Read what parts the words of a text without quotes; nothing where the text ends."""
        length = 0
        while self.peek(length) in " \t":
            length += 1
        white = self.prefix(length)
        self.forward(length)
        if self.peek() not in _BREAKS:
            return [white] if white else []
        first = self.scan_line_break()
        self.allow_simple_key = True
        breaks: list[str] = []
        while True:
            if self.prefix(3) in ("---", "...") and self.column == 0 and self.peek(3) in _BLANKS:
                return []
            if self.peek() == "\t" and self.column < indent:
                message = "found a tab character that violates indentation"
                raise ScannerError("while scanning a plain scalar", start_mark, message, self.get_mark())
            if self.peek() in " \t":
                self.forward()
            elif self.peek() in _BREAKS:
                breaks.append(self.scan_line_break())
            else:
                break
        if first != "\n":
            return [first, *breaks]
        return breaks or [" "]

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Mark) -> list[str]:
        """Read a part of a text in quotes. No escape may be more than the last character of Unicode."""
        try:
            return super().scan_flow_scalar_non_spaces(double, start_mark)
        except (ValueError, OverflowError):
            message = "found invalid Unicode character escape code"
            raise ScannerError("while parsing a quoted scalar", start_mark, message, self.get_mark()) from None

    def scan_block_scalar_indicators(self, start_mark: Mark) -> tuple[bool | None, int | None]:
        """Read what stands behind `|` or `>`."""
        chomping: bool | None = None
        increment: int | None = None
        for _ in range(2):
            sign = self.peek()
            if sign in "+-" and chomping is None:
                chomping = sign == "+"
            elif sign in "123456789" and increment is None:
                increment = int(sign)
            else:
                break
            self.forward()
        return chomping, increment

    def scan_block_scalar_ignored_line(self, start_mark: Mark) -> None:
        """Read the rest of that line. A tab may stand before its end."""
        while self.peek() in " \t":
            self.forward()
        super().scan_block_scalar_ignored_line(start_mark)

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Mark]:
        """Find out how far a block is indented. No tab may be what it begins with."""
        found = super().scan_block_scalar_indentation()
        if self.peek() == "\t":
            self._refuse_tab(found[2])
        return found

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Mark]:
        """Read the indentation of a line of a block. No tab may stand in it."""
        found = super().scan_block_scalar_breaks(indent)
        if self.peek() == "\t" and self.column < indent:
            self._refuse_tab(found[1])
        return found

    def _refuse_tab(self, start: Mark) -> None:
        message = "found a tab character where an indentation space is expected"
        raise ScannerError("while scanning a block scalar", start, message, self.get_mark())


Loader: TypeAlias = type[PythonLoader] | type["yaml.CSafeLoader"]


def fastest() -> Loader:
    """Return the parser in C, or the one in Python where there is none or an old one."""
    loader: Loader | None = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        return PythonLoader
    try:
        # Versions before 0.2.5 of the library in C do not know these.
        list(yaml.parse("{a: b?}", Loader=loader))
    except YAMLError:
        return PythonLoader
    return loader


LOADER = fastest()
"""The parser that reads schemas. Which one it is changes nothing but the time it takes."""


def parsed(characters: str, loader: Loader | None = None) -> Iterator[events.Event]:
    """Return the events of a text. Raises YAMLError if it is not YAML.

    What escapes say of surrogates is in the events as it is written, also whole pairs.
    """
    if loader is None:
        # The parser in C refuses these, also in pairs.
        loader = PythonLoader if any(sign in characters for sign in _SURROGATES) else LOADER
    # As `yaml.parse` does, which asks for each event twice.
    reader: Any = loader(characters)  # Any: the stubs know too little of the parser in C
    get_event: Callable[[], events.Event | None] = reader.get_event
    return iter(get_event, None)


def unclosed(characters: str) -> Mark | None:
    """Return the place of the last bracket or brace that a text does not close; None if there is none."""
    opened: list[Mark] = []
    try:
        for token in yaml.scan(characters, Loader=PythonLoader):
            if isinstance(token, FlowSequenceStartToken | FlowMappingStartToken):
                opened.append(token.start_mark)
            elif isinstance(token, FlowSequenceEndToken | FlowMappingEndToken) and opened:
                opened.pop()
    except YAMLError:
        pass
    return opened[-1] if opened else None
