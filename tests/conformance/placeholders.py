"""What stands in a recording for what differs between two runs: keys, ids, times."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import string
from collections.abc import Callable

from emitter_typed._types.values import Json

_PLACEHOLDER = re.compile(r"<(master|run|mark:\w+[+-]\d+|mark:\w+|key:\w+|msg:\w+|conn:\w+)>")
_OFFSET = re.compile(r"mark:(\w+?)([+-]\d+)?")
_TIME_TOLERANCE_S = 30


class Mismatch(AssertionError):
    """What came is not what was recorded."""


class Bindings:
    """The values of the placeholders of one run."""

    def __init__(self, master_key: str, now: Callable[[], float]) -> None:
        self._now = now
        self._marks: dict[str, int] = {}
        alphabet = string.ascii_lowercase + string.digits
        self._values = {"master": master_key, "run": "".join(secrets.choice(alphabet) for _ in range(10))}

    def mark(self, name: str) -> None:
        """Remember the current second."""
        self._marks[name] = int(self._now())

    def fill(self, value: Json) -> Json:
        """Return a value that is to be sent, with its placeholders filled in."""
        match value:
            case str():
                return _PLACEHOLDER.sub(lambda found: self._value(found[1]), value)
            case list():
                return [self.fill(each) for each in value]
            case dict():
                return {name: self.fill(each) for name, each in value.items()}
            case _:
                return value

    def fill_text(self, text: str) -> str:
        """Return a text that is to be sent, with its placeholders filled in."""
        return _PLACEHOLDER.sub(lambda found: self._value(found[1]), text)

    def fit(self, recorded: Json, came: Json, path: str = "$") -> None:
        """Bind the placeholders that are met for the first time.

        Raises:
            Mismatch: what came is not what was recorded.
        """
        if recorded == "<time>":
            if not isinstance(came, int) or abs(came - self._now()) > _TIME_TOLERANCE_S:
                raise Mismatch(f"{path}: {came!r} is not a time around {self._now()}")
        elif isinstance(recorded, str) and isinstance(came, str):
            self._fit_text(recorded, came, path)
        elif isinstance(recorded, dict) and isinstance(came, dict):
            if recorded.keys() != came.keys():
                raise Mismatch(f"{path}: the keys are {sorted(came)}, not {sorted(recorded)}")
            for name, each in recorded.items():
                self.fit(each, came[name], f"{path}.{name}")
        elif isinstance(recorded, list) and isinstance(came, list):
            if len(recorded) != len(came):
                raise Mismatch(f"{path}: {came!r} has {len(came)} items, not {len(recorded)}")
            if path.endswith(".who"):
                came = sorted(came, key=json.dumps)
                recorded = sorted((self.fill(each) for each in recorded), key=json.dumps)
            for place, (one, other) in enumerate(zip(recorded, came, strict=True)):
                self.fit(one, other, f"{path}[{place}]")
        elif type(recorded) is not type(came) or recorded != came:
            raise Mismatch(f"{path}: {came!r} is not {recorded!r}")

    def fit_payload(self, recorded: dict[str, Json] | None, came: bytes, path: str) -> None:
        """Compare a payload with its `json`, `text`, `base64` or `fill`."""
        match recorded:
            case {"json": document}:
                try:
                    self.fit(document, _unfolded(json.loads(came), document), path)
                except json.JSONDecodeError as error:
                    raise Mismatch(f"{path}: {came!r} is no JSON") from error
            case {"text": str(text)}:
                self._fit_text(text, came.decode(), path)
            case {"base64": str(text)}:
                self.fit(text, base64.b64encode(came).decode(), path)
            case {"fill": [str(character), int(count)]}:
                if came != character.encode() * count:
                    raise Mismatch(f"{path}: {came[:40]!r}… ({len(came)} bytes) is not {count} times {character}")
            case _:
                raise Mismatch(f"{path}: the replayer does not know the payload {recorded!r}")

    def _fit_text(self, recorded: str, came: str, path: str) -> None:
        pattern, unbound = "", list[str]()
        for place, part in enumerate(_PLACEHOLDER.split(recorded)):
            if place % 2 == 0:
                pattern += re.escape(part)
            elif part in self._values or part.startswith("mark:"):
                pattern += re.escape(self._value(part))
            else:
                unbound.append(part)
                pattern += "(.+)"
        found = re.fullmatch(pattern, came, re.DOTALL)
        if found is None:
            raise Mismatch(f"{path}: {came[:200]!r} is not {self.shown(recorded)!r}")
        self._values.update(zip(unbound, found.groups(), strict=True))

    def shown(self, recorded: str) -> str:
        """Return a recorded text with what is known filled in, for a message."""
        return _PLACEHOLDER.sub(lambda found: self._values.get(found[1], found[0]), recorded)

    def _value(self, placeholder: str) -> str:
        found = _OFFSET.fullmatch(placeholder)
        if found is not None:
            return str(self._marks[found[1]] + int(found[2] or 0))
        return self._values[placeholder]


def _unfolded(came: Json, recorded: Json) -> Json:
    """Show the payloads of a history reply as the recording does."""
    if not (isinstance(came, dict) and isinstance(recorded, dict)):
        return came
    messages, expected = came.get("messages"), recorded.get("messages")
    if not (isinstance(messages, list) and isinstance(expected, list)):
        return came
    forms = [each.get("payload") if isinstance(each, dict) else None for each in expected]
    forms += [None] * (len(messages) - len(forms))
    return {
        **came,
        "messages": [_unfolded_message(each, form) for each, form in zip(messages, forms, strict=False)],
    }


def _unfolded_message(message: Json, form: Json) -> Json:
    if not isinstance(message, dict) or not isinstance(payload := message.get("payload"), str):
        return message
    try:
        content = base64.b64decode(payload, validate=True)
    except binascii.Error as error:
        raise Mismatch(f"{payload!r} is no base64") from error
    if isinstance(form, dict) and "fill" in form:
        return {**message, "payload": {"fill": [content[:1].decode(), len(content)]}}
    if isinstance(form, dict) and "base64" in form:
        return {**message, "payload": {"base64": payload}}
    return {**message, "payload": {"text": content.decode()}}
