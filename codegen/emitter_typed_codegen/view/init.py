"""The package's own module: what users import, and the check that it fits the installed runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from emitter_typed_codegen.layout import Expression, Group
from emitter_typed_codegen.pytypes import CONTRACT, Imports, Name, all_key
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.version import CONTRACT as NUMBER
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.scope import call


@frozen(kw_only=True)
class InitView:
    """The module."""

    doc: Doc
    check_imports: str
    """What the check needs: it comes before all that might fail on another runtime."""
    check: Expression
    """The check; empty for a package that is released with the runtime."""
    imports: str
    all: Expression
    contract: int = NUMBER


def init_view(
    doc: Doc,
    public: Mapping[str, Sequence[str]],
    command: str | None = None,
    packages: Mapping[str, str] | None = None,
) -> InitView:
    """Return the package's own module.

    Args:
        doc: What it says of itself.
        public: The public names by module.
        command: What makes the package anew, if it may meet another runtime than the one it was made for.
        packages: The packages of the files that the schema imports, which it hands on, by the import's name.
    """
    others = packages or {}
    names = sorted([*(name for held in public.values() for name in held), *others], key=all_key)
    imports = Imports(packages=frozenset(others))
    for name, module in others.items():
        imports.use(Name(module, "", called=name))
    for module, held in public.items():
        for name in held:
            imports.use(Name(module, name))
    before = Imports()
    for name in ("CONTRACT", "check_contract") if command is not None else ():
        before.use(Name(CONTRACT, name))
    return InitView(
        doc=doc,
        check_imports=before.lines(),
        check=call("check_contract", "__name__", str(NUMBER), literal(command or "")),
        imports=imports.lines(),
        all=Group("__all__ = [", [literal(name) for name in names], "]"),
    )
