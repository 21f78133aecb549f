"""Nodes into the model: every rule of the language, and every problem of a schema in one pass."""

from __future__ import annotations

from emitter_typed_codegen.resolve.schema import load

__all__ = ["load"]
