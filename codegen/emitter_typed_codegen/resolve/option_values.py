"""The values that a schema gives to options: an operation its own, a channel its defaults."""

from __future__ import annotations

from emitter_typed_codegen.language.shapes import listed
from emitter_typed_codegen.model import Literal_, Setting
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.constraints import check_constraints
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.values import UNFIT, Unfit, read_value
from emitter_typed_codegen.source import Node


def read_option_value(symbols: SymbolTable, node: Node, option: Setting) -> Literal_ | Unfit:
    """Read a value of an option, which keeps the option's constraints and is one of its values if it has some."""
    what = f"the option {quoted(option.name)}"
    value = read_value(symbols, node, option.type, "bad-value", what)
    if value is UNFIT:
        return UNFIT
    check_constraints(symbols, node, option.type, value, option.constraints, "bad-value", what)
    if option.values and value not in option.values and symbols.base(option.type) is not None:
        known = listed([str(one) for one in option.values], "or")
        symbols.report.add(node, "bad-value", f"{what} must be {known}")
    return value
