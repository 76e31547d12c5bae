"""Fingerprints, alignment and shapes: properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi

from spinemsca.anatomy import by_name
from spinemsca.release.verify.alignment import alignment
from spinemsca.release.verify.fingerprint import CANDIDATE, DUPLICATE, fingerprint, likeness
from spinemsca.release.verify.rules.duplicates import candidates
from spinemsca.release.verify.shapes import gap, shapes

from .verify_cases import case


def textured(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = ndi.gaussian_filter(rng.standard_normal((128, 128)), 2).repeat(4, 0).repeat(4, 1)
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


def coarse_likeness(a, b) -> float:
    return float(a.coarse.astype(np.float32) @ b.coarse.astype(np.float32))


seeds = st.integers(0, 10_000)


@settings(max_examples=15, deadline=None)
@given(one=seeds, other=seeds)
def test_likeness_is_symmetric_bounded_and_tells_images_apart(one: int, other: int) -> None:
    a, b = fingerprint(textured(one)), fingerprint(textured(other))
    forth, back = likeness(a.fine, b.fine), likeness(b.fine, a.fine)
    assert forth == pytest.approx(back, abs=0.02)
    assert -1 <= forth <= 1 + 1e-6
    assert (forth >= DUPLICATE) == (one == other)


@settings(max_examples=15, deadline=None)
@given(
    seed=seeds,
    gain=st.floats(0.4, 1.0),
    gamma=st.floats(0.7, 1.4),
    shift=st.tuples(st.integers(-24, 24), st.integers(-24, 24)),
    mirrored=st.booleans(),
)
def test_copies_are_recognised(seed, gain, gamma, shift, mirrored) -> None:
    image = textured(seed)
    copy = np.roll(gain * image**gamma, shift, (0, 1))
    copy = copy[:, ::-1] if mirrored else copy
    a, b = fingerprint(image), fingerprint(copy.astype(np.float32))
    assert coarse_likeness(a, b) >= CANDIDATE
    assert likeness(a.fine, b.fine) >= DUPLICATE


def test_image_without_contrast_has_no_fingerprint() -> None:
    assert fingerprint(np.full((512, 512), 0.3, np.float32)) is None


def test_other_sizes_are_compared_as_well() -> None:
    small = ndi.zoom(textured(1), 0.75, order=1)[:, :380]
    assert fingerprint(small).fine.shape == (128, 128)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(0, 60), seed=seeds)
def test_candidates_are_all_pairs_above_the_threshold(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 3))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    product = vectors.astype(np.float32) @ vectors.astype(np.float32).T
    expected = {(i, j) for i in range(count) for j in range(i + 1, count) if product[i, j] >= 0.9}
    assert set(candidates(vectors, 0.9)) == expected


def test_candidates_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from spinemsca.release.verify.rules import duplicates

    monkeypatch.setattr(duplicates, "_BLOCK", 4)
    vectors = np.eye(10, dtype=np.float16)
    vectors[9] = vectors[0]
    assert list(candidates(vectors)) == [(0, 9)]


@pytest.mark.parametrize("shift", [(12, 0), (-24, 8), (0, 30), (-16, -16)])
def test_alignment_finds_the_shift_back(shift: tuple[int, int]) -> None:
    good = case(1)
    fit = alignment(good.image, np.roll(good.label, shift, (0, 1)))
    assert fit.margin < 0
    assert np.abs(np.add(fit.shift, shift)).max() <= 4


def test_alignment_of_odd_sizes_and_of_nothing() -> None:
    good = case(1)
    assert alignment(good.image, np.zeros_like(good.label)) is None
    assert alignment(good.image[:511, :509], good.label[:511, :509]).margin > 0.03


def test_shapes_and_gap() -> None:
    label = np.zeros((40, 30), np.uint8)
    label[2:10, 5:15] = 1
    label[5, 8] = 0
    label[15:20, 5:15] = 7
    label[30:32, 0:2] = 7
    found = shapes(label)
    first, disc = found[by_name("L1")], found[by_name("D1")]
    assert (first.area, first.holes, first.pieces, first.at_border) == (79, 1, (79,), False)
    assert (disc.area, disc.pieces, disc.at_border) == (54, (50, 4), True)
    assert gap(first, disc) == gap(disc, first) == 6


def test_real_images_of_different_patients_are_told_apart(shared_data) -> None:
    from PIL import Image

    folder = shared_data / "spider" / "mid"
    prints = []
    for path in sorted(folder.glob("*_t2.png"))[:40]:
        pixels = np.asarray(Image.open(path).convert("F").resize((512, 512))) / 255
        prints.append(fingerprint(np.clip(pixels / np.percentile(pixels, 99), 0, 1)))
    coarse = np.stack([p.coarse for p in prints])
    pairs = list(candidates(coarse, 0.9))
    assert pairs
    assert max(likeness(prints[i].fine, prints[j].fine) for i, j in pairs[:150]) < DUPLICATE
