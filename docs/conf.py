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

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton", "api", "pages", "verbs"]
exclude_patterns = ["_build"]
nitpicky = True

# Docstrings put code between single backticks.
default_role = "code"
highlight_language = "none"
autodoc_default_options = {"members": True, "inherited-members": "BaseException,Enum,Mapping,object"}
autoclass_content = "both"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
myst_heading_anchors = 4

html_theme = "furo"
html_title = "emitter-typed"
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(HERE / "_ext" / "scorer.js")
