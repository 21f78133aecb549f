"""Values as documents of JSON, through the codec."""

from __future__ import annotations

import json

from emitter_typed._protocol.payloads import codec


def read(value: object, type_: object) -> object:
    result: object = codec.decode(json.dumps(value).encode(), type_)
    return result


def written(value: object, type_: object = None) -> object:
    return json.loads(codec.encode(value, type_))
