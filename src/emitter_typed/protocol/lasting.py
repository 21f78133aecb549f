"""What requests have begun that ends with a connection, such as links and watches: it is begun again on the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve

from emitter_typed.errors import BrokerError, ConnectionLost, EmitterError
from emitter_typed.protocol.definition import RequestDefinition
from emitter_typed.values import Record


class Lasting:
    """The requests to make again, by what they have begun."""

    def __init__(self) -> None:
        """Begin with none."""
        self._requests: dict[tuple[str, object], tuple[RequestDefinition[object], Record]] = {}

    def note(self, definition: RequestDefinition[object], request: Record) -> None:
        """Learn of a request that the broker has carried out."""
        lasting = definition.lasting
        if lasting is None:
            return
        named = definition.name, getattr(request, lasting.by)
        if lasting.ends and _says(request, lasting.ends):
            self._requests.pop(named, None)
        elif _says(request, lasting.begins):
            self._requests[named] = definition, evolve(request, **lasting.again)  # type: ignore[misc]  # each subclass of Record is an attrs class

    def forget(self, definition: RequestDefinition[object], request: Record) -> None:
        """Learn that the broker refuses to begin something again."""
        assert definition.lasting is not None, "only what lasts is begun again"
        self._requests.pop((definition.name, getattr(request, definition.lasting.by)), None)

    def __iter__(self) -> Iterator[tuple[RequestDefinition[object], Record]]:
        """Go through the requests to make again, those of one kind in the order in which they were made."""
        return iter(list(self._requests.values()))


def _says(request: Record, values: Mapping[str, object]) -> bool:
    return all(getattr(request, name) == value for name, value in values.items())


class Again:
    """Waits for the answer to a request that is made again on a new connection."""

    def __init__(self, lasting: Lasting, definition: RequestDefinition[object], request: Record) -> None:
        """Wait; what the broker refuses now is not asked for on the connection after this."""
        self._lasting = lasting
        self._definition = definition
        self._request = request

    def resolve(self, result: object, /) -> None:
        """Take the answer, which nobody waits for."""

    def reject(self, error: EmitterError, /) -> bool:
        """Take a refusal, which is to be reported; with the connection lost once more, it is asked for again."""
        if isinstance(error, BrokerError):
            self._lasting.forget(self._definition, self._request)
        return isinstance(error, ConnectionLost)
