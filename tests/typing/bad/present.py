"""Unions whose members their fields tell, used as if they were one record, or had a tag."""

from emitter_typed import UnrecognizedMember
from tests.codegen.golden.present.expected import Air, Battery, Failure, Message, Metrics, Request, Result


def forgets_failures(message: Message) -> str:  # mistake: it returns nothing then
    match message:  # mistake: an answer may be a failure
        case Request(method=method):
            return method
        case Result():
            return "done"


def wrong(message: Message, metrics: Metrics) -> None:
    message.result  # mistake: it may be another member
    _told: Message = UnrecognizedMember(tag=None)  # mistake: this union is not open
    _metrics: Metrics = UnrecognizedMember(tag="air")  # mistake: this one has no tag
    Failure(id=1)  # mistake: the field that tells it must be there
    if isinstance(metrics, Battery | Air):
        metrics.level  # mistake: it may be the air
