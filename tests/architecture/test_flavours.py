"""Both flavours offer the same: whoever knows the one knows the other."""

import importlib
import inspect
import re
from collections.abc import Iterator

import pytest

from emitter_typed import AsyncClient, AsyncPending, AsyncSubscription

MODULES = {
    "emitter_typed": {"AsyncClient", "AsyncPending", "AsyncSubscription"},
    "emitter_typed.broker": {"AsyncBroker", "AsyncCluster"},
    "emitter_typed._core.async_calls": {"AsyncClientBase"},
    "emitter_typed._core.async_channels": {"AsyncChannel"},
    "emitter_typed._generated.async_api": {"AsyncApi"},
    "emitter_typed._generated.channels": {"AsyncPublishChannel", "AsyncSubscribeChannel"},
    "tests.codegen.golden.channels.expected": {"AsyncHome", "AsyncTemperatureChannel", "AsyncTemperatureChannels"},
    "tests.codegen.golden.channels.expected.channels": {
        "AsyncStatusChannel",
        "AsyncOrderChannel",
        "AsyncOrderChannels",
    },
}
# Each with the reason for which it is offered to programs with threads alone.
ONLY_THREADS = dict.fromkeys(
    ("loop", "loop_forever", "loop_start", "loop_stop"),
    "Programs of the official client run its network loop with it; one with asyncio has a loop of its own.",
)
ENTRIES = {"__enter__", "__exit__", "__iter__", "__next__"}


def pairs() -> Iterator[tuple[type, type]]:
    """Yield the class with threads and the one for asyncio, of all that come in two flavours."""
    for module, names in MODULES.items():
        for name in sorted(names):
            other = name.removeprefix("Async")
            threaded = vars(importlib.import_module(module.replace("async_", "sync_")))
            asynchronous: type = getattr(importlib.import_module(module), name)
            plain: type = threaded.get(f"Sync{other}") or getattr(importlib.import_module(module), other)
            yield plain, asynchronous


def members(of: type) -> dict[str, tuple[str, str, str]]:
    """Return kind, signature and docstring of all that a class offers, as the flavour of threads would say it."""
    return {
        _unflavoured(name): _member(of, name)
        for name in dir(of)
        if name == "__call__" or name == "__init__" or not name.startswith("_") or _unflavoured(name) in ENTRIES
    }


def _member(of: type, name: str) -> tuple[str, str, str]:
    found = inspect.getattr_static(of, name)
    value: object = getattr(of, name)
    if isinstance(value, property):
        accessors = (value.fget, value.fset)
        signature = " ".join(str(inspect.signature(one)) for one in accessors if one is not None)
    elif callable(value):
        signature = str(inspect.signature(value))
    else:
        signature = repr(value)
    # An example shows one flavour.
    told = re.sub(r"^>>> .*?(\n\n|\Z)", "", inspect.getdoc(value) or "", flags=re.DOTALL | re.MULTILINE)
    return type(found).__name__, _unflavoured(signature), _unflavoured(told)


def _unflavoured(text: str) -> str:
    without_prefix = re.sub(r"\b_*Async(?=[A-Z])", "", text)
    without_words = re.sub(r"\b(async|await) ", "", without_prefix)
    dunder = re.sub(r"^__a(enter|exit|iter|next)__$", r"__\1__", without_words)
    return " ".join(re.sub(r"\b(Sync|Thread|Task)(?=[A-Z])", "", dunder).split())


@pytest.mark.parametrize(("threads", "asyncio"), list(pairs()), ids=lambda each: each.__name__)
def test_names_parameters_defaults_annotations_and_docs_are_the_same(threads: type, asyncio: type) -> None:
    ours, theirs = members(threads), members(asyncio)
    for name in ONLY_THREADS.keys() & ours.keys():
        del ours[name]

    assert ours.keys() == theirs.keys()
    assert ours == theirs


@pytest.mark.parametrize("asyncio", [AsyncClient, AsyncPending, AsyncSubscription])
def test_what_waits_is_awaited_and_nothing_else(asyncio: type) -> None:
    methods = {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(asyncio, inspect.isfunction)
        if not name.startswith("_")
    }
    waiting = {name for name, signature in methods.items() if "timeout_s" in signature.parameters}
    # What is iterated waits there.
    iterated = {name for name in waiting if "Iterator" in str(methods[name].return_annotation)}

    awaited = {name for name in methods if inspect.iscoroutinefunction(getattr(asyncio, name))}
    assert awaited - {"connect", "close", "disconnect", "abort"} == waiting - iterated
