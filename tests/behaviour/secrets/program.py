"""A program with all logging on that does everything wrong that it can, and shows all that it sees.

It prints nothing of its own that reveals a key: what stands in its output was shown by the library, or by what the
library raises, logs and hands to handlers. The keys go to a file.
"""

import asyncio
import logging
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from emitter_typed import (
    AsyncClient,
    Client,
    ConnectionLost,
    EmitterError,
    InvalidArgument,
    Key,
    Permission,
    RequestTimeout,
    Unauthorized,
)
from emitter_typed.broker import Broker

STRANGER = "0123456789abcdefghijklmnopqrstuv"
WRONG_FORM = "not/a key at+all#"


def show(*values: object) -> None:
    """Show values in every way that a program shows them by accident."""
    for value in values:
        sys.stdout.write(f"{value} {value!r} {[value]} " + "%s %r\n" % (value, value))  # noqa: UP031  one of the ways


def attributes(value: object) -> list[object]:
    """Return the attributes of an object, and those of what it holds of the library."""
    found, waiting = list[object](), [value]
    while waiting:
        each = waiting.pop()
        if hasattr(each, "__dict__") and type(each).__module__.startswith("emitter_typed.") and vars(each) not in found:
            found.append(vars(each))
            waiting += vars(each).values()
    return found


@contextmanager
def raises(kind: type[EmitterError]) -> Generator[None]:
    """Provoke an error, and show it with its traceback, its attributes and what pickle makes of it."""
    try:
        yield
    except kind as error:
        show(error, vars(error), pickle.loads(pickle.dumps(error)))
        sys.stdout.writelines(traceback.format_exception(error))
    else:
        raise AssertionError(f"no {kind.__name__}")


def provoke(broker: Broker, client: Client, errors: "Reported") -> list[Key]:
    master, stranger = Key(broker.master_key), Key(STRANGER)
    made = client.keygen(master, "chat/#/", "rwslp")
    read_only = client.keygen(broker.master_key, "chat/#/", Permission.READ).key
    keys = [made.key, read_only]
    show(made, keys, {made.key: made}, client, broker)

    with raises(Unauthorized):
        client.keygen(stranger, "chat/", "rw")
    with raises(Unauthorized):
        client.keygen(STRANGER, "chat/", "rw")
    with raises(Unauthorized):
        client.publish(read_only, "chat/", "hello", qos=1)
    with raises(Unauthorized):
        client.publish(read_only.reveal(), "chat/", "hello", qos=1)
    with raises(Unauthorized):
        client.subscribe(made.key, "elsewhere/", last=5)
    with raises(Unauthorized):
        client.presence(read_only, "chat/", status=True)
    with raises(Unauthorized):
        client.unsubscribe(made.key, "elsewhere/")

    for key in (made.key, made.key.reveal()):
        with raises(InvalidArgument):
            client.publish(key, "chat/with space/", "hello")
        with raises(InvalidArgument):
            client.publish(key, "chat/", "hello", ttl=-1)
        with raises(InvalidArgument):
            client.publish(key, "chat/", b"x" * 100_000)
        with raises(InvalidArgument):
            client.subscribe(key, "chat/", last=-1)
    with raises(InvalidArgument):
        client.publish(WRONG_FORM, "chat/", "hello")
    with raises(InvalidArgument):
        client.publish(made.key, made.key, "hello")  # type: ignore[arg-type]  # on purpose
    with raises(Unauthorized):
        client.publish("chat", made.key.reveal(), "hello", qos=1)

    refused = client.publish_nowait(read_only, "chat/", "hello")
    show(refused)
    with raises(Unauthorized):
        refused.wait()
    client.publish(read_only, "chat/", "hello")  # At QoS 0 the refusal goes to on_error.
    show(errors.one(Unauthorized))

    received = threading.Event()

    def failing(message: object) -> None:
        show(message)
        received.set()
        raise ValueError("a handler's own fault")

    subscription = client.subscribe(made.key, "chat/", failing)
    show(*attributes(client), *attributes(subscription), *attributes(refused))
    client.subscribe(made.key, "chat/", payload=int, optional_handler=show)
    client.publish(made.key, "chat/ann/", "no number", qos=1)
    assert received.wait(60)
    show(subscription, errors.one(EmitterError), errors.one(EmitterError))
    return keys


class Reported:
    """Keeps what `on_error` gets."""

    def __init__(self) -> None:
        self._errors: list[EmitterError] = []
        self._changed = threading.Condition()

    def __call__(self, error: EmitterError) -> None:
        with self._changed:
            self._errors.append(error)
            self._changed.notify_all()

    def one(self, kind: type[EmitterError]) -> EmitterError:
        def found() -> EmitterError | None:
            return next((each for each in self._errors if isinstance(each, kind)), None)

        with self._changed:
            error = self._changed.wait_for(found, timeout=60)
            assert error is not None, f"no {kind.__name__} came to on_error"
            self._errors.remove(error)
            return error


def lose(broker: Broker, key: Key, break_it: Callable[[], None], kind: type[EmitterError], patience_s: float) -> None:
    with Client.from_url(broker.url, reconnect=False) as client:
        subscription = client.subscribe(key, "chat/", last=1)
        break_it()
        with raises(kind):
            pending = client.publish_nowait(key, "chat/", "hello")
            show(pending, subscription)
            pending.wait(patience_s)


async def in_asyncio(url: str, master_key: str) -> Key:
    async with AsyncClient.from_url(url) as client:
        key = (await client.keygen(master_key, "async/#/", "rw")).key
        show(client, key)
        with raises(Unauthorized):
            await client.publish(key, "elsewhere/", "hello", qos=1)
        with raises(Unauthorized):
            await client.keygen(STRANGER, "async/", "rw")
        with raises(InvalidArgument):
            await client.subscribe(key.reveal(), "async/with space/")
        async with await client.subscribe(key, "async/") as subscription:
            await client.publish(key, "async/", "hello", qos=1)
            show(await subscription.get(timeout_s=60))
        return key


def main(secrets: Path) -> None:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(name)s %(message)s %(args)r")
    errors = Reported()
    with Broker() as broker:
        with Client.from_url(broker.url, username="ann") as client:
            client.on_error = errors
            keys = provoke(broker, client, errors)
        keys.append(asyncio.run(in_asyncio(broker.url, broker.master_key)))
        lose(broker, keys[0], broker.faults.stall_reading, RequestTimeout, 0.01)
        broker.faults.resume_reading()
        lose(broker, keys[0], broker.faults.drop_connections, ConnectionLost, 60)
        with Client.from_url(broker.url) as unheard:
            # No handler for errors: it is logged.
            unheard.publish(keys[1], "chat/", "hello")
            unheard.keygen(broker.master_key, "chat/", "r")
        texts = [broker.master_key, STRANGER, WRONG_FORM, *(key.reveal() for key in keys)]
    secrets.write_text("\n".join(texts), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
