from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import VERTEBRAE
from spinemsca.curate.polygons import label_from_polygons
from spinemsca.errors import CaseError


def _box(index: int, top: float, bottom: float, left: float = 0.25, right: float = 0.75) -> str:
    return f"{index} {left} {top} {right} {top} {right} {bottom} {left} {bottom}"


def test_polygons_fill_the_pixels_inside() -> None:
    label = label_from_polygons(
        f"{_box(1, 0.6, 0.8)}\n{_box(0, 0.2, 0.4)}\n", (100, 40), VERTEBRAE[:2]
    )
    assert label.dtype == np.uint8
    for value, top in ((1, 20), (2, 60)):
        where = np.argwhere(label == value)
        np.testing.assert_allclose(where.mean(axis=0), [top + 9.5, 19.5], atol=0.6)
        assert len(where) == pytest.approx(20 * 20, rel=0.1)


@pytest.mark.parametrize(
    "text",
    [
        _box(0, 0.1, 0.2),
        f"{_box(0, 0.1, 0.2)}\n{_box(0, 0.4, 0.5)}",
        f"{_box(0, 0.5, 0.6)}\n{_box(1, 0.1, 0.2)}",
        f"{_box(0, 0.5, 0.6)}\n{_box(1, 0.5, 0.6)}",
        f"{_box(0, 0.1, 0.2)}\n{_box(7, 0.4, 0.5)}",
        "0 0.1 0.1 0.2 0.2",
        "0 0.1 x 0.2 0.2 0.3 0.3",
        "0 0.1 0.1 0.2",
        "0 0.1 0.1 0.2 0.2 nan 0.5",
        "0 0.1 0.1 0.2 0.2 3.0 0.5",
        "",
    ],
)
def test_sets_that_skip_shift_or_break_are_refused(text: str) -> None:
    with pytest.raises(CaseError, match="case7"):
        label_from_polygons(text, (64, 64), VERTEBRAE[:2], "case7")


@pytest.mark.real
def test_nearly_all_real_t1_slices_tell_their_levels(shared_data) -> None:
    refused = []
    paths = sorted((shared_data / "sudirman/polygons").glob("*.txt"))
    for path in paths:
        with Image.open(shared_data / "sudirman/images" / f"{path.stem}.png") as picture:
            shape = picture.height, picture.width
        try:
            label = label_from_polygons(path.read_text(), shape, VERTEBRAE, path.stem)
        except CaseError:
            refused.append(path.stem)
            continue
        assert set(np.unique(label)) == {0, *(v.value for v in VERTEBRAE)}
    assert refused == ["0099", "0131", "0381", "0532"]
