"""The protocol without I/O: no socket, no clock, no thread. Both clients drive it."""
