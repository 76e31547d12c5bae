from __future__ import annotations

from pathlib import Path

import pytest
from scripts.pseudo_label import main

from spinemsca.release.release import Release
from spinemsca.segment import Model
from spinemsca.segment.runtime.weights import save_weights
from tests.segment.unlabelled import Oracle, write_images


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images")


def test_it_writes_a_release(images, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Model, "load", lambda _: Oracle())
    patients = tmp_path / "patients.csv"
    patients.write_text("patient,split\n1,train\n2,val\n8,test\n")
    rejected = tmp_path / "rejected.csv"
    rejected.write_text("name,reason\n1_b,wrong\n")
    out = tmp_path / "out"
    given = [str(images), "--weights", "w", "--out", str(out), "--held-out", str(patients)]
    assert main([*given, "--rejected", str(rejected), "--source", "Test (CC0)"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}: 1 train\n"
    assert "Left out 2_t2: is of a patient held out" in told.err
    assert "Left out 9_t2: image is constant" in told.err
    assert "Left out 1_b: was rejected by a person" in told.err
    release = Release.open(out)
    assert release.row(release.entries[0]).source == "pseudo-labels by model 7.1; Test (CC0)"


def test_a_real_network_may_leave_everything_out(images, tmp_path, capsys):
    save_weights(tmp_path / "w", Oracle.weights)
    patients = tmp_path / "p.csv"
    patients.write_text("patient,split\n1,train\n")
    given = [str(images), "--weights", str(tmp_path / "w"), "--held-out", str(patients)]
    assert main([*given, "--out", str(tmp_path / "out")]) == 2
    assert "every image was left out" in capsys.readouterr().err
