"""The embedded broker: `emitter_typed.broker` re-exports what users may import."""
