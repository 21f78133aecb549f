"""The view as texts of files. Pure: it reads nothing but the package's own templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from emitter_typed_codegen.layout import Expression, lay
from emitter_typed_codegen.texts import docstring
from emitter_typed_codegen.view import Banner, FileView
from emitter_typed_codegen.view.docs import Doc


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


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("emitter_typed_codegen"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        # Python, not HTML: text becomes inert in `texts`.
        autoescape=False,
    )
    environment.filters["lay"] = _lay
    environment.filters["docstring"] = _docstring
    return environment


def _lay(expression: Expression, indent: int = 0) -> str:
    return lay(expression, indent)


def _docstring(doc: Doc, indent: int = 0) -> str:
    return docstring(doc.text, indent, facts=doc.facts, sections=doc.sections)
