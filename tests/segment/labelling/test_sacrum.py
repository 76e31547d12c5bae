from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn import functional

from spinemsca.segment.inference.model import Model
from spinemsca.segment.labelling.levels import consistent_levels
from spinemsca.segment.labelling.numbering import CUT_SACRUM, SACRUM
from spinemsca.segment.labelling.sacrum import (
    CUT,
    BelowSacrum,
    below_sacrum,
    in_line,
    is_cut,
    transitional,
)
from spinemsca.segment.runtime.weights import Weights
from tests.segment.labelling.test_levels import NAMES, VALUE, bent, spine

MARROW, DISC, AROUND = 0.6, 0.2, 0.8


def _slice(remnant: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A picture and its labels; below S1 there is so much of a disc, from 0 to 1 of its width."""
    whole = bent(spine(NAMES), 30)
    last = np.flatnonzero((whole == VALUE["S1"]).any(axis=1))[-1]
    columns = np.flatnonzero((whole == VALUE["S1"])[last])
    pixels = np.full(whole.shape, AROUND, np.float32)
    pixels[whole > 0] = MARROW
    pixels[np.isin(whole, [VALUE[n] for n in NAMES if n[0] == "D"])] = DISC
    pixels[last + 1 : last + 40, columns[0] : columns[-1] + 1] = MARROW
    half = round(remnant * len(columns) / 2)
    middle = int(columns.mean())
    pixels[last + 1 : last + 8, middle - half : middle + half + 1] = DISC
    return ndimage.gaussian_filter(pixels, 0.5), whole


def _sure(label: np.ndarray) -> np.ndarray:
    return (np.arange(12)[:, None, None] == label).astype(np.float32)


def test_nothing_below_the_sacrum_is_nothing():
    pixels, label = _slice()
    below = below_sacrum(pixels, label, _sure(label))
    assert below is not None
    assert (below.disc, below.bone) == (0, 0)
    assert below.band < 0.08
    assert transitional(below) is None


def test_the_band_is_the_area_of_the_disc():
    pixels, label = _slice(1.0)
    below = below_sacrum(pixels, label, _sure(label))
    assert below is not None
    # The disc is 7 rows high, L5 20; nine tenths of the width are looked at, and counted as all.
    assert below.band == pytest.approx(7 / 20, rel=0.25)
    assert "off by one" in str(transitional(below))


def test_a_remnant_is_no_disc():
    pixels, label = _slice(0.35)
    assert transitional(below_sacrum(pixels, label, _sure(label))) is None


def test_a_disc_that_is_bright_between_its_endplates_is_one():
    pixels, label = _slice(1.0)
    last = np.flatnonzero((label == VALUE["S1"]).any(axis=1))[-1]
    pixels[last + 3 : last + 6] = np.maximum(pixels[last + 3 : last + 6], 0.7)
    assert transitional(below_sacrum(pixels, label, _sure(label))) is not None


def test_what_the_network_believes_below_the_sacrum_counts():
    pixels, label = _slice()
    believed = _sure(label)
    last = np.flatnonzero((label == VALUE["S1"]).any(axis=1))[-1]
    columns = np.flatnonzero((label == VALUE["S1"]).any(axis=0))
    place = (slice(last + 2, last + 7), slice(columns[5], columns[-5]))
    believed[VALUE["D5"]][place], believed[0][place] = 0.4, 0.6
    below = below_sacrum(pixels, label, believed)
    assert below is not None
    assert below.disc == pytest.approx(0.4)
    assert transitional(below) is not None


@pytest.mark.parametrize("name", ["S1", "D5", "L5"])
def test_without_the_structures_nothing_is_said(name):
    pixels, label = _slice()
    label[label == VALUE[name]] = 0
    assert below_sacrum(pixels, label, _sure(label)) is None
    assert transitional(None) is None


def test_each_sign_suffices():
    none = BelowSacrum(disc=0.0, bone=0.0, band=0.1, taper=1.1)
    assert transitional(none) is None
    for sign in ({"disc": 0.3}, {"bone": 0.2}, {"band": 0.3}):
        assert transitional(replace(none, **sign)) is not None


def test_a_band_below_a_sacrum_that_tapers_is_a_remnant():
    tapered = BelowSacrum(disc=0.0, bone=0.0, band=0.23, taper=1.5)
    assert transitional(tapered) is None
    assert transitional(replace(tapered, taper=1.3)) is not None
    assert transitional(replace(tapered, band=0.35)) is not None


def test_taper_is_the_upper_depth_over_the_lower():
    pixels, label = _slice()
    below = below_sacrum(pixels, label, _sure(label))
    assert below is not None
    assert below.taper == pytest.approx(1, abs=0.1)
    rows = np.flatnonzero((label == VALUE["S1"]).any(axis=1))
    for row in rows[len(rows) // 2 :]:
        columns = np.flatnonzero(label[row] == VALUE["S1"])
        label[row, columns[len(columns) // 2 :]] = 0
    below = below_sacrum(pixels, label, _sure(label))
    assert below is not None
    assert below.taper == pytest.approx(2, rel=0.15)


def test_a_sacrum_in_line_with_the_column_is_doubted():
    assert in_line(12.0) is not None
    assert in_line(35.0) is None
    assert in_line(None) is None


@pytest.mark.parametrize(("rows", "cut"), [(0, True), (3, True), (12, False)])
def test_a_sacrum_at_the_edge_is_cut(rows, cut):
    pixels, label = _slice()
    pixels += np.linspace(0, 0.01, pixels.shape[1], dtype=np.float32)
    end = np.flatnonzero((label == VALUE["S1"]).any(axis=1))[-1] + 1 + rows
    assert is_cut(pixels[:end], label[:end]) == cut
    framed = pixels.copy()
    framed[end:] = 0
    assert is_cut(framed, label) == cut


@pytest.mark.parametrize(("rows", "source"), [(2, CUT_SACRUM), (15, SACRUM)])
def test_a_cut_sacrum_is_nothing_to_count_from(rows, source):
    label = bent(spine(NAMES), 30)
    end = np.flatnonzero(label.any(axis=1))[-1] + 1 + rows
    label = label[:end]

    def run(image: torch.Tensor) -> torch.Tensor:
        # Without the black rows below it the slice stands in the middle of the canvas.
        seen = np.zeros(image.shape[2:], np.uint8)
        top = (len(seen) - len(label)) // 2
        seen[top : top + len(label), 60:180] = label
        answer = functional.one_hot(torch.from_numpy(seen).long(), 12).permute(2, 0, 1)
        return 9.0 * answer[None].float()

    image = np.zeros((256, 256))
    image[:end] = np.random.default_rng(0).uniform(0.2, 0.4, (end, 256))[:256]
    found = Model(Weights(run, 256, "0")).predict(image, turn=False)
    assert found.counted_from == source
    assert (CUT in found.warnings) == (source == CUT_SACRUM)
    assert found.ambiguous or source == SACRUM


def test_the_sacral_turn_is_an_angle():
    straight = consistent_levels(spine(NAMES, lean=0.0)).sacral_turn
    assert straight == pytest.approx(0, abs=0.5)
    leaning = consistent_levels(spine(NAMES, lean=0.3)).sacral_turn
    assert leaning == pytest.approx(0, abs=3)
    label = spine(NAMES, lean=0.0)
    moved = np.zeros_like(label)
    sacrum = label == VALUE["S1"]
    moved[~sacrum] = label[~sacrum]
    moved[np.roll(sacrum, 14, axis=1)] = VALUE["S1"]
    # One whole level is 29 rows; from L5 to S1 the way goes 14 columns back.
    turn = consistent_levels(moved).sacral_turn
    assert turn == pytest.approx(np.degrees(np.arctan2(14, 29)), abs=1)
    assert consistent_levels(moved[:, ::-1].copy()).sacral_turn == pytest.approx(-turn, abs=1)
