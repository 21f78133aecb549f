"""Channel keys: sealed with a secret of one broker, so that nobody else can make or alter one.

A key is 24 bytes, written as 32 characters of URL-safe base64: a tag over what the key grants, and that
grant, masked. Of its target, which may be of any length, the grant holds the form and a digest of the names.
(docs: Emitter protocol, keygen and what a key opens)
"""

from __future__ import annotations

import hmac
import re
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from enum import IntFlag
from hashlib import blake2b

from attrs import frozen

from emitter_typed._broker.arguments import check_kind
from emitter_typed._broker.refusals import Refusal, Refused
from emitter_typed._broker.targets import Form, KeyScope, read_target
from emitter_typed._protocol.topics import validate_key_target
from emitter_typed.errors import InvalidArgument

_KEY_BYTES, _TAG_BYTES, _DIGEST_BYTES, _SALT_BYTES = 24, 8, 5, 2
# Permissions, form of the target, end, digest of the target's names.
_GRANT = struct.Struct(f">BII{_DIGEST_BYTES}s")
_MAX_EXPIRY_S = 2**32 - 1
_MAX_CACHED = 4096
_MAX_CACHED_LENGTH = 256
_is_key = re.compile(r"[A-Za-z0-9_-]{32}").fullmatch


class Permission(IntFlag):
    """What a key lets its holder do."""

    READ = 1
    WRITE = 2
    STORE = 4
    LOAD = 8
    PRESENCE = 16
    EXTEND = 32
    EXECUTE = 64
    MASTER = 128


_LETTERS = dict(zip("rwslpex", Permission, strict=False))


def read_permissions(letters: str) -> Permission:
    """Return the permissions that a text of letters names; unknown letters are ignored."""
    granted = Permission(0)
    for letter in letters:
        granted |= _LETTERS.get(letter, 0)
    return granted


@frozen
class Grant:
    """What a key grants, as long as it has not expired."""

    permissions: Permission
    expires_at_s: int
    """The Unix time at which it ends; 0 for never."""
    form: Form
    """Of the target."""
    digest: bytes
    """Of the target's names."""

    def allows(self, permission: Permission) -> bool:
        """Tell whether a permission is among the granted ones."""
        return permission in self.permissions


