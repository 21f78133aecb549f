"""The documents that can be made of a schema, and the text of each."""

from __future__ import annotations

from emitter_typed_codegen.export import Target
from emitter_typed_codegen.export.asyncapi import asyncapi
from emitter_typed_codegen.export.examples import Examples
from emitter_typed_codegen.export.json_schema import JsonSchemas
from emitter_typed_codegen.export.json_text import Json, json_text, keys
from emitter_typed_codegen.export.page import page
from emitter_typed_codegen.model import Named, Schema, channel_types, reachable
from emitter_typed_codegen.ownership import MARK
from emitter_typed_codegen.render import render_page
from emitter_typed_codegen.version import VERSION


def export(schema: Schema, target: Target) -> str:
    """Return a schema as a document.

    Args:
        schema: A schema of types and channels; what a protocol has besides is left out.
        target: The form.
    """
    generated = f"{MARK} {VERSION} from {schema.source}. Do not edit: your changes would be lost."
    match target:
        case "asyncapi":
            return json_text(asyncapi(schema, generated))
        case "jsonschema":
            return json_text(_json_schema(schema, generated))
        case "html":
            return render_page(page(schema, generated))


def _json_schema(schema: Schema, generated: str) -> Json:
    names = reachable(schema, [*(Named(one.name) for one in schema.types), *channel_types(schema.channels)])
    schemas = JsonSchemas(schema, keys(names), "#/$defs/", Examples(schema))
    return {
        "$comment": generated,
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema.name,
        **({"description": schema.doc} if schema.doc else {}),
        "$defs": {schemas.keys[name]: schemas.declared(schema.by_name[name]) for name in names},
    }
