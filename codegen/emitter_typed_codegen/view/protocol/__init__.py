"""What the package of a protocol prints: its requests, operations, events and options as methods and definitions."""
