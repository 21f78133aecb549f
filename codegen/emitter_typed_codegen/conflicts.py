"""The marks that Git leaves in a file where two branches do not go together."""

import re

MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
"""How the lines of a conflict begin. `mark_of` tells whether such a line is one."""

_MARK = r"(?:<{7}|>{7}|\|{7})(?: |$)|={7}$"


def mark_of(line: str) -> str:
    """Return the mark that a line of a conflict begins with; empty for any other line."""
    return line[:7] if line.startswith(MARKS) and re.match(_MARK, line) else ""
