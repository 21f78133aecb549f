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
    "together": "all programs at the same time",
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

_NEW_NAME = "keep the name on the wire with wire: OLD, or first read both with also_read: [NEW], and write NEW later"
_TWO_STEPS = "first deploy also_read: [NEW] to all programs that receive; then write NEW with also_read: [OLD]"
_NEW_FIELD = (
    "add an optional field of the new type (for a payload or a parameter: another channel), "
    "and remove this one when no program uses it"
)
_STORED_FIRST = "keep also_read until no stored message has the old name"

_TABLE = (
    Rule(
        id="field-added",
        what="an optional field is added",
        effects=_SAFE,
        why="Old programs ignore the field. New programs read messages without it.",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-added-required",
        what="a required field is added",
        effects=_WRITERS,
        why="New programs refuse messages that lack the field: those of old programs and stored ones.",
        fix="give the field a default, or write its type with a ?",
        order="writers-first",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-added-where-kept",
        what="a field is added to a record that kept unknown fields",
        effects=_WRITERS,
        why=(
            "Old messages may already contain a field of this name. New programs read its value, and refuse it if"
            " it does not fit the type."
        ),
        fix="choose a name on the wire that no message contains yet",
        order="writers-first",
        constructs=("Record.fields", "Record.keeps_unknown"),
    ),
    Rule(
        id="field-removed",
        what="an optional field is removed",
        effects=_LOSES,
        why="Old programs read the field as absent in new messages. New programs ignore it in old ones.",
        fix="mark the field as deprecated, and remove it when no program reads it",
        order="readers-first",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-removed-required",
        what="a required field is removed",
        effects=_READERS,
        why="Old programs refuse messages that lack the field.",
        fix="first give the field a default or write its type with a ?; remove it when all programs have that schema",
        order="readers-first",
        constructs=("Record.fields",),
    ),
    Rule(
        id="field-renamed",
        what="an optional field gets another name on the wire",
        effects=_LOSES,
        why="Old and new programs ignore each other's name, so both read the field as absent.",
        fix=_NEW_NAME,
        order="together",
        constructs=("Field.wire", "Field.name"),
    ),
    Rule(
        id="field-renamed-required",
        what="a required field gets another name on the wire",
        effects=_ALL,
        why="Old and new programs refuse each other's messages. New programs refuse stored ones.",
        fix=_NEW_NAME,
        order="together",
        constructs=("Field.wire", "Field.name"),
    ),
    Rule(
        id="field-renamed-made-optional",
        what="a required field gets another name on the wire and becomes optional",
        effects=("breaks-readers", "loses-value"),
        why=(
            "Old programs refuse messages that only have the new name. New programs ignore the old name, so they read"
            " the field as absent."
        ),
        fix=_NEW_NAME,
        order="together",
        constructs=("Field.wire", "Field.name", "Field.required"),
    ),
    Rule(
        id="field-renamed-made-required",
        what="an optional field gets another name on the wire and becomes required",
        effects=("breaks-writers", "breaks-stored", "loses-value"),
        why=(
            "Old programs ignore the new name, so they read the field as absent. New programs refuse messages that"
            " only have the old name."
        ),
        fix=_NEW_NAME,
        order="together",
        constructs=("Field.wire", "Field.name", "Field.required"),
    ),
    Rule(
        id="field-renamed-also-read",
        what="an optional field gets another name on the wire, and new programs also read the old name",
        effects=_LOSES,
        why="Old programs ignore the new name, so they read the field as absent.",
        fix=_TWO_STEPS,
        order="readers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-also-read-required",
        what="a required field gets another name on the wire, and new programs also read the old name",
        effects=_READERS,
        why="Old programs refuse messages that only have the new name.",
        fix=_TWO_STEPS,
        order="readers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-only-old-read-both",
        what=(
            "an optional field gets another name on the wire that old programs also read; new programs no longer "
            "read the old name"
        ),
        effects=_LOSES,
        why=(
            "New programs ignore the old name, so they read the field as absent in messages of old programs and "
            "in stored ones."
        ),
        fix="keep also_read: [OLD] until no program writes the old name and no stored message has it",
        order="writers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-only-old-read-both-required",
        what=(
            "a required field gets another name on the wire that old programs also read; new programs no longer "
            "read the old name"
        ),
        effects=_WRITERS,
        why="New programs refuse messages that only have the old name.",
        fix="keep also_read: [OLD] until no program writes the old name and no stored message has it",
        order="writers-first",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-renamed-both-read",
        what="a field gets another name on the wire, and old and new programs read both names",
        effects=_SAFE,
        why="Each side reads the name that the other writes.",
        constructs=("Field.wire", "Field.also_read"),
    ),
    Rule(
        id="field-attribute-renamed",
        what="a field gets another name in Python, and keeps its name on the wire",
        effects=_PYTHON,
        why="Messages stay the same. Change the code that uses the attribute.",
        constructs=("Field.name",),
    ),
    Rule(
        id="field-name-reused",
        what="a field gets the name in Python that another field had",
        effects=_LOSES,
        why="Messages stay the same. Code that uses the name reads and writes the other field, without an error.",
        fix="choose a name that no field had",
        order="together",
        constructs=("Field.name", "Field.wire"),
    ),
    Rule(
        id="also-read-added",
        what="a field is also read under another name",
        effects=_SAFE,
        why="New programs read more messages, and write the same.",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="also-read-removed",
        what="an optional field is no longer read under another name",
        effects=_LOSES,
        why="New programs read the field as absent in stored messages that have that name.",
        fix=_STORED_FIRST,
        order="writers-first",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="also-read-removed-required",
        what="a required field is no longer read under another name",
        effects=("breaks-stored",),
        why="New programs refuse stored messages that only have that name.",
        fix=_STORED_FIRST,
        order="writers-first",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="also-read-reordered",
        what="the other names that a field is read under are in another order",
        effects=_LOSES,
        why="New programs read another value where a message has several of the names, since the first one counts.",
        fix="keep the order, and add names at the end",
        constructs=("Field.also_read",),
    ),
    Rule(
        id="field-made-optional",
        what="a required field becomes optional, without a default",
        effects=_READERS,
        why="New programs omit the field if it is None. Old programs refuse messages that lack it.",
        fix="give the field a default: then new programs always write it",
        order="readers-first",
        constructs=("Field.type", "Field.required", "Optional.item"),
    ),
    Rule(
        id="field-made-required",
        what="an optional field becomes required",
        effects=_WRITERS,
        why="New programs refuse messages that lack the field: those of old programs and stored ones.",
        fix="give the field a default",
        order="writers-first",
        constructs=("Field.type", "Field.required", "Optional.item"),
    ),
    Rule(
        id="default-added-to-required",
        what="a required field gets a default",
        effects=_SAFE,
        why="New programs read messages without the field, and always write it.",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="default-added",
        what="an optional field gets a default",
        effects=_LOSES,
        why="New programs read the default where the field is absent: in messages of old programs and in stored ones.",
        fix="add no default, and choose the value in the code that reads the field",
        order="writers-first",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="default-changed",
        what="a default gets another value",
        effects=_LOSES,
        why=(
            "New programs read another value where the field is absent, such as in stored messages that are older"
            " than the field."
        ),
        fix="add a field with the new default, and remove this one when no program uses it",
        constructs=("Field.default",),
    ),
    Rule(
        id="default-removed",
        what="a default is removed, and the field stays optional",
        effects=_LOSES,
        why=(
            "New programs omit None, which old programs read as the default. New programs read an absent field as"
            " None."
        ),
        fix="keep the default",
        order="readers-first",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="default-removed-from-required",
        what="a default is removed, and the field becomes required",
        effects=("breaks-stored",),
        why="New programs refuse messages that lack the field, such as stored ones that are older than the field.",
        fix="keep the default, or write the type with a ?",
        order="writers-first",
        constructs=("Field.has_default",),
    ),
    Rule(
        id="null-allowed",
        what="null becomes allowed: in a list or map, in a payload, or for a field with a default",
        effects=_READERS,
        why="Old programs refuse null.",
        fix=_NEW_FIELD,
        order="readers-first",
        constructs=("Optional.item", "List.item", "Map.value", "Channel.payload"),
    ),
    Rule(
        id="null-refused",
        what="null is no longer allowed",
        effects=_WRITERS,
        why="New programs refuse null, which old programs may write and stored messages may contain.",
        fix="first change the programs so that they do not write null; refuse it when no stored message contains it",
        order="writers-first",
        constructs=("Optional.item", "List.item", "Map.value", "Channel.payload"),
    ),
    Rule(
        id="blank-added",
        what="a value that fits the type and its limits becomes blank",
        effects=_LOSES,
        why="New programs read that value as absent.",
        fix="choose a value that no program writes",
        constructs=("Field.blank",),
    ),
    Rule(
        id="blank-added-refused",
        what="a value that does not fit the type or its limits becomes blank",
        effects=_SAFE,
        why="New programs read it as absent. Old programs refuse it, so they do not write it.",
        constructs=("Field.blank",),
    ),
    Rule(
        id="blank-removed",
        what="a value that fits the type and its limits is no longer blank",
        effects=_LOSES,
        why="New programs read that value itself, which old programs read as absent.",
        fix="keep it in blank",
        order="writers-first",
        constructs=("Field.blank",),
    ),
    Rule(
        id="blank-removed-refused",
        what="a value that does not fit the type or its limits is no longer blank",
        effects=("breaks-stored",),
        why="New programs refuse that value, in stored messages and from programs that do not use this schema.",
        fix="keep it in blank",
        order="writers-first",
        constructs=("Field.blank",),
    ),
    Rule(
        id="unit-changed",
        what="a unit becomes another one",
        effects=_LOSES,
        why="Programs read the same number, but it means something else.",
        fix="add a field with the new unit in its name, and remove this one when no program uses it",
        order="together",
        constructs=("Field.unit",),
    ),
    Rule(
        id="type-widened",
        what="a type accepts more values, as float instead of int",
        effects=_READERS,
        why="Old programs refuse values of the new type. An int refuses even 2.0.",
        fix=_NEW_FIELD,
        order="readers-first",
        constructs=("Field.type", "Field.format", "Channel.payload", "Alias.type", "List.item", "Map.value"),
    ),
    Rule(
        id="type-narrowed",
        what="a type accepts fewer values, as int instead of float",
        effects=_WRITERS,
        why="New programs refuse values of the old type, from old programs and in stored messages.",
        fix=_NEW_FIELD,
        order="writers-first",
        constructs=("Field.type", "Field.format", "Channel.payload", "Alias.type", "List.item", "Map.value"),
    ),
    Rule(
        id="alternative-added",
        what="a type gets another one beside it, as float | string instead of float",
        effects=_READERS,
        why="Old programs refuse values of the added type.",
        fix=_NEW_FIELD,
        order="readers-first",
        constructs=("AnyOf.members", "Field.type", "Channel.payload", "Alias.type", "List.item", "Map.value"),
    ),
    Rule(
        id="alternative-removed",
        what="one of several types is removed, as float instead of float | string",
        effects=_WRITERS,
        why="New programs refuse values of the removed type, from old programs and in stored messages.",
        fix=(
            "first change the programs so that they write no value of that type; remove it when no stored message has "
            "one"
        ),
        order="writers-first",
        constructs=("AnyOf.members", "Field.type", "Channel.payload", "Alias.type", "List.item", "Map.value"),
    ),
    Rule(
        id="type-changed",
        what="a type becomes one with another form on the wire",
        effects=_ALL,
        why="Old and new programs refuse each other's messages. New programs refuse stored ones.",
        fix=_NEW_FIELD,
        order="together",
        constructs=(
            "Field.type", "Field.format", "Channel.payload", "Alias.type", "List.item", "Map.value", "Scalar.name",
        ),
    ),
    Rule(
        id="time-unit-changed",
        what="a time or duration becomes one in another unit, as milliseconds instead of seconds",
        effects=_LOSES,
        why="Old and new programs read each other's numbers as other times or durations.",
        fix=_NEW_FIELD,
        order="together",
        constructs=("Field.type", "Field.format"),
    ),
    Rule(
        id="time-unit-changed-old-refuse",
        what="the same, where old programs cannot read all new numbers, as unix_ms instead of unix",
        effects=("breaks-readers", "loses-value"),
        why="New programs read old numbers as other times or durations. Old programs refuse new ones, or misread them.",
        fix=_NEW_FIELD,
        order="together",
        constructs=("Field.type", "Field.format"),
    ),
    Rule(
        id="time-unit-changed-new-refuse",
        what="the same, where new programs cannot read all old numbers, as unix instead of unix_ms",
        effects=("breaks-writers", "breaks-stored", "loses-value"),
        why="Old programs read new numbers as other times or durations. New programs refuse old ones, or misread them.",
        fix=_NEW_FIELD,
        order="together",
        constructs=("Field.type", "Field.format"),
    ),
    Rule(
        id="time-unit-changed-both-refuse",
        what="the same, where neither can, as unix_ms instead of unix_float",
        effects=("breaks-readers", "breaks-writers", "breaks-stored", "loses-value"),
        why="Old and new programs refuse each other's numbers, or read them as other times or durations.",
        fix=_NEW_FIELD,
        order="together",
        constructs=("Field.type", "Field.format"),
    ),
    Rule(
        id="payload-made-json",
        what="a payload that was sent as it is becomes JSON, as string? instead of string",
        effects=("breaks-writers", "breaks-stored", "loses-value"),
        why=(
            "New programs refuse the plain text or bytes. Old programs take the JSON for the text itself, with "
            "its quotes."
        ),
        fix=_NEW_FIELD,
        order="together",
        constructs=("Channel.payload", "Optional.item"),
    ),
    Rule(
        id="payload-made-raw",
        what="a payload that was JSON is sent as it is, as string instead of string?",
        effects=("breaks-readers", "loses-value"),
        why=(
            "Old programs refuse the plain text or bytes. New programs take the JSON for the text itself, with "
            "its quotes."
        ),
        fix=_NEW_FIELD,
        order="together",
        constructs=("Channel.payload", "Optional.item"),
    ),
    Rule(
        id="type-respelled",
        what="a type becomes another one with the same form on the wire",
        effects=_PYTHON,
        why="Messages stay the same. Code that names the type may have to change.",
        constructs=("Named.name", "Alias.type", "Secret.name"),
    ),
    Rule(
        id="limit-loosened",
        what="a limit is removed, or allows more values",
        effects=_READERS,
        why="Old programs refuse values beyond their limit.",
        fix="deploy the new limit to all programs that receive, before a program writes such a value",
        order="readers-first",
        constructs=("Constraint.rule", "Constraint.value", "Field.constraints", "Alias.constraints"),
    ),
    Rule(
        id="limit-tightened",
        what="a limit is added, or allows fewer values",
        effects=_WRITERS,
        why="New programs refuse values that old programs write and that stored messages contain.",
        fix="check the limit in the code that makes the values, and not in the schema",
        order="writers-first",
        constructs=("Constraint.rule", "Constraint.value", "Field.constraints", "Alias.constraints"),
    ),
    Rule(
        id="limit-without-effect",
        what="a limit is added, changed or removed that another limit or the type makes needless, as min_length: 0",
        effects=_SAFE,
        why="Programs accept and refuse the same values.",
        constructs=("Constraint.rule", "Constraint.value", "Field.constraints", "Alias.constraints"),
    ),
    Rule(
        id="pattern-changed",
        what="a pattern becomes another one",
        effects=_ALL,
        why="Old and new programs refuse texts that only the other pattern matches.",
        fix=(
            "write a pattern that also matches everything that the old one does, and deploy it to all programs "
            "that receive first"
        ),
        order="together",
        constructs=("Constraint.rule", "Constraint.value"),
    ),
    Rule(
        id="unknown-kept",
        what="a record keeps unknown fields",
        effects=_SAFE,
        why="New programs keep fields that old programs ignore.",
        constructs=("Record.keeps_unknown",),
    ),
    Rule(
        id="unknown-ignored",
        what="a record no longer keeps unknown fields",
        effects=_LOSES,
        why="New programs drop unknown fields, also when they pass a message on.",
        fix="declare the fields that programs need",
        constructs=("Record.keeps_unknown",),
    ),
    Rule(
        id="value-added",
        what="a closed enum gets a value",
        effects=_READERS,
        why="Old programs refuse the new value.",
        fix="first write open: true; add the value when all programs that receive have that schema",
        order="readers-first",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-added-to-open",
        what="an open enum gets a value",
        effects=_SAFE,
        why="Old programs read the new value as Unrecognized.",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-removed",
        what="a closed enum loses a value",
        effects=_WRITERS,
        why="New programs refuse the value, from old programs and in stored messages.",
        fix="keep the value, or write open: true",
        order="writers-first",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-removed-from-open",
        what="an open enum loses a value",
        effects=_PYTHON,
        why="New programs read the value as Unrecognized. Change the code that names it.",
        constructs=("Enum.values", "EnumValue.wire"),
    ),
    Rule(
        id="value-renamed",
        what="a value of an enum, or a flag, gets another name in Python",
        effects=_PYTHON,
        why="Messages stay the same. Change the code that names it.",
        constructs=("EnumValue.name",),
    ),
    Rule(
        id="number-changed",
        what="a value of an enum gets another number",
        effects=_ALL,
        why="Old and new programs refuse the number that the other side writes.",
        fix="keep the number, or add a value with the new number",
        order="together",
        constructs=("EnumValue.wire",),
    ),
    Rule(
        id="number-changed-in-open",
        what="a value of an open enum gets another number",
        effects=_LOSES,
        why="Old and new programs read the number that the other side writes as Unrecognized.",
        fix="keep the number, or add a value with the new number",
        order="together",
        constructs=("EnumValue.wire",),
    ),
    Rule(
        id="number-reused",
        what="a value of an enum gets a number that meant another value, or its number means another value",
        effects=_LOSES,
        why="Old and new programs read the same number as different values.",
        fix="keep the numbers, and give a new value a number that no message contains yet",
        order="together",
        constructs=("EnumValue.wire",),
    ),
    Rule(
        id="value-name-reused",
        what="a value of an enum, or a flag, gets the name in Python that another one had",
        effects=_LOSES,
        why="Messages stay the same. Code that uses the name means the other value, without an error.",
        fix="choose a name that no value had",
        order="together",
        constructs=("EnumValue.name",),
    ),
    Rule(
        id="enum-opened",
        what="a closed enum becomes open",
        effects=_SAFE,
        why="New programs also read values that old programs refuse.",
        constructs=("Enum.open",),
    ),
    Rule(
        id="enum-closed",
        what="an open enum becomes closed",
        effects=_WRITERS,
        why="New programs refuse unknown values, which old programs keep and pass on.",
        fix="leave the enum open",
        order="writers-first",
        constructs=("Enum.open",),
    ),
    Rule(
        id="flag-added",
        what="flags get a letter",
        effects=_READERS,
        why="Old programs refuse a set with the new letter.",
        fix="use the letter when all programs that receive know it",
        order="readers-first",
        constructs=("Flags.values",),
    ),
    Rule(
        id="flag-removed",
        what="flags lose a letter",
        effects=_WRITERS,
        why="New programs refuse a set with that letter.",
        fix="keep the letter, and no longer use it",
        order="writers-first",
        constructs=("Flags.values",),
    ),
    Rule(
        id="member-added",
        what="a closed union gets a member",
        effects=_READERS,
        why="Old programs refuse the new member.",
        fix="first write open: true; add the member when all programs that receive have that schema",
        order="readers-first",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-added-to-open",
        what="an open union gets a member",
        effects=_SAFE,
        why="Old programs read the new member as UnrecognizedMember. Messages that have its tag, or its field, "
        "already must fit it.",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-removed",
        what="a closed union loses a member",
        effects=_WRITERS,
        why="New programs refuse the member, from old programs and in stored messages.",
        fix="keep the member, and no longer publish it, or write open: true",
        order="writers-first",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-removed-from-open",
        what="an open union loses a member",
        effects=_PYTHON,
        why="New programs read the member as UnrecognizedMember. Change the code that names it.",
        constructs=("Union.members",),
    ),
    Rule(
        id="union-opened",
        what="a closed union becomes open",
        effects=_SAFE,
        why="New programs also read members that old programs refuse.",
        constructs=("Union.open",),
    ),
    Rule(
        id="union-closed",
        what="an open union becomes closed",
        effects=_WRITERS,
        why="New programs refuse unknown members, which old programs keep and pass on.",
        fix="leave the union open",
        order="writers-first",
        constructs=("Union.open",),
    ),
    Rule(
        id="member-value-changed",
        what="a member of a union gets another value of the tag, or another field that tells it",
        effects=_ALL,
        why="Old and new programs refuse the value or field that the other side writes, or take it for another member.",
        fix="keep the old value with values:, or the old field",
        order="together",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-value-changed-in-open",
        what="a member of an open union gets another value of the tag, or another field that tells it",
        effects=_LOSES,
        why="Old and new programs read the member that the other side writes as UnrecognizedMember.",
        fix="keep the old value with values:, or the old field",
        order="together",
        constructs=("Union.members",),
    ),
    Rule(
        id="member-values-swapped",
        what="members of a union that have the same fields swap their values of the tag",
        effects=_LOSES,
        why="Old and new programs take one member for the other.",
        fix="keep the old values with values:",
        order="together",
        constructs=("Union.members",),
    ),
    Rule(
        id="record-made-union",
        what="a record becomes a union that has it as a member",
        effects=_WRITERS,
        why="Old programs ignore the tag. New programs refuse messages without it.",
        fix=_NEW_FIELD,
        order="writers-first",
        constructs=("Field.type", "Channel.payload", "Union.members"),
    ),
    Rule(
        id="union-made-record",
        what="a union becomes one of its members",
        effects=_READERS,
        why="New programs ignore the tag. Old programs refuse messages without it.",
        fix=_NEW_FIELD,
        order="readers-first",
        constructs=("Field.type", "Channel.payload", "Union.members"),
    ),
    Rule(
        id="member-taken-for-record",
        what="a union replaces, or becomes, one of its members, and another one has the required fields of that",
        effects=_LOSES,
        why="Programs that only know the record ignore the tag, and take the other member for the record.",
        fix=_NEW_FIELD,
        order="together",
        constructs=("Union.members",),
    ),
    Rule(
        id="tag-changed",
        what="a union gets another tag",
        effects=_ALL,
        why="Old and new programs look for the tag in a field that the other side does not write.",
        fix="declare another union, and publish it on another channel",
        order="together",
        constructs=("Union.tag",),
    ),
    Rule(
        id="distinct-changed",
        what="an alias becomes distinct, or no longer is",
        effects=_PYTHON,
        why="Messages stay the same. Type checkers expect another type.",
        constructs=("Alias.distinct",),
    ),
    Rule(
        id="type-added",
        what="a type is added",
        effects=_SAFE,
        why="No old program uses it.",
        constructs=("Schema.types", "Record.name", "Enum.name", "Flags.name", "Union.name", "Alias.name"),
    ),
    Rule(
        id="type-removed",
        what="a type is removed",
        effects=_PYTHON,
        why="Change the code that imports it. What happens where the type was used is reported there.",
        constructs=("Schema.types", "Record.name", "Enum.name", "Flags.name", "Union.name", "Alias.name"),
    ),
    Rule(
        id="type-renamed",
        what="a type gets another name, and is used in the same places",
        effects=_PYTHON,
        why="Names of types are not on the wire. Change the code that imports it.",
        constructs=("Schema.types", "Record.name", "Enum.name", "Flags.name", "Union.name", "Alias.name"),
    ),
    Rule(
        id="import-added",
        what="a file is imported",
        effects=_SAFE,
        why="What happens where its types are used is reported there.",
        constructs=("Schema.imports", "Import.name"),
    ),
    Rule(
        id="import-removed",
        what="a file is no longer imported, or under another name",
        effects=_PYTHON,
        why="Change the code that takes its types from this package.",
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
        why=(
            "Old programs that subscribe to it receive nothing any more. No new program receives what old "
            "programs publish."
        ),
        fix="mark the channel as deprecated, and remove it when no program uses it",
        order="together",
        constructs=("Schema.channels",),
    ),
    Rule(
        id="channel-renamed",
        what="a channel gets another name, and keeps its address",
        effects=_PYTHON,
        why="Messages stay the same. Change the code that names the channel.",
        constructs=("Channel.name",),
    ),
    Rule(
        id="address-changed",
        what="a segment of an address is added, removed or changed",
        effects=("moves-channel",),
        why="Old and new programs use different channels. There is no message, no error and no gap.",
        fix=(
            "add a second channel with the new address; subscribe to both; then publish to the new one; then "
            "remove the old one"
        ),
        order="readers-first",
        constructs=("Channel.address",),
    ),
    Rule(
        id="address-reused",
        what="a channel gets the address that another one had, as when two swap theirs",
        effects=("moves-channel", "loses-value"),
        why="Old and new programs use different channels, and read messages of one as messages of the other.",
        fix="choose an address that no channel had",
        order="together",
        constructs=("Channel.address",),
    ),
    Rule(
        id="parameter-renamed",
        what="a parameter of an address gets another name",
        effects=_PYTHON,
        why="The address stays the same. Change the code that passes the parameter by name.",
        constructs=("Channel.params", "Channel.address"),
    ),
    Rule(
        id="parameter-name-reused",
        what="a parameter of an address gets the name that another one had, as when two swap their places",
        effects=_LOSES,
        why="Code passes a value, and receives one, for the other segment, without an error.",
        fix="choose a name that no parameter had",
        order="together",
        constructs=("Channel.params", "Channel.address"),
    ),
    Rule(
        id="option-added",
        what="a channel gets an option",
        effects=_SAFE,
        why="New programs publish with it.",
        constructs=("Channel.options",),
    ),
    Rule(
        id="option-changed",
        what="an option of a channel gets another value, or false is added",
        effects=_LOSES,
        why="Messages may be stored or delivered differently from what programs rely on.",
        fix="keep the option, and pass another value in the calls that need it",
        constructs=("Channel.options",),
    ),
    Rule(
        id="option-removed",
        what="an option of a channel is removed",
        effects=_LOSES,
        why="Messages may be stored or delivered differently from what programs rely on.",
        fix="keep the option",
        constructs=("Channel.options",),
    ),
    Rule(
        id="direction-narrowed",
        what="a channel can no longer be published to, or subscribed to",
        effects=_PYTHON,
        why="Messages stay the same. Change the code that calls what is missing.",
        constructs=("Channel.direction",),
    ),
    Rule(
        id="direction-widened",
        what="a channel can also be published to, or subscribed to",
        effects=_SAFE,
        why="Nothing is missing from the generated code.",
        constructs=("Channel.direction",),
    ),
    Rule(
        id="overlaps-changed",
        what="`overlaps` is changed",
        effects=_SAFE,
        why="Only the compiler uses it.",
        constructs=("Channel.overlaps",),
    ),
    Rule(
        id="deprecation-changed",
        what="something becomes deprecated, is no longer deprecated, or has other advice",
        effects=_PYTHON,
        why="Messages stay the same. Programs are warned, or no longer warned.",
        constructs=("Record.deprecated", "Field.deprecated", "Channel.deprecated"),
    ),
    Rule(
        id="facade-renamed",
        what="the schema gets another name",
        effects=_PYTHON,
        why="The class of the facade has another name. Change the code that imports it.",
        constructs=("Schema.name",),
    ),
    Rule(
        id="version-changed",
        what="the schema gets another version",
        effects=_SAFE,
        why="Programs see it as `__version__` of the package.",
        constructs=("Schema.version",),
    ),
    Rule(
        id="order-changed",
        what="fields, values, flags, members or the types beside | are in another order",
        effects=_SAFE,
        why="Messages stay the same.",
        constructs=("Record.fields", "Enum.values", "Flags.values", "Union.members", "AnyOf.members"),
    ),
    Rule(
        id="doc-changed",
        what="a text for people is changed, a unit is added or removed, or a value of an enum or a flag is deprecated",
        effects=_SAFE,
        why="Messages and code stay the same.",
        constructs=(
            "Schema.doc", "Record.doc", "Enum.doc", "Flags.doc", "Union.doc", "Alias.doc", "Secret.doc", "Field.doc",
            "EnumValue.doc", "EnumValue.deprecated", "Channel.doc", "Field.unit",
        ),
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in _TABLE}
"""All kinds of changes by their id, in the order of the docs."""
