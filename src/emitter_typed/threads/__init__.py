"""The client in threads: what carries out its calls, its connection, and who is told of what."""
