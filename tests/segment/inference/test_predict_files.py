from __future__ import annotations

import csv
import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from spinemsca.cli import main
from spinemsca.predictions.find import find_label_maps
from spinemsca.predictions.names import TABLE_NAME
from spinemsca.predictions.read import read_labelled
from spinemsca.predictions.scans import find_scans
from spinemsca.segment.inference.model import Model
from spinemsca.segment.inference.predict_files import predict_files
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.weights import Weights, save_weights
from tests.io.volumes import (
    SAGITTAL,
    SECRET,
    STEPS,
    TURNS,
    affine_of,
    dicom_slice,
    save_dicom,
    write_nifti,
    write_series,
)
from tests.segment.examples import TINY
from tests.segment.inference.test_model import IMAGE, _model, _square
from tests.segment.labelling.test_levels import NAMES


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "scans"
    place.mkdir()
    Image.fromarray((IMAGE // 16).astype(np.uint8)).save(place / "b.png")
    Image.fromarray(np.full((30, 20), 9, np.uint8)).save(place / "blank.png")
    (place / "text.png").write_text("not a picture")
    (place / ".hidden").write_text("")
    return place


def _table(out) -> dict[str, dict[str, str]]:
    with (out / TABLE_NAME).open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_one_bad_file_does_not_stop_the_rest(folder, tmp_path):
    out = tmp_path / "out"
    seen = []
    predict_files(_model(_square(NAMES)), find_scans([folder]), out, lambda *now: seen.append(now))
    rows = _table(out)
    assert {n: r["status"] for n, r in rows.items()} == {
        "b": "segmented",
        "blank": "refused",
        "text": "unreadable",
    }
    assert rows["blank"]["reason"] == "The image is blank"
    assert rows["b"]["structures"].split() == NAMES
    assert seen[-1] == (3, 3)
    assert not (out / "text_label.png").exists()


def test_files_are_those_promised(folder, tmp_path):
    out = tmp_path / "out"
    predict_files(_model(_square(NAMES)), find_scans([folder / "b.png"]), out)
    label = np.asarray(Image.open(out / "b_label.png"))
    assert label.dtype == np.uint8
    np.testing.assert_array_equal(label, _square(NAMES))
    with Image.open(out / "b_overlay.png") as picture:
        assert picture.size == (256, 256)
    record = json.loads((out / "b.json").read_text())
    assert record["structures"] == NAMES
    assert record["numbering"].startswith("counted upward from the sacrum")
    assert record["spacing_mm"] is None
    assert record["refused"] is None
    assert record["pixels"]["L3"] == 560


def test_refused_slices_get_an_empty_label_map(folder, tmp_path):
    predict_files(_model(_square(NAMES)), find_scans([folder]), tmp_path)
    label = np.asarray(Image.open(tmp_path / "blank_label.png"))
    assert label.shape == (30, 20)
    assert not label.any()


def test_the_verb_lists_what_it_could_not_segment(folder, tmp_path, capsys):
    save_weights(tmp_path / "w", Weights(ColumnNet(TINY), 64, "0"))
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stopped:
        main(
            ["predict", str(folder), "--out", str(out), "--weights", str(tmp_path / "w"), "--json"]
        )
    assert stopped.value.code == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["text"]["status"] == "unreadable"
    assert "blank.png: refused: The image is blank" in printed.err
    assert (out / TABLE_NAME).exists()


def _files(out) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(out.iterdir())}


def _volume(path, turn=SAGITTAL):
    """Three slices of a spine and one without anything."""
    pixels = np.stack([IMAGE, IMAGE[::1], IMAGE, np.zeros_like(IMAGE)])
    return write_nifti(path, turn, pixels)


@pytest.mark.parametrize("turn", [SAGITTAL, TURNS[0], TURNS[29]])
def test_a_volume_gets_labels_on_its_own_grid(tmp_path, turn):
    path, out = _volume(tmp_path / "v.nii.gz", turn), tmp_path / "out"
    (outcome,) = predict_files(_model(_square(NAMES)), find_scans([path]), out)
    assert sorted(p.name for p in out.iterdir()) == [
        "predictions.csv",
        "v.json",
        "v_label.nii.gz",
        "v_overlay.png",
    ]
    scan = nibabel.Nifti1Image.from_filename(path)
    label = nibabel.Nifti1Image.from_filename(out / "v_label.nii.gz")
    assert label.shape == scan.shape
    np.testing.assert_allclose(label.affine, scan.affine, atol=1e-4)
    assert label.get_data_dtype() == np.uint8
    turned = turn.apply(np.asarray(label.dataobj))
    for index in range(3):
        assert np.array_equal(turned[index], _square(NAMES))
    assert not turned[3].any()
    record = json.loads((out / "v.json").read_text())
    assert (record["slices"], record["slices_segmented"], record["slice_shown"]) == (4, 3, 1)
    assert record["orientation"] == turn.codes
    step = dict(zip(turn.order, STEPS, strict=True))
    assert record["spacing_mm"] == pytest.approx([step[axis] for axis in range(3)])
    assert record["shape"] == list(scan.shape)
    assert record["pixels"]["L3"] == 3 * 560
    assert outcome.status == "segmented"
    assert _table(out)["v"]["slices_segmented"] == "3"


def test_a_volume_without_a_spine_is_refused(tmp_path):
    path = write_nifti(tmp_path / "v.nii.gz", SAGITTAL, np.zeros((3, 32, 32), np.int16))
    (outcome,) = predict_files(_model(_square(NAMES)), find_scans([path]), tmp_path / "out")
    assert (outcome.status, outcome.reason) == ("refused", "No slice shows a lumbar spine")


def test_another_plane_is_refused_with_its_reason(tmp_path):
    affine = affine_of(SAGITTAL, steps=(0.5, 4, 0.5))
    path = write_nifti(tmp_path / "v.nii.gz", affine=affine)
    out = tmp_path / "out"
    (outcome,) = predict_files(_model(_square(NAMES)), find_scans([path]), out)
    said = "It is axial. Give the sagittal series instead"
    assert (outcome.status, outcome.reason) == ("refused", said)
    assert _table(out)["v"]["reason"] == said
    assert json.loads((out / "v.json").read_text())["refused"] == said
    assert not (out / "v_label.nii.gz").exists()


@pytest.mark.parametrize("plain", [False, True])
def test_a_flat_nifti_is_predicted_and_read_again(tmp_path, plain):
    affine = np.diag([0.5, 0.75, 1, 1]) if plain else affine_of(SAGITTAL, (1, *IMAGE.shape))
    seen = IMAGE if plain else IMAGE.T
    nibabel.save(nibabel.Nifti1Image(seen, affine), tmp_path / "v.nii.gz")
    out = tmp_path / "out"
    (outcome,) = predict_files(_model(_square(NAMES)), find_scans([tmp_path / "v.nii.gz"]), out)
    assert outcome.status == "segmented"
    label = nibabel.Nifti1Image.from_filename(out / "v_label.nii.gz")
    assert label.shape == seen.shape
    (file,) = find_label_maps([out]).found
    assert len(np.unique(read_labelled(file).slice.label)) == 12


@pytest.mark.parametrize("step", [1e-7, 2000.0])
def test_odd_steps_are_recorded_as_the_file_states_them(tmp_path, step):
    write_nifti(
        tmp_path / "v.nii",
        pixels=IMAGE[None],
        affine=affine_of(SAGITTAL, (1, *IMAGE.shape), steps=(3 * step, step, step)),
    )
    out = tmp_path / "out"
    (outcome,) = predict_files(_model(_square(NAMES)), find_scans([tmp_path / "v.nii"]), out)
    assert outcome.status == "segmented"
    assert outcome.record.spacing_mm == pytest.approx((step, step, 3 * step), rel=1e-5)


def test_dicom_tells_nobody(tmp_path, capsys):
    study = tmp_path / "study"
    pixels = np.stack([IMAGE] * 3)
    write_series(study, SAGITTAL.undo(pixels), affine_of(SAGITTAL, pixels.shape))
    save_dicom(tmp_path / "one.dcm", dicom_slice(IMAGE, affine_of(SAGITTAL), series="2"))
    out = tmp_path / "out"
    predict_files(_model(_square(NAMES)), find_scans([study, tmp_path / "one.dcm"]), out)
    assert np.array_equal(np.asarray(Image.open(out / "one_label.png")), _square(NAMES))
    assert nibabel.Nifti1Image.from_filename(out / "study_label.nii.gz").shape == (256, 256, 3)
    everything = b"".join(_files(out).values()) + "".join(capsys.readouterr()).encode()
    for secret in (SECRET.encode(), b"4711", b"1.2.3"):
        assert secret not in everything


def test_workers_change_no_byte(folder, tmp_path):
    torch.manual_seed(0)
    save_weights(tmp_path / "w", Weights(ColumnNet(TINY), 64, "0"))
    _volume(folder / "v.nii.gz")
    for model, name in ((Model.load(tmp_path / "w"), "a"), (_model(_square(NAMES)), "b")):
        for workers in (1, 2, 3):
            predict_files(
                model, find_scans([folder]), tmp_path / f"{name}{workers}", workers=workers
            )
        one = _files(tmp_path / f"{name}1")
        assert one == _files(tmp_path / f"{name}2") == _files(tmp_path / f"{name}3")


def test_threads_of_torch_are_as_before(folder, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    predict_files(_model(_square(NAMES)), find_scans([folder]), tmp_path / "o", workers=2)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


class Counting:
    """Counts what a model is asked."""

    def __init__(self, model):
        self.model, self.asked = model, 0
        self.weights, self.engine = model.weights, model.engine

    def predict(self, image, spacing=None, **options):
        self.asked += 1
        return self.model.predict(image, spacing, **options)


def test_what_is_there_is_skipped_until_something_changes(folder, tmp_path):
    out = tmp_path / "out"
    model = Counting(_model(_square(NAMES)))

    def asked(**options) -> int:
        before = model.asked
        predict_files(model, find_scans([folder]), out, **options)
        return model.asked - before

    assert asked() == 2
    whole = _files(out)
    assert asked() == 0
    assert _files(out) == whole
    assert asked(again=True) == 2
    assert _files(out) == whole
    (out / "b_overlay.png").unlink()
    assert asked() == 1
    (out / "b.json").write_text("{")
    assert asked() == 1
    assert _files(out) == whole
    assert asked(lowest="L6") == 2
    assert json.loads((out / "b.json").read_text())["numbering"].endswith("for L6")
    Image.fromarray((IMAGE // 20).astype(np.uint8)).save(folder / "b.png")
    assert asked(lowest="L6") == 1
    model.model.weights = dataclasses.replace(model.model.weights, version="1")
    model.weights = model.model.weights
    assert asked(lowest="L6") == 2


def test_results_of_what_can_no_longer_be_read_are_removed(folder, tmp_path):
    out = tmp_path / "out"
    model = _model(_square(NAMES))
    predict_files(model, find_scans([folder]), out)
    (folder / "b.png").write_text("no picture any more")
    (out / ".b.json.ab12cd_x.tmp").write_text("half")
    for mine in ("mine.txt", ".mine.tmp"):
        (out / mine).write_text("stays")
    (outcome, *_) = predict_files(model, find_scans([folder]), out)
    assert outcome.status == "unreadable"
    names = set(_files(out))
    assert not {n for n in names if n.startswith(("b.", "b_", ".b."))}
    assert {"mine.txt", ".mine.tmp"} < names


def test_too_little_memory_stops_nobody_else(folder, tmp_path):
    model = _model(_square(NAMES))

    class Full(Counting):
        def predict(self, image, spacing=None, **options):
            if image.shape == (256, 256):
                raise MemoryError
            return self.model.predict(image, spacing, **options)

    outcomes = predict_files(Full(model), find_scans([folder]), tmp_path / "out")
    assert {o.name: o.reason for o in outcomes}["b"] == "takes more memory than there is"
    assert {o.name: o.status for o in outcomes}["blank"] == "refused"


_SLOWLY = """
import sys, time
from pathlib import Path
from spinemsca._util import files
from spinemsca.segment.inference.predict_files import predict_files
from spinemsca.predictions.scans import find_scans
from tests.segment.labelling.test_levels import NAMES
from tests.segment.inference.test_model import _model, _square
write = Path.write_bytes
def halting(self, data):
    # Half of the file, a pause in which to be killed, and the rest.
    with self.open("wb") as file:
        file.write(data[: len(data) // 2]); file.flush(); time.sleep(0.02)
        return file.write(data[len(data) // 2 :])
Path.write_bytes = halting
print("ready", flush=True)
folder, out = map(Path, sys.argv[1:])
predict_files(_model(_square(NAMES)), find_scans([folder]), out, workers=2)
"""


@pytest.mark.parametrize("pause", [0.05, 0.15, 0.3])
def test_killed_at_any_moment_only_whole_files_are_left(tmp_path, pause):
    folder, out, whole = (tmp_path / n for n in ("in", "out", "whole"))
    folder.mkdir()
    for number in range(12):
        pixels = (IMAGE // 16 + number).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    model = _model(_square(NAMES))
    predict_files(model, find_scans([folder]), whole)
    run = subprocess.Popen(
        [sys.executable, "-c", _SLOWLY, str(folder), str(out)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert run.stdout is not None
    run.stdout.readline()
    time.sleep(pause)
    run.kill()
    run.wait()
    run.stdout.close()
    expected = _files(whole)
    left = {n: b for n, b in (_files(out) if out.exists() else {}).items() if n[0] != "."}
    assert all(expected[name] == content for name, content in left.items())
    counting = Counting(model)
    predict_files(counting, find_scans([folder]), out)
    assert counting.asked == 12 - sum(name.endswith(".json") for name in left)
    assert _files(out) == expected
