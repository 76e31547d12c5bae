"""Plane geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.phantom.geometry import (
    Frame,
    closed_resample,
    edge,
    ellipse,
    inset,
    open_resample,
    ribbon,
    rotated,
    rounded,
)
from spinemsca.phantom.raster import Canvas, FieldOfView

SQUARE = np.array(((0.0, 0), (10, 0), (10, 10), (0, 10)))


def area(points: np.ndarray) -> float:
    x, y = points.T
    return float(0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))


@given(tilt=st.floats(-80, 80))
def test_a_frame_is_right_angled(tilt: float) -> None:
    frame = Frame(1, 2, tilt)
    assert np.dot(frame.along, frame.up) == pytest.approx(0, abs=1e-12)
    assert frame.up[1] < 0
    moved = frame.moved(3, 4)
    assert np.hypot(*(moved.centre - frame.centre)) == pytest.approx(5)


@given(turn=st.floats(-30, 30), tilt=st.floats(-40, 40))
def test_moving_there_and_back_is_nothing(turn: float, tilt: float) -> None:
    start = Frame(3, -7, tilt)
    back = start.moved(0, 9, turn).moved(0, -9, -turn)
    assert (back.x, back.y, back.tilt) == pytest.approx((3, -7, tilt))


def test_an_edge_is_displaced_inwards() -> None:
    curve = edge(SQUARE[0], SQUARE[1], np.array((0.0, 2.0, 0.0)))
    assert curve.tolist() == [[0, 0], [5, 2], [10, 0]]


def test_rounding_keeps_most_of_the_area_and_cuts_corners() -> None:
    smooth = rounded(SQUARE, 1.0)
    assert 0.95 * 100 < area(smooth) < 100
    assert np.hypot(*(smooth - SQUARE[0]).T).min() > 0.3


def test_inset_of_a_circle_is_a_smaller_circle() -> None:
    circle = ellipse(4, 5, 10, 10, count=200)
    assert area(inset(circle, 2.0)) == pytest.approx(np.pi * 64, rel=0.01)


def test_resampling_spreads_points_evenly() -> None:
    closed = closed_resample(SQUARE, 40)
    assert len(closed) == 40
    assert np.hypot(*np.diff(closed, axis=0).T) == pytest.approx(np.ones(39))
    assert open_resample(SQUARE, 31)[[0, -1]].tolist() == [[0, 0], [0, 10]]


def test_a_ribbon_lies_behind_and_before_a_curve() -> None:
    down = np.column_stack((np.zeros(5), np.arange(5.0)))
    band = ribbon(down, 1.0, 2.0)
    assert band[:, 0].min() == -1
    assert band[:, 0].max() == 2


def test_turning_is_clockwise_on_screen() -> None:
    assert rotated(np.array(((1.0, 0.0),)), 90) == pytest.approx(np.array(((0.0, 1.0),)))


def test_painting_covers_the_outlines_area() -> None:
    view = FieldOfView(100, 80, 0.5, 0.7, (5.0, 5.0), 0.0)
    canvas = Canvas(view, 3)
    canvas.fill(ellipse(5, 5, 12, 9), 7)
    cells = np.count_nonzero(canvas.centres() == 7) * 0.35
    assert cells == pytest.approx(np.pi * 12 * 9, rel=0.03)
    rows, columns = np.nonzero(canvas.centres() == 7)
    assert rows.mean() == pytest.approx(49.5, abs=0.3)
    assert columns.mean() == pytest.approx(39.5, abs=0.3)


def test_a_line_is_as_wide_as_asked() -> None:
    view = FieldOfView(40, 40, 1.0, 1.0, (0.0, 0.0), 0.0)
    canvas = Canvas(view, 3)
    canvas.line(np.array(((-10.0, 0.0), (10.0, 0.0))), 2.0, 1)
    assert 5 <= canvas.array().max(axis=1).sum() <= 7
