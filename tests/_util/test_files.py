from __future__ import annotations

import pytest

from spinemsca._util.files import atomic_folder, atomic_path, write_text


def test_file_and_its_folders_appear_whole(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "é")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "é".encode()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_failure_leaves_what_was_there(tmp_path):
    write_text(tmp_path / "a", "before")
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "a") as path:
        path.write_text("half")
        raise KeyboardInterrupt
    assert [p.read_text() for p in tmp_path.iterdir()] == ["before"]


def test_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "x" / "a") as folder:
        (folder / "half").touch()
        raise KeyboardInterrupt
    assert not list((tmp_path / "x").iterdir())
    with atomic_folder(tmp_path / "x" / "a") as folder:
        (folder / "whole").touch()
    assert (tmp_path / "x" / "a" / "whole").exists()


def test_folder_with_files_is_never_replaced(tmp_path):
    write_text(tmp_path / "a" / "b", "kept")
    with pytest.raises(OSError, match="a"), atomic_folder(tmp_path / "a"):
        pass
    assert (tmp_path / "a" / "b").read_text() == "kept"
    assert len(list(tmp_path.iterdir())) == 1
