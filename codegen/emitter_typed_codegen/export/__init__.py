"""A schema as documents for others: AsyncAPI, JSON Schema, and a page for people."""

from __future__ import annotations

from typing import Literal, get_args

Target = Literal["asyncapi", "jsonschema", "html"]
"""What a schema can be exported to."""

TARGETS: tuple[Target, ...] = get_args(Target)
