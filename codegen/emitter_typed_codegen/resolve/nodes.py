"""Maps, lists and texts out of nodes, with a problem where one is not what the language asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import field

from emitter_typed_codegen.data import define
from emitter_typed_codegen.language.shapes import LONGEST_NAME, Choice, Shape, listed
from emitter_typed_codegen.language.texts import WIDE_COLON
from emitter_typed_codegen.language.users import CHANNEL, FIELD, KINDS, PARAMETER, VALUE
from emitter_typed_codegen.problems import Problem, Rule, did_you_mean, quoted
from emitter_typed_codegen.resolve.synonyms import key_advice, key_called, truth_meant, word_advice
from emitter_typed_codegen.source import BrokenNode, ListNode, MapNode, Node, Placed, ScalarNode
from emitter_typed_codegen.wording import with_article

ChoiceT = TypeVar("ChoiceT", bound=str)

_MISSING: frozenset[Rule] = frozenset(
    {
        "missing-key", "unknown-type", "unknown-event", "unknown-error", "unknown-operation", "unknown-option",
        "address-parameter", "topic-parameter", "event-channel", "stored-fetch", "lasting-request", "watch-request",
        "fetch-pages", "request-options", "needs-envelope", "union-values", "union-member",
    }
)  # fmt: skip
_NO_ADVICE = frozenset({"true", "false", "yes", "no", "on", "off", "null", "~"})
_MOST_HINTS = 200
_MOST_LISTED = 12
_MOST_KNOWN = 1000


@define(eq=False)
class Report:
    """Collects the problems of one file."""

    problems: list[Problem] = field(factory=list[Problem])

    def add(self, place: Placed, rule: Rule, message: str, hint: str = "") -> None:
        """Note a problem, unless what is missing may stand where the file could not be read."""
        if rule in _MISSING and not place.text.whole:
            return
        self.problems.append(place.problem(rule, message, hint))

    def meant(self, text: str, names: Iterable[str]) -> str:
        """Return "did you mean …?", or nothing where no name is close or the search would take long."""
        if len(self.problems) > _MOST_HINTS:
            return ""
        known = tuple(names)
        return "" if len(known) > _MOST_KNOWN else did_you_mean(text, known)

    def one_of(self, text: str, names: Sequence[str]) -> str:
        """Return "did you mean …?", or which names there are if they are few."""
        few = 0 < len(names) <= _MOST_LISTED
        return self.meant(text, names) or (f"write {listed(names, 'or')}" if few else "")

    def unknown(self, place: Placed, rule: Rule, what: str, name: str, known: Collection[str]) -> None:
        """Note a name that nothing has, with the closest one that something has."""
        self.add(place, rule, f"there is no {what} {quoted(name)}", self.one_of(name, sorted(known)))

    def expect(self, node: Node, what: str, shape: str, hint: str = "") -> None:
        """Note that a node has the wrong shape; a broken one is not mentioned again."""
        if not isinstance(node, BrokenNode):
            self.add(node, "wrong-shape", f"{what} must be {shape}, not {_shape(node)}", hint or _hint(node, shape))

    def entries(
        self,
        node: Node,
        shape: Shape,
        what: str,
        *,
        at: Placed,
        ignored: Sequence[str] = (),
    ) -> Entries:
        """Read a map whose keys the language knows.

        Args:
            node: The map. Anything else is a problem, and reads as an empty map.
            shape: The keys that it may have, and must have.
            what: What it describes, as in "a channel".
            at: Where a missing key is reported: the key that the map belongs to.
            ignored: Keys that have their problem already.

        Returns:
            The entries with known keys.
        """
        known = (*shape.required, *shape.optional)
        if not isinstance(node, MapNode):
            self.expect(node, what, f"a map with {listed(shape.required or known)}", _keyed(node, shape))
            return Entries(self, shape, at, {})
        found: dict[str, tuple[ScalarNode, Node]] = {}
        elsewhere: set[str | None] = set()
        for key, value in node.pairs:
            if key.value in known or key.value in ignored:
                found[key.value] = (key, value)
            else:
                elsewhere.add(key_called(key.value, known))
                hint = _asciified(key.value) or key_advice(key.value, known) or self.meant(key.value, known)
                hint = hint or _another_shapes(key.value) or _behind_comma(key) or f"its keys are {listed(known)}"
                if not key.value.isprintable():
                    # Such as a space that was copied from a page.
                    hint = "delete the character that is not visible, and indent with spaces"
                self.add(key, "unknown-key", f"{what} has no key {quoted(key.value)}", hint)
        beside = (
            other
            for key_name, others in shape.together
            if key_name in found
            for other in others
            if other not in shape.one_of
        )
        for key_name in dict.fromkeys((*shape.required, *beside)):
            if key_name not in found and key_name not in elsewhere:
                example = shape.example(key_name)
                hint = f"write {key_name}: {example}" if example else ""
                self.add(at, "missing-key", f"{what} lacks the key {quoted(key_name)}", hint)
        self._check_one_of(found, elsewhere, shape, what, at)
        return Entries(self, shape, at, found)

    def _check_one_of(
        self,
        found: Mapping[str, tuple[ScalarNode, Node]],
        elsewhere: set[str | None],
        shape: Shape,
        what: str,
        at: Placed,
    ) -> None:
        there = [name for name in shape.one_of if name in found]
        for second in there[1:]:
            message = f"{what} cannot have both {quoted(there[0])} and {quoted(second)}"
            self.add(found[second][0], "wrong-shape", message, "remove one of them")
        if shape.one_of and not there and not elsewhere.intersection(shape.one_of):
            hint = f"write {' or '.join(f'{name}: {shape.example(name)}' for name in shape.one_of)}"
            self.add(at, "missing-key", f"{what} lacks the key {listed([*map(quoted, shape.one_of)], 'or')}", hint)

    def named(
        self, node: Node | None, what: str, shape: str = "a map of names to descriptions"
    ) -> Iterator[tuple[ScalarNode, Node]]:
        """Yield names and descriptions out of a map whose keys the author chooses; None is an empty map.

        `what` is the plural of what is described, as in "channels".
        """
        if node is None:
            return
        if not isinstance(node, MapNode):
            self.expect(node, what, shape)
            return
        for key, value in node.pairs:
            if self.is_name(key):
                yield key, value

    def is_name(self, node: ScalarNode) -> bool:
        """Tell whether a text can be a name, and note a problem if not."""
        if not node.value.strip():
            self.add(node, "bad-name", "the name is empty", "write at least one visible character")
        elif len(node.value) > LONGEST_NAME:
            self.add(node, "bad-name", f"the name has more than {LONGEST_NAME} characters", "shorten it")
        elif not node.value.isprintable():
            message = f"the name {quoted(node.value)} contains a character that is not visible"
            self.add(node, "bad-name", message, "delete that character, or type the space before the value again")
        else:
            return True
        return False

    def items(self, node: Node | None, what: str, hint: str = "") -> list[Node]:
        """Return the items of a list; None and what is no list are an empty one."""
        if node is None:
            return []
        if not isinstance(node, ListNode):
            self.expect(node, what, "a list", hint)
            return []
        return [item for item in node.items if not isinstance(item, BrokenNode)]

    def texts(
        self, node: Node | None, what: str, *, empty: bool = False, inline: str = "", hint: str = ""
    ) -> list[ScalarNode]:
        """Return the texts of a list; whatever else it holds is a problem, an empty one too unless it is allowed.

        `inline` is what to do where a list or a map stands instead of a text, and `hint` where no list stands.
        """
        found: list[ScalarNode] = []
        for item in self.items(node, what, hint):
            if isinstance(item, ScalarNode) and not item.is_null and (item.value or empty):
                found.append(item)
            else:
                self.expect(item, f"each item of {what}", "a text", inline)
        return found


@define(eq=False)
class Entries:
    """The entries of a map whose keys the language knows."""

    report: Report
    shape: Shape
    at: Placed
    found: dict[str, tuple[ScalarNode, Node]]

    def __contains__(self, key: str) -> bool:
        return key in self.found

    def get(self, key: str) -> Node | None:
        """Return the value of a key; None if it is absent, or cannot be read and was reported."""
        found = self.found.get(key)
        return None if found is None or isinstance(found[1], BrokenNode) else found[1]

    def key(self, key: str) -> Placed:
        """Return the place of a key, or of what the map belongs to if the key is absent."""
        return self.found[key][0] if key in self.found else self.at

    def scalar(self, key: str) -> ScalarNode | None:
        """Return a text that is not empty; None if there is none."""
        node = self.get(key)
        if node is None:
            return None
        if not isinstance(node, ScalarNode) or node.is_null or not node.value:
            known = self.shape.key(key)
            example = self.shape.example(key) if isinstance(node, ScalarNode) and not node.value else ""
            hint = f"write {key}: {example}" if example else ""
            self.report.expect(node, quoted(key), "a text" if known is None else known.value.called, hint)
            return None
        return node

    def text(self, key: str) -> str:
        """Return a text, stripped; unlike with `scalar`, it may be empty, as it is for null."""
        node = self.get(key)
        if node is None or (isinstance(node, ScalarNode) and node.is_null):
            return ""
        if not isinstance(node, ScalarNode):
            self.report.expect(node, quoted(key), "a text")
            return ""
        return node.value.strip()

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        node = self.scalar(key)
        if node is None:
            return default
        if node.plain and node.value in ("true", "false"):
            return node.value == "true"
        truth = truth_meant(node.value)
        message = f"{quoted(key)} must be true or false, without quotes, not {quoted(node.value)}"
        self.report.add(node, "bad-value", message, f"write {truth}" if truth else "")
        return default

    def deprecated(self) -> str | None:
        """Return the advice to users of something deprecated; None if it is not deprecated."""
        node = self.scalar("deprecated")
        if node is None:
            return None
        if node.value.lower() in _NO_ADVICE:
            message = f"'deprecated' must be a text that says what to use instead, not {quoted(node.value)}"
            self.report.add(node, "bad-value", message, "write it as in deprecated: use climate")
        return node.value

    def choice(self, key: str, choice: Choice[ChoiceT]) -> ChoiceT:
        """Return one of a few words."""
        node = self.scalar(key)
        if node is None:
            return choice.default
        words = [word for word, _ in choice.words]
        for word in words:
            if node.value == word:
                return word
        hint = word_advice(node.value, words) or self.report.meant(node.value, words)
        self.report.add(node, "bad-value", f"{quoted(key)} must be {choice.called}, not {quoted(node.value)}", hint)
        return choice.default


def find(node: Node | None, *keys: str) -> Node | None:
    """Return what stands in maps within maps under these keys; None if nothing does."""
    for wanted in keys:
        pairs = node.pairs if isinstance(node, MapNode) else []
        node = next((value for key, value in pairs if key.value == wanted), None)
    return node


def _hint(node: Node, shape: str) -> str:
    """Return what to write instead of a node of the wrong shape."""
    if isinstance(node, ListNode) and shape.startswith("a map of"):
        return "write a name before each, as in {common: ./common.yaml}" if "paths" in shape else _as_map(node)
    if isinstance(node, MapNode) and shape == "a list" and node.pairs and "enum" not in shape:
        values = [value.value for _, value in node.pairs if isinstance(value, ScalarNode) and value.value]
        names = values if len(values) == len(node.pairs) else [key.value for key, _ in node.pairs]
        return f"write [{', '.join(names)[:LONGEST_NAME]}]"
    if isinstance(node, ListNode) and shape.startswith("a text") and node.items:
        return "write one text, without brackets and dashes"
    if not isinstance(node, ScalarNode):
        return ""
    if node.value and shape.startswith("a map of") and (found := re.fullmatch(_ENTRY, node.value)):
        return f"write {found[1]}: {found[2]}"
    if shape.startswith("a map of"):
        if node.is_null or not node.value:
            return "indent what belongs to it further, or write {} if it has no entries"
        return "write a name, a colon and a space before each entry"
    if shape == "a list" and (node.value or not node.plain):
        several = re.split(r"\s*[,|]\s*", node.value.strip())
        written = ", ".join(several) if all(map(_WORD, several)) else _as_written(node)
        return f"write [{written}]" if written.isprintable() and len(written) <= LONGEST_NAME else ""
    if node.is_null and node.value and shape.startswith(("a text", "a name")):
        return f'write "{node.value}" if the text is meant'
    return "" if node.value else "write one, or remove the key"


def _asciified(key: str) -> str:
    """Return how a key and its value are written that a colon of Chinese and Japanese holds together."""
    name, colon, value = key.partition(WIDE_COLON)
    return f"write {name}: {value.strip()}, with the colon of ASCII and a space" if colon else ""


def _another_shapes(key: str) -> str:
    """Return what has a key that does not belong here; empty if nothing has it."""
    having = [
        with_article(shape.name) for shape in (FIELD, CHANNEL, PARAMETER, VALUE, *KINDS) if shape.key(key) is not None
    ]
    return f"{quoted(key)} is a key of {listed(having, 'and')}" if having else ""


def _behind_comma(key: ScalarNode) -> str:
    """Return what to do about a key without a colon, as it comes of a text with a comma; empty if it has one."""
    line = key.text.lines[key.line - 1]
    behind_comma = line[: key.column - 1].rstrip().endswith(",")
    has_colon = line[key.end_column - 1 :].lstrip().startswith(":")
    return "if this is part of the text before it, put that text in quotes" if behind_comma and not has_colon else ""


_ENTRY = r"([\w-]{1,40})\s*[:=\s]\s*([\w?<>\[\]{}.-]{1,40});?"


_WORD = re.compile(r"[^\W\d][\w.-]*").fullmatch


_LFS = "version https://git-lfs.github.com/spec/"


def _keyed(node: Node, shape: Shape) -> str:
    """Return how a map is written whose first key is meant by a text alone."""
    if shape.name == "schema":
        if isinstance(node, ScalarNode) and node.value.startswith(_LFS):
            return "this is a pointer of Git LFS: run git lfs pull, or keep schemas out of Git LFS"
        return "begin a schema with the line: emitter-typed: 1"
    if isinstance(node, ScalarNode) and node.plain and not node.value:
        return "indent what belongs to it further"
    if not isinstance(node, ScalarNode) or not node.value or node.is_null or shape.name == "envelope":
        return ""
    first, *others = shape.required or shape.optional
    if len(node.value) > LONGEST_NAME or not node.value.isprintable():
        return ""
    written = _as_written(node)
    written = f'"{written}"' if "{" in written else written
    rest = "".join(f", {key}: {shape.example(key) or '…'}" for key in others)
    return f"write {{{first}: {written}{rest}}}"


def _as_map(node: ListNode) -> str:
    """Return how a list is written as a map."""
    first = node.items[0] if node.items else None
    name = find(first, "name")
    if isinstance(name, ScalarNode) and name.value.isprintable() and len(name.value) <= LONGEST_NAME:
        of_type = find(first, "type")
        entry = f"{name.value}: {of_type.value if isinstance(of_type, ScalarNode) else '…'}"
        return f"write each as a name, a colon and what it is, without a dash, as in {entry}"
    texts = [item.value for item in node.items if isinstance(item, ScalarNode) and item.value.isprintable()]
    if texts and len(texts) == len(node.items) and len(", ".join(texts)) < LONGEST_NAME:
        return f"write a colon and what it is after each, as in {{{', '.join(f'{text}: …' for text in texts)}}}"
    return "write a name and a colon before each, instead of the dash"


def _shape(node: Node) -> str:
    if isinstance(node, MapNode):
        return "a map"
    if isinstance(node, ListNode):
        return "a list"
    if not isinstance(node, ScalarNode) or (node.plain and not node.value):
        return "nothing"
    if not node.value:
        return "empty"
    return "null" if node.is_null else f"the text {quoted(node.value)}"


def _as_written(node: ScalarNode) -> str:
    if node.is_null:
        return "null"
    return node.value if node.plain else f'"{node.value}"'
