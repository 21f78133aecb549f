"""One small schema for each feature of the language, and the package that the compiler makes of it.

Each folder holds `schema.yaml` and, in `expected/`, its package. After a change of what the compiler writes, refresh
them and read the difference as a user would:

    .venv/bin/python -m tests.codegen.golden.refresh && git diff tests/codegen/golden
"""
