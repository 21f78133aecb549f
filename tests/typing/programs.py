"""Programs that are not in this folder: one of a page, and one for a package that has to be generated first.

Each is written into a folder that the checkers read together with this one. Those whose names begin with `good_` have
no mistake. In the others each mistake is marked, as in the folder `bad`, where the expected words are too.
"""

import shutil
from pathlib import Path

from tests.helpers.new_option import CALL, PACKAGE, generate_with_it
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

*_, _MIGRATED = blocks((ROOT / "docs" / "how-to" / "migrating.md").read_text("utf-8"), "python")
_NEW_OPTION = f"""\
from {PACKAGE}.async_api import AsyncApi
from {PACKAGE}.sync_api import SyncApi
from {PACKAGE}.types import Key


def good(client: SyncApi, key: Key) -> None:
    {CALL}


async def good_later(client: AsyncApi, key: Key) -> None:
    await {CALL}


def bad(client: SyncApi, key: Key) -> None:
    client.publish(key, "chat/", "hello", priority="x")  # mistake: a text for a number


async def bad_later(client: AsyncApi, key: Key) -> None:
    await client.publish(key, "chat/", "hello", priority="x")  # mistake: the same
"""


def write(folder: Path) -> None:
    """Write the programs, and the packages that they import, into a folder that holds nothing else then."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "good_migrated.py").write_text(_MIGRATED, "utf-8")
    generate_with_it(folder)
    (folder / "new_option.py").write_text(_NEW_OPTION, "utf-8")
