"""What changed between two schemas, and whom it hurts. Works on two models, and knows nothing of files."""

from __future__ import annotations

from emitter_typed_codegen.compare.changes import compare
from emitter_typed_codegen.compare.rules import BREAKING, EFFECTS, ORDERS, RULES, Effect, Order, Rule
from emitter_typed_codegen.compare.walk import Change, Keys

__all__ = ["BREAKING", "EFFECTS", "ORDERS", "RULES", "Change", "Effect", "Keys", "Order", "Rule", "compare"]
