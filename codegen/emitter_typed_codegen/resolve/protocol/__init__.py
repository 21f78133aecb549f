"""The sections of a schema that only a protocol has: envelope, requests, events, operations, options and errors."""
