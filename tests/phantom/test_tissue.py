"""The signal equation and the table made from it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.phantom.sample import draw_parameters
from spinemsca.phantom.tissue import Tissue, signal_table, spin_echo

times = st.floats(5, 5000)


def test_spin_echo_at_known_points() -> None:
    # TR = T1 leaves 1 - 1/e, TE = T2 leaves 1/e.
    expected = 0.8 * (1 - math.exp(-1)) * math.exp(-1)
    assert spin_echo(0.8, 900, 80, 900, 80) == pytest.approx(expected)
    assert spin_echo(1.0, 500, 60, 1e9, 0) == pytest.approx(1)
    assert spin_echo(1.0, 500, 60, 0, 10) == 0


@given(t1=times, t2=times, tr=times, te=times)
def test_spin_echo_falls_with_echo_time_and_rises_with_repetition_time(
    t1: float, t2: float, tr: float, te: float
) -> None:
    here = spin_echo(1, t1, t2, tr, te)
    assert 0 <= here <= 1
    assert spin_echo(1, t1, t2, tr, te + 10) <= here
    assert spin_echo(1, t1, t2, tr + 100, te) >= here


@pytest.mark.parametrize(("contrast", "csf_is_bright"), [("t2", True), ("t1", False)])
def test_contrast_follows_from_the_times(contrast: str, csf_is_bright: bool) -> None:
    p = draw_parameters(4, 0, contrast)
    table = signal_table(p.shape, p.tissue, p.scanner)
    assert bool(table[Tissue.CSF] > table[Tissue.CORD]) is csf_is_bright
    assert table[Tissue.FAT] == pytest.approx(1, abs=0.05)
    assert table[Tissue.CORTEX] < 0.1 < table[Tissue.MARROW]
    assert table[Tissue.AIR] == 0


def test_the_rim_of_a_nucleus_lies_between_nucleus_and_annulus() -> None:
    p = draw_parameters(4)
    table = signal_table(p.shape, p.tissue, p.scanner)
    for i in range(len(p.shape.discs)):
        middle = (table[Tissue.ANNULUS] + table[Tissue.NUCLEUS + i]) / 2
        assert table[Tissue.RING + i] == pytest.approx(middle)
