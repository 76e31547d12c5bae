from __future__ import annotations

import json

import pytest
from scripts.predict_release import main

from scripts import predict_release as script
from spinemsca.cli import main as spine_msca
from spinemsca.release.release import Release, write_release
from spinemsca.release.split import Split
from spinemsca.segment.inference.cost import Footprint
from spinemsca.segment.networks.choice import build_network
from spinemsca.segment.runtime.weights import Weights, save_weights
from tests.segment.examples import SMALL, bar_case

COSTS = Footprint(1, 2.0, 64, 0.5, None, 1, "x")


@pytest.fixture
def release(tmp_path) -> Release:
    cases = [(Split.TRAIN, bar_case("a")), (Split.TEST, bar_case("b")), (Split.TEST, bar_case("c"))]
    return write_release(tmp_path / "bars", cases)


def test_it_measures_predicts_and_can_be_evaluated(release, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(script, "footprint", lambda _: COSTS)
    weights = tmp_path / "w"
    save_weights(weights, Weights(build_network(SMALL["unet"]).eval(), 64, "3"))
    out = tmp_path / "out"
    assert main([str(weights), str(release.root), "--out", str(out)]) == 0
    assert "unet: 0.0 M parameters, 2.0 GFLOP, 500 ms a slice" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        spine_msca(["evaluate", str(out), str(release.root), "--json"])
    assert not stopped.value.code
    assert json.loads(capsys.readouterr().out)["cases"] == 2


def test_a_fault_is_one_line(release, tmp_path, capsys):
    assert main([str(tmp_path / "none"), str(release.root), "--out", str(tmp_path / "o")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
