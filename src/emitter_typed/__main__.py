"""`python -m emitter_typed`: the same as the console script `emitter-typed`."""

from emitter_typed.cli import main

raise SystemExit(main())
