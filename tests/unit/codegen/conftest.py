"""What tests of the compiler ask for."""

import pytest
import yaml

from emitter_typed_codegen.source import loading


@pytest.fixture(params=["in C", "in Python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> loading.Loader:
    """Reads schemas with one of the library's parsers, whichever is the faster one here."""
    chosen: loading.Loader = yaml.CSafeLoader if request.param == "in C" else loading.PythonLoader
    monkeypatch.setattr(loading, "LOADER", chosen)
    return chosen
