"""Which faults are on. A broker asks here; `faults` turns them on and off."""

from __future__ import annotations

from attrs import define, field

from emitter_typed._broker.disorder import Disorder
from emitter_typed._broker.gate import Gate


@define
class Switches:
    """The faults of one broker; nothing is wrong to begin with. They outlive a restart."""

    answers: Gate = field(factory=Gate)
    """For answers. An answer is all that one packet of a connection makes the broker say to that connection: a reply
    with its PUBACK, stored messages with their SUBACK, an error with what follows it."""
    messages: Gate = field(factory=Gate)
    """For what is published and delivered live."""
    refusing: bool = False
    """Whether new connections are turned away."""
    return_code: int | None = None
    """The return code of the CONNACK with which they are; None: they are closed without a word."""
    ignoring_pings: bool = False
    """Whether PINGREQ gets no answer."""
    stalled: bool = False
    """Whether nothing is read."""
    disorder: Disorder | None = None
    """Which messages are stored in another order than they are delivered; None: no message is."""
    cut_inside: int | None = None
    """The type of the packet that is sent by half, once, before its connection is dropped."""