class KeyRing:
    """Makes and checks the keys of one broker. The same master key makes a ring that knows the same keys."""

    def __init__(self, master_key: str, clock: Callable[[], float]) -> None:
        """Make a ring.

        Args:
            master_key: 32 characters of URL-safe base64.
            clock: Gives the Unix time in seconds.

        Raises:
            InvalidArgument: the master key has another form.
        """
        if _is_key(master_key) is None:
            raise InvalidArgument(
                "master_key: must be 32 characters of URL-safe base64 (A-Z a-z 0-9 - _); "
                "if it is omitted, the broker makes one",
                argument="master_key",
                value=None,
            )
        self._master_key = master_key
        self._secret = blake2b(master_key.encode(), digest_size=32, person=b"emitter-typed").digest()
        self._clock = clock
        self._banned: set[str] = set()
        self._opened: dict[tuple[str, str], Grant | None] = {}

    def seal(self, permissions: Permission, target: str, expires_at_s: int = 0, *, maker: str | None = None) -> str:
        """Make a key: another one each time, or the same one where its maker makes it again.

        Args:
            permissions: What it grants.
            target: The channels that it opens, written as the module `targets` tells.
            expires_at_s: The Unix time at which it ends; 0 for never.
            maker: The key that it is made with, unless that is the master key.

        Raises:
            Refused: the target does not end with a slash, or is too deep.
        """
        form, names = read_target(target)
        expires_at_s = min(max(expires_at_s, 0), _MAX_EXPIRY_S)
        grant = _GRANT.pack(permissions, form.as_number(), expires_at_s, self._digest(names))
        salt = self._keyed(b"salt", maker.encode(), _SALT_BYTES) if maker else secrets.token_bytes(_SALT_BYTES)
        return self._sealed(grant + salt)

    def open(self, key: str) -> Grant | None:
        """Return what a key granted when it was made, or None if this ring did not make it."""
        if hmac.compare_digest(key.encode(), self._master_key.encode()):
            return Grant(Permission.MASTER, 0, Form(KeyScope.NOTHING, 0, 0), b"")
        sealed = self._unsealed(key)
        if sealed is None:
            return None
        permissions, form, expires_at_s, digest = _GRANT.unpack_from(sealed)
        return Grant(Permission(permissions), expires_at_s, Form.of_number(form), digest)

    def unexpired(self, key: str) -> Grant:
        """Return what a key grants now, even if it is banned.

        Emitter looks at bans where a key opens a channel, and nowhere else: a banned master key goes on making keys.

        Raises:
            Refused: this ring did not make the key, or it has expired.
        """
        grant = self.open(key)
        if grant is None or 0 < grant.expires_at_s <= self._clock():
            raise Refused(Refusal.UNAUTHORIZED)
        return grant

    def authorize(self, key: str, channel: str, permission: Permission) -> Grant:
        """Return what a key grants, if it lets its holder do something on a channel.

        Args:
            key: The key in clear.
            channel: The channel, `$share/<group>/` included, wildcards as they stand in it.
            permission: What is to be done.

        Raises:
            Refused: the key is not valid, or does not open the channel, or lacks the permission.
        """
        grant = self._opening(key, channel)
        if grant is None or key in self._banned or 0 < grant.expires_at_s <= self._clock():
            raise Refused(Refusal.UNAUTHORIZED)
        if not grant.allows(permission):
            raise Refused(Refusal.UNAUTHORIZED)
        return grant

    def ban(self, key: str, *, banned: bool) -> None:
        """Ban a key, or allow it again, at once."""
        if banned:
            self._banned.add(key)
        else:
            self._banned.discard(key)

    def _opening(self, key: str, channel: str) -> Grant | None:
        asked = (key, channel)
        if asked in self._opened:
            return self._opened[asked]
        grant = self.open(key)
        if grant is not None and not self._opens(grant, channel):
            grant = None
        if len(key) + len(channel) <= _MAX_CACHED_LENGTH:
            if len(self._opened) >= _MAX_CACHED:
                self._opened.clear()
            self._opened[asked] = grant
        return grant

    def _opens(self, grant: Grant, channel: str) -> bool:
        names = grant.form.claim(channel)
        return names is not None and hmac.compare_digest(self._digest(names), grant.digest)

    def _digest(self, names: str) -> bytes:
        return self._keyed(b"target", names.encode(), _DIGEST_BYTES)

    def _sealed(self, grant: bytes) -> str:
        tag = self._keyed(b"tag", grant, _TAG_BYTES)
        return urlsafe_b64encode(tag + _xor(grant, self._keyed(b"mask", tag, len(grant)))).decode()

    def _unsealed(self, key: str) -> bytes | None:
        if _is_key(key) is None:
            return None
        sealed = urlsafe_b64decode(key)
        tag, masked = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        grant = _xor(masked, self._keyed(b"mask", tag, len(masked)))
        return grant if hmac.compare_digest(tag, self._keyed(b"tag", grant, _TAG_BYTES)) else None

    def _keyed(self, purpose: bytes, text: bytes, size_bytes: int) -> bytes:
        return blake2b(text, digest_size=size_bytes, key=self._secret, person=purpose).digest()


def make_key(keys: KeyRing, channel: str, letters: str, ttl: int | timedelta, now_s: float) -> str:
    """Make a key as a keygen request does, and refuse what could only be a mistake.

    Args:
        keys: Seals it.
        channel: The target; a missing last slash is added.
        letters: The permissions.
        ttl: How long it works, in seconds or as a timedelta; 0 for ever.
        now_s: The Unix time in seconds.

    Raises:
        InvalidArgument: the channel is not valid or too deep, or a key for it opens nothing; a letter is not a
            permission, there is no letter, or the time is below 0.
    """
    target = validate_key_target(channel)
    check_kind("permissions", letters, str, "a text")
    check_kind("ttl", ttl, (int, timedelta), "an integer or a timedelta")
    ttl_s = ttl if isinstance(ttl, int) else ttl // timedelta(seconds=1)
    if isinstance(ttl, timedelta) and ttl.microseconds:
        raise InvalidArgument(f"ttl: must be whole seconds, not {ttl.total_seconds()}", argument="ttl", value=ttl)
    if unknown := set(letters) - _LETTERS.keys():
        raise InvalidArgument(
            f"permissions: must be letters of {''.join(_LETTERS)}, not {min(unknown)!r}",
            argument="permissions",
            value=letters,
        )
    if not letters:
        raise InvalidArgument(
            f"permissions: expected at least one letter of {''.join(_LETTERS)}", argument="permissions", value=letters
        )
    if ttl_s < 0:
        raise InvalidArgument(f"ttl: must be 0 or more seconds, not {ttl_s}", argument="ttl", value=ttl_s)
    try:
        return keys.seal(read_permissions(letters), target, int(now_s) + ttl_s if ttl_s else 0)
    except Refused as refused:
        raise InvalidArgument(
            f"channel: cannot have a key: {refused.refusal.value[1]}", argument="channel", value=channel
        ) from None


def new_master_key() -> str:
    """Return a master key that nobody knows."""
    return secrets.token_urlsafe(_KEY_BYTES)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
