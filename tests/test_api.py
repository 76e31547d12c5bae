from __future__ import annotations

import subprocess
import sys

import pytest

import spinemsca


def test_exported_names():
    assert spinemsca.__all__ == sorted(spinemsca.__all__)
    for name in spinemsca.__all__:
        assert getattr(spinemsca, name) is not None
    assert dir(spinemsca) == spinemsca.__all__


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'Spine'"):
        _ = spinemsca.Spine


def test_import_brings_nothing_heavy():
    code = (
        "import sys, spinemsca; print(*sorted({'torch', 'numpy', 'PIL', 'matplotlib', 'typer'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
