"""The package's own module: what users import, and the check that it fits the installed runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import STEP, Assigned, Expression, Group, Joined
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
    """The number of the installed runtime; empty where it is not checked."""
    check: Expression
    """The check: it comes before all that might fail on another runtime."""
    imports: str
    all: Expression
    lazy_imports: str
    lazy_attributes: str
    """How the module refers to what loads the names when they are used; empty: they are imported at once."""
    homes: Mapping[str, Sequence[str]]
    """The names by the modules that are loaded for them."""
    version: Expression | None = None
    """The statement that holds the schema's own version; None where it has none."""
    many: bool
    """Whether the homes are printed as texts, which Python reads much faster than ten thousands of literals."""
    contract: int = NUMBER

    @property
    def lazy_names(self) -> Expression:
        """What loads the names, for a template that prints the homes as literals."""
        # Each name with its home: a module may have imported another of that name.
        homes = [Joined([f"{literal(home)}: ", sequence(map(literal, held))]) for home, held in self.homes.items()]
        return Joined(["__getattr__, __dir__ = ", call(self.lazy_attributes, "__name__", Group("{", homes, "}"))])


def init_view(
    doc: Doc,
    public: Mapping[str, Sequence[str]],
    command: str | None = None,
    packages: Mapping[str, str] | None = None,
    *,
    version: str = "",
    many: bool = False,
) -> InitView:
    """Return the package's own module.

    Args:
        doc: What it says of itself.
        public: The public names by module.
        command: What makes the package anew, if it may meet another runtime than the one it was made for.
        packages: The packages of the files that the schema imports, which it hands on, by the import's name.
        version: The schema's own version; empty if it has none.
        many: Whether there are very many names.
    """
    others = packages or {}
    names = [*(name for held in public.values() for name in held), *others]
    # A type may be called CONTRACT.
    first = Imports(frozenset(names) - {*others}, packages=frozenset(others))
    installed = check = ""
    if command is not None:
        installed, check = (first.use(Name(CONTRACT, name)) for name in ("CONTRACT", "check_contract"))
        for name, module in others.items():
            first.use(Name(module, "", called=name))
        if public:
            first.use(Name("typing", "TYPE_CHECKING"))
    lazily = bool(public) and command is not None
    lazy = Imports(frozenset(names))
    return InitView(
        doc=doc,
        first_imports=first.lines(),
        installed=installed,
        check=call(check, "__name__", str(NUMBER), literal(command or "")),
        imports=_imports(public, STEP if lazily else 0),
        all=_all(names),
        lazy_attributes=lazy.use(Name(CONTRACT, "lazy_attributes")) if lazily else "",
        lazy_imports=lazy.lines(),
        homes=public,
        version=Assigned("__version__", literal(version)) if version else None,
        many=many,
    )


def index_view(doc: Doc, public: Mapping[str, Sequence[str]]) -> InitView:
    """Return a module that has what its parts define, and loads each part when it is used.

    Args:
        doc: What it says of itself.
        public: The public names by part.
    """
    names = [name for held in public.values() for name in held]
    first, lazy = Imports(), Imports(frozenset(names))
    first.use(Name("typing", "TYPE_CHECKING"))
    return InitView(
        doc=doc,
        first_imports=first.lines(),
        installed="",
        check="",
        imports=_imports(public, STEP),
        all=_all(names),
        lazy_attributes=lazy.use(Name(CONTRACT, "lazy_attributes")),
        lazy_imports=lazy.lines(),
        # Seen from the module itself, its parts lie in the folder above it.
        homes={f".{module}": held for module, held in public.items()},
        many=True,
    )


def _imports(public: Mapping[str, Sequence[str]], indent: int) -> str:
    imports = Imports()
    for module, held in public.items():
        for name in held:
            imports.use(Name(module, name))
    return imports.lines(indent)


def _all(names: Sequence[str]) -> Expression:
    return Group("__all__ = [", [literal(name) for name in sorted(names, key=all_key)], "]")
