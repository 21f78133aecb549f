"""The exit codes of the command line, whichever verb it runs."""

from typing import Final

DONE: Final = 0
FOUND: Final = 1
"""There are problems, or the output would change or cannot be written."""
USAGE: Final = 2
"""It was called wrongly, or lacks an extra."""
NOT_LISTENING: Final = 3
"""The broker cannot listen where it was told to."""
INTERRUPTED: Final = 130
"""Ctrl-C ended it, as shells show a program that SIGINT ended."""
UNREAD: Final = 141
"""Nobody reads the output any more, as shells show a program that SIGPIPE ended."""
