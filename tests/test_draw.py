"""Pictures: exact to the pixel, legible in grey print and to colour-blind eyes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import COLUMN, DISCS, STRUCTURES, VERTEBRAE, Structure, by_name
from spinemsca.case import Case, Spacing
from spinemsca.draw import case_figure, contact_sheet, legend, overlay, windowed
from spinemsca.errors import UsageError

# Linear-light matrices of dichromatic vision, Machado et al. 2009 (10.1109/TVCG.2009.113).
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
PROTANOPIA = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)


def linear(colour: tuple[int, int, int]) -> np.ndarray:
    part = np.asarray(colour) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lightness(colour: tuple[int, int, int]) -> float:
    """CIE L*, 0 to 100."""
    y = linear(colour) @ [0.2126, 0.7152, 0.0722]
    return float(116 * np.cbrt(y) - 16)


def columns_label(height: int = 120, width: int = 60) -> np.ndarray:
    label = np.zeros((height, width), np.uint8)
    for k, structure in enumerate(COLUMN):
        label[5 + 10 * k : 14 + 10 * k, 20:40] = structure.value
    return label


@pytest.fixture
def case() -> Case:
    image = np.random.default_rng(0).random((120, 60), dtype=np.float32)
    return Case("p1", image, columns_label(), Spacing(0.5, 0.6), source="test")


def test_discs_are_much_lighter_than_vertebrae() -> None:
    darkest_disc = min(lightness(s.colour) for s in DISCS)
    lightest_vertebra = max(lightness(s.colour) for s in VERTEBRAE)
    assert darkest_disc - lightest_vertebra > 30


@pytest.mark.parametrize("vision", [np.eye(3), DEUTERANOPIA, PROTANOPIA])
def test_neighbours_differ_for_every_eye(vision: np.ndarray) -> None:
    seen = [vision @ linear(s.colour) for s in COLUMN]
    assert all(np.linalg.norm(a - b) > 0.3 for a, b in pairwise(seen))


@given(
    structure=st.sampled_from(STRUCTURES),
    row=st.integers(1, 20),
    column=st.integers(1, 20),
    opacity=st.floats(0.2, 1),
)
def test_only_labelled_pixels_are_coloured(
    structure: Structure, row: int, column: int, opacity: float
) -> None:
    image = np.linspace(0, 1, 30 * 30, dtype=np.float32).reshape(30, 30)
    label = np.zeros((30, 30), np.uint8)
    label[row : row + 8, column : column + 8] = structure.value
    picture = np.asarray(overlay(image, label, opacity=opacity))
    grey = windowed(image)
    assert (picture[label == 0] == grey[label == 0][:, None]).all()
    ring = label > 0
    ring[row + 1 : row + 7, column + 1 : column + 7] = False
    assert (picture[ring] == structure.colour).all()


def test_vertebrae_are_filled_and_discs_hatched() -> None:
    image = np.zeros((40, 40), np.float32)
    label = np.zeros((40, 40), np.uint8)
    label[2:18, 2:38] = by_name("L1").value
    label[20:36, 2:38] = by_name("D1").value
    picture = np.asarray(overlay(image, label)).sum(axis=2)
    assert (picture[3:17, 3:37] > 0).all()
    inside = picture[21:35, 3:37]
    assert 0.3 < (inside > 0).mean() < 0.7


def test_shapes_must_agree() -> None:
    with pytest.raises(UsageError, match="label map"):
        overlay(np.zeros((3, 3), np.float32), np.zeros((3, 4), np.uint8))


def test_window_spans_all_greys_and_survives_a_constant() -> None:
    grey = windowed(np.linspace(0, 0.3, 1000, dtype=np.float32).reshape(20, 50))
    assert (grey.min(), grey.max()) == (0, 255)
    assert not windowed(np.full((4, 4), 0.5, np.float32)).any()


def test_legend_shows_each_colour() -> None:
    pixels = np.asarray(legend()).reshape(-1, 3)
    seen = {tuple(p) for p in pixels.tolist()}
    assert {s.colour for s in COLUMN} <= seen


def test_case_figure_holds_image_overlay_and_legend(case: Case) -> None:
    plain = case_figure(case.replace(label=None), height=240)
    full = case_figure(case, height=240)
    assert full.width > plain.width
    assert full.height == plain.height > 240
    pixels = {tuple(p) for p in np.asarray(full).reshape(-1, 3).tolist()}
    assert by_name("L3").colour in pixels


def test_what_is_not_annotated_is_left_out_of_the_legend(case: Case) -> None:
    partial = case.replace(
        label=np.where(case.label == by_name("S1").value, 0, case.label).astype(np.uint8),
        annotated=frozenset(s for s in STRUCTURES if s.name != "S1"),
        spacing=None,
    )
    pixels = {tuple(p) for p in np.asarray(case_figure(partial, height=120)).reshape(-1, 3)}
    assert by_name("S1").colour not in pixels


def test_contact_sheet_grows_by_rows(case: Case) -> None:
    one = contact_sheet([case], tile=60)
    many = contact_sheet([case.replace(name="a" * 60), *[case] * 6], columns=3, tile=60)
    assert many.width == 3 * 68 + 8
    assert many.height == 3 * 82 + 8 > one.height
    unlabelled = contact_sheet([case.replace(label=None)], tile=60)
    assert np.ptp(np.asarray(unlabelled), axis=2).max() == 0 or unlabelled.size == one.size


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no case"):
        contact_sheet([])
