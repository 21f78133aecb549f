"""The exit codes of the command line, whichever verb it runs."""

from typing import Final

DONE: Final = 0
FOUND: Final = 1
USAGE: Final = 2
NO_BROKER: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130
"""As shells show a program that SIGINT ended."""
UNREAD: Final = 141
"""As shells show a program that SIGPIPE ended."""

MEANINGS: Final = {
    DONE: "done; `broker` also after Ctrl-C or SIGTERM",
    FOUND: (
        "something was found: problems in a schema, or no such schema; code that is out of date; a change that breaks "
        "somebody; something to do for `doctor`; or the output cannot be written"
    ),
    USAGE: (
        "wrong usage: mistakes in the arguments, in `pyproject.toml` or in a file of accepted breaks; a baseline that "
        "does not exist; or an extra is missing"
    ),
    NO_BROKER: (
        "no broker, no answer, or the connection was lost; fewer messages than `--count` within `--wait`; or a broker "
        "cannot listen there"
    ),
    REFUSED: "the broker refused it",
    INTERRUPTED: "Ctrl-C",
    UNREAD: "the reader of the output has ended, as with `| head`",
}
"""What each one means, whichever verb ends with it: the table of docs/reference/command-line.md."""
