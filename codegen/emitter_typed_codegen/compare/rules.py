"""Every kind of change that a schema can go through, and whom each hurts: the one table of them."""

from __future__ import annotations

from typing import Literal, get_args

from emitter_typed_codegen.data import frozen

Effect = Literal[
    "breaks-readers", "breaks-writers", "breaks-stored", "loses-value", "moves-channel", "python-only", "safe",
]  # fmt: skip
"""What a change does: old programs refuse new messages; new programs refuse those of old programs; new programs
refuse stored messages; a value is lost or means something else, and nothing says so; messages go elsewhere; only the
source code of programs must change; nothing."""

Order = Literal["any", "readers-first", "writers-first", "together"]
"""In which order programs get the new schema."""

EFFECTS: tuple[Effect, ...] = get_args(Effect)

BREAKING: frozenset[Effect] = frozenset(
    ("breaks-readers", "breaks-writers", "breaks-stored", "loses-value", "moves-channel")
)
"""The effects on running programs and on stored messages."""

ORDERS: dict[Order, str] = {
    "any": "in any order",
    "readers-first": "first the programs that receive, then those that publish",
    "writers-first": "first the programs that publish, then those that receive",
    "together": "all programs at once",
}
"""Each order in words."""


@frozen(kw_only=True)
class Rule:
    """One kind of change."""

    id: str
    what: str
    """The change, as the table of the docs names it."""
    effects: tuple[Effect, ...]
    why: str
    """What happens, in one sentence."""
    fix: str = ""
    """How to make the same change safely; empty where it is safe, or where there is no other way."""
    order: Order = "any"
    constructs: tuple[str, ...]
    """The parts of the model that it is about, such as `Field.wire`."""

    @property
    def breaking(self) -> bool:
        """Whether it hurts running programs or stored messages."""
        return not BREAKING.isdisjoint(self.effects)


_READERS: tuple[Effect, ...] = ("breaks-readers",)
_WRITERS: tuple[Effect, ...] = ("breaks-writers", "breaks-stored")
_ALL: tuple[Effect, ...] = ("breaks-readers", "breaks-writers", "breaks-stored")
_LOSES: tuple[Effect, ...] = ("loses-value",)
_PYTHON: tuple[Effect, ...] = ("python-only",)
_SAFE: tuple[Effect, ...] = ("safe",)

_NEW_NAME = "keep the name on the wire with wire: OLD, or read both first with also_read: [NEW] and write NEW later"
_TWO_STEPS = "deploy also_read: [NEW] to all that receive first, then write NEW with also_read: [OLD]"
_NEW_FIELD = "add an optional field of the new type beside it, and remove this one when nobody needs it"
_STORED_FIRST = "wait until no older message is stored, or keep accepting what they hold"

