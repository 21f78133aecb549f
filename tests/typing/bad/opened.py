"""Open unions whose unknown members are forgotten."""

from emitter_typed import UnrecognizedMember
from tests.codegen.golden.opened.expected import Button, Event, Overheat, Signal


def forgets_the_unknown(event: Event) -> str:  # mistake: it returns nothing then
    match event:  # mistake: a member that this schema does not know
        case Button(press=press):
            return press
        case Overheat():
            return "too hot"


def wrong(event: Event) -> None:
    event.press  # mistake: it may be another member
    _told: Event = UnrecognizedMember(tag=1)  # mistake: the tags of this union are texts
    _signal: Signal = UnrecognizedMember(tag="a")  # mistake: those of this one are numbers
    UnrecognizedMember("later")  # mistake: by name only
