"""Methods of either flavour, and classes and modules of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import field

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.layout import STEP, WIDTH, Bracketed, Expression, Group, Joined, lay
from emitter_typed_codegen.model import Flags, Option, Scalar, Secret, Setting, TypeRef
from emitter_typed_codegen.names import hidden_name
from emitter_typed_codegen.pytypes import BUILTINS, NONE, STR, Applied, Name, OneOf, PyType, Values
from emitter_typed_codegen.texts import Section, literal
from emitter_typed_codegen.view.docs import Doc
from emitter_typed_codegen.view.module_scope import ModuleScope, call, contract


@frozen
class Flavour:
    """With threads or with asyncio: the only thing in which two facades differ."""

    prefix: str
    """What the runtime's and the generated classes begin with."""
    awaits: bool

    @property
    def adverb(self) -> str:
        """Where programs of this flavour wait."""
        return "asyncio" if self.awaits else "threads"

    def of(self, name: str) -> str:
        """Return the name of the class that plays a part: `Subscription` or `AsyncSubscription`."""
        return f"Async{name}" if self.awaits else name

    def applied(self, name: str, *arguments: PyType) -> PyType:
        """Return a class of the runtime in this flavour, with its arguments."""
        return Applied(contract(self.of(name)), arguments)


_FLOAT = Name(BUILTINS, "float")
CLIENTS = "Default: the client's setting."

HIDES_ARGUMENTS = "hides_arguments"
"""What the runtime has for classes whose methods may be given keys."""
CLEAR_FRAMES = "clear_frames"
"""What the runtime has for a method that does the same by itself: a wrapper would be half of what some calls cost."""
_BLOCK = 3 * STEP

SYNC = Flavour("Sync", awaits=False)
ASYNC = Flavour("Async", awaits=True)


@frozen(kw_only=True)
class Parameter:
    """A parameter of a method."""

    name: str
    type: PyType
    default: Expression | None = None
    text: str = ""


@frozen(kw_only=True)
class Method:
    """A method with all that is printed of it."""

    decorators: tuple[str, ...] = ()
    head: Expression
    doc: Doc = field(factory=lambda: Doc(""))
    body: tuple[Expression, ...] = ()
    """Statements; none: a signature only."""
    failed: tuple[Expression, ...] = ()
    """Statements for a call that failed, before it raises; none: nothing is caught."""


@frozen(kw_only=True)
class MethodsClass:
    """A class whose body is methods."""

    name: str
    decorator: str
    """What keeps keys out of tracebacks; empty where it has no methods of its own."""
    head: Expression
    doc: Doc
    methods: tuple[Method, ...]
    checking: str = ""
    """How the module refers to TYPE_CHECKING, if there are signatures."""
    signatures: tuple[Expression, ...] = ()
    """Heads of inherited methods, for checkers and editors alone."""


@frozen(kw_only=True)
class MethodsView:
    """A module of such classes."""

    doc: Doc
    imports: str
    type_variables: tuple[Expression, ...]
    classes: tuple[MethodsClass, ...]


def type_variable(scope: ModuleScope, variable: Name) -> Expression:
    """Return the statement that makes a type variable."""
    return Joined([f"{variable.name} = ", call(scope.use(Name("typing", "TypeVar")), literal(variable.name))])


def methods_class(
    scope: ModuleScope, name: str, bases: Iterable[PyType], doc: Doc, methods: Iterable[Method]
) -> MethodsClass:
    """Return a class with these bases and methods."""
    named = [scope.imports.annotation(base) for base in bases]
    derived: Expression = Group(f"class {name}(", named, ")") if named else f"class {name}"
    methods = tuple(methods)
    return MethodsClass(
        name=name,
        decorator=scope.contract(HIDES_ARGUMENTS) if methods else "",
        head=Joined([derived, ":"]),
        doc=doc,
        methods=methods,
    )


def head(
    scope: ModuleScope,
    flavour: Flavour,
    name: str,
    positional: Iterable[Parameter],
    named: Sequence[Parameter] = (),
    *,
    returns: PyType = NONE,
    waits: bool = True,
    end: str = ":",
    first: Sequence[str] = ("self",),
) -> Expression:
    """Return the head of a method."""
    parameters: list[Expression] = [*first, *(_parameter(scope, one) for one in positional)]
    if named:
        parameters += ["*", *(_parameter(scope, one) for one in named)]
    word = "async def" if flavour.awaits and waits else "def"
    annotation = Bracketed(scope.imports.annotation(returns))
    return Joined([Group(f"{word} {name}(", parameters, ")"), " -> ", annotation, end], leading=True)


def liberal(scope: ModuleScope, ref: TypeRef) -> tuple[PyType, Name | None]:
    """Return the annotation of a parameter that takes all that makes a value of the type, and what makes it one."""
    declared = scope.declaration(ref)
    base = scope.base(ref)
    if isinstance(declared, Secret | Flags):
        cls = scope.declared(declared.name)
        return OneOf((STR, cls)), cls
    if base == Scalar("duration"):
        return OneOf((_FLOAT, Name("datetime", "timedelta"))), contract("duration")
    return scope.type(ref), None


def option_type(scope: ModuleScope, option: Option | Setting) -> PyType:
    """Return the annotation of an option that is given."""
    return Values(option.values) if option.values else liberal(scope, option.type)[0]


def timeout(what: str) -> Parameter:
    """Return the parameter that limits how long a call waits for something."""
    text = f"Seconds to wait for {what}. {CLIENTS}"
    return Parameter(name="timeout_s", type=OneOf((_FLOAT, NONE)), default="None", text=text)


def forget(scope: ModuleScope, parameters: Iterable[Parameter]) -> tuple[Expression, ...]:
    """Return the statements with which a method that failed forgets what it was given."""
    names = [one.name for one in parameters]
    line = f"del {', '.join(names)}"
    forgets: Expression = line if _BLOCK + len(line) <= WIDTH else Group("del (", names, ")")
    return (forgets, call(scope.contract(CLEAR_FRAMES)))


def arguments(parameters: Iterable[Parameter]) -> Section:
    """Return the section of a docstring that explains parameters."""
    return Section("Args", [(one.name, one.text) for one in parameters if one.text])


def returns(text: str) -> Section:
    """Return the section of a docstring that says what comes back."""
    return Section("Returns", [("", text)] if text.strip() else [])


def deprecated_property(scope: ModuleScope, name: str, annotation: Expression, message: str, doc: Doc) -> Method:
    """Return the property that warns when it is read, in front of an attribute that does not."""
    marked = lay(Joined(["@", call(scope.contract("deprecated"), literal(message))]), STEP)
    head: list[Expression] = [Group(f"def {name}(", ["self"], ")"), " -> ", Bracketed(annotation), ":"]
    return Method(
        decorators=(f"@{scope.use(Name(BUILTINS, 'property'))}", marked),
        head=Joined(head, leading=True),
        doc=doc,
        body=(f"return self.{hidden_name(name)}",),
    )


def _parameter(scope: ModuleScope, one: Parameter) -> Expression:
    parts: list[Expression] = [f"{one.name}: ", scope.imports.annotation(one.type)]
    return Joined(parts if one.default is None else [*parts, " = ", one.default])
