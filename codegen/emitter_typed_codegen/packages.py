"""Where the packages of imported files lie, and how the code of one package names another.

A type is one class in a project, whoever imports it. So an imported file has a package of its own: the one that a job
makes of it or, if no job does, `common_api` for `common.yaml`, beside the package that imports it.
"""

from __future__ import annotations

from pathlib import Path

from emitter_typed_codegen.names import attribute_name
from emitter_typed_codegen.paths import real_path


def package_beside(importing: Path, schema: Path) -> Path:
    """Return the folder of the package of an imported file that no job names, beside the importing package."""
    # What lies beside a folder that is named by dots, or by a link, only the system knows.
    return real_path(importing).parent / f"{attribute_name(schema.stem)}_api"


def module_name(package: Path, importing: Path) -> str:
    """Return how one package names another: `..common_api` where both lie in a package, else the absolute name.

    Args:
        package: The folder of the package that is named.
        importing: The folder of the package that names it.
    """
    package, importing = real_path(package), real_path(importing)
    if package.parent == importing.parent and _is_package(package.parent):
        return f"..{package.name}"
    parts = [package.name]
    for folder in package.parents:
        if not _is_package(folder):
            break
        parts.insert(0, folder.name)
    return ".".join(parts)


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists()
