"""The keys of the language: what may stand where, and what it means. One table for compiler, editors and docs."""
