"""The exit codes of the command line, whichever verb it runs."""

from typing import Final

DONE: Final = 0
FOUND: Final = 1
"""There are problems, or the output would change or cannot be written."""
USAGE: Final = 2
"""It was called wrongly, or lacks an extra."""
NO_BROKER: Final = 3
"""No broker is reached, it does not answer, or the connection was lost; or a broker cannot listen there."""
REFUSED: Final = 4
"""The broker refused what was asked."""
INTERRUPTED: Final = 130
"""Ctrl-C ended it, as shells show a program that SIGINT ended."""
UNREAD: Final = 141
"""Nobody reads the output any more, as shells show a program that SIGPIPE ended."""
