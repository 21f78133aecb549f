"""Turns docstrings into the reference of the Python API.

- Docstrings have sections as in Google's style; they become field lists. (napoleon would do so, but takes the first
  words of an attribute's docstring for a type.)
- `.. alias:: emitter_typed.Handler` documents a name that stands for a type. Its text is the string below it.
- `.. module-text:: emitter_typed.errors` is the docstring of a module, without its names.
- A name in a signature is linked if it is public. Others, such as those of the standard library, are plain text.
"""

import ast
import importlib
import inspect
import re
import textwrap
from functools import cache

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref, pending_xref_condition
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import find_pending_xref_condition

PACKAGE = "emitter_typed"
# Each name is documented in the first of these modules that has it.
MODULES = ("", ".broker", ".channels", ".testing", ".errors", ".contract")

_SECTIONS = {"Args": "param", "Raises": "raises"}
_section = re.compile(r"(Args|Returns|Yields|Raises):").fullmatch
_entry = re.compile(r"    (\*{0,2}\w+): (.*)").fullmatch
_fence = re.compile(r"```\w*").fullmatch


def as_rst(lines: list[str]) -> list[str]:
    """Return a docstring of Google's style as reStructuredText."""
    result: list[str] = []
    section, fenced = "", False
    for line in [*lines, ""]:
        if _fence(line):
            fenced = not fenced
            result += ["", "::", ""] if fenced else [""]
        elif fenced:
            result.append(f"    {line}")
        elif _section(line):
            section = line.removesuffix(":")
            result.append("")
            if section not in _SECTIONS:
                result.append(":returns:")
        elif not line or not line.startswith(" ") or not section:
            section = section if not line else ""
            result.append(line)
        elif (entry := _entry(line)) and section in _SECTIONS:
            result.append(f":{_SECTIONS[section]} {entry[1]}: {entry[2]}")
        else:
            result.append(line)
    return result


def public_names() -> dict[str, list[str]]:
    """Return the names that can be imported from each public module, without those of an earlier one."""
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    for suffix in MODULES:
        module = importlib.import_module(PACKAGE + suffix)
        names: list[str] = module.__all__
        found[PACKAGE + suffix] = [name for name in names if name not in seen]
        seen |= set(names)
    return found


@cache
def _homes() -> dict[str, str]:
    return {name: module for module, names in public_names().items() for name in names}


def _link(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.reference | nodes.TextElement | None:
    if node.get("refdomain") != "py":
        return None
    # A name without a part behind its last dot, such as `...`, has no short form.
    if isinstance(contnode, pending_xref_condition) and (whole := find_pending_xref_condition(node, "*")) is not None:
        contnode = nodes.inline("", whole.astext())
    target: str = node["reftarget"]
    name = target.rpartition(".")[2]
    home = _homes().get(name)
    ours = target.startswith(PACKAGE) or "." not in target
    if home and ours and target != f"{home}.{name}":
        domain = env.domains.python_domain
        return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", f"{home}.{name}", node, contnode)
    # A public name that is not there is a mistake; what nobody can import, and what others document, has no page.
    return None if target.startswith(PACKAGE) and "._" not in target else contnode


class Alias(Directive):
    """A public name that stands for a type, with the text below it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Is called by docutils."""
        module, _, name = self.arguments[0].rpartition(".")
        importlib.import_module(module)
        value, text = _assigned(name)
        if not text:
            raise self.error(f"{name} has no text below it")
        rst = [f".. py:type:: {module}.{name}", f"    :canonical: {value}", ""]
        rst += textwrap.indent(text, "    ").splitlines()
        node = nodes.Element()
        self.state.nested_parse(StringList(rst, source=f"{module}.{name}"), 0, node)
        return node.children


class ModuleText(Directive):
    """The docstring of a module, without its names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Is called by docutils."""
        module = importlib.import_module(self.arguments[0])
        node = nodes.Element()
        text = StringList(as_rst((module.__doc__ or "").splitlines()), source=self.arguments[0])
        self.state.nested_parse(text, 0, node)
        return node.children


def _assigned(name: str) -> tuple[str, str]:
    """Return what a name of the package stands for, and the text below it."""
    package = importlib.import_module(PACKAGE)
    homes: dict[str, tuple[str, ...]] = package._HOMES
    home = next((home for home, names in homes.items() if name in names), "_generated.types")
    body = ast.parse(inspect.getsource(importlib.import_module(f"{PACKAGE}.{home}"))).body
    # What only checkers read, such as a recursive alias.
    body += [inner for each in body if isinstance(each, ast.If) for inner in each.body]
    for statement, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                pass
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                pass
            case _:
                continue
        match value:
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[value, *_])):
                pass
            case _:
                pass
        match after:
            case ast.Expr(value=ast.Constant(value=str(text))):
                return ast.unparse(value), inspect.cleandoc(text)
            case _:
                return ast.unparse(value), ""
    return "", ""


def _process(_app: Sphinx, _what: str, _name: str, _of: object, _options: object, lines: list[str]) -> None:
    # What attrs says of each constructor that it makes tells nothing.
    lines[:] = as_rst([line for line in lines if not line.startswith("Method generated by attrs")])


def setup(app: Sphinx) -> dict[str, bool]:
    """Is called by Sphinx."""
    app.connect("autodoc-process-docstring", _process)
    app.connect("missing-reference", _link)
    app.add_directive("alias", Alias)
    app.add_directive("module-text", ModuleText)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
