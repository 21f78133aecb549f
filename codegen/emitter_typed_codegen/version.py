"""The two numbers that everything else reads: the release, and the contract of generated code with the runtime.

They live on the compiler's side because the compiler never imports the runtime; packaging reads `VERSION` from here.
"""

VERSION = "0.1.0"
"""The release of both packages, which ship in one wheel."""

CONTRACT = 1
"""Raised when code generated so far can no longer run on the runtime, or code generated from now on needs a newer one."""
