"""What the page on other clients shows, other-clients.md, is what happens."""

from __future__ import annotations

from queue import SimpleQueue
from typing import cast

import pytest

from emitter_typed.broker import Broker
from tests.helpers.official import LIMIT_S, finish
from tests.helpers.official import Client as Official
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

(OFFICIAL,) = blocks((ROOT / "docs" / "how-to" / "other-clients.md").read_text("utf-8"), "python")


@pytest.mark.foreign
# emitter-io asks paho for its first callback interface, for which paho 2 has this word.
@pytest.mark.filterwarnings("ignore:Callback API version 1 is deprecated:DeprecationWarning")
def test_the_official_client_is_pointed_at_the_embedded_broker(broker: Broker) -> None:
    shown: SimpleQueue[tuple[str, ...]] = SimpleQueue()

    def show(*words: str) -> None:
        shown.put(words)

    context: dict[str, object] = {"port": broker.port, "master_key": broker.master_key, "print": show}

    exec(compile(OFFICIAL, "other-clients.md", "exec"), context)

    channel, key = shown.get(timeout=LIMIT_S)
    assert (channel, len(key)) == ("chat/#/", 32)
    finish(cast("Official", context["official"]))
