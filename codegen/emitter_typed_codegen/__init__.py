"""The compiler: a schema becomes a typed Python package. It never imports the runtime that its output runs on."""
