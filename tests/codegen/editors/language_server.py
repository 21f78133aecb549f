"""The YAML language server as an editor talks to it: LSP over its standard input and output."""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Message: TypeAlias = dict[str, Json]

PATIENCE_S = 60.0

# What an editor sends when it has no settings of its own for them.
_SETTINGS: Message = {
    "yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True},
    "http": {},
    "[yaml]": {},
    "editor": {},
    "files": {},
}


class LanguageServer:
    """A running server. Use it with `with`."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            ["node", str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._numbers = itertools.count(1)
        self._received: queue.Queue[Message | None] = queue.Queue()
        self._marks: dict[str, list[Message]] = {}
        self._reader = threading.Thread(target=self._read, name="language-server", daemon=True)

    def __enter__(self) -> LanguageServer:
        self._reader.start()
        root = self._folder.as_uri()
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": "here"}],
                "capabilities": {
                    "textDocument": {
                        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                        "hover": {"contentFormat": ["markdown"]},
                        "publishDiagnostics": {},
                    },
                    "workspace": {"configuration": True, "workspaceFolders": True},
                },
            },
        )
        self._send({"method": "initialized", "params": {}})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.request("shutdown", None)
            self._send({"method": "exit"})
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(PATIENCE_S)
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()

    def open(self, text: str) -> Document:
        """Open a text as a new file of the folder, and wait for what the server says of it."""
        number = next(self._numbers)
        # Each has a name of its own: what is said of a file may come late.
        uri = (self._folder / f"schema-{number}.yaml").as_uri()
        document: Message = {"uri": uri, "languageId": "yaml", "version": number, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while uri not in self._marks:
            self._next()
        return Document(self, uri, text, self._marks[uri])

    def request(self, method: str, params: Json) -> Json:
        """Ask for something, and wait for the answer."""
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message.get("result")

    def _next(self) -> Message:
        """Take the next message, and answer if it is a request of the server's."""
        message = self._received.get(timeout=PATIENCE_S)
        assert message is not None, "the language server has ended"
        if "id" in message and "method" in message:
            answer: Json = None
            if message["method"] == "workspace/configuration":
                items = cast("list[Message]", cast("Message", message["params"])["items"])
                answer = [_SETTINGS.get(str(item.get("section"))) for item in items]
            self._send({"id": message["id"], "result": answer})
        elif message.get("method") == "textDocument/publishDiagnostics":
            params = cast("Message", message["params"])
            self._marks[str(params["uri"])] = cast("list[Message]", params["diagnostics"])
        return message

    def _send(self, message: Message) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._received.put(json.loads(stream.read(length)))
        self._received.put(None)


class Document:
    """An open file. Places are told by a text in it that occurs once: before its first or behind its last character."""

    def __init__(self, server: LanguageServer, uri: str, text: str, marks: list[Message]) -> None:
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
