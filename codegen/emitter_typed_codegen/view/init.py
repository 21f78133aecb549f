"""The package's own module: what users import, and the check that it fits the installed runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from emitter_typed_codegen.layout import Expression, Group, Joined
from emitter_typed_codegen.pytypes import CONTRACT, Imports, Name, all_key
from emitter_typed_codegen.texts import literal
from emitter_typed_codegen.version import CONTRACT as NUMBER
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.module_scope import call, sequence


@frozen(kw_only=True)
class InitView:
    """The module."""

    doc: Doc
    first_imports: str
    """What the check needs, and what is loaded at once; empty for a package that is released with the runtime."""
    installed: str
    """The number of the installed runtime."""
    check: Expression
    """The check: it comes before all that might fail on another runtime."""
    imports: str
    all: Expression
    lazy_imports: str
    lazy_names: Expression | None
    """What loads the names when they are used; None: they are imported at once."""
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
    taken = frozenset(names)
    # A type may be called CONTRACT.
    first, imports, lazy = Imports(taken - {*others}, packages=frozenset(others)), Imports(), Imports(taken)
    for module, held in public.items():
        for name in held:
            imports.use(Name(module, name))
    lazy_names = None
    installed = check = ""
    if command is not None:
        installed, check = (first.use(Name(CONTRACT, name)) for name in ("CONTRACT", "check_contract"))
        for name, module in others.items():
            first.use(Name(module, "", called=name))
        if public:
            first.use(Name("typing", "TYPE_CHECKING"))
            # Each name with its home: a module may have imported another of that name.
            homes = [Joined([f"{literal(home)}: ", sequence(map(literal, held))]) for home, held in public.items()]
            made = call(lazy.use(Name(CONTRACT, "lazy_attributes")), "__name__", Group("{", homes, "}"))
            lazy_names = Joined(["__getattr__, __dir__ = ", made])
    return InitView(
        doc=doc,
        first_imports=first.lines(),
        installed=installed,
        check=call(check, "__name__", str(NUMBER), literal(command or "")),
        imports=imports.lines(),
        all=Group("__all__ = [", [literal(name) for name in names], "]"),
        lazy_imports=lazy.lines(),
        lazy_names=lazy_names,
    )
