"""Parameters drawn from the published ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemsca.case import Sex
from spinemsca.phantom import priors
from spinemsca.phantom.parameters import Parameters
from spinemsca.phantom.priors import Range
from spinemsca.phantom.sample import draw_parameters


def within(value: float, spread: Range, slack: float = 1e-9) -> bool:
    return spread.low - slack <= value <= spread.high + slack


@given(seed=st.integers(0, 2**32), index=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_parameters_stay_within_their_ranges(seed: int, index: int) -> None:
    p = draw_parameters(seed, index)
    soft = p.shape.soft
    assert within(p.shape.sacral_slope, priors.SACRAL_SLOPE)
    assert within(soft.conus, priors.CONUS)
    assert within(p.tissue.marrow_fat, priors.MARROW_FAT)
    assert within(p.tissue.marrow_water_t2, priors.MARROW_WATER_T2)
    for name, canal in zip(priors.LEVELS, soft.canal, strict=True):
        assert within(canal, priors.CANAL_DEPTH[name])
    for disc in p.shape.discs:
        assert within(disc.nucleus_t2, priors.NUCLEUS_T2[disc.grade - 1])
    size = priors.MALE_SIZE if p.sex is Sex.MALE else priors.FEMALE_SIZE
    for vertebra in p.shape.vertebrae:
        spread = priors.BODY_DEPTH[vertebra.name]
        assert size.low * spread.low <= vertebra.depth <= size.high * spread.high


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_scanners_are_real_ones(seed: int) -> None:
    s = draw_parameters(seed, 0, "t2").scanner
    assert all(320 <= n <= 448 and n % 2 == 0 for n in s.matrix)
    assert 200 <= s.field_of_view[1] <= s.field_of_view[0] <= 360
    assert 2000 <= s.repetition_time <= 5000
    assert 80 <= s.echo_time <= 125


def series(count: int = 60) -> list[Parameters]:
    return [draw_parameters(9, i) for i in range(count)]


def test_men_are_larger_and_two_fifths() -> None:
    people = series(100)
    assert sum(p.sex is Sex.MALE for p in people) in (39, 40, 41)
    depth = {
        sex: np.mean([p.shape.vertebrae[10].depth for p in people if p.sex is sex]) for sex in Sex
    }
    assert depth[Sex.MALE] > 1.05 * depth[Sex.FEMALE]


@pytest.mark.parametrize("count", [5, 10, 25])
def test_any_first_cases_hold_the_share_of_men(count: int) -> None:
    men = sum(p.sex is Sex.MALE for p in series(count))
    assert abs(men - 0.4 * count) < 1


def test_lordosis_is_that_of_supine_people() -> None:
    angles = []
    for p in series():
        first, last = priors.LEVELS.index("L1"), priors.LEVELS.index("S1")
        turns = zip(p.shape.vertebrae[first:last], p.shape.discs[first:last], strict=True)
        angles.append(sum(v.wedge + d.wedge for v, d in turns))
    assert np.mean(angles) == pytest.approx(priors.LORDOSIS.mean, abs=6)
    assert 5 < np.std(angles) < 14


def test_random_contrast_gives_both() -> None:
    assert {draw_parameters(2, i, "random").contrast for i in range(20)} == {"t1", "t2"}


def test_ranges_name_their_sources_and_hold_their_mean() -> None:
    singles = [v for v in vars(priors).values() if isinstance(v, Range)]
    tables = (priors.BODY_DEPTH, priors.BODY_HEIGHT, priors.DISC_HEIGHT, priors.CANAL_DEPTH)
    for spread in (*singles, *priors.NUCLEUS_T2, *(r for t in tables for r in t.values())):
        assert spread.low < spread.mean < spread.high
        assert spread.source
        assert spread.at(99) == spread.high
        assert spread.at(0) == spread.mean
