"""Makes what a package index shows of README.md. Run by the build, as pyproject.toml says.

An index has none of the files that a relative link leads to: each becomes words, with a path in the sdist.
"""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_RELATIVE = re.compile(r"!?\[([^\[\]]+)\]\((?![a-z]+:)([^()\s]+)\)")
_END = "\nPaths on this page are those of the source distribution (sdist) of this release.\n"


def long_description(readme: str) -> str:
    """Return the text of a README without relative links, which are told in words; blocks of code stay as they are."""
    pieces: list[str] = []
    done = 0
    for code in _CODE.finditer(readme):
        pieces += _RELATIVE.sub(_in_words, readme[done : code.start()]), code[0]
        done = code.end()
    pieces += _RELATIVE.sub(_in_words, readme[done:]), _END
    return "".join(pieces)


def _in_words(link: re.Match[str]) -> str:
    text, path = link.groups()
    path = path.partition("#")[0]
    return f"`{path}`" if text == path else f"{text} (`{path}`)"


class LongDescription(MetadataHookInterface):
    """What hatchling calls for the metadata of the package."""

    def update(self, metadata: dict[str, object]) -> None:
        """Set the long description."""
        readme = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": long_description(readme)}
