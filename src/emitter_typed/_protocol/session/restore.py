"""What requests have begun that ends with a connection, such as links and watches: it is restored on the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._protocol.session.watches import Watches
from emitter_typed._types.values import Record
from emitter_typed.errors import AmbiguousReply, BrokerError, ConnectionLost, EmitterError, ReplyMissing, Undecodable


@frozen
class _Begun:
    definition: RequestDefinition[object]
    restoring: Record
    # Whether a call asked for it; else only those who iterate over its events need it.
    called_for: bool


class RestorableRequests:
    """The requests to make again on a new connection, by what they have begun."""

    def __init__(self) -> None:
        """Begin with none."""
        self._begun: dict[tuple[str, object], _Begun] = {}

    def note(self, definition: RequestDefinition[object], request: Record, *, called_for: bool) -> bool:
        """Learn of a request that the broker has carried out, and tell whether it has ended something."""
        lasting = definition.lasting
        assert lasting is not None, "only what lasts is restored"
        id_ = definition.lasting_id(request)
        if lasting.is_ended_by(request):
            self._begun.pop(id_, None)
            return True
        if lasting.is_begun_by(request):
            called_for = called_for or (id_ in self._begun and self._begun[id_].called_for)
            self._begun[id_] = _Begun(definition, lasting.restoring(request), called_for)
        return False

    def release(self, definition: RequestDefinition[object], request: Record) -> bool:
        """Forget what nobody iterates over any more, unless a call asked for it; tell whether it was forgotten."""
        begun = self._begun.get(definition.lasting_id(request))
        if begun is None or begun.called_for:
            return False
        self.forget(definition, request)
        return True

    def forget(self, definition: RequestDefinition[object], request: Record) -> bool:
        """Forget what is not to be restored, and tell whether a call asked for it."""
        begun = self._begun.pop(definition.lasting_id(request), None)
        return begun is not None and begun.called_for

    def __iter__(self) -> Iterator[tuple[RequestDefinition[object], Record]]:
        """Go through the requests to make again, those of one kind in the order in which they were made."""
        return iter([(each.definition, each.restoring) for each in self._begun.values()])


class RestoredRequest:
    """The result of a request that is made again on a new connection."""

    def __init__(
        self,
        restorable: RestorableRequests,
        watches: Watches,
        definition: RequestDefinition[object],
        request: Record,
        restore: Callable[[RequestDefinition[object], Record], None],
    ) -> None:
        """Wait; what the broker refuses now is not asked for on the connection after this.

        Args:
            restorable: Forgets what is refused.
            watches: Those who iterate over the events.
            definition: The kind of request.
            request: The request.
            restore: Makes another one, with another key.
        """
        self._restorable = restorable
        self._watches = watches
        self._definition = definition
        self._request = request
        self._restore = restore

    def resolve(self, result: object, /) -> None:
        """Take the answer, which nobody waits for, and tell those who watch that they do so again."""
        for sink in self._watches.of(self._definition, self._request):
            sink.restored()

    def reject(self, error: EmitterError, /) -> bool:
        """Take a refusal, and tell whether those who watch learn of it; after another loss, it is asked for again."""
        if isinstance(error, (ReplyMissing, Undecodable, AmbiguousReply)):
            # It was acknowledged, so it is in effect. Only nobody can tell what the broker has answered.
            self.resolve(None)
            return False
        if not isinstance(error, BrokerError):
            return isinstance(error, ConnectionLost)
        lasting = self._definition.lasting
        assert lasting is not None, "only what lasts is restored"
        watching = self._watches.requests(self._definition, self._request)
        others: list[Record] = []
        for sink, own in watching:
            if lasting.restoring(own) != self._request:
                others.append(own)
                continue
            self._watches.drop(self._definition, self._request, sink)
            sink.end(error)
        if others:
            # Their keys may still be good.
            self._restore(self._definition, lasting.restoring(others[-1]))
            return True
        called_for = self._restorable.forget(self._definition, self._request)
        return bool(watching) and not called_for
