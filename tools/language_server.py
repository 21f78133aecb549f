"""Asks language servers as an editor does: what they complete at a place, and what they show over one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Message: TypeAlias = dict[str, Json]


class Item(NamedTuple):
    """An entry of a completion list."""

    label: str
    kind: int
    """A number of the Language Server Protocol, such as 2 for a method."""
    sort_text: str


class LanguageServer:
    """A running server for the files of a folder. Use it with `with`."""

    def __init__(self, command: Sequence[str], folder: Path, settings: Mapping[str, Json]) -> None:
        """Start a server.

        Args:
            command: The program and its arguments.
            folder: The folder that the editor has open.
            settings: What the editor is set to, by section.
        """
        self._folder = folder
        self._settings = settings
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._numbers = count(1)
        self._marks: dict[str, list[Message]] = {}

    def __enter__(self) -> Self:
        root = self._folder.as_uri()
        completion: Message = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
        hover: Message = {"contentFormat": ["markdown"]}
        capabilities: Message = {
            "textDocument": {"completion": completion, "hover": hover, "publishDiagnostics": {}},
            "workspace": {"configuration": True, "workspaceFolders": True},
        }
        folders: list[Json] = [{"uri": root, "name": "here"}]
        params: Message = {
            "processId": None,
            "rootUri": root,
            "workspaceFolders": folders,
            "capabilities": capabilities,
        }
        self.request("initialize", params)
        self.notify("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def request(self, method: str, params: Json) -> Json:
        """Ask for something, and wait for the answer."""
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message.get("result")

    def notify(self, method: str, params: Json) -> None:
        """Tell something that has no answer."""
        self._send({"method": method, "params": params})

    def marks(self, uri: str) -> list[Message]:
        """Wait until the server has said what is wrong in a file, and return it."""
        while uri not in self._marks:
            self._next()
        return self._marks[uri]

    def _next(self) -> Message:
        """Take the next message, answer it if it is a request, and keep what is wrong in a file."""
        message = self._receive()
        if "id" in message and "method" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        elif message.get("method") == "textDocument/publishDiagnostics":
            params = cast("Message", message["params"])
            self._marks[str(params["uri"])] = cast("list[Message]", params["diagnostics"])
        return message

    def _answer(self, request: Message) -> Json:
        if request["method"] != "workspace/configuration":
            return None
        items = cast("list[Message]", cast("Message", request["params"])["items"])
        return [self._settings.get(str(each.get("section"))) for each in items]

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> Message:
        assert self._process.stdout is not None
        length = 0
        while header := self._process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise RuntimeError("the language server has ended")
        return cast("Message", json.loads(self._process.stdout.read(length)))


class Pyright(LanguageServer):
    """Pyright's language server, as editors for Python run it."""

    def __init__(self, folder: Path) -> None:
        """Start it for a folder, with this environment."""
        program = Path(sys.executable).with_name("pyright-langserver")
        super().__init__([str(program), "--stdio"], folder, {"python": {"pythonPath": sys.executable}})
        self._version = 1

    def open(self, path: Path) -> str:
        """Open a file of the folder, and return its URI."""
        uri = path.as_uri()
        document: Message = {"uri": uri, "languageId": "python", "version": 1, "text": path.read_text("utf-8")}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def edit(self, uri: str, text: str) -> None:
        """Let an open file have another text."""
        self._version += 1
        document: Message = {"uri": uri, "version": self._version}
        changed: Message = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.notify("textDocument/didChange", changed)

    def complete(self, uri: str, line: int, column: int) -> list[Item]:
        """Return what can stand at a place, in the order in which editors show it."""
        answer = self.request("textDocument/completion", _place(uri, line, column))
        found = answer["items"] if isinstance(answer, dict) else answer
        items = [cast("Message", each) for each in cast("list[Json]", found)]
        listed = [Item(str(i["label"]), cast("int", i["kind"]), str(i.get("sortText", i["label"]))) for i in items]
        return sorted(listed, key=lambda item: item.sort_text)

    def hover(self, uri: str, line: int, column: int) -> str:
        """Return what an editor shows over a place, as Markdown."""
        answer = cast("Message", self.request("textDocument/hover", _place(uri, line, column)))
        return str(cast("Message", answer["contents"])["value"])


def _place(uri: str, line: int, column: int) -> Json:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
