"""Names of the official Python client, `emitter-io`, that are no part of the protocol, for programs that use them."""

from __future__ import annotations

from typing import ClassVar

from emitter_typed._generated.option_factories import OptionFactories
from emitter_typed._generated.options import PublishOption
from emitter_typed._protocol.message import Message

EmitterMessage = Message
"""`Message` by its old name."""


class ClassicOptions:
    """Options that the official client has as constants, for the same sets as those of `with_retain` and its like."""

    QOS0: ClassVar[PublishOption] = OptionFactories.with_at_most_once()
    """What `with_at_most_once()` returns."""
    QOS1: ClassVar[PublishOption] = OptionFactories.with_at_least_once()
    """What `with_at_least_once()` returns."""
    RETAIN: ClassVar[PublishOption] = OptionFactories.with_retain()
    """What `with_retain()` returns."""
