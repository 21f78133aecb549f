"""What both clients share, and what generated code stands on; `contract` re-exports the latter."""