_TABLE = (
    Rule(
        id="field-added",
        what="a field that may be absent is added",
        effects=_SAFE,
        why="Old programs ignore it, and new ones do without it.",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-added-required",
        what="a field that must be there is added",
        effects=_WRITERS,
        why="New programs refuse messages without it: those of old programs and those that are stored.",
        fix="give it a default, or write its type with a ?",
        order="writers-first",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-added-where-kept",
        what="a field is added to a record that kept unknown fields",
        effects=_WRITERS,
        why="What old programs kept under this name is read into it, and refused unless it fits.",
        fix="choose a name on the wire that no message has had yet",
        order="writers-first",
        constructs=("Record.fields", "Record.keeps_unknown"),
    ),
    Rule(
        id="field-removed",
        what="a field that may be absent is removed",
        effects=_LOSES,
        why="Old programs no longer receive it and read it as absent; new ones ignore it.",
        fix="mark it as deprecated, and remove it when nobody reads it",
        order="readers-first",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-removed-required",
        what="a field that must be there is removed",
        effects=_READERS,
        why="Old programs refuse messages without it.",
        fix="give it a default or write its type with a ? first, and remove it when all programs have that",
        order="readers-first",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-renamed",
        what="a field that may be absent gets another name on the wire",
        effects=_LOSES,
        why="Each side ignores the other's name, so the value is absent for old and for new programs.",
        fix=_NEW_NAME,
        order="together",
        constructs=("Field.wire", "Field.name"),
    ),
    Rule(
        id="field-renamed-required",
        what="a field that must be there gets another name on the wire",
        effects=_ALL,
        why="Old and new programs refuse each other's messages, and new ones those that are stored.",
        fix=_NEW_NAME,
        order="together",
        constructs=("Field.wire", "Field.name"),
    ),
    Rule(
        id="field-renamed-also-read",
        what="the same, and new programs also read the old name",
        effects=_LOSES,
        why="Old programs ignore the new name, so the value is absent for them.",
        fix=_TWO_STEPS,
        order="readers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-also-read-required",
        what="the same of a field that must be there",
        effects=_READERS,
        why="Old programs refuse messages that have the new name alone.",
        fix=_TWO_STEPS,
        order="readers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-only-old-read-both",
        what="old programs also read the new name, and new ones no longer the old name",
        effects=_LOSES,
        why="New programs ignore the old name, so what old programs sent and what is stored lacks the value.",
        fix="keep also_read: [OLD] until no message with the old name is under way or stored",
        order="writers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-only-old-read-both-required",
        what="the same of a field that must be there",
        effects=_WRITERS,
        why="New programs refuse messages that have the old name alone.",
        fix="keep also_read: [OLD] until no message with the old name is under way or stored",
        order="writers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-both-read",
        what="a field gets another name on the wire, and old and new programs read both",
        effects=_SAFE,
        why="Each side reads the name that the other writes.",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-attribute-renamed",
        what="a field is called otherwise in Python alone",
        effects=_PYTHON,
        why="Its name on the wire is the same, and programs that use the attribute must follow.",
        constructs=("Field.name",),
    ),
    Rule(
        id="also-read-added",
        what="a field is also read by another name",
        effects=_SAFE,
        why="New programs read more, and write what they wrote.",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="also-read-removed",
        what="a field that may be absent is no longer read by another name",
        effects=_LOSES,
        why="In stored messages that have that name, the value is absent.",
        fix=_STORED_FIRST,
        order="writers-first",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="also-read-removed-required",
        what="the same of a field that must be there",
        effects=("breaks-stored",),
        why="New programs refuse stored messages that have that name alone.",
        fix=_STORED_FIRST,
        order="writers-first",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="field-made-optional",
        what="a field that must be there may be absent",
        effects=_READERS,
        why="New programs leave it out where it is None, and old ones refuse that.",
        fix="give it a default instead: it is then always written",
        order="readers-first",
        constructs=("Field.type", "Optional.item"),
    ),
    Rule(
        id="field-made-required",
        what="a field that may be absent must be there",
        effects=_WRITERS,
        why="New programs refuse messages without it: those of old programs and those that are stored.",
        fix="give it a default",
        order="writers-first",
        constructs=("Field.type", "Optional.item"),
    ),
    Rule(
        id="default-added-to-required",
        what="a field that must be there gets a default",
        effects=_SAFE,
        why="New programs do without it, and always write it.",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="default-added",
        what="a field that may be absent gets a default",
        effects=_LOSES,
        why="Where it is absent, in messages of old programs and in stored ones, new programs read the default.",
        fix="leave it absent, and let programs choose a value where they read it",
        order="writers-first",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="default-changed",
        what="a default becomes another one",
        effects=_LOSES,
        why="Where the field is absent, as in messages from before it was there, new programs read another value.",
        fix="add a field with the new default beside it, and remove this one when nobody needs it",
        constructs=("Field.default",),
    ),
    Rule(
        id="default-removed",
        what="a default is removed, and the field may be absent",
        effects=_LOSES,
        why="New programs leave out a None, which old ones read as the default, and read an absent field as None.",
        fix="keep the default",
        order="readers-first",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="default-removed-from-required",
        what="a default is removed, and the field must be there",
        effects=("breaks-stored",),
        why="New programs refuse messages without it: those that are stored from before the field was there.",
        fix="keep the default, or write the type with a ?",
        order="writers-first",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="null-allowed",
        what="null is allowed where it was not: in items of a list or map, in a payload, beside a default",
        effects=_READERS,
        why="Old programs refuse null.",
        fix=_NEW_FIELD,
        order="readers-first",
        constructs=("Optional.item", "List.item", "Map.value", "Channel.payload"),
    ),
    Rule(
        id="null-refused",
        what="null is refused where it was allowed",
        effects=_WRITERS,
        why="New programs refuse null, which old programs write and stored messages may hold.",
        fix="stop writing null first, and refuse it when none is stored",
        order="writers-first",
        constructs=("Optional.item", "List.item", "Map.value", "Channel.payload"),
    ),
    Rule(
        id="blank-added",
        what="another value counts as blank",
        effects=_LOSES,
        why="New programs read that value as absent.",
        fix="choose a value that nobody writes",
        constructs=("Field.blank",),
    ),
    Rule(
        id="blank-removed",
        what="a value that fits the type no longer counts as blank",
        effects=_LOSES,
        why="New programs read that value as it is, where it meant absent.",
        fix="keep it as blank",
        order="writers-first",
        constructs=("Field.blank",),
    ),
    Rule(
        id="blank-removed-refused",
        what="a value that does not fit the type no longer counts as blank",
        effects=("breaks-stored",),
        why="New programs refuse that value, in stored messages and from programs that are not made of this schema.",
        fix="keep it as blank",
        order="writers-first",
        constructs=("Field.blank",),
    ),
    Rule(
        id="unit-changed",
        what="a unit becomes another one",
        effects=_LOSES,
        why="The number is read as it was written, and means something else.",
        fix="add a field with the new unit in its name, and remove this one when nobody needs it",
        order="together",
        constructs=("Field.unit",),
    ),
    Rule(
        id="type-widened",
        what="a type takes more, as float where int was",
        effects=_READERS,
        why="Old programs refuse what the new type writes: an int refuses even 2.0.",
        fix=_NEW_FIELD,
        order="readers-first",
        constructs=("Field.type", "Field.format", "Channel.payload", "Alias.type", "List.item", "Map.value"),
    ),
    Rule(
        id="type-narrowed",
        what="a type takes less, as int where float was",
        effects=_WRITERS,
        why="New programs refuse what the old type wrote.",
        fix=_NEW_FIELD,
        order="writers-first",
        constructs=("Field.type", "Field.format", "Channel.payload", "Alias.type", "List.item", "Map.value"),
    ),
    Rule(
        id="type-changed",
        what="a type becomes one that stands otherwise on the wire",
        effects=_ALL,
        why="Old and new programs refuse each other's messages, and new ones those that are stored.",
        fix=_NEW_FIELD,
        order="together",
        constructs=(
            "Field.type", "Field.format", "Channel.payload", "Alias.type", "List.item", "Map.value", "Scalar.name",
        ),
    ),
    Rule(
        id="type-respelled",
        what="a type becomes one that is the same on the wire",
        effects=_PYTHON,
        why="Messages are the same, and programs that name the type may have to follow.",
        constructs=("Named.name", "Alias.type", "Secret.name"),
    ),
    Rule(
        id="limit-loosened",
        what="a limit is removed or lets more through",
        effects=_READERS,
        why="Old programs refuse what is beyond their limit.",
        fix="deploy the looser limit to all that receive before anybody writes such a value",
        order="readers-first",
        constructs=("Constraint.rule", "Constraint.value", "Field.constraints", "Alias.constraints"),
    ),
    Rule(
        id="limit-tightened",
        what="a limit is added or lets less through",
        effects=_WRITERS,
        why="New programs refuse values that old ones write and that are stored.",
        fix="check the limit where values are made, and leave it out of the schema",
        order="writers-first",
        constructs=("Constraint.rule", "Constraint.value", "Field.constraints", "Alias.constraints"),
    ),
    Rule(
        id="pattern-changed",
        what="a pattern becomes another one",
        effects=_ALL,
        why="Each side refuses texts that only the other's pattern matches.",
        fix="write a pattern that matches all that the old one does, and deploy it to all that receive first",
        order="together",
        constructs=("Constraint.rule", "Constraint.value"),
    ),
    Rule(
        id="unknown-kept",
        what="a record keeps fields that it does not declare",
        effects=_SAFE,
        why="New programs hold what old ones ignored.",
        constructs=("Record.keeps_unknown",),
    ),
    Rule(
        id="unknown-ignored",
        what="a record no longer keeps fields that it does not declare",
        effects=_LOSES,
        why="New programs drop what they do not declare, also where they pass a message on.",
        fix="declare the fields that matter",
        constructs=("Record.keeps_unknown",),
    ),
    Rule(
        id="value-added",
        what="a closed enum gets a value",
        effects=_READERS,
        why="Old programs refuse the new value.",
        fix="write open: true first, and add the value when all that receive have that",
        order="readers-first",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-added-to-open",
        what="an open enum gets a value",
        effects=_SAFE,
        why="Old programs read it as Unrecognized.",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-removed",
        what="a closed enum loses a value",
        effects=_WRITERS,
        why="New programs refuse that value, from old programs and in stored messages.",
        fix="keep the value, or write open: true",
        order="writers-first",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-removed-from-open",
        what="an open enum loses a value",
        effects=_PYTHON,
        why="New programs read it as Unrecognized, and programs that name it must follow.",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-renamed",
        what="a value of an enum, or a flag, is called otherwise in Python",
        effects=_PYTHON,
        why="It is the same on the wire, and programs that name it must follow.",
        constructs=("EnumValue.name",),
    ),
    Rule(
        id="enum-opened",
        what="a closed enum becomes open",
        effects=_SAFE,
        why="New programs keep values that old ones refuse.",
        constructs=("Enum.open",),
    ),
    Rule(
        id="enum-closed",
        what="an open enum becomes closed",
        effects=_WRITERS,
        why="New programs refuse values that they do not know, which old ones keep and pass on.",
        fix="leave it open",
        order="writers-first",
        constructs=("Enum.open",),
    ),
    Rule(
        id="flag-added",
        what="flags get a letter",
        effects=_READERS,
        why="Old programs refuse a set with the new letter.",
        fix="set the letter when all that receive know it",
        order="readers-first",
        constructs=("Flags.values",),
    ),
    Rule(
        id="flag-removed",
        what="flags lose a letter",
        effects=_WRITERS,
        why="New programs refuse a set with that letter.",
        fix="keep the letter, and set it no longer",
        order="writers-first",
        constructs=("Flags.values",),
    ),
    Rule(
        id="member-added",
        what="a union gets a member",
        effects=_READERS,
        why="Old programs refuse the new member.",
        fix="publish the member when all that receive know it, or on a channel of its own",
        order="readers-first",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-removed",
        what="a union loses a member",
        effects=_WRITERS,
        why="New programs refuse that member, from old programs and in stored messages.",
        fix="keep the member, and publish it no longer",
        order="writers-first",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-value-changed",
        what="a member gets another value of the tag",
        effects=_ALL,
        why="Each side refuses the value that the other writes.",
        fix="keep the value with values:",
        order="together",
        constructs=("Union.members",),
    ),
    Rule(
        id="tag-changed",
        what="a union gets another tag",
        effects=_ALL,
        why="Each side looks for the member's name in a field that the other does not write.",
        fix="declare another union for a channel of its own",
        order="together",
        constructs=("Union.tag",),
    ),
    Rule(
        id="distinct-changed",
        what="an alias becomes a type of its own to checkers, or no longer is one",
        effects=_PYTHON,
        why="Messages are the same, and checkers ask for other types.",
        constructs=("Alias.distinct",),
    ),
    Rule(
        id="type-added",
        what="a type is added",
        effects=_SAFE,
        why="Nothing used it.",
        constructs=("Schema.types", "Record.name", "Enum.name", "Flags.name", "Union.name", "Alias.name"),
    ),
    Rule(
        id="type-removed",
        what="a type is removed",
        effects=_PYTHON,
        why="Programs that import it must follow; what its uses became is told there.",
        constructs=("Schema.types", "Record.name", "Enum.name", "Flags.name", "Union.name", "Alias.name"),
    ),
    Rule(
        id="type-renamed",
        what="a type is called otherwise, and stands in the same places",
        effects=_PYTHON,
        why="Names of types are not on the wire, and programs that import it must follow.",
        constructs=("Schema.types", "Record.name", "Enum.name", "Flags.name", "Union.name", "Alias.name"),
    ),
    Rule(
        id="import-added",
        what="a file is imported",
        effects=_SAFE,
        why="What its types are used for is told there.",
        constructs=("Schema.imports", "Import.name"),
    ),
    Rule(
        id="import-removed",
        what="a file is no longer imported, or by another name",
        effects=_PYTHON,
        why="Programs that take its types from this package must follow.",
        constructs=("Schema.imports", "Import.name"),
    ),
    Rule(
        id="channel-added",
        what="a channel is added",
        effects=_SAFE,
        why="Old programs do not know it.",
        constructs=("Schema.channels",),
    ),
    Rule(
        id="channel-removed",
        what="a channel is removed",
        effects=("moves-channel",),
        why="Old programs that subscribe hear nothing any more, and nobody hears those that publish.",
        fix="mark it as deprecated, and remove it when nobody uses it",
        order="together",
        constructs=("Schema.channels",),
    ),
    Rule(
        id="channel-renamed",
        what="a channel is called otherwise, and its address is the same",
        effects=_PYTHON,
        why="Messages go the same way, and programs that use it must follow.",
        constructs=("Channel.name",),
    ),
    Rule(
        id="address-changed",
        what="a segment of an address is added, removed or changed",
        effects=("moves-channel",),
        why="Old and new programs use other channels: no message, no error and no gap tells of it.",
        fix="add a second channel with the new address, subscribe to both, move those that publish, remove the old",
        order="readers-first",
        constructs=("Channel.address",),
    ),
    Rule(
        id="parameter-renamed",
        what="a parameter of an address is called otherwise",
        effects=_PYTHON,
        why="The segment is the same, and programs that give it by name must follow.",
        constructs=("Channel.params", "Channel.address"),
    ),
    Rule(
        id="option-added",
        what="a channel gets an option",
        effects=_SAFE,
        why="Messages are published with it from now on.",
        constructs=("Channel.options",),
    ),
    Rule(
        id="option-changed",
        what="an option of a channel gets another value",
        effects=_LOSES,
        why="Messages may no longer be stored as long, or sent as surely, as programs rely on.",
        fix="give the option where it is called for",
        constructs=("Channel.options",),
    ),
    Rule(
        id="option-removed",
        what="an option of a channel is removed",
        effects=_LOSES,
        why="Messages may no longer be stored, or sent as surely, as programs rely on.",
        fix="keep the option",
        constructs=("Channel.options",),
    ),
    Rule(
        id="direction-narrowed",
        what="a channel can no longer be published to, or subscribed to",
        effects=_PYTHON,
        why="Messages are the same, and programs that call what is missing must follow.",
        constructs=("Channel.direction",),
    ),
    Rule(
        id="direction-widened",
        what="a channel can also be published to, or subscribed to",
        effects=_SAFE,
        why="Nothing that was there is missing.",
        constructs=("Channel.direction",),
    ),
    Rule(
        id="overlaps-changed",
        what="`overlaps` is changed",
        effects=_SAFE,
        why="It is a check of the schema alone.",
        constructs=("Channel.overlaps",),
    ),
    Rule(
        id="deprecation-changed",
        what="something is deprecated, no longer so, or with other advice",
        effects=_PYTHON,
        why="Messages are the same, and programs are warned or no longer so.",
        constructs=("Record.deprecated", "Field.deprecated", "Channel.deprecated"),
    ),
    Rule(
        id="facade-renamed",
        what="the schema gets another name",
        effects=_PYTHON,
        why="The class that holds the channels is called otherwise.",
        constructs=("Schema.name",),
    ),
    Rule(
        id="version-changed",
        what="the schema gets another version",
        effects=_SAFE,
        why="It is a text for people, which new programs read as `__version__` of the package.",
        constructs=("Schema.version",),
    ),
    Rule(
        id="order-changed",
        what="fields, values, flags or members stand in another order",
        effects=_SAFE,
        why="Both are told by name.",
        constructs=("Record.fields", "Enum.values", "Flags.values", "Union.members"),
    ),
    Rule(
        id="doc-changed",
        what="a text for people is changed, or a unit is named for the first time or no longer",
        effects=_SAFE,
        why="Messages and programs are the same.",
        constructs=(
            "Schema.doc", "Record.doc", "Enum.doc", "Flags.doc", "Union.doc", "Alias.doc", "Secret.doc", "Field.doc",
            "EnumValue.doc", "Channel.doc", "Field.unit",
        ),
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in _TABLE}
"""All kinds of changes by their id, in the order of the docs."""
