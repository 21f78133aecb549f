"""The view as texts of files. Pure: it reads nothing but the package's own templates."""

from __future__ import annotations

import pickle
import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from emitter_typed_codegen.layout import Expression, lay
from emitter_typed_codegen.texts import Section, docstring
from emitter_typed_codegen.view import Banner, FileView
from emitter_typed_codegen.view.docs import Doc

# What no page of HTML may hold, and no UTF-8.
_FORBIDDEN = "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"


def render(files: Iterable[FileView], banner: Banner) -> Mapping[str, str]:
    """Return the text of each file by its path.

    Args:
        files: What to print.
        banner: What each file begins with.
    """
    environment = _environment()
    return {
        file.path: environment.get_template(file.template).render(view=file.content, banner=banner) for file in files
    }


def render_page(view: object) -> str:
    """Return a page of HTML that needs nothing but itself.

    No text of a schema becomes code there: it is escaped, and the page allows its own script and style alone.

    Args:
        view: What the template prints.
    """
    environment = _page_environment()
    texts = {
        name: environment.get_template(f"page.{end}").render() for name, end in (("script", "js"), ("style", "css"))
    }
    hashes = {
        f"{name}_hash": b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii") for name, text in texts.items()
    }
    template = environment.get_template("page.html.jinja")
    return template.render(view=view, **hashes, **{name: Markup(text) for name, text in texts.items()})


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates, kept beside their sources as Python keeps compiled modules.

    To compile them takes a tenth of a run. Where they cannot be kept or read, that is done each time.
    """

    def __init__(self, templates: Path) -> None:
        """Say where the templates are."""
        super().__init__(str(templates / "__pycache__"), f"%s.{sys.implementation.cache_tag}.pyc")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a template, if it is there and whole."""
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a template, if that is wanted and possible."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


@cache
def _page_environment() -> Environment:
    environment = _made_environment(escape=True)
    environment.finalize = _visible
    return environment


@cache
def _environment() -> Environment:
    environment = _made_environment(escape=False)
    environment.filters["lay"] = _lay
    environment.filters["docstring"] = _docstring
    return environment


def _made_environment(*, escape: bool) -> Environment:
    # Without escapes it is Python, not HTML: text becomes inert in `texts`.
    return Environment(
        loader=PackageLoader("emitter_typed_codegen"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        # To fold constants takes longer than to print the few that there are.
        optimized=False,
        bytecode_cache=CompiledTemplates(Path(__file__).parent / "templates"),
        autoescape=escape,
    )


def _visible(value: object) -> object:
    """Return a value without characters that HTML may not hold."""
    return re.sub(_FORBIDDEN, "\ufffd", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _lay(expression: Expression, indent: int = 0) -> str:
    return lay(expression, indent)


def _docstring(doc: Doc, indent: int = 0) -> str:
    return _laid_docstring(doc.text, indent, doc.facts, doc.sections)


# The classes of both flavours, which follow each other, say the same.
@lru_cache(maxsize=64)
def _laid_docstring(text: str, indent: int, facts: str, sections: tuple[Section, ...]) -> str:
    return docstring(text, indent, facts=facts, sections=sections)
