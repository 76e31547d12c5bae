"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Speed is measured in benchmarks; a busy machine must fail no test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images that developers have beside the checkout."""
    if not _SHARED.is_dir():
        pytest.skip("needs the real images in ../shared/data, which are not part of the project")
    return _SHARED
