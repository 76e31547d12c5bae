"""Bodies joined to their posterior elements are cut off, or refused; others stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import VERTEBRAE, by_name
from spinemsca.measure.arch import cut_arches
from spinemsca.measure.measurements import measure
from spinemsca.measure.parts import find_parts
from tests.measure.known import known
from tests.measure.spines import corners, distance, draw, transform

SIX_POINT = ("body_depth_middle", "body_height_anterior", "body_height_middle",
             "body_height_posterior", "endplate_length_superior")  # fmt: skip


def with_arch(drawn, names, low=0.1, high=0.6, reach=0.5, tip=0.0):
    """A pedicle behind bodies' walls, from and to a share of their height, and a process."""
    label = drawn.label.copy()
    points = np.moveaxis(np.indices(label.shape), 0, -1) * drawn.spacing
    for name in names:
        _, top, bottom, front = drawn.corners[name]
        back = bottom - front
        inside = distance(
            points,
            np.array([top + low * (bottom - top) - 0.2 * back,
                      top + low * (bottom - top) + reach * back,
                      top + high * (bottom - top) + reach * back,
                      top + high * (bottom - top) - 0.2 * back]),
        ) < 0  # fmt: skip
        centre = top + (low + high) / 2 * (bottom - top) + reach * back
        inside |= np.hypot(*np.moveaxis(points - centre, -1, 0)) < tip
        label[inside & (label == 0)] = by_name(name).value
    return label


@pytest.fixture(scope="module", params=[(0.0, (0.5, 0.5)), (15.0, (0.5, 0.5)), (0.0, (0.4, 0.8))])
def drawn(request):
    turn, spacing = request.param
    return draw(transform(corners(slip=3), turn), spacing, margin=45.0)


@pytest.mark.parametrize("names", [["L3"], ["L2", "L4", "L5"], [v.name for v in VERTEBRAE[:-1]]])
def test_an_arch_is_cut_off_and_flagged(drawn, names):
    plain = measure(drawn.label, spacing=drawn.spacing)
    for tip in (0.0, 9.0):
        found = measure(with_arch(drawn, names, tip=tip), spacing=drawn.spacing)
        for name in names:
            assert f"posterior elements of {name} were cut off" in found.flags[name][0]
            for of in SIX_POINT:
                value, true = (m.get(of, name).value for m in (found, plain))
                assert value == pytest.approx(true, rel=0.08), (of, name)
        for k in range(1, 6):
            assert found.get("slip_share", f"D{k}").value == pytest.approx(
                plain.get("slip_share", f"D{k}").value, abs=7
            )
        untouched = next(v.name for v in VERTEBRAE if v.name not in names)
        assert untouched not in found.flags


def test_an_arch_is_no_part_of_the_signal(drawn):
    label = with_arch(drawn, ["L3"], tip=9.0)
    image = np.where(drawn.label > 0, 0.4, 0.9).astype(np.float32)
    found = measure(label, image=image, spacing=drawn.spacing)
    assert found.get("disc_signal_to_vertebrae", "D3").value == pytest.approx(1, abs=0.05)


def test_a_body_of_no_clear_end_is_refused(drawn):
    label = with_arch(drawn, ["L3"], low=0.0, high=1.0, reach=0.8)
    found = measure(label, spacing=drawn.spacing)
    for of in ("body_depth_middle", "body_area"):
        assert "posterior elements may be joined" in found.get(of, "L3").reason
    assert found.get("slip_share", "D2").value is None
    assert found.get("slip_share", "D4").value is not None
    assert "may be joined" in found.flags["L3"][0]


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("turn", [-20, 0, 20])
def test_bodies_without_an_arch_stay_as_they_are(index, turn):
    label, _ = known(index, 0.6, turn, ragged=0.6, seed=index)
    one = np.ones(2)
    parts = find_parts(label, one)
    cut, same = cut_arches(label, parts, one)
    assert cut is label
    assert same is parts


def test_a_crushed_body_is_no_arch():
    found = corners()
    crushed = found["L3"].copy()
    crushed[0] = crushed[0] + 0.5 * (crushed[3] - crushed[0])
    result = measure(draw(found | {"L3": crushed}).label)
    assert "L3" not in result.flags or not any("posterior el" in t for t in result.flags["L3"])


def test_a_structure_in_pieces_is_not_measured(drawn):
    label = np.where(np.isin(drawn.label, (1, 2, 3)), 1, 0).astype(np.uint8)
    found = measure(label)
    assert "lies in pieces" in found.get("body_area", "L1").reason
