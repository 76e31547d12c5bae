from __future__ import annotations

import numpy as np
import pytest

from spinemsca.segment.inference.canal import canal_share
from tests.segment.stacks import BODIES, label, pixels

CONTRASTS = ("t2", "t1", "inverted")


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("seed", [1, 5, 7])
def test_the_canal_lies_behind_the_bodies_or_pedicles_do(contrast, seed):
    known = label(seed)
    assert canal_share(pixels(contrast, seed=seed), known) > 0.7
    assert canal_share(pixels(contrast, BODIES, seed), known) < 0.35


def test_each_body_that_the_canal_leaves_lowers_the_share():
    # L1 and S1 have a neighbour on one side only, and do not count.
    shares = [canal_share(pixels(beside=BODIES[1:n]), label()) for n in range(1, 6)]
    assert shares == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=0.15)


def test_scale_offset_and_black_for_white_change_nothing():
    image, known = pixels().astype(np.float64), label()
    plain = canal_share(image, known)
    assert canal_share(1200 * image + 40, known) == pytest.approx(plain, abs=1e-9)
    assert canal_share(-image, known) == pytest.approx(plain, abs=1e-9)
    assert canal_share(np.rint(4000 * image).astype(np.uint16), known) == pytest.approx(
        plain, abs=0.01
    )


def test_where_in_the_picture_the_spine_lies_changes_little():
    image, known = pixels(), label()
    moved = [np.roll(np.pad(a, 20, mode="edge"), (9, -7), axis=(0, 1)) for a in (image, known)]
    assert canal_share(*moved) == pytest.approx(canal_share(image, known), abs=0.03)


@pytest.mark.parametrize("values", [(), (3,), (3, 9), (1, 7, 2)])
def test_too_little_of_a_spine_has_no_canal(values):
    # Of L1, D1 and L2 no body has a neighbour on both sides.
    known = np.where(np.isin(label(), values), label(), 0).astype(np.uint8)
    assert canal_share(pixels(), known) == 0


def test_a_blank_image_has_no_canal():
    assert canal_share(np.zeros(label().shape), label()) == 0


def test_labels_at_the_edge_of_a_picture_are_no_fault():
    image, known = pixels(), label()
    last = int(np.flatnonzero(known.any(axis=0))[-1])
    assert canal_share(image[:, :last], known[:, :last]) >= 0
