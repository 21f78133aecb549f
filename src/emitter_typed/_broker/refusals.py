"""What the broker answers when it says no: a status and its message."""

from __future__ import annotations

from enum import Enum


class Refusal(Enum):
    """Every refusal that the broker gives.

    (docs: Emitter protocol, correlation)
    """

    BAD_REQUEST = 400, "the request was invalid or cannot be otherwise served"
    TARGET_FORM = 400, "channel should end with `/` for strict types or `/#/` for wildcards"
    TARGET_DEPTH = 400, "channel can not have more than 23 parts"
    LINK_NAME = 400, "the link must be an alphanumeric string of 1 or 2 characters"
    UNAUTHORIZED = 401, "the security key provided is not authorized to perform this operation"
    EXTEND_KEY = 401, "the security key with extend permission can only be used for private links"
    FORBIDDEN = 403, "the request is understood, but it has been refused or access is not allowed"
    NOT_FOUND = 404, "the resource requested does not exist"
    PRIVATE_DEPTH = 500, "channel can not have more than 23 parts"

    def as_reply(self) -> dict[str, object]:
        """Return the body of the error message."""
        status, message = self.value
        return {"status": status, "message": message}


class Refused(Exception):
    """Ends the handling of one packet or request; becomes the error that the connection gets."""

    def __init__(self, refusal: Refusal) -> None:
        """Refuse with a status and its message."""
        super().__init__(refusal.name)
        self.refusal = refusal
