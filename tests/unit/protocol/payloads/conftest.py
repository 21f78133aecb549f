"""Conversions do the same with the extra `fast` and without it: each test here runs both ways."""

from tests.helpers.json_libraries import json_library

__all__ = ["json_library"]
