"""In whose event loop a test runs: an asyncio client must be connected and closed in that very one."""

from __future__ import annotations

import inspect
import sys

import pytest

PYTEST_ASYNCIO = "pytest_asyncio.plugin"
ANYIO = "anyio.pytest_plugin"

_SCOPE_OPTION = "asyncio_default_test_loop_scope"

ALONE_FIXTURE = "_emitter_async_client_alone"
ANYIO_FIXTURE = "_emitter_async_client_anyio"


def is_active(config: pytest.Config, plugin: str) -> bool:
    """Tell whether the plugin with this module takes part in the run, under whatever name it was loaded."""
    module = sys.modules.get(plugin)
    return module is not None and config.pluginmanager.is_registered(module)


def knows_loop_scopes(config: pytest.Config) -> bool:
    """Tell whether the pytest-asyncio that takes part has loops of a chosen scope: 0.26 or newer has."""
    try:
        config.getini(_SCOPE_OPTION)
    except ValueError:
        return False
    return True


def asyncio_fixture(loop_scope: str) -> str:
    """Name the fixture whose client lives in pytest-asyncio's loop of that scope."""
    return f"_emitter_async_client_{loop_scope}"


def fixture_for(request: pytest.FixtureRequest) -> str:
    """Name the fixture whose client lives in the loop of the test that asks for it.

    Fails the test if no loop runs it, or one that cannot be told or is not asyncio's, or if two plugins claim it.
    """
    import unittest  # Nothing is loaded for runs without this client.

    cls: object = getattr(request.node, "cls", None)
    if isinstance(cls, type) and issubclass(cls, unittest.TestCase):
        pytest.fail(
            "emitter_async_client cannot live in the event loop of a unittest.TestCase: take emitter_broker, and use "
            "`async with AsyncClient.from_url(emitter_broker.url) as client:` in the test",
            pytrace=False,
        )
    marker = request.node.get_closest_marker("asyncio")
    of_asyncio = marker is not None and is_active(request.config, PYTEST_ASYNCIO)
    of_anyio = "anyio_backend" in request.fixturenames and is_active(request.config, ANYIO)
    if of_asyncio and of_anyio:
        # Then the one runs the fixtures, and the other the test.
        pytest.fail(
            "pytest-asyncio and anyio both claim this test: mark it for one of them, and let asyncio_mode be strict",
            pytrace=False,
        )
    if marker is not None and of_asyncio:
        if not knows_loop_scopes(request.config):
            pytest.fail("emitter_async_client needs pytest-asyncio 0.26 or newer", pytrace=False)
        scope = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope")
        return asyncio_fixture(scope or request.config.getini(_SCOPE_OPTION))
    if of_anyio:
        backend = request.getfixturevalue("anyio_backend_name")
        if backend != "asyncio":
            pytest.fail(
                f"emitter_async_client lives in asyncio, and anyio runs this test in {backend}: "
                "override the fixture anyio_backend, and let it return 'asyncio'",
                pytrace=False,
            )
        return ANYIO_FIXTURE
    if not inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        pytest.fail("emitter_async_client is for `async def` tests: use emitter_client in others", pytrace=False)
    return ALONE_FIXTURE
