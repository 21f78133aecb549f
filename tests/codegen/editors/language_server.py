"""The YAML language server as an editor talks to it: LSP over its standard input and output."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import cast

from tools.language_server import LanguageServer, Message

# What an editor sends when it has no settings of its own for them.
_SETTINGS: Message = {
    "yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True},
    "http": {},
    "[yaml]": {},
    "editor": {},
    "files": {},
}


class YamlServer(LanguageServer):
    """A running server for the schemas of a folder. Use it with `with`."""

    def __init__(self, program: Path, folder: Path) -> None:
        super().__init__(["node", str(program), "--stdio"], folder, _SETTINGS)
        self._versions = count(1)

    def open(self, text: str) -> Document:
        """Open a text as a new file of the folder, and wait for what the server says of it."""
        version = next(self._versions)
        # Each has a name of its own: what is said of a file may come late.
        uri = (self._folder / f"schema-{version}.yaml").as_uri()
        document: Message = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return Document(self, uri, text, self.marks(uri))


class Document:
    """An open file. Places are told by a text in it that occurs once: before its first or behind its last character."""

    def __init__(self, server: YamlServer, uri: str, text: str, marks: list[Message]) -> None:
        self._server = server
        self._uri = uri
        self._text = text
        self.marks = [(self._marked(one), str(one["message"])) for one in marks]
        """What is marked as wrong, with what is said of it."""

    def hover(self, at: str) -> str:
        """Return what is shown over a text."""
        found = cast("Message | None", self._server.request("textDocument/hover", self._at(self._text.index(at))))
        return "" if found is None else str(cast("Message", found["contents"])["value"])

    def completed(self, behind: str) -> dict[str, str]:
        """Return what is offered behind a text, each with what would be written."""
        place = self._at(self._text.index(behind) + len(behind))
        found = cast("Message", self._server.request("textDocument/completion", place))
        return {str(one["label"]): str(one.get("insertText", "")) for one in cast("list[Message]", found["items"])}

    def _at(self, offset: int) -> Message:
        before = self._text[:offset]
        line = before.count("\n")
        character = len(before) - (before.rfind("\n") + 1)
        return {"textDocument": {"uri": self._uri}, "position": {"line": line, "character": character}}

    def _marked(self, mark: Message) -> str:
        ends = cast("dict[str, dict[str, int]]", mark["range"])
        lines = self._text.splitlines(keepends=True)
        offsets = [sum(map(len, lines[: ends[one]["line"]])) + ends[one]["character"] for one in ("start", "end")]
        return self._text[offsets[0] : offsets[1]]
