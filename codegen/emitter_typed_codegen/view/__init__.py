"""The model as exactly what the templates print: every decision about Python is made here."""

from __future__ import annotations

from emitter_typed_codegen.view.package import Banner, FileView, banner, compiler_protocol_file, package

__all__ = ["Banner", "FileView", "banner", "compiler_protocol_file", "package"]
