"""Payloads: from bytes to objects of a type and back, and where in a document something does not fit."""
