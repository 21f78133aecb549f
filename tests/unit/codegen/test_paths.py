"""What texts say of files."""

from pathlib import Path

import pytest

from emitter_typed_codegen.paths import reason


@pytest.mark.parametrize(("name", "said"), [("folder", "Is a directory"), ("file", "Permission denied")])
def test_a_folder_is_told_from_what_may_not_be_read(tmp_path: Path, name: str, said: str) -> None:
    """Windows refuses to open a folder as it refuses a file that may not be read."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    assert reason(PermissionError(13, "Permission denied", str(tmp_path / name))) == said
