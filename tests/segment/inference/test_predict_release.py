from __future__ import annotations

import builtins
import json

import numpy as np
import pytest
import torch
from PIL import Image

from spinemsca.errors import ReleaseError
from spinemsca.release.release import Release, write_release
from spinemsca.release.split import Split
from spinemsca.segment.inference.cost import (
    Footprint,
    footprint,
    operations,
    peak_memory,
    seconds_per_slice,
)
from spinemsca.segment.inference.model import Model
from spinemsca.segment.inference.predict_release import RECORD_NAME, predict_split
from spinemsca.segment.networks.choice import build_network
from spinemsca.segment.networks.unet import UNetConfig
from spinemsca.segment.runtime.weights import Weights
from tests.segment.examples import SMALL, TINY, bar_case

COSTS = Footprint(1, 2.0, 64, 0.5, None, 1, "x")


def _model(kind: str = "column") -> Model:
    torch.manual_seed(0)
    return Model(Weights(build_network(SMALL[kind]).eval(), 64, "3"))


@pytest.fixture
def release(tmp_path) -> Release:
    cases = [(Split.TRAIN, bar_case("a")), (Split.TEST, bar_case("b")), (Split.TEST, bar_case("c"))]
    return write_release(tmp_path / "bars", cases)


def test_a_footprint_counts_and_measures():
    costs = footprint(_model(), repeats=2)
    assert costs.parameters == sum(p.numel() for p in build_network(TINY).parameters())
    assert costs.gflop == operations(TINY) / 1e9 > 0
    assert costs.size == 64
    assert 0 < costs.seconds < 30
    assert costs.memory_mib is None or 50 < costs.memory_mib < 50_000
    assert json.loads(json.dumps(costs.as_dict())) == costs.as_dict()


def test_patience_ends_the_timing_of_a_slow_model():
    class Slow:
        calls = 0

        def predict(self, image):
            self.calls += 1

    slow = Slow()
    assert seconds_per_slice(slow, 50, -1.0) >= 0
    assert slow.calls == 2


def test_operations_of_one_convolution_are_as_by_hand():
    # Two 3x3 pairs, one transposed 2x2 convolution, one 1x1 head; two operations each.
    config = UNetConfig(widths=(8, 16))
    n = 64**2
    full = 9 * n * (1 * 8 + 8 * 8 + 16 * 8 + 8 * 8) + n * 8 * 12
    half = 9 * n // 4 * (8 * 16 + 16 * 16) + n // 4 * 4 * 16 * 8
    assert operations(config, 64) == 2 * (full + half)


def test_memory_is_unknown_where_the_system_does_not_tell(monkeypatch):
    original = builtins.__import__

    def absent(name, *rest):
        if name == "resource":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert peak_memory() is None


def test_memory_counts_bytes_on_a_mac(monkeypatch):
    here = peak_memory()
    monkeypatch.setattr("spinemsca.segment.inference.cost.sys.platform", "darwin")
    assert peak_memory() == pytest.approx(here / 1024, rel=0.1)


def test_every_case_of_the_split_gets_a_label_map_and_the_model_a_record(release, tmp_path):
    seen = []
    out = tmp_path / "out"
    record = predict_split(_model(), release, Split.TEST, out, COSTS, lambda *now: seen.append(now))
    assert seen == [(1, 2), (2, 2)]
    assert record == json.loads((out / RECORD_NAME).read_text())
    assert (record["network"], record["cases"], record["seconds"]) == ("column", 2, 0.5)
    for name in "bc":
        label = np.asarray(Image.open(out / f"{name}_label.png"))
        assert label.shape == (96, 64)
        assert (label.max() == 0) == (name in record["refused"])


def test_an_empty_split_is_named(release, tmp_path):
    with pytest.raises(ReleaseError, match="no val cases"):
        predict_split(_model(), release, Split.VAL, tmp_path / "out", COSTS)
