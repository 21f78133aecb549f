"""JSON as text, without spaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any


def _make_encoder() -> Callable[[object], str]:
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encoder.encode
    # JSONEncoder makes this anew for each document, which takes as long as to write a short one.
    parts = make(None, encoder.default, encode_basestring, None, ":", ",", False, False, False)
    return lambda document: "".join(parts(document, 0))


document_text = _make_encoder()
"""Returns the JSON of a document. Raises RecursionError if it is nested too deeply."""

string_text: Callable[[str], str] = encode_basestring
"""Returns the JSON of a text."""
