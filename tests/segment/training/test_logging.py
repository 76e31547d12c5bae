from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import spinemsca.segment.training.logging as module
from spinemsca._util import optional_packages
from spinemsca.errors import MissingDependencyError
from spinemsca.segment.training.curves import draw_curves, smoothed
from spinemsca.segment.training.logging import (
    CURVES_NAME,
    LOG_NAME,
    TENSORBOARD_NAME,
    journal,
    read_log,
)
from tests.segment.examples import quick


def _entry(step: int, **more) -> dict:
    return {"step": step, "loss": 2 / step, "rate": 1e-3, "norm": 1.0} | more


def _judged(step: int) -> dict:
    scores = {"dice": 1 - 1 / step, "levels_right": 0.5, "structures": {"L1": 0.5, "D5": 0.4}}
    return _entry(step, validation=scores)


def test_entries_are_lines_and_later_ones_than_the_checkpoint_are_struck_out(tmp_path):
    with journal(tmp_path, 0) as write:
        for step in range(1, 6):
            write(_entry(step))
    with (tmp_path / LOG_NAME).open("a") as file:
        file.write('{"step": 6, "lo')
    with journal(tmp_path, 3) as write:
        write(_entry(4, loss=7.0))
    assert [e["step"] for e in read_log(tmp_path / LOG_NAME)] == [1, 2, 3, 4]
    assert read_log(tmp_path / LOG_NAME)[-1]["loss"] == 7.0


def test_no_log_is_no_entries(tmp_path):
    assert read_log(tmp_path / "none") == []


def test_curves_are_drawn_after_each_validation(tmp_path):
    with journal(tmp_path, 0) as write:
        write(_entry(1))
        assert not (tmp_path / CURVES_NAME).exists()
        write(_judged(2))
        first = (tmp_path / CURVES_NAME).read_bytes()
        write(_judged(3))
        assert (tmp_path / CURVES_NAME).read_bytes() != first
    with Image.open(tmp_path / CURVES_NAME) as picture:
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_without_matplotlib_there_are_no_curves(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with journal(tmp_path, 0) as write:
        write(_judged(2))
    assert not (tmp_path / CURVES_NAME).exists()


def test_curves_can_be_drawn_without_a_validation(tmp_path):
    draw_curves([_entry(1)], tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_tensorboard_gets_every_number(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with journal(tmp_path, 0, tensorboard=True) as write:
        write(_entry(1))
        write(_judged(2))
    board = EventAccumulator(str(tmp_path / TENSORBOARD_NAME))
    board.Reload()
    tags = set(board.Tags()["scalars"])
    assert {"loss", "rate", "norm", "validation/dice", "validation/structures/D5"} == tags - {
        "validation/levels_right",
        "validation/structures/L1",
    }
    assert [(e.step, e.value) for e in board.Scalars("loss")] == [(1, 2.0), (2, 1.0)]


def test_without_tensorboard_the_remedy_is_named_and_the_log_is_untouched(tmp_path, monkeypatch):
    def absent(name):
        raise ImportError(name)

    (tmp_path / LOG_NAME).write_text(json.dumps(_entry(1)) + "\n")
    monkeypatch.setattr(optional_packages, "import_module", absent)
    with (
        pytest.raises(MissingDependencyError, match=r"spine-msca\[train\]"),
        journal(tmp_path, 0, tensorboard=True),
    ):
        pass
    assert len(read_log(tmp_path / LOG_NAME)) == 1


@quick
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=400))
def test_smoothing_keeps_length_range_and_constants(values):
    smooth = smoothed(values)
    assert len(smooth) == len(values)
    assert min(values) - 1e-9 <= smooth.min() <= smooth.max() <= max(values) + 1e-9
    np.testing.assert_allclose(smoothed([3.0] * len(values)), 3.0)
