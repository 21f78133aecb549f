"""The command line: `emitter_typed.cli` re-exports `main`. The only part that imports the compiler."""
