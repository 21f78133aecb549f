"""The client in asyncio tasks: what carries out its calls, its connection, and who is told of what."""
