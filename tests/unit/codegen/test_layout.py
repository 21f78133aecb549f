"""Expressions stand as `ruff format` would put them, whatever line length it is told."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emitter_typed_codegen.layout import Assigned, Bracketed, Either, Expression, Group, Joined, flat, lay


def words(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet="abc", min_size=least, max_size=most)


def call(name: str, items: list[Expression]) -> Expression:
    return Group(f"{name}(", items, ")")


def subscript(name: str, items: list[Expression]) -> Expression:
    return Group(f"{name}[", items, "]")


def listed(items: list[Expression]) -> Expression:
    return Group("[", items, "]")


def tupled(items: list[Expression]) -> Expression:
    return Group("(", items, ")")


def mapped(items: dict[str, Expression]) -> Expression:
    return Group("{", [Joined([f'"{key}": ', value]) for key, value in items.items()], "}")


def groups(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    many = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        st.builds(call, words(1, 30), st.lists(inner, max_size=4)),
        st.builds(subscript, words(1, 30), many),
        st.builds(listed, st.lists(inner, max_size=3)),
        st.builds(tupled, many),
        st.builds(mapped, st.dictionaries(words(1, 20), inner, max_size=3)),
    )


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(words(1, 40), groups, max_leaves=12)


@settings(max_examples=15)
@given(expressions=st.lists(EXPRESSIONS, min_size=20, max_size=20))
def test_a_formatter_changes_nothing(expressions: list[Expression]) -> None:
    statements = [Joined(["value = ", one]) for one in expressions]
    text = "".join(f"{lay(statement)}\n" for statement in statements)

    for width in (88, 110):
        assert formatted(text, width) == text


@pytest.mark.parametrize("length", range(1, 60))
def test_a_head_is_exploded_by_its_parameters_first(length: int) -> None:
    parameters = ["self", f"{'p' * length}: int = 0"]
    annotation = Group("Subscription[", [Group("Message[", ["A" * length, "B"], "]")], "]")
    text = lay(Joined([Group("def method(", parameters, ")"), " -> ", annotation, ": ..."], leading=True), 0) + "\n"

    assert formatted(text, 88) == text
    assert formatted(text, 110) == text


# As long as names are, up to those that leave no line for anything else.
NAMES = st.builds(
    str.__mul__, st.sampled_from("abE"), st.sampled_from([1, 8, 17, 20, 30, 45, 60, 75]) | st.integers(1, 90)
)


def sequence_of(item: Expression) -> Expression:
    return subscript("tuple", [item, "..."])


def mapping_to(value: Expression) -> Expression:
    return subscript("Mapping", ["str", value])


def optional(item: Expression) -> Expression:
    return item if isinstance(item, Either) else Either([item, "None"])


def open_enum(name: str) -> Expression:
    return Either([name, subscript("Unrecognized", ["str"]), "None"])


def unions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    wrapped = [st.builds(wrap, inner) for wrap in (sequence_of, mapping_to, optional)]
    return st.one_of(*wrapped, st.builds(open_enum, NAMES))


ANNOTATIONS: st.SearchStrategy[Expression] = st.recursive(NAMES, unions, max_leaves=4)


def settings_of(text: str) -> Expression:
    return call("field", [Joined(["default=", "None"]), Joined(["metadata=", call("wire", [f'"{text}"'])])])


def functions(name: str, parameter: str, annotation: Expression, returned: Expression) -> Expression:
    parameters: list[Expression] = ["self", "*", Joined([f"{parameter}: ", annotation, " = None"])]
    return Joined([Group(f"def {name}(", parameters, ")"), " -> ", Bracketed(returned), ": ..."], leading=True)


STATEMENTS = st.one_of(
    st.builds(Assigned, NAMES, st.builds(settings_of, NAMES), ANNOTATIONS),
    st.builds(Assigned, NAMES, st.none(), ANNOTATIONS),
    st.builds(Assigned, NAMES, ANNOTATIONS),
    st.builds(Assigned, NAMES, st.builds('"{}"'.format, NAMES)),
    st.builds(functions, NAMES, NAMES, ANNOTATIONS, ANNOTATIONS),
)


@settings(max_examples=15)
@given(statements=st.lists(STATEMENTS, min_size=30, max_size=30))
def test_a_formatter_changes_no_statement_with_types(statements: list[Expression]) -> None:
    """At the line length of the tools' defaults: what has no comma to hold it open closes on longer lines."""
    text = "class A:\n" + "".join(f"    {lay(statement, 4)}\n\n" for statement in statements).rstrip("\n") + "\n"

    assert formatted(text, 88) == text


@pytest.mark.parametrize("length", range(60, 90))
def test_what_is_returned_gets_brackets_where_they_help(length: int) -> None:
    returned = Joined(["return ", Bracketed(call("R" * length, ["self._client", call("self._narrowed", ["a=a"])]))])
    text = f"def method(a):\n    {lay(returned, 4)}\n"

    assert formatted(text, 88) == text


def test_wide_characters_count_twice() -> None:
    assert lay(call("名" * 40, ["aaaaaa", "b"])) == f"{'名' * 40}(\n    aaaaaa,\n    b,\n)"
    assert lay(call("é" * 40, ["aaaaaa", "b"])) == f"{'é' * 40}(aaaaaa, b)"


def test_what_fits_stands_on_one_line() -> None:
    call = Group("call(", ["a", Joined(["b=", "c"])], ")")

    assert lay(call) == flat(call) == "call(a, b=c)"


def test_what_does_not_fit_is_held_open_by_a_comma() -> None:
    assert lay(Group("call(", ["a" * 50, "b" * 50], ")"), 4) == (
        f"call(\n        {'a' * 50},\n        {'b' * 50},\n    )"
    )


def test_what_follows_counts() -> None:
    call = Group("call(", ["a" * 82], ")")

    assert lay(call) == flat(call)
    assert lay(Joined([call, ":"])) == f"call(\n    {'a' * 82},\n):"


def test_one_item_of_a_tuple_keeps_its_comma() -> None:
    assert lay(Group("(", ["a"], ")")) == "(a,)"


def test_operands_with_notes_stand_on_lines_of_their_own_if_they_must() -> None:
    names = tuple(letter * 30 for letter in "abc")
    union = Group("Annotated[", [Either(names, ("1", "2", "3")), "Tag()"], "]")
    text = f"X = {lay(union)}\n"

    assert f"    {names[0]}  # 1\n    | {names[1]}  # 2\n    | {names[2]},  # 3\n    Tag(),\n" in text
    assert formatted(text, 88) == formatted(text, 300) == text


@pytest.mark.parametrize("name", ["x" * 20, "x" * 40, "x" * 54])
@pytest.mark.parametrize("value", [None, Group("field(", ["metadata=wire('class')"], ")")])
def test_a_comma_in_an_operand_holds_no_annotation_open(name: str, value: Group | None) -> None:
    annotation = Either(["AsyncCallsChannels", "float", Group("tuple[", ["str", "..."], "]")])
    text = f"class R:\n    {lay(Assigned(name, value, annotation), 4)}\n".replace("'", '"')

    assert formatted(text, 88) == text


def formatted(text: str, width: int) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(width)]
    command += ["--stdin-filename", "module.py", "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=True, timeout=60).stdout
