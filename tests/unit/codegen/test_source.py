"""Nodes with places out of any file at all."""

import os
from pathlib import Path

import pytest

from emitter_typed_codegen.source import MOST_BYTES, ListNode, MapNode, Node, ScalarNode, read


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "home.yaml"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def root(folder: Path, content: str) -> MapNode:
    document = read(written(folder, content))
    assert document.problems == []
    assert isinstance(document.root, MapNode)
    return document.root


def only_problem(path: Path) -> tuple[int, int, str, str]:
    document = read(path)
    assert document.root is None
    (problem,) = document.problems
    return problem.line, problem.column, problem.rule, problem.message


def place(node: Node) -> tuple[int, int, int]:
    return node.line, node.column, node.end_column


def test_every_key_and_value_knows_its_place(tmp_path: Path) -> None:
    node = root(tmp_path, 'é: eins\nzwei:\n  - {a: "b", c: [1,\n      2]}\n')
    (first_key, first), (second_key, second) = node.pairs
    assert isinstance(second, ListNode)
    (item,) = second.items
    assert isinstance(item, MapNode)

    assert place(first_key) == (1, 1, 2)
    assert place(first) == (1, 4, 8)
    assert place(second_key) == (2, 1, 5)
    assert place(item) == (3, 5, 20)
    assert [place(value) for _, value in item.pairs] == [(3, 9, 12), (3, 17, 20)]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["no", "on", "1e3", "0o17", "2018-01-01", "12:30:45", "0x1F", "1_000", ".inf"])
def test_a_scalar_stays_the_text_that_was_typed(text: str, tmp_path: Path) -> None:
    ((_, plain),) = root(tmp_path, f"a: {text}\n").pairs
    ((_, quoted),) = root(tmp_path, f'a: "{text}"\n').pairs

    assert isinstance(plain, ScalarNode)
    assert isinstance(quoted, ScalarNode)
    assert (plain.value, plain.plain) == (text, True)
    assert (quoted.value, quoted.plain) == (text, False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"a\uD83D\uDE00b"', "a\U0001f600b"),
        (r'"\U0000d83d\U0000de00"', "\U0001f600"),
        (r"'\ud83d\ude00'", r"\ud83d\ude00"),
        (r'"\\ud83d"', r"\ud83d"),
    ],
)
@pytest.mark.usefixtures("loader")
def test_a_pair_of_surrogates_is_a_character(text: str, value: str, tmp_path: Path) -> None:
    """Libraries for JSON write one so, as `json.dumps` does by default."""
    ((_, node),) = root(tmp_path, f"a: {text}\n").pairs

    assert isinstance(node, ScalarNode)
    assert node.value == value


@pytest.mark.parametrize("text", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\ud83d\ude00\ud83d", r"\U0000DE00"])
@pytest.mark.usefixtures("loader")
def test_half_a_pair_of_surrogates_is_a_problem(text: str, tmp_path: Path) -> None:
    (problem,) = read(written(tmp_path, f'a: "{text}"\n')).problems

    assert (problem.column, problem.rule) == (4, "bad-character")
    assert problem.message == "an escape in this text is half of a surrogate pair"


def test_null_is_told_from_the_text_null(tmp_path: Path) -> None:
    values = [value for _, value in root(tmp_path, "a: null\nb: ~\nc:\nd: 'null'\ne: ''\n").pairs]

    assert [isinstance(value, ScalarNode) and value.is_null for value in values] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_part_of_a_scalar_is_found_inside_its_quotes(tmp_path: Path) -> None:
    ((_, value),) = root(tmp_path, 'a: "home/{room}/"\n').pairs

    assert isinstance(value, ScalarNode)
    part = value.part(5, 11)
    assert (part.line, part.column, part.end_column) == (1, 10, 16)


def test_a_missing_file_is_a_problem_with_the_name_that_is_close(tmp_path: Path) -> None:
    written(tmp_path, "")
    (problem,) = read(tmp_path / "hone.yaml").problems

    assert (problem.line, problem.rule) == (0, "no-file")
    assert problem.hint == "did you mean 'home.yaml'?"


def test_a_folder_is_a_problem(tmp_path: Path) -> None:
    assert only_problem(tmp_path) == (0, 0, "not-readable", "this is a folder, not a file")


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    # A link to itself: nobody can open it, whereas root may open a file without permissions.
    path = tmp_path / "home.yaml"
    path.symlink_to(path)

    assert only_problem(path)[2] == "not-readable"


def test_a_path_that_cannot_be_is_a_problem() -> None:
    assert only_problem(Path("a\0b"))[2] == "not-readable"


@pytest.mark.posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "home.yaml")

    assert only_problem(tmp_path / "home.yaml") == (0, 0, "not-readable", "this is a pipe or a device, not a file")


def test_a_large_file_is_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path, b"#" * (MOST_BYTES + 1))

    assert only_problem(path)[2] == "too-large"


@pytest.mark.parametrize("content", ["", "\n\n", "# a comment\n", "---\n", "null\n"])
def test_an_empty_file_is_a_problem(content: str, tmp_path: Path) -> None:
    assert only_problem(written(tmp_path, content))[2] == "empty-file"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: b\nc: T\xfcr\n", (2, 5, "encoding", "the byte 0xfc is not UTF-8")),
        (b"a: b\nc: \xed\xa0\x80\n", (2, 4, "encoding", "the byte 0xed is not UTF-8")),
        ("a: b\n".encode("utf-16"), (0, 0, "encoding", "the file is UTF-16")),
        ("a: b\n".encode("utf-16-le"), (0, 0, "encoding", "the file is UTF-16")),
        ("a: b\n".encode("utf-16-be"), (0, 0, "encoding", "the file is UTF-16")),
        ("\ufeffa: b\n".encode("utf-16-be"), (0, 0, "encoding", "the file is UTF-16")),
        ("a: b\n".encode("utf-32"), (0, 0, "encoding", "the file is UTF-32")),
        ("a: b\n".encode("utf-32-le"), (0, 0, "encoding", "the file is UTF-32")),
        ("a: b\n".encode("utf-32-be"), (0, 0, "encoding", "the file is UTF-32")),
        ("\ufeffa: b\n".encode("utf-32-be"), (0, 0, "encoding", "the file is UTF-32")),
        (b"\xef\xbb\xbfa: b\n", (1, 1, "bad-character", "the file begins with a byte-order mark (BOM)")),
        (b"a: b\x00\n", (1, 5, "bad-character", "a schema cannot contain the character U+0000")),
        (b"a: b\xc2\x85c\n", (1, 5, "bad-character", "a schema cannot contain the character U+0085")),
        (b"[" * 100_000, (1, 65, "too-deep", "lists and maps are nested more than 64 deep")),
    ],
)
@pytest.mark.usefixtures("loader")
def test_a_file_that_cannot_be_read_at_all_is_one_problem(
    content: bytes, expected: tuple[int, int, str, str], tmp_path: Path
) -> None:
    assert only_problem(written(tmp_path, content)) == expected


def test_reading_goes_on_after_what_is_no_part_of_the_language(tmp_path: Path) -> None:
    document = read(written(tmp_path, "a: &x b\nc: *x\n<<: {d: e}\nf: !!int 1\na: g\n? [h]\n: i\n"))

    assert [(problem.line, problem.rule) for problem in document.problems] == [
        (1, "yaml-feature"),
        (2, "yaml-feature"),
        (3, "yaml-feature"),
        (4, "yaml-feature"),
        (5, "duplicate-key"),
        (6, "key-not-text"),
    ]
