"""`emitter_async_client` lives in the loop of its test, whoever runs that: pytest-asyncio, anyio, or nobody else."""

from __future__ import annotations

import pytest

from tests.unit.testing.suites import Suite

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.tools

HELLO = """\
import asyncio
import pytest

async def hello(client, key):
    async with await client.subscribe(key, "chat/") as subscription:
        await client.publish(key, "chat/", "hello", qos=1)
        message = await subscription.get(timeout_s=10)
    assert message.as_string() == "hello"
"""
UNMARKED = """
async def test_unmarked(emitter_async_client, emitter_key):
    await hello(emitter_async_client, emitter_key)
"""
ASYNCIO = """
@pytest.mark.asyncio
async def test_asyncio(emitter_async_client, emitter_key):
    await hello(emitter_async_client, emitter_key)
"""
ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_anyio(emitter_async_client, emitter_key):
    await hello(emitter_async_client, emitter_key)
"""


def test_without_another_plugin_a_test_needs_no_mark(suite: Suite) -> None:
    ran = suite(
        HELLO
        + UNMARKED
        + """
class TestOfAClass:
    @pytest.mark.parametrize("text", ["one", "two"])
    async def test_method(self, text, emitter_async_client, emitter_key, tmp_path):
        await hello(emitter_async_client, emitter_key)
        assert text in ("one", "two") and tmp_path.is_dir()

@pytest.fixture
def connected(emitter_async_client):
    return emitter_async_client

async def test_through_another_fixture(connected, emitter_key):
    await hello(connected, emitter_key)
"""
    )
    ran.assert_outcomes(passed=4)


def test_a_test_without_the_client_is_left_to_others(suite: Suite) -> None:
    ran = suite("async def test_other(emitter_client): pass", "--no-header")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*async def functions are not natively supported*"])


def test_with_pytest_asyncio_marked_tests_are_its_own_and_others_run_all_the_same(suite: Suite) -> None:
    suite(HELLO + ASYNCIO + UNMARKED, plugins=("asyncio",)).assert_outcomes(passed=2)


def test_with_pytest_asyncio_in_auto_mode_every_test_is_its_own(suite: Suite) -> None:
    ran = suite(
        HELLO
        + ASYNCIO
        + UNMARKED
        + """
@pytest.fixture
async def subscription(emitter_async_client, emitter_key):
    async with await emitter_async_client.subscribe(emitter_key, "chat/") as subscription:
        yield subscription

async def test_with_an_async_fixture(subscription, emitter_async_client, emitter_key):
    await emitter_async_client.publish(emitter_key, "chat/", "hello")
    assert (await subscription.get(timeout_s=10)).as_string() == "hello"
""",
        "--asyncio-mode=auto",
        plugins=("asyncio",),
    )
    ran.assert_outcomes(passed=3)


def test_the_client_lives_in_a_loop_of_whatever_scope(suite: Suite) -> None:
    scopes = ("function", "class", "module", "package", "session")
    tests = [
        f"""
@pytest.mark.asyncio(loop_scope="{scope}")
async def test_{scope}(emitter_async_client, emitter_key):
    await hello(emitter_async_client, emitter_key)
"""
        for scope in scopes
    ]
    ran = suite(HELLO + "".join(tests) + ASYNCIO, "-o", "asyncio_default_test_loop_scope=module", plugins=("asyncio",))
    ran.assert_outcomes(passed=6)


def test_with_anyio_marked_tests_are_its_own_and_others_run_all_the_same(suite: Suite) -> None:
    ran = suite(
        HELLO
        + ANYIO
        + UNMARKED
        + """
@pytest.fixture
async def subscription(emitter_async_client, emitter_key):
    async with await emitter_async_client.subscribe(emitter_key, "chat/") as subscription:
        yield subscription

@pytest.mark.anyio
async def test_with_an_async_fixture(subscription, emitter_async_client, emitter_key):
    await emitter_async_client.publish(emitter_key, "chat/", "hello")
    assert (await subscription.get(timeout_s=10)).as_string() == "hello"
""",
        plugins=("anyio",),
    )
    ran.assert_outcomes(passed=3)


def test_with_anyio_in_auto_mode_every_test_is_its_own(suite: Suite) -> None:
    suite(HELLO + ANYIO + UNMARKED, "-o", "anyio_mode=auto", plugins=("anyio",)).assert_outcomes(passed=2)


def test_in_trio_it_says_what_to_do(suite: Suite) -> None:
    ran = suite(HELLO + ANYIO.replace('return "asyncio"', 'return "trio"'), plugins=("anyio",))
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["emitter_async_client lives in asyncio, and anyio runs this test in trio: override the*"])


def test_with_both_each_runs_its_own(suite: Suite) -> None:
    suite(HELLO + ASYNCIO + ANYIO + UNMARKED, plugins=("asyncio", "anyio")).assert_outcomes(passed=3)


def test_a_test_that_both_claim_is_told_so(suite: Suite) -> None:
    """In its auto mode, pytest-asyncio runs anyio's tests, and anyio runs their fixtures."""
    ran = suite(HELLO + ASYNCIO + ANYIO + UNMARKED, "--asyncio-mode=auto", plugins=("asyncio", "anyio"))
    ran.assert_outcomes(passed=2, errors=1)
    ran.stdout.fnmatch_lines(["pytest-asyncio and anyio both claim this test: mark it for one of them*"])


def test_an_old_pytest_asyncio_is_named_and_disturbs_no_other_test(suite: Suite, pytester: pytest.Pytester) -> None:
    """Before 0.26, it had no option that tells in which loop a test runs."""
    pytester.makepyfile(old="import sys; sys.modules['pytest_asyncio.plugin'] = sys.modules[__name__]")
    ran = suite(HELLO + ASYNCIO + "def test_other(emitter_client): pass", "-p", "old")
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["emitter_async_client needs pytest-asyncio 0.26 or newer"])


def test_a_test_of_unittest_is_told_what_to_do(suite: Suite) -> None:
    ran = suite(
        """
import unittest
import pytest

class TestOfUnittest(unittest.IsolatedAsyncioTestCase):
    @pytest.fixture(autouse=True)
    def _take(self, emitter_async_client):
        self.client = emitter_async_client

    async def test_it(self):
        await self.client.me()
"""
    )
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*cannot live in the event loop of a unittest.TestCase: take emitter_broker*"])


def test_a_test_that_is_not_async_is_told_so(suite: Suite) -> None:
    ran = suite("def test_sync(emitter_async_client): pass")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["emitter_async_client is for `async def` tests: use emitter_client in others"])


FAILING = """
@pytest.mark.asyncio
@pytest.mark.anyio
async def test_failing(emitter_async_client, emitter_key):
    subscription = await emitter_async_client.subscribe(emitter_key, "chat/", lambda message: None)
    waiting = asyncio.create_task(subscription.get())
    await asyncio.sleep(0)
    waiting.cancel()
    await emitter_async_client.publish("wrong", "chat/", "hello", qos=1)
"""


@pytest.mark.parametrize("plugins", [(), ("asyncio",), ("anyio",)])
def test_a_failing_test_leaves_nothing_behind(plugins: tuple[str, ...], suite: Suite) -> None:
    ran = suite(HELLO + ANYIO + FAILING, plugins=plugins)
    ran.assert_outcomes(failed=1, passed=1)
    assert ran.stderr.str() == ""
