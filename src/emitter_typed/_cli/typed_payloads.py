"""The payloads of a user's schema: its package is generated into a folder that is gone at the end."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any, Final

from emitter_typed import Message, Undecodable, encode
from emitter_typed._cli.error_text import BadSchema
from emitter_typed._cli.messages import Read
from emitter_typed._cli.terminal import Part, printable
from emitter_typed.contract import ChannelDefinition
from emitter_typed.errors import InvalidArgument

_PACKAGE = "emitter_typed_schema_of_the_command_line"

_MOST_SHOWN: Final = 5

_Definition = ChannelDefinition[Any, Any]  # Any: of whatever the schema says


class Schema:
    """The channels of a schema."""

    def __init__(self, definitions: Sequence[_Definition]) -> None:
        """Hold the definitions."""
        self._definitions = definitions

    @property
    def filters(self) -> list[str]:
        """What to subscribe to for all of its channels."""
        return [each.address.filter({}) for each in self._definitions]

    def read(self, message: Message) -> Read:
        """Read a message by the channel that describes it."""
        for definition in self._definitions:
            try:
                decoded = definition.decode(message.channel, message.payload, message.stored_at)
            except Undecodable as problem:
                return _unfit(
                    message, f"{problem.path}: {problem.message}", {"name": definition.name, "path": problem.path}
                )
            if decoded is not None:
                params = {} if decoded.params is None else encode(decoded.params)
                facts: dict[str, object] = {"name": definition.name, "params": params}
                if definition.payload is not str and definition.payload is not bytes:
                    # An alias of a string, and an enum, may be a text that is not JSON.
                    with suppress(Undecodable):
                        facts["payload"] = message.as_object()
                return Read("message", [printable(repr(decoded.payload))], facts)
        return _unfit(message, "the schema has no such channel", {})

    def _shown_filters(self) -> str:
        several = len(self._definitions) > _MOST_SHOWN
        return ", ".join(self.filters[:_MOST_SHOWN]) + (", …" if several else "")

    def check(self, channel: str, payloads: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what is about to be published to a channel. Raises InvalidArgument at a payload that does not fit."""
        for number, payload in enumerate(payloads, 1):
            read = self.read(Message(channel if channel.endswith("/") else f"{channel}/", payload, payload))
            if read.event == "unfit":
                why = f"message {number} for {channel} does not fit: {read.facts['error']}"
                why += "" if "path" in read.facts else f": its channels are {self._shown_filters()}"
                raise InvalidArgument(why, argument="payload", value=None)
            yield payload


def _unfit(message: Message, why: str, facts: Mapping[str, object]) -> Read:
    parts: list[Part] = [("does not fit: ", "bold red"), printable(why), (f"  {message.payload!r}", "dim")]
    return Read("unfit", parts, {**facts, "error": why})


@contextmanager
def load_schema(path: str) -> Generator[Schema]:
    """Generate the package of a schema, import it, and forget it at the end.

    Raises:
        InvalidArgument: The extra `codegen` is not installed, or the schema describes no channels.
        BadSchema: It breaks rules of the language.
    """
    from emitter_typed._core.extras import lacking

    if (advice := lacking("codegen", "--schema")) is not None:
        raise InvalidArgument(advice, argument="schema", value=path)
    with tempfile.TemporaryDirectory(prefix="emitter-typed-") as folder:
        _generate(Path(path), Path(folder) / _PACKAGE)
        sys.path.insert(0, folder)
        invalidate_caches()
        before = set(sys.modules)
        try:
            yield Schema(_definitions(path))
        finally:
            sys.path.remove(folder)
            for name in set(sys.modules) - before:
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
                    del sys.modules[name]


def _generate(schema: Path, out: Path) -> None:
    from emitter_typed_codegen.jobs import Job, compiler_protocol, run
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.write import Plan, Refused

    plan = Plan()
    # A job adds those of the files that its schema imports.
    jobs = [Job(schema, out, "emitter-typed sub")]
    try:
        for job in jobs:
            run(job, compiler_protocol(), plan, jobs)
        plan.write()
    except SchemaProblems as problems:
        raise BadSchema(str(problems).rstrip("\n")) from None
    except Refused as refused:
        raise BadSchema(str(refused)) from None


def _definitions(path: str) -> list[_Definition]:
    try:
        channels = import_module(f"{_PACKAGE}.channels")
    except ModuleNotFoundError as error:
        if error.name != f"{_PACKAGE}.channels":
            raise
        raise InvalidArgument(f"{path} describes no channels", argument="schema", value=path) from None
    found: list[object] = list(vars(channels).values())
    return [each for each in found if isinstance(each, ChannelDefinition)]
