"""Values of several types that are taken for one of them."""

from emitter_typed import Client, Key
from tests.codegen.golden.several.expected import Defaults, Item, Several, Value


def forgets_a_type(value: Value) -> str:  # mistake: it returns nothing then
    match value:  # mistake: it may be a boolean
        case str():
            return value
        case float():
            return "a number"


def wrong(client: Client, key: Key, value: Value, items: Item | tuple[Item, ...]) -> None:
    house = Several(client, key)
    house.value(register="a").publish([1.5])  # mistake: a list is none of the types
    house.value(register="a").publish(None)  # mistake: nor is null
    print(value + 1)  # mistake: it may be a text
    print(items.name)  # mistake: there may be several
    Defaults(names={"a"})  # mistake: a set is none of the types
