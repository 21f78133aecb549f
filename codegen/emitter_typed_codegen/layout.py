"""Python expressions that lay themselves out as `ruff format` would, at whatever line length of 88 or more.

What fits a line of 88 stands on one line. What does not is exploded, one item a line, and held open by a magic trailing
comma, so that a formatter with longer lines has no reason to close it again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from attrs import field

from emitter_typed_codegen.data import frozen

WIDTH = 88
"""The line length that everything fits where it can."""

STEP = 4
"""How far a block is indented."""

# Between code and a comment behind it, as long as something may still follow the code. No literal holds it.
_NOTE = "\0"


def width(text: str) -> int:
    """Return how many columns a text takes on a line, as a formatter counts them."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


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


@frozen
class Bracketed:
    """What gets brackets around it where it would not fit otherwise, as a formatter does with a returned value."""

    item: Expression
    always: bool = False
    """Whether it gets them also where some line stays too long, as the body of a lambda does."""


@frozen
class Assigned:
    """A name with an annotation, a value, or both: a whole statement."""

    target: str
    value: Expression | None = None
    annotation: Expression | None = None


Expression = str | Group | Joined | Either | Bracketed | Assigned
"""What can be laid out; a text is printed as it is."""


def flat(expression: Expression) -> str:
    """Return an expression on one line."""
    match expression:
        case Joined():
            return "".join(_flat(expression.parts))
        case Group():
            comma = "," if expression.open == "(" and len(expression.items) == 1 else ""
            return f"{expression.open}{', '.join(_flat(expression.items))}{comma}{expression.close}"
        case str():
            return expression
        case Either():
            return " | ".join(_flat(expression.operands))
        case Bracketed():
            return flat(expression.item)
        case Assigned():
            annotation = "" if expression.annotation is None else f": {flat(expression.annotation)}"
            value = "" if expression.value is None else f" = {flat(expression.value)}"
            return f"{expression.target}{annotation}{value}"


def _flat(expressions: Sequence[Expression]) -> list[str]:
    # Most are texts, and there are tens of thousands.
    return [one if isinstance(one, str) else flat(one) for one in expressions]


def lay(expression: Expression, indent: int = 0) -> str:
    """Return an expression as it stands in a file, without the indentation of its first line.

    Args:
        expression: What to lay out.
        indent: The indentation of the line that it begins.
    """
    return "\n".join(_lines(expression, indent, start=indent, after=0)).replace(_NOTE, "  # ")


def _lines(expression: Expression, indent: int, *, start: int, after: int) -> list[str]:
    if isinstance(expression, str):
        return [expression]
    line = flat(expression)
    if start + width(line) + after <= WIDTH or not _explodes(expression):
        return [line]
    match expression:
        case Joined():
            return _explode_parts(expression, indent, start=start, after=after)
        case Bracketed():
            return _right(expression.item, indent, start=start, after=after, always=expression.always)
        case Assigned():
            return _assigned(expression, indent)
        case _:
            return _exploded(expression, indent)


def _explodes(expression: Expression) -> bool:
    """Whether something in it can be held open."""
    match expression:
        case str():
            return False
        case Group():
            subscript = expression.lonely and expression.close == "]"
            return any(map(_explodes, expression.items)) if subscript else bool(expression.items)
        case Joined():
            return any(map(_explodes, expression.parts))
        case Either():
            return len(expression.operands) > 1
        case Bracketed() | Assigned():
            return True


def _held(expression: Expression) -> bool:
    """Whether a comma or a comment in it would hold it open on longer lines, too."""
    match expression:
        case Either():
            # Only the first is held open where the others stand on lines of their own.
            return bool(expression.notes) or _held(expression.operands[0])
        case Group():
            return any(map(_held, expression.items)) if expression.lonely else bool(expression.items)
        case Joined():
            return any(map(_held, expression.parts))
        case Bracketed():
            return _held(expression.item)
        case _:
            return False


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
        case Bracketed():
            return _right(expression.item, indent, start=indent, after=WIDTH, always=expression.always)
        case Assigned():
            return _assigned(expression, indent)


def _right(expression: Expression, indent: int, *, start: int, after: int, always: bool = False) -> list[str]:
    """Return the lines of what stands behind `=`, `return` or the like: it gets brackets where they help."""
    line = flat(expression)
    if start + width(line) + after <= WIDTH:
        return [line]
    if isinstance(expression, Joined):
        return _lines(expression, indent, start=start, after=after)
    if isinstance(expression, Group) and _explodes(expression):
        lines = _exploded(expression, indent)
        # What opens it is all that must fit. Brackets that leave some line too long would be in vain.
        inside = _exploded(expression, indent + STEP)
        too_long = max(indent + STEP + width(inside[0]), *map(width, inside[1:])) > WIDTH
        if start + width(lines[0]) <= WIDTH or (not always and (too_long or start >= WIDTH)):
            return lines
    return _opened(expression, indent, start=start)


