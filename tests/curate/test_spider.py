"""Levels from tissue: counted upward, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import COLUMN, by_name
from spinemsca.curate.spider import levels_from_tissue
from spinemsca.errors import CaseError

UPWARD = [s for s in reversed(COLUMN) if s.name != "S1"]


def mask(levels: int = 6) -> np.ndarray:
    """Bodies and discs in turn from the lowest disc upward, a canal, posterior elements behind."""
    out = np.zeros((60 * (levels + 1), 200), np.uint8)
    bottom = out.shape[0] - 10
    for k in range(levels):
        out[bottom - 60 * k - 12 : bottom - 60 * k, 40:80] = 2
        out[bottom - 60 * k - 56 : bottom - 60 * k - 16, 40:80] = 1
        out[bottom - 60 * k - 50 : bottom - 60 * k - 20, 120:160] = 1
    out[10:, 90:110] = 3
    return out


def test_five_levels_are_counted_upward() -> None:
    tissue = mask()
    label = levels_from_tissue(tissue)
    rows = [np.argwhere(label == s.value)[:, 0].mean() for s in UPWARD]
    assert rows == sorted(rows, reverse=True)
    assert not (label == by_name("S1").value).any()


def test_posterior_elements_and_upper_levels_are_background() -> None:
    tissue = mask()
    label = levels_from_tissue(tissue)
    assert not label[:, 85:].any()
    assert not label[: tissue.shape[0] - 10 - 300].any()
    assert ((label > 0) <= (tissue > 0)).all()


def test_specks_are_passed_over() -> None:
    tissue = mask()
    tissue[-5:-2, 50:60] = 2
    assert (levels_from_tissue(tissue) > 0).sum() == (levels_from_tissue(mask()) > 0).sum()


def broken(tissue: np.ndarray, fault: str) -> np.ndarray:
    bottom = tissue.shape[0] - 10
    if fault == "no canal":
        tissue[tissue == 3] = 0
    elif fault == "0 bodies":
        tissue[tissue == 1] = 0
    elif fault == "take turns":
        tissue[bottom - 72 : bottom - 60, 40:80] = 0
    elif fault == "joined":
        tissue[bottom - 356 : bottom - 256, 40:60] = 1
    return tissue


@pytest.mark.parametrize("fault", ["no canal", "0 bodies", "take turns", "joined"])
def test_what_cannot_be_told_is_refused(fault: str) -> None:
    with pytest.raises(CaseError, match="cannot be told") as error:
        levels_from_tissue(broken(mask(7), fault), "p7")
    assert "p7" in str(error.value)
    assert fault in str(error.value)


def test_most_real_masks_can_be_told(shared_data) -> None:
    paths = sorted((shared_data / "spider/space/masks").glob("*.png"))[::6]
    told = 0
    for path in paths:
        try:
            label = levels_from_tissue(np.asarray(Image.open(path)))
        except CaseError:
            continue
        told += 1
        rows = [np.argwhere(label == s.value)[:, 0].mean() for s in UPWARD]
        assert rows == sorted(rows, reverse=True), path.name
    assert told >= 0.8 * len(paths)
