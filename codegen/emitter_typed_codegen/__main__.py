"""`python -m emitter_typed_codegen`: the compiler without the runtime."""

import sys

from emitter_typed_codegen.cli import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m emitter_typed_codegen"))