def _opened(expression: Expression, indent: int, *, start: int) -> list[str]:
    """Return something on lines of its own: exploded if it has brackets, else in brackets unless they are in vain."""
    inner = indent + STEP
    line = flat(expression)
    lines = [line]
    if isinstance(expression, Either):
        if _held(expression) or inner + width(line) > WIDTH:
            lines = _exploded(expression, inner)
    elif isinstance(expression, Group) and _explodes(expression):
        if inner + width(line) > WIDTH:
            lines = _exploded(expression, inner)
    elif start >= WIDTH or inner + width(line) > WIDTH:
        # Not even the bracket fits, or what stands in it does not.
        return [line]
    return ["(", f"{' ' * inner}{lines[0]}", *lines[1:], f"{' ' * indent})"]


def _assigned(statement: Assigned, indent: int) -> list[str]:
    """Return the lines of a statement that does not fit one."""
    target, annotation, value = statement.target, statement.annotation, statement.value
    if annotation is None:
        return _behind([f"{target} = "], _right(value or "", indent, start=indent + width(target) + 3, after=0))
    head = f"{target}: {flat(annotation)}"
    start = indent + width(head) + 3
    if value is not None:
        lines = _lines(value, indent, start=start, after=0)
        if start + width(lines[0]) <= WIDTH:
            return _behind([f"{head} = "], lines)
        if isinstance(annotation, str):
            return _behind([f"{head} = "], _right(value, indent, start=start, after=0))
        # `= (` still fits, and what opens the value does so below it.
        if not _held(annotation) and start < WIDTH and indent + STEP + width(lines[0]) <= WIDTH:
            return _behind([f"{head} = "], _opened(value, indent, start=start))
    start = indent + width(target) + 2
    if value is None:
        return _behind([f"{target}: "], _right(annotation, indent, start=start, after=WIDTH))
    plain = isinstance(annotation, Group) and _explodes(annotation)
    opened = _exploded(annotation, indent) if plain else _opened(annotation, indent, start=start)
    opened = _behind([f"{target}: "], opened)
    return _behind([*opened[:-1], f"{opened[-1]} = "], _right(value, indent, start=indent + 4, after=0))


def _behind(before: list[str], lines: list[str]) -> list[str]:
    return [*before[:-1], before[-1] + lines[0], *lines[1:]]


def _exploded_group(group: Group, indent: int) -> list[str]:
    outer, inner = " " * indent, indent + STEP
    lonely = group.lonely
    lines = [group.open]
    for item in group.items:
        head, *rest = _exploded(item, inner) if lonely else _lines(item, inner, start=inner, after=1)
        lines += [f"{' ' * inner}{head}", *rest]
        if not lonely or group.open == "(":
            code, mark, note = lines[-1].partition(_NOTE)
            lines[-1] = f"{code},{mark}{note}"
    return [*lines, f"{outer}{group.close}"]


def _explode_parts(joined: Joined, indent: int, *, start: int, after: int) -> list[str]:
    able = [i for i, part in enumerate(joined.parts) if _explodes(part)]
    order = able if joined.leading else able[::-1]
    lines: list[str] = []
    for count in range(1, len(order) + 1):
        lines = _with_exploded(joined, indent, set(order[:count]), start=start, after=after)
        # The last line is followed by something, and the first one does not begin at the margin.
        widths = [width(line) for line in lines]
        widths[0] += start
        widths[-1] += after
        if max(widths) <= WIDTH:
            break
    return lines


def _with_exploded(joined: Joined, indent: int, which: set[int], *, start: int = 0, after: int = 0) -> list[str]:
    lines = [""]
    for index, part in enumerate(joined.parts):
        if index not in which:
            head, *rest = [flat(part)]
        elif isinstance(part, Bracketed):
            before = width(lines[-1]) + (start if len(lines) == 1 else 0)
            behind = sum(width(flat(later)) for later in joined.parts[index + 1 :]) + after
            head, *rest = _right(part.item, indent, start=before, after=behind, always=part.always)
        else:
            head, *rest = _exploded(part, indent)
        lines[-1] += head
        lines += rest
    return lines
