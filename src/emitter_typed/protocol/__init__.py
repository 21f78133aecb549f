"""The protocol without input and output: no thread, no clock, no socket, no MQTT library."""
