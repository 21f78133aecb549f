"""Words that messages and documents have in common: a number of things, and a name behind its article."""

from __future__ import annotations


def counted(count: float, what: str) -> str:
    """Return a number of things in words, such as `1 file` and `2 files`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def with_article(name: str) -> str:
    """Return what the language calls a thing or a type, such as `enum`, behind "a" or "an"."""
    if name == "flags":
        return name
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"
