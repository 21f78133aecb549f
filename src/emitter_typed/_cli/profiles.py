"""Profiles: brokers and keys by name, in a file of the user's."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, cast

from emitter_typed._cli.arguments import suggestion
from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.paths import reason, unreadable

FIELDS: Final = ("url", "username", "key", "master_key", "matcher", "tls_ca")
"""What a profile may hold: texts, of which the keys may be `@FILE`."""
SECRETS: Final = {"key", "master_key"}

_OTHERS = stat.S_IRWXG | stat.S_IRWXO

Profile = Mapping[str, str]


class Profiles(NamedTuple):
    """What the file holds."""

    default: str | None
    """The profile that is used where none is named and no URL is given."""
    by_name: dict[str, dict[str, str]]


def profiles_path() -> Path:
    """Return where the file is: `profiles.toml` in the folder `emitter-typed` of the user's configuration."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or os.path.expanduser("~")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "emitter-typed" / "profiles.toml"


def read_profiles() -> Profiles:
    """Return the profiles; none if there is no file.

    Raises:
        InvalidArgument: The file cannot be read, holds something else, or holds keys and others may read it.
    """
    import tomllib

    path = profiles_path()
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            document: dict[str, object] = tomllib.load(file)
    except FileNotFoundError:
        return Profiles(None, {})
    except (OSError, ValueError) as error:
        # What is on the line may be a key, and Python's text shows none of it.
        raise _bad(path, f"the file of profiles {unreadable(error)}") from None
    default = document.get("default")
    tables = document.get("profiles", {})
    if not isinstance(tables, dict) or not (default is None or isinstance(default, str)):
        raise _bad(path, "expected a table [profiles.NAME] for each broker, and default = NAME")
    found: dict[str, dict[str, str]] = {}
    for name, table in cast("dict[str, object]", tables).items():
        found[name] = _checked(path, name, table)
    if mode & _OTHERS and sys.platform != "win32" and any(_holds_key(each) for each in found.values()):
        raise _bad(path, f"others can read the keys in it: run chmod 600 {path}")
    return Profiles(default, found)


def write_profiles(profiles: Profiles) -> Path:
    """Write the file anew, readable for the user alone, and return where it is. Raises InvalidArgument."""
    path = profiles_path()
    lines = [] if profiles.default is None else [f"default = {_quoted(profiles.default)}", ""]
    for name, profile in sorted(profiles.by_name.items()):
        lines.append(f"[profiles.{_quoted(name)}]")
        lines += [f"{field} = {_quoted(profile[field])}" for field in FIELDS if field in profile]
        lines.append("")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        os.replace(beside, path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise _bad(path, reason(error)) from None
    return path


def find_profile(name: str | None, *, url_given: bool) -> Profile:
    """Return the profile to use: the named one, else the default one if no URL is given, else an empty one.

    A key goes to the broker of its profile only: the default profile does not count where a URL is given.

    Raises:
        InvalidArgument: There is no such profile, or the file cannot be used.
    """
    name = name or os.environ.get("EMITTER_PROFILE") or None
    if name is None and url_given:
        return {}
    profiles = read_profiles()
    name = name or profiles.default
    if name is None:
        return {}
    if name not in profiles.by_name:
        hint = suggestion(name, profiles.by_name)
        raise InvalidArgument(
            f"there is no profile {name!r} in {profiles_path()}{hint or ': see emitter-typed profile list'}",
            argument="profile",
            value=name,
        )
    return profiles.by_name[name]


def _checked(path: Path, name: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise _bad(path, f"expected a table [profiles.{name}]")
    profile: dict[str, str] = {}
    for field, value in cast("dict[str, object]", table).items():
        if field not in FIELDS:
            raise _bad(path, f"profile {name}: unknown field {field!r}{suggestion(field, FIELDS)}")
        if not isinstance(value, str):
            raise _bad(path, f"profile {name}: expected a text for {field}")
        profile[field] = value
    return profile


def _holds_key(profile: Profile) -> bool:
    return any(not profile[field].startswith("@") for field in SECRETS & profile.keys())


def _quoted(text: str) -> str:
    # A text of JSON is one of TOML, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bad(path: Path, why: str) -> InvalidArgument:
    return InvalidArgument(f"{path}: {why}", argument="profile", value=str(path))
