"""The client for asyncio programs: its calls, its connection and its handlers."""
