"""The pytest plugin and what its fixtures use: `emitter_typed.testing` re-exports what users may import."""
