"""What changed in channels, and which channels a change is about."""

from __future__ import annotations

from emitter_typed_codegen.compare.fields import compare_units
from emitter_typed_codegen.compare.uses import compare_use
from emitter_typed_codegen.compare.values import differ
from emitter_typed_codegen.compare.walk import At, Change, Walk
from emitter_typed_codegen.compare.words import short
from emitter_typed_codegen.model import Channel, Schema, channel_types, reachable


def compare_channels(walk: Walk) -> None:
    """Compare all channels of two schemas: by their names, or by their addresses if they were renamed."""
    new = {one.name: one for one in walk.new.channels}
    old = {one.name: one for one in walk.old.channels}
    come = [one for one in walk.new.channels if one.name not in old]
    for channel in walk.old.channels:
        at = ("channels", channel.name)
        same = new.get(channel.name)
        if same is None:
            same = next((one for one in come if _shape(one) == _shape(channel)), None)
            if same is None:
                walk.add("channel-removed", at, None, f"the channel {channel.name} ({channel.address}) is removed")
                continue
            come.remove(same)
            walk.add("channel-renamed", at, ("channels", same.name), f"{channel.name} → {same.name}")
        _channel(walk, channel, same, At(at, ("channels", same.name)))
    for channel in come:
        at = ("channels", channel.name)
        walk.add("channel-added", None, at, f"the channel {channel.name} ({channel.address}) is added")


def _channel(walk: Walk, old: Channel, new: Channel, at: At) -> None:
    _address(walk, old, new, at)
    compare_use(walk, old.payload, new.payload, at.inside("payload"), position="payload", nulls=(True, True))
    before, after = dict(old.options), dict(new.options)
    for name in sorted(before | after):
        inside = at.inside("options", name)
        if name not in after:
            message = f"the option {name}: {short(before[name])} is removed"
            walk.add("option-removed", inside.old, at.new, message)
        elif name not in before:
            # Such as echo: what programs had until now is switched off.
            rule = "option-changed" if after[name] is False else "option-added"
            walk.add(rule, at.old, inside.new, f"the option {name}: {short(after[name])} is added")
        elif differ(before[name], after[name]):
            message = f"the option {name}: {short(before[name])} → {short(after[name])}"
            walk.add("option-changed", *inside, message)
    if old.direction != new.direction:
        rule = "direction-widened" if new.direction == "both" else "direction-narrowed"
        walk.add(rule, *at.inside("direction"), f"direction: {old.direction} → {new.direction}")
    if old.overlaps != new.overlaps:
        message = f"overlaps: {short(old.overlaps)} → {short(new.overlaps)}"
        walk.add("overlaps-changed", *at.inside("overlaps"), message)
    walk.deprecated(old.deprecated, new.deprecated, at)
    walk.doc(old.doc, new.doc, at)


def _address(walk: Walk, old: Channel, new: Channel, at: At) -> None:
    if _shape(old) != _shape(new):
        message = f"address: {old.address} → {new.address}"
        reused = any(_shape(one) == _shape(new) for one in walk.old.channels)
        walk.add("address-reused" if reused else "address-changed", *at.inside("address"), message)
        by_name = {param.name: param for param in new.params}
        params = [(one, by_name[one.name]) for one in old.params if one.name in by_name]
    else:
        params = list(zip(old.params, new.params, strict=True))
    names = {param.name for param in old.params}
    for before, after in params:
        inside = at.inside("params").of(before.name, after.name)
        if before.name != after.name:
            rule = "parameter-name-reused" if after.name in names else "parameter-renamed"
            walk.add(rule, *inside, f"{{{before.name}}} → {{{after.name}}}")
        compare_use(
            walk,
            before.type,
            after.type,
            inside,
            position="segment",
            formats=(before.format, after.format),
            limits=(before.constraints, after.constraints),
            nulls=(True, True),
        )
        compare_units(walk, before, after, inside)
        walk.doc(before.doc, after.doc, inside)


def _shape(channel: Channel) -> str:
    return "/".join("{}" if one.startswith("{") else one for one in channel.address.split("/"))


def users(schema: Schema) -> dict[str, tuple[str, ...]]:
    """Return the channels that use each type, in the order of the schema."""
    found: dict[str, list[str]] = {}
    for channel in schema.channels:
        for name in reachable(schema, channel_types([channel])):
            found.setdefault(name, []).append(channel.name)
    return {name: tuple(channels) for name, channels in found.items()}


def channels_of(change: Change, old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the channels whose messages a change is about, given the users of each type of both schemas."""
    found: dict[str, None] = {}
    for keys, using in ((change.new, new), (change.old, old)):
        match keys or ():
            case ("channels", name, *_) if not found:
                found[name] = None
            case ("types", name, *_):
                found |= dict.fromkeys(using.get(name, ()))
            case ("imports", way, "types", name, *_):
                found |= dict.fromkeys(using.get(f"{way}.{name}", ()))
            case _:
                pass
    return tuple(found)
