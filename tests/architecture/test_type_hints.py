"""Every annotation that users can see is one that Python can read too, as frameworks do."""

import importlib
from types import ModuleType

import pytest

from tests.architecture.test_public_names import PUBLIC
from tests.helpers.hints import hinted, unresolved
from tests.helpers.tree import ROOT

GENERATED = sorted(
    ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "tests/codegen/golden").glob("*/*/__init__.py")
)


@pytest.mark.parametrize("name", [*PUBLIC, "emitter_typed.cli", "emitter_typed._generated"])
def test_what_is_written_by_hand(name: str) -> None:
    assert unresolved(importlib.import_module(name)) == []


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_generated(name: str) -> None:
    assert unresolved(importlib.import_module(name)) == []


def test_constructors_properties_and_special_methods_are_among_them() -> None:
    names = {name for module in PUBLIC for name, _ in hinted(importlib.import_module(module))}

    assert {
        "emitter_typed.Client.__init__",
        "emitter_typed.Client.__enter__",
        "emitter_typed.Client.on_error",
        "emitter_typed.Client.from_url",
        "emitter_typed.Client.subscribe",
        "emitter_typed.Message.as_object",
        "emitter_typed.PresenceResponse.__init__",
        "emitter_typed.Subscription.__iter__",
        "emitter_typed.broker.Broker.keygen",
        "emitter_typed.contract.check_contract",
    } <= names


def test_what_cannot_be_read_is_told() -> None:
    module = ModuleType("module")
    exec("from __future__ import annotations\nclass C:\n    def f(self) -> Missing: ...", vars(module))

    assert unresolved(module) == ["module.C.f: NameError(\"name 'Missing' is not defined\")"]
