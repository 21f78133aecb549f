"""The two numbers that everything else reads: the release, and the contract with the runtime.

They live on the compiler's side because the compiler never imports the runtime; packaging reads VERSION too.
"""

VERSION = "0.1.0"
"""The release of both packages, which ship in one wheel."""

CONTRACT = 3
"""Raised when older generated code stops running on the runtime, or newer code needs a newer runtime."""
