from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

import spinemsca.segment.training.provenance as module
from spinemsca._version import __version__
from spinemsca.segment.training.config import TrainingConfig
from spinemsca.segment.training.provenance import (
    RECORD_NAME,
    examples_digest,
    revision,
    write_provenance,
)
from tests.segment.examples import bar_example


def _record(folder: Path) -> dict:
    return json.loads((folder / RECORD_NAME).read_text())


def test_a_record_says_what_was_trained_on_what(tmp_path):
    config = TrainingConfig(seed=7)
    (tmp_path / "begin.ckpt").write_bytes(b"abc")
    data = {"train": [bar_example("a"), bar_example("b")], "val": [bar_example("c")]}
    begin = tmp_path / "begin.ckpt"
    write_provenance(tmp_path, config, data, step=0, device="cpu", begin=begin)
    found = _record(tmp_path)
    assert TrainingConfig.model_validate(found["config"]) == config
    assert found["seed"] == 7
    assert found["data"]["train"]["bars"]["cases"] == 2
    assert found["data"]["train"]["bars"]["patients"] == 2
    assert found["data"]["train"]["bars"]["sha256"] == examples_digest(data["train"])
    assert found["begin"]["sha256"].startswith("ba7816bf8f01cfea")
    assert found["starts"][0]["version"] == __version__
    assert found["starts"][0]["device"] == "cpu"


def test_every_resume_is_added_and_a_new_run_begins_anew(tmp_path):
    for step in (0, 20, 30):
        write_provenance(tmp_path, TrainingConfig(), {}, step=step, device="cpu")
    assert [s["step"] for s in _record(tmp_path)["starts"]] == [0, 20, 30]
    write_provenance(tmp_path, TrainingConfig(), {}, step=0, device="cpu")
    assert [s["step"] for s in _record(tmp_path)["starts"]] == [0]


def test_a_broken_record_does_not_stop_a_run(tmp_path):
    (tmp_path / RECORD_NAME).write_text("{")
    write_provenance(tmp_path, TrainingConfig(), {}, step=5, device="cpu")
    assert len(_record(tmp_path)["starts"]) == 1


def test_the_digest_tells_cases_apart():
    one, other = bar_example("a"), bar_example("a", shift=1)
    assert examples_digest([one]) == examples_digest([bar_example("a")])
    assert examples_digest([one]) != examples_digest([other])
    image = one.image.copy()
    image[0, 0] = np.nextafter(image[0, 0], np.float32(2))
    changed = type(one)(one.name, one.patient, one.group, image, one.candidates)
    assert examples_digest([one]) != examples_digest([changed])


def _git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    told = subprocess.run(
        ["git", "-C", folder, *who, *arguments], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def test_the_revision_is_that_of_the_checkout_and_tells_of_changes(tmp_path, monkeypatch):
    file = tmp_path / "record.py"
    file.write_text("1")
    monkeypatch.setattr(module, "__file__", str(file))
    assert revision() is None
    _git(tmp_path, "init", "-q")
    assert revision() is None, "a file that the checkout does not hold is not of it"
    _git(tmp_path, "add", "record.py")
    _git(tmp_path, "commit", "-q", "-m", "one")
    head = _git(tmp_path, "rev-parse", "HEAD")
    assert revision() == head
    file.write_text("2")
    assert revision() == head + "+"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert revision() is None
