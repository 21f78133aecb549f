"""The client for programs with threads."""

from __future__ import annotations

from emitter_typed._classic import ClassicOptions
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.sync_api import SyncApi
from emitter_typed._sync.classic_loop import ClassicLoop


class Client(ClassicLoop, SyncApi, ClassicOptions, protocol=PROTOCOL):
    """A connection to Emitter for programs with threads.

    Every method may be called from any thread.

    Each call returns its own response or raises the broker's refusal. Each handler runs in its own thread, one message
    at a time, and may call every method.

    >>> from emitter_typed import Client
    >>> from emitter_typed.broker import Broker
    >>> with Broker() as broker, Client.from_url(broker.url) as client:
    ...     key = client.keygen(broker.master_key, "chat/#/", "rw").key
    ...     with client.subscribe(key, "chat/") as subscription:
    ...         client.publish(key, "chat/ann/", "hello", qos=1)
    ...         message = subscription.get(timeout_s=5)
    >>> message.channel, message.as_string()
    ('chat/ann/', 'hello')
    """
