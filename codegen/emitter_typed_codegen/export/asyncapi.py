"""A schema as an AsyncAPI 3.0 document, from the view of an application that uses its facade."""

from __future__ import annotations

from collections.abc import Mapping

from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.export.channels import (
    DIRECTIONS,
    is_stored,
    key_target,
    media_type,
    mqtt_binding,
    parameter_name,
    payload_name,
    permissions,
    segments,
)
from emitter_typed_codegen.export.examples import Examples
from emitter_typed_codegen.export.json_schema import JsonSchemas
from emitter_typed_codegen.export.json_text import Json, keys
from emitter_typed_codegen.export.values import json_value
from emitter_typed_codegen.model import Channel, Enum, Field, Named, Schema, channel_types, reachable
from emitter_typed_codegen.texts import first_sentence, sentence

VERSION_UNKNOWN = "0.0.0"
"""What stands for the version of a schema that has none: AsyncAPI asks for one."""

_ACTIONS = {"publish": "send", "subscribe": "receive"}


def asyncapi(schema: Schema, generated: str) -> Json:
    """Return the document.

    Args:
        schema: The schema.
        generated: What says that the document is not to be edited.
    """
    names, examples = keys(one.name for one in (*schema.types, *schema.imported)), Examples(schema)
    schemas = JsonSchemas(schema, names, "#/components/schemas/", examples, extensions=True)
    return _Document(schema, schemas, keys(one.name for one in schema.channels)).whole(generated)


@frozen
class _Document:
    schema: Schema
    schemas: JsonSchemas
    channels: Mapping[str, str]
    """What each channel is called in a reference."""

    def whole(self, generated: str) -> Json:
        schema = self.schema
        info: Json = {"title": schema.name, "version": schema.version or VERSION_UNKNOWN}
        if schema.doc:
            info["description"] = schema.doc
        # Without a channel, the types are all that there is.
        used = reachable(schema, channel_types(schema.channels) or [Named(one.name) for one in schema.types])
        messages = {
            self.schemas.keys[name]: self._message(channel)
            for channel in schema.channels
            if (name := payload_name(channel)) is not None
        }
        components: Json = {
            "schemas": {self.schemas.keys[name]: self.schemas.declared(schema.by_name[name]) for name in used},
            "messages": messages,
        }
        return {
            "x-generated": generated,
            "asyncapi": "3.0.0",
            "info": info,
            "defaultContentType": "application/json",
            "channels": {self.channels[one.name]: self._channel(one) for one in schema.channels},
            "operations": {
                f"{_ACTIONS[direction]}_{self.channels[one.name]}": self._operation(one, direction)
                for one in schema.channels
                for direction in DIRECTIONS[one.direction]
            },
            "components": {name: held for name, held in components.items() if held},
        }

    def _channel(self, channel: Channel) -> Json:
        name = payload_name(channel)
        message: Json = (
            {self.channels[channel.name]: self._message(channel)}
            if name is None
            else {self.schemas.keys[name]: {"$ref": f"#/components/messages/{self.schemas.keys[name]}"}}
        )
        parameters = keys(one.name for one in channel.params)
        address = [
            f"{{{parameters[name]}}}" if (name := parameter_name(part)) is not None else part
            for part in segments(channel)
        ]
        made: Json = {
            "address": "".join(f"{part}/" for part in address),
            "title": channel.name,
            **self._described(channel),
            "messages": message,
        }
        if channel.params:
            made["parameters"] = {parameters[one.name]: self._parameter(one) for one in channel.params}
        made["x-emitter-key"] = key_target(channel)
        made["x-emitter-stored"] = is_stored(channel)
        if channel.options:
            made["x-emitter-options"] = {option: json_value(value) for option, value in channel.options}
        if channel.deprecated is not None:
            made["x-emitter-deprecated"] = channel.deprecated
        return made

    def _described(self, channel: Channel) -> Json:
        text = " ".join(sentence(" ".join(one.split())) for one in (channel.doc, _deprecation(channel)) if one.strip())
        summary = first_sentence(text)
        return {"summary": summary, **({"description": text} if text != summary else {})} if text else {}

    def _parameter(self, one: Field) -> Json:
        base = resolve(self.schema, one.type).base
        text = " ".join([sentence(" ".join(one.doc.split())), *map(sentence, self.schemas.field_notes(one))]).strip()
        made: Json = {"description": text} if text else {}
        if isinstance(base, Enum) and not base.open:
            made["enum"] = [str(value.wire) for value in base.values]
        example = self.schemas.examples.parameter(one)
        if example is not None:
            made["examples"] = [example]
        return {**made, "x-emitter-schema": self.schemas.of(one.type, one.constraints)}

    def _message(self, channel: Channel) -> Json:
        name = payload_name(channel)
        made: Json = {"name": name or channel.name, "title": name or channel.name}
        declared = self.schema.by_name.get(name or "")
        if declared is not None and declared.doc:
            made["summary"] = first_sentence(declared.doc)
        kind = media_type(self.schema, channel.payload)
        made["contentType"] = kind
        if kind == "application/octet-stream":
            return {**made, "payload": {"type": "string", "format": "binary"}}
        made["payload"] = self.schemas.of(channel.payload)
        examples = self.schemas.examples.several(channel.payload, channel.name)
        if examples:
            made["examples"] = [{"payload": one.value} for one in examples]
        return made

    def _operation(self, channel: Channel, direction: str) -> Json:
        key, name = self.channels[channel.name], payload_name(channel)
        message = key if name is None else self.schemas.keys[name]
        text = first_sentence(channel.doc) if channel.doc else ""
        made: Json = {
            "action": _ACTIONS[direction],
            "channel": {"$ref": f"#/channels/{key}"},
            "title": f"{direction.capitalize()} {channel.name}",
            **({"summary": text} if text else {}),
            "messages": [{"$ref": f"#/channels/{key}/messages/{message}"}],
            "x-emitter-permissions": permissions(channel, direction),
        }
        binding = mqtt_binding(channel)
        if binding and direction == "publish":
            made["bindings"] = {"mqtt": {**binding, "bindingVersion": "0.2.0"}}
        return made


def _deprecation(channel: Channel) -> str:
    return "" if channel.deprecated is None else f"Deprecated: {channel.deprecated}"
