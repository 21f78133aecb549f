"""What the table of the language is made of: maps with known keys, and what may stand behind a key.

The expressions are written so that Python's `re` and JavaScript's `RegExp` read them alike: editors have the latter.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Generic, Literal, TypeAlias, TypeVar

from attrs import evolve, field

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.language.limits import ConstraintRule
from emitter_typed_codegen.language.scalars import ORDINARY
from emitter_typed_codegen.model import ScalarName

Snippet: TypeAlias = "str | list[Snippet] | dict[str, Snippet]"
"""An entry that editors write, with `$1` and the like for what is to be filled in."""

WordT_co = TypeVar("WordT_co", bound=str, covariant=True)

LONGEST_NAME = 100
"""How many characters a name of the language may have."""


@frozen(kw_only=True)
class Text:
    """A text that is not empty."""

    pattern: str = ""
    """An expression that finds something in every text that may stand there; empty: any text may."""
    wrong: str = ""
    """What is expected where it finds nothing."""
    longest: int | None = None
    """How many characters it may have."""
    examples: tuple[str, ...] = ()
    quoted: bool = False
    """Whether what YAML reads as a number, true, false or null needs quotes there."""
    may_be_empty: bool = False
    may_be_null: bool = False
    called: str = "a text"
    """What an author is told to write, as in "a text"; the same for every kind of value."""


@frozen(kw_only=True)
class Prose:
    """A text for people, which may be empty."""

    quoted: bool = False
    """Whether what YAML reads as a number, true or false needs quotes there."""
    called: str = "a text"


@frozen(kw_only=True)
class Flag:
    """True or false."""

    default: bool = False
    called: str = "true or false"


@frozen(kw_only=True)
class Choice(Generic[WordT_co]):
    """One of a few words."""

    words: tuple[tuple[WordT_co, str], ...]
    """Each with what it means."""
    default: WordT_co

    @property
    def called(self) -> str:
        """What an author is told to write."""
        return listed([word for word, _ in self.words], "or")


@frozen(kw_only=True)
class Whole:
    """An integer."""

    least: int
    most: int

    @property
    def called(self) -> str:
        """What an author is told to write."""
        return f"a number from {self.least} to {self.most}"


@frozen(kw_only=True)
class Type:
    """A type."""

    scalars: tuple[ScalarName, ...] = ORDINARY
    """Which of the language's own types may stand there."""
    containers: bool = True
    """Whether lists and maps may, and several types with `|` between them."""
    optional: bool = True
    """Whether a `?` may stand behind it."""
    called: str = "a type"


@frozen(kw_only=True)
class TypedValue:
    """A value of the type that stands beside it."""

    called: str = "a value of the type"


@frozen(kw_only=True)
class Limit:
    """What a limit says: a value of the type that stands beside it, an expression, or how many there may be."""

    rule: ConstraintRule

    @property
    def called(self) -> str:
        """What an author is told to write."""
        if self.rule == "pattern":
            return "a regular expression"
        return "a value of the type" if self.rule.endswith("imum") else "an integer"


@frozen(kw_only=True)
class OptionValues:
    """Values of the options of a publish, by name."""

    called: str = "a map of options to values"


@frozen(kw_only=True)
class Anything:
    """Any value."""

    scalar: bool = False
    """Whether it is no list and no map."""
    called: str = "a value"


@frozen(kw_only=True)
class ListOf:
    """A list."""

    item: Value
    at_least: int = 0
    unique: bool = False
    """Whether no item may come twice."""
    called: str = "a list"


@frozen(kw_only=True)
class MapOf:
    """A map whose keys the author chooses."""

    value: Value
    names: Text
    at_least: int = 0
    called: str = "a map of names to descriptions"
    snippets: tuple[tuple[str, Snippet], ...] = ()
    """What editors offer as a first entry: a label, and the entry with `$1` and the like for what is to be written."""


