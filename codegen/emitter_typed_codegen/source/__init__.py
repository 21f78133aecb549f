"""A file into nodes that know the place of every key and value, before anything is asked of what they say."""

from __future__ import annotations

from emitter_typed_codegen.source.file import MOST_BYTES, read
from emitter_typed_codegen.source.tree import (
    BrokenNode,
    Document,
    ListNode,
    MapNode,
    Node,
    Place,
    Placed,
    ScalarNode,
    written_imports,
)

__all__ = [
    "MOST_BYTES",
    "BrokenNode",
    "Document",
    "ListNode",
    "MapNode",
    "Node",
    "Place",
    "Placed",
    "ScalarNode",
    "read",
    "written_imports",
]
