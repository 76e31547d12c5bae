"""Two files hold one grid however their axes lie, and nothing else passes for one."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.errors import CaseError
from spinemsca.io.read import read_label_volume
from spinemsca.predictions.pairing import Pair
from spinemsca.score.files import score_pairs
from spinemsca.score.grids import check_same_grid, voxel_spacing
from tests.score.volumes import AFFINE, ORIENTATIONS, SPACING, stack, write_volume


def changed(step: int, axis: int, by: float) -> np.ndarray:
    affine = AFFINE.copy()
    affine[axis, step] += by
    return affine


@pytest.mark.parametrize("number", range(len(ORIENTATIONS)))
def test_the_same_grid_in_another_order_of_axes(tmp_path, number) -> None:
    truth = write_volume(tmp_path / "t.nii.gz", stack(0, 0, 0))
    lies = ORIENTATIONS[number]
    given = write_volume(tmp_path / "p.nii.gz", stack(0, 3, 0), orientation=lies)
    (score,) = score_pairs([Pair("a", given, truth)])
    assert score.values["L3"]["dice"] == pytest.approx(29 / 30)
    assert score.values["L3"]["hd"] == pytest.approx(3 * 0.8)
    assert voxel_spacing(read_label_volume(given)) == pytest.approx(SPACING)


@pytest.mark.parametrize(
    ("affine", "apart"),
    [
        (changed(3, 0, 0.5), "0.5 mm"),
        (changed(3, 1, 4.0), "4 mm"),
        (changed(0, 2, -0.01), r"1\.39 mm"),
        (changed(2, 0, -1.0), "2 mm"),
        (changed(0, 1, 0.1), "mm"),
        (AFFINE * [[-1], [1], [1], [1]], "mm"),
    ],
)
def test_other_grids_are_refused_and_how_far_off_they_are(tmp_path, affine, apart) -> None:
    truth = write_volume(tmp_path / "t.nii.gz", stack(0, 0, 0))
    given = write_volume(tmp_path / "p.nii.gz", stack(0, 0, 0), affine)
    with pytest.raises(CaseError, match=apart) as caught:
        list(score_pairs([Pair("a", given, truth)]))
    assert "p.nii.gz" in str(caught.value)
    assert "Resample" in str(caught.value)


def test_rounding_of_a_header_is_no_other_grid(tmp_path) -> None:
    truth = write_volume(tmp_path / "t.nii.gz", stack(0, 0, 0))
    for affine in (changed(3, 0, 0.02), changed(0, 2, 2e-4), changed(0, 1, 2e-4)):
        given = write_volume(tmp_path / "p.nii.gz", stack(0, 0, 0), affine)
        check_same_grid(read_label_volume(given), read_label_volume(truth))


def test_slices_more_or_fewer_are_refused(tmp_path) -> None:
    truth = write_volume(tmp_path / "t.nii.gz", stack(0, 0, 0, 0, 0))
    given = write_volume(tmp_path / "p.nii.gz", stack(0, 0, 0))
    with pytest.raises(CaseError, match=r"\(3, 140, 60\).*\(5, 140, 60\)") as caught:
        list(score_pairs([Pair("a", given, truth)]))
    assert "p.nii.gz" in str(caught.value)
