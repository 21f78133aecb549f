"""Every call of Emitter's protocol as a command: type `help`.

It needs a broker and its master key: `EMITTER_URL` and `EMITTER_MASTER_KEY` say which.
"""

from __future__ import annotations

import cmd
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

from emitter_typed import (
    Client,
    EmitterError,
    Key,
    Message,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    Subscription,
)

from console_api import Console, NotesChannelMessage

Tell: TypeAlias = Callable[[str], None]
Command: TypeAlias = Callable[["Shell", str], None]


def show(line: str) -> None:
    """Print a line at once: several threads do."""
    sys.stdout.write(f"{line}\n")


def telling(command: Command) -> Command:
    """Let a command tell why the broker, or the client, refused it."""

    @wraps(command)
    def run(shell: Shell, words: str) -> None:
        try:
            command(shell, words)
        except EmitterError as error:
            shell.tell(f"{type(error).__name__}: {error}")

    return run


class Shell(cmd.Cmd):
    """A prompt for one client.

    Args:
        client: A connected client.
        master_key: The key that makes keys.
        tell: Called with each line to show. Messages arrive in threads of their own.
    """

    prompt = "> " if sys.stdin.isatty() else ""

    def __init__(self, client: Client, master_key: str, tell: Tell = show) -> None:
        super().__init__()
        self._client = client
        self._master_key = master_key
        self.tell = tell
        self._key: Key = client.keygen(master_key, "notes/#/", "rwslp").key
        self._group_key: Key = client.keygen(master_key, "$share/+/notes/#/", "r").key
        self._subscriptions: dict[str, Subscription[NotesChannelMessage]] = {}
        client.on_error = lambda error: tell(f"{type(error).__name__}: {error}")

    @property
    def _console(self) -> Console:
        return Console(self._client, self._key)

    @telling
    def do_subscribe(self, topic: str) -> None:
        """Show what is published about a topic: subscribe TOPIC."""
        found = self._console.notes(topic=topic)
        self._subscriptions[topic] = found.subscribe(lambda message: self._arrived(message.channel, message.payload))
        self.tell(f"subscribed to {topic}")

    @telling
    def do_unsubscribe(self, topic: str) -> None:
        """End that: unsubscribe TOPIC."""
        if topic not in self._subscriptions:
            self.tell(f"not subscribed to {topic}")
            return
        self._subscriptions.pop(topic).close()
        self.tell(f"unsubscribed from {topic}")

    @telling
    def do_share(self, words: str) -> None:
        """Share what is published about a topic with a group: share TOPIC GROUP."""
        topic, _, group = words.partition(" ")
        self._client.subscribe_with_group(self._group_key, f"notes/{topic}/", group, self._shared)
        self.tell(f"a member of {group}")

    @telling
    def do_publish(self, words: str) -> None:
        """Publish a text, and wait for the broker: publish TOPIC TEXT."""
        topic, _, text = words.partition(" ")
        self._console.notes(topic=topic).publish(text, qos=1)

    @telling
    def do_retain(self, words: str) -> None:
        """Publish a text, and let the broker keep it: retain TOPIC TEXT."""
        topic, _, text = words.partition(" ")
        self._console.notes(topic=topic).publish(text, qos=1, retain=True)

    @telling
    def do_history(self, topic: str) -> None:
        """Show what is stored about a topic: history TOPIC."""
        for message in self._console.notes(topic=topic).history():
            self.tell(f"stored {message.channel} {message.payload}")

    @telling
    def do_link(self, words: str) -> None:
        """Give a topic a name of one or two letters: link TOPIC NAME."""
        topic, _, name = words.partition(" ")
        linked = self._client.link(self._key, f"notes/{topic}/", name)
        self.tell(f"{linked.name} is {linked.channel}")

    @telling
    def do_send(self, words: str) -> None:
        """Publish through a link: send NAME TEXT."""
        name, _, text = words.partition(" ")
        self._client.publish_with_link(name, text, qos=1)

    @telling
    def do_presence(self, topic: str) -> None:
        """Show who is subscribed, and who comes and goes: presence TOPIC."""
        self._client.presence(self._key, f"notes/{topic}/", status=True, changes=True, optional_handler=self._present)

    @telling
    def do_me(self, _: str) -> None:
        """Show the id of this connection, and its links: me."""
        me = self._client.me()
        self.tell(f"{me.id} {dict(me.links)}")

    @telling
    def do_keygen(self, words: str) -> None:
        """Make a key for a channel, and use it from now on: keygen CHANNEL PERMISSIONS."""
        channel, _, permissions = words.partition(" ")
        self._key = self._client.keygen(self._master_key, channel, permissions).key
        self.tell(f"using {self._key}")

    @telling
    def do_ban(self, _: str) -> None:
        """Ban the key that is used now: ban."""
        self._client.keyban(self._master_key, self._key, True)
        self.tell(f"banned {self._key}")

    @telling
    def do_unban(self, _: str) -> None:
        """Allow the key that is used now: unban."""
        self._client.keyban(self._master_key, self._key, False)
        self.tell(f"allowed {self._key}")

    def do_quit(self, _: str) -> bool:
        """Leave: quit."""
        return True

    def do_EOF(self, _: str) -> bool:  # noqa: N802  # the name that cmd calls at the end of the input
        """Leave: Ctrl-D."""
        return True

    def emptyline(self) -> bool:
        """Do nothing; the base would repeat the last command."""
        return False

    def _arrived(self, channel: str, text: str) -> None:
        self.tell(f"{channel} {text}")

    def _shared(self, message: Message) -> None:
        self.tell(f"shared {message.channel} {message.as_string()}")

    def _present(self, event: PresenceEvent) -> None:
        match event:
            case PresenceStatus(who=everyone):
                self.tell(f"there: {', '.join(one.username or one.id for one in everyone) or 'nobody'}")
            case PresenceSubscribe(who=one):
                self.tell(f"came: {one.username or one.id}")
            case PresenceUnsubscribe(who=one):
                self.tell(f"left: {one.username or one.id}")


if __name__ == "__main__":
    try:
        with Client.from_url(username="console") as connected:
            Shell(connected, os.environ["EMITTER_MASTER_KEY"]).cmdloop("type help")
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
