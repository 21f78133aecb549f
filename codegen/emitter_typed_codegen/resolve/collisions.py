"""Names that end up the same in generated code, or that are taken there already."""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field

from emitter_typed_codegen.problems import Rule, quoted
from emitter_typed_codegen.resolve.nodes import Report
from emitter_typed_codegen.source import Placed


@define(eq=False)
class Names:
    """The names of one place of generated code, or of one place on the wire."""

    report: Report
    rule: Rule
    what: str
    """What has the names, as in "a field"."""
    reserved: Collection[str] = ()
    """Names that are taken already."""
    taken: dict[str, tuple[str, Placed]] = field(factory=dict[str, tuple[str, Placed]])

    def take(self, name: str, said: str, place: Placed) -> bool:
        """Take a name for what the schema calls `said`; a problem names both of two that want the same.

        Args:
            name: The name as it will stand.
            said: What the schema says, from which it was made.
            place: Where the schema says it.

        Returns:
            Whether the name was free.
        """
        if name in self.reserved:
            message = f"{self.what} cannot be called {quoted(said)}: {name} has a meaning already"
            self.report.add(place, "reserved-name", message, "choose another name")
        elif name in self.taken:
            other, first = self.taken[name]
            if said == other:
                message = f"{quoted(said)} is there already as {self.what}, in line {first.line}"
            else:
                message = f"{quoted(said)} and {quoted(other)} (line {first.line}) are both {name} as {self.what}"
            self.report.add(place, self.rule, message, "change one of them")
        else:
            self.taken[name] = (said, place)
            return True
        return False
