"""Open unions whose unknown members are forgotten."""

from emitter_typed import UnrecognizedMember
from tests.codegen.golden.opened.expected import Button, Event, Overheat


def forgets_the_unknown(event: Event) -> str:  # mistake: it returns nothing then
    match event:  # mistake: a member that this schema does not know
        case Button(press=press):
            return press
        case Overheat():
            return "too hot"


def wrong(event: Event) -> None:
    event.press  # mistake: it may be another member
    UnrecognizedMember(tag=1)  # mistake: a tag is a text
    UnrecognizedMember("later")  # mistake: by name only
