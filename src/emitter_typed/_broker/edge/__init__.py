"""How bytes reach the broker: TCP, TLS, WebSocket and HTTP on one port, and memory.

`layers` says what a connection speaks and takes it off, without input and output; `sockets` and `memory` carry it.
"""
