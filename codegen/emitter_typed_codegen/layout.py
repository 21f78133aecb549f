"""Python expressions that lay themselves out as `ruff format` would, at whatever line length of 88 or more.

What fits a line of 88 stands on one line. What does not is exploded, one item a line, and held open by a magic trailing
comma, so that a formatter with longer lines has no reason to close it again.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

WIDTH = 88
"""The line length that everything fits where it can."""

STEP = 4
"""How far a block is indented."""

# Between code and a comment behind it, as long as something may still follow the code. No literal holds it.
_NOTE = "\0"


def _expressions(items: Sequence[Expression]) -> tuple[Expression, ...]:
    return tuple(items)


@frozen
class Group:
    """Something in brackets: a call, a subscript, a tuple, a list, a dict, parameters."""

    open: str
    """What stands before the items, with the bracket: `Mapping[`."""
    items: tuple[Expression, ...] = field(converter=_expressions)
    close: str
    """The bracket at the end."""

    @property
    def lonely(self) -> bool:
        """Whether it holds one item after which a comma is no layout, since it makes a tuple."""
        return len(self.items) == 1 and (self.open == "(" or (self.close == "]" and self.open != "["))


@frozen
class Joined:
    """Expressions and texts that follow each other, such as a name, `=` and a call."""

    parts: tuple[Expression, ...] = field(converter=_expressions)
    leading: bool = False
    """Whether the first brackets are exploded first, as in a function's head; otherwise it is the last ones."""


@frozen
class Either:
    """Operands with `|` between them."""

    operands: tuple[Expression, ...] = field(converter=_expressions)
    notes: tuple[str, ...] = ()
    """What is said of each operand in a comment, if they stand on lines of their own. Comments hold those open, too."""


Expression = str | Group | Joined | Either
"""What can be laid out; a text is printed as it is."""


def flat(expression: Expression) -> str:
    """Return an expression on one line."""
    match expression:
        case str():
            return expression
        case Group():
            comma = "," if expression.open == "(" and len(expression.items) == 1 else ""
            return f"{expression.open}{', '.join(map(flat, expression.items))}{comma}{expression.close}"
        case Joined():
            return "".join(map(flat, expression.parts))
        case Either():
            return " | ".join(map(flat, expression.operands))


def lay(expression: Expression, indent: int = 0, *, after: int = 0) -> str:
    """Return an expression as it stands in a file, without the indentation of its first line.

    Args:
        expression: What to lay out.
        indent: The indentation of the line that it begins.
        after: How many characters will follow it on its last line.
    """
    return "\n".join(_lines(expression, indent, start=indent, after=after)).replace(_NOTE, "  # ")


def _lines(expression: Expression, indent: int, *, start: int, after: int) -> list[str]:
    line = flat(expression)
    if start + len(line) + after <= WIDTH or not _explodes(expression):
        return [line]
    match expression:
        case Joined():
            return _explode_parts(expression, indent, start=start, after=after)
        case _:
            return _exploded(expression, indent)


def _explodes(expression: Expression) -> bool:
    """Whether something in it can be held open."""
    match expression:
        case str():
            return False
        case Group():
            return any(map(_explodes, expression.items)) if expression.lonely else bool(expression.items)
        case Joined():
            return any(map(_explodes, expression.parts))
        case Either():
            return bool(expression.notes) or any(map(_explodes, expression.operands))


def _exploded(expression: Expression, indent: int) -> list[str]:
    """Return all lines of what `_explodes`, even if it fits one; all but the first are indented."""
    match expression:
        case str():
            return [expression]
        case Group():
            return _exploded_group(expression, indent)
        case Joined():
            return _with_exploded(expression, indent, {i for i, part in enumerate(expression.parts) if _explodes(part)})
        case Either():
            lines: list[str] = []
            for index, operand in enumerate(expression.operands):
                sign = f"{' ' * indent}| " if index else ""
                head, *rest = (
                    _lines(operand, indent, start=indent + 2, after=0) if index else _exploded(operand, indent)
                )
                lines += [f"{sign}{head}", *rest]
                if expression.notes:
                    lines[-1] += f"{_NOTE}{expression.notes[index]}"
            return lines


def _exploded_group(group: Group, indent: int) -> list[str]:
    outer, inner = " " * indent, indent + STEP
    if group.lonely and group.open == "(":
        lines = _exploded(group.items[0], indent)
        return [f"({lines[0]}", *lines[1:-1], f"{lines[-1]},)"]
    lines = [group.open]
    for item in group.items:
        head, *rest = _exploded(item, inner) if group.lonely else _lines(item, inner, start=inner, after=1)
        lines += [f"{' ' * inner}{head}", *rest]
        if not group.lonely:
            code, *note = lines[-1].split(_NOTE)
            lines[-1] = _NOTE.join([f"{code},", *note])
    return [*lines, f"{outer}{group.close}"]


def _explode_parts(joined: Joined, indent: int, *, start: int, after: int) -> list[str]:
    able = [i for i, part in enumerate(joined.parts) if _explodes(part)]
    order = able if joined.leading else able[::-1]
    lines: list[str] = []
    for count in range(1, len(order) + 1):
        lines = _with_exploded(joined, indent, set(order[:count]))
        # The last line is followed by something, and the first one does not begin at the margin.
        widths = [len(line) for line in lines]
        widths[0] += start
        widths[-1] += after
        if max(widths) <= WIDTH:
            break
    return lines


def _with_exploded(joined: Joined, indent: int, which: set[int]) -> list[str]:
    lines = [""]
    for index, part in enumerate(joined.parts):
        head, *rest = _exploded(part, indent) if index in which else [flat(part)]
        lines[-1] += head
        lines += rest
    return lines
