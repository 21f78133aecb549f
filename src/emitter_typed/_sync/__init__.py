"""The client for programs with threads: its calls, its connection and its handlers."""