@frozen(kw_only=True)
class Described:
    """A map with the keys of one of several shapes; the first one whose key is there counts."""

    shapes: tuple[Shape, ...]

    @property
    def called(self) -> str:
        """What an author is told to write."""
        (first, *others) = self.shapes
        if others:
            return f"a map with {listed([shape.kind for shape in self.shapes], 'or')}"
        return f"a map with {listed(first.required or [key.name for key in first.keys])}"


@frozen(kw_only=True)
class Either:
    """One of several kinds of value, which stand differently in YAML."""

    of: tuple[Value, ...]

    @property
    def called(self) -> str:
        """What an author is told to write."""
        return " or ".join(one.called for one in self.of)


Value: TypeAlias = (
    Text
    | Prose
    | Flag
    | Choice[str]
    | Whole
    | Type
    | TypedValue
    | Limit
    | OptionValues
    | Anything
    | ListOf
    | MapOf
    | Described
    | Either
)
"""What may stand behind a key."""


@frozen
class Key:
    """A key that the language knows."""

    name: str
    value: Value
    doc: str
    """What it means, in Markdown, for hovering and for the language's page."""
    required: bool = field(default=False, kw_only=True)
    default: str = field(default="", kw_only=True)
    """What counts where it is absent, as one would write it; empty: nothing does, or `doc` tells."""
    verbs: tuple[str, ...] = field(default=(), kw_only=True)
    """Of operations: the verbs that can have it; none: all can."""
    needed: bool = field(default=False, kw_only=True)
    """Whether those verbs must have it."""
    protocol: bool = field(default=False, kw_only=True)
    """Whether only a protocol needs it, so that nobody is offered it elsewhere."""


@frozen(kw_only=True)
class Shape:
    """A map with known keys."""

    name: str
    """Its name in this table, and in the JSON Schema."""
    keys: tuple[Key, ...]
    doc: str = ""
    together: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Keys, each with those that must be there beside it."""
    one_of: tuple[str, ...] = ()
    """Keys of which exactly one must be there."""
    kind: str = ""
    """The key that says that it is this one, where several can stand in one place."""
    snippet: dict[str, Snippet] = field(factory=dict[str, "Snippet"])
    """What editors offer for it: an entry with `$1` and the like for what is to be written."""

    def key(self, name: str) -> Key | None:
        """Return a key by its name; None if it has none of that name."""
        return next((key for key in self.keys if key.name == name), None)

    def example(self, name: str) -> str:
        """Return what one may write for a key; empty if there is nothing that most would write."""
        key = self.key(name)
        match key.value if key is not None else None:
            case Choice(default=default):
                return default
            case Text(examples=(first, *_)):
                return first
            case ListOf(item=Text(examples=(_, *_) as examples)):
                return f"[{', '.join(examples)}]"
            case Type(scalars=scalars):
                return "json" if "text" in scalars else "string"
            case _:
                return ""

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The names of the keys that must be there."""
        return tuple(key.name for key in self.keys if key.required)

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The names of the keys that may be there."""
        return tuple(key.name for key in self.keys if not key.required)


def listed(words: Sequence[str], last: Literal["and", "or"] = "and") -> str:
    """Return words as a sentence lists them."""
    return f" {last} ".join(", ".join(words).rsplit(", ", 1))


# What Python calls printable, but for what no Unicode class says in both kinds of expressions.
_SEEN = r"[^\u0000-\u001f\u007f-\u00a0]"
NAME = Text(
    pattern=rf"^(?=.*\S){_SEEN}+$",
    wrong="a name: not empty, and only characters that can be seen",
    longest=LONGEST_NAME,
    called="a name",
)
"""A name that the author chooses."""

FIELD_NAME = evolve(
    NAME,
    pattern=rf"^(?=.*\S){_SEEN}*(?!\?){_SEEN}$",
    wrong="a name: not empty, only characters that can be seen, and no ? at its end",
)
"""The name of a field: the `?` of one that may be absent belongs to its type."""
