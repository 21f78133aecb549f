"""How Sphinx makes the site of docs/: `make docs`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

from emitter_typed import __version__  # noqa: E402 - the extensions' folder comes first

project = "emitter-typed"
author = "The emitter-typed authors"
copyright = "The emitter-typed authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "pages"]
exclude_patterns = ["_build"]
nitpicky = True

# Docstrings put code between single backticks.
default_role = "code"
highlight_language = "none"
myst_heading_anchors = 4

html_theme = "furo"
html_title = "emitter-typed"
html_static_path = ["_static"]
