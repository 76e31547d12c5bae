from __future__ import annotations

import numpy as np
import pytest
import torch
from scripts.calibrate import main

from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.confidence import UNCALIBRATED, Evidence
from spinemsca.segment.runtime.weights import Weights, load_weights, save_weights
from spinemsca.segment.training import calibrate as library
from tests.segment.examples import TINY, bar_case


@pytest.fixture
def arguments(tmp_path):
    release = write_release(tmp_path / "r", [(Split.VAL, bar_case(n)) for n in "ab"])
    torch.manual_seed(0)
    save_weights(tmp_path / "w.safetensors", Weights(ColumnNet(TINY), 64, "7"))
    return [str(tmp_path / "w.safetensors"), str(release.root), "--out", str(tmp_path / "c")]


def test_weights_get_a_calibration(tmp_path, arguments, monkeypatch, capsys):
    known = [(Evidence(v, v, v), v > 0.5) for v in np.linspace(0.1, 0.9, 20)]
    monkeypatch.setattr(library, "gather_outcomes", lambda *_: known)
    assert main(arguments) == 0
    found = load_weights(tmp_path / "c")
    assert found.calibration != UNCALIBRATED
    assert found.version == "7"
    assert "20 structures, 0.500 of them right" in capsys.readouterr().out


def test_a_later_stage_gets_the_calibration_of_the_one_before(tmp_path, arguments, monkeypatch):
    known = [(Evidence(v, v, v), v > 0.5) for v in np.linspace(0.1, 0.9, 20)]
    judged = []
    monkeypatch.setattr(library, "gather_outcomes", lambda model, *_: judged.append(model) or known)
    save_weights(tmp_path / "later", Weights(ColumnNet(TINY), 64, "8"))
    assert main([*arguments, "--into", str(tmp_path / "later")]) == 0
    assert [model.weights.version for model in judged] == ["7"]
    assert load_weights(tmp_path / "c").version == "8"
    assert load_weights(tmp_path / "c").calibration != UNCALIBRATED


def test_nothing_found_is_said(arguments, monkeypatch, capsys):
    monkeypatch.setattr(library, "gather_outcomes", lambda *_: [])
    assert main(arguments) == 2
    assert "nothing was found" in capsys.readouterr().err


def test_weights_that_are_none(tmp_path, capsys):
    assert main([str(tmp_path / "x"), str(tmp_path), "--out", str(tmp_path / "y")]) == 2
    assert "weights file" in capsys.readouterr().err
