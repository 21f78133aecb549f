"""A chat: rooms with presence, and private rooms for those who are invited.

`python chat.py ann garden` needs a broker and two keys: `EMITTER_URL`, `EMITTER_KEY` for `chat/#/`, and
`EMITTER_PRIVATE_KEY`, which may only open private rooms.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from emitter_typed import (
    AsyncClient,
    EmitterError,
    Key,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
)

from chat_api import (
    AsyncChat,
    AsyncPrivateChannel,
    Invitation,
    InvitationChannelMessage,
    Line,
    PrivateChannelMessage,
    RoomChannelMessage,
    RoomKey,
)

Tell: TypeAlias = Callable[[str], None]


class Member:
    """Somebody in a room.

    Args:
        client: A connected client.
        name: The member's name.
        key: A key for `chat/#/` with `rwslp`.
        private_key: A key for `private/` with `rwe`: it opens private rooms, and nothing else.
        tell: Called with each line to show.
    """

    def __init__(
        self, client: AsyncClient, name: str, key: str | Key, private_key: str | Key, tell: Tell = print
    ) -> None:
        self.name = name
        self._client = client
        self._key = key
        self._private_key = private_key
        self._tell = tell
        self._chat = AsyncChat(client, key)
        self._room = ""
        self._private: AsyncPrivateChannel | None = None

    async def enter(self, room: str) -> None:
        """Enter a room. The last lines that were said there come first."""
        self._room = room
        await self._chat.invitation(member=self.name).subscribe(self._invited, last=0)
        await self._chat.room(room=room).subscribe(self._heard, last=10)
        await self._client.presence(
            self._key, f"chat/rooms/{room}/", status=True, changes=True, optional_handler=self._seen
        )

    async def say(self, text: str) -> None:
        """Say something to everyone in the room."""
        await self._chat.room(room=self._room).publish(self._line(text))

    async def invite(self, member: str) -> None:
        """Open a private room, and send its key to another member.

        The room's name is the id of this connection: a later connection has another room.
        """
        opened = await self._client.keygen(self._private_key, "private/", "rw")
        room = (await self._client.me()).id
        key = RoomKey(opened.key.reveal())
        await self._chat.invitation(member=member).publish(Invitation(host=self.name, room=room, key=key))
        await self._enter_private(room, key)

    async def whisper(self, text: str) -> None:
        """Say something in the private room."""
        if self._private is None:
            self._tell("you are in no private room: /invite somebody")
            return
        await self._private.publish(self._line(text))

    def _line(self, text: str) -> Line:
        return Line(by=self.name, text=text, said_at=datetime.now(UTC))

    async def _enter_private(self, room: str, key: RoomKey) -> None:
        self._private = AsyncChat(self._client, key).private(room=room)
        await self._private.subscribe(self._overheard, last=0)

    async def _invited(self, message: InvitationChannelMessage) -> None:
        invitation = message.payload
        await self._enter_private(invitation.room, invitation.key)
        self._tell(f"{invitation.host} invited you to a private room: /whisper there")

    async def _heard(self, message: RoomChannelMessage) -> None:
        self._tell(f"{message.payload.by}: {message.payload.text}")

    async def _overheard(self, message: PrivateChannelMessage) -> None:
        self._tell(f"{message.payload.by} (private): {message.payload.text}")

    async def _seen(self, event: PresenceEvent) -> None:
        match event:
            case PresenceStatus(who=everyone):
                self._tell(f"here: {', '.join(sorted(one.username or 'a stranger' for one in everyone))}")
            case PresenceSubscribe(who=one):
                self._tell(f"{one.username or 'a stranger'} came")
            case PresenceUnsubscribe(who=one):
                if one.username == self.name:
                    return
                self._tell(f"{one.username or 'a stranger'} left")


async def obey(member: Member, line: str) -> None:
    """Do what a line of the keyboard says."""
    command, _, rest = line.partition(" ")
    match command:
        case "/invite":
            await member.invite(rest)
        case "/whisper":
            await member.whisper(rest)
        case _:
            await member.say(line)


async def main(key: str, private_key: str, name: str, room: str) -> None:
    """Chat until the input ends."""
    async with AsyncClient.from_url(username=name) as client:
        member = Member(client, name, key, private_key)
        await member.enter(room)
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                await obey(member, line.strip())
            except EmitterError as error:
                print(error)
        await client.drain()


if __name__ == "__main__":
    try:
        asyncio.run(main(os.environ["EMITTER_KEY"], os.environ["EMITTER_PRIVATE_KEY"], *sys.argv[1:3]))
    except KeyError as missing:
        sys.exit(f"set {missing}: README.md says how")
    except EmitterError as error:
        sys.exit(str(error))
