"""The weights that come with the package, end to end: phantoms, real slices, other things."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import spinemsca as sm
from spinemsca.anatomy import STRUCTURES
from spinemsca.cli import main
from spinemsca.curate.polygons import label_from_polygons
from spinemsca.curate.spider import levels_from_tissue
from spinemsca.phantom import phantom
from spinemsca.segment.inference.flips import OTHER_VIEWS

KNOWN_T2 = [s.name for s in STRUCTURES if s.name != "S1"]
KNOWN_T1 = ["L1", "L2", "L3", "L4", "L5", "S1"]


@pytest.fixture(scope="module")
def model():
    return sm.load_model(device="cpu")


def dice(found, truth, annotated) -> float:
    return sm.evaluate(found, truth, annotated=annotated)["overall"]["dice"]["mean"]


def test_they_are_small_and_say_what_they_are(model) -> None:
    from importlib.resources import files

    folder = files("spinemsca.segment") / "trained"
    assert len((folder / "model.safetensors").read_bytes()) < 15_000_000
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert about["version"] == model.weights.version
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for text in ("not a medical device", "SPIDER", "Sudirman", "CC BY 4.0", "patients"):
        assert text in card


@pytest.mark.parametrize("index", range(3))
def test_phantoms_are_segmented(model, index) -> None:
    case = phantom(2024, index)
    found = model.predict(case.image)
    assert found.refused is None
    assert dice(found.label, np.asarray(case.label), [s.name for s in STRUCTURES]) > 0.85


@pytest.mark.real
@pytest.mark.parametrize("name", ["81_070", "127_061"])
def test_real_t2_slices_of_patients_never_trained_on(model, shared_data, name) -> None:
    folder = shared_data / "spider/space"
    truth = levels_from_tissue(np.asarray(Image.open(folder / f"masks/{name}.png")), name)
    found = model.predict(np.asarray(Image.open(folder / f"images/{name}.png")))
    assert dice(found.label, truth, KNOWN_T2) > 0.86
    assert not found.ambiguous


@pytest.mark.real
def test_a_real_t1_slice_of_a_patient_never_trained_on(model, shared_data) -> None:
    image = np.asarray(Image.open(shared_data / "sudirman/images/0011.png"))
    text = (shared_data / "sudirman/polygons/0011.txt").read_text()
    order = [s for s in STRUCTURES if s.name in KNOWN_T1]
    truth = label_from_polygons(text, image.shape, order)
    assert dice(model.predict(image).label, truth, KNOWN_T1) > 0.92


@pytest.mark.real
def test_predict_end_to_end(tmp_path, shared_data, capsys) -> None:
    source = shared_data / "spider/mid/45_t2_SPACE.png"
    noise = tmp_path / "noise.png"
    pixels = np.random.default_rng(0).integers(0, 255, (300, 200), np.uint8)
    Image.fromarray(pixels).save(noise)
    with pytest.raises(SystemExit) as exit_:
        main(
            ["predict", str(source), str(noise), "--out", str(tmp_path / "out"), "--device", "cpu"]
        )
    assert not exit_.value.code
    with Image.open(source) as given, Image.open(tmp_path / "out/45_t2_SPACE_label.png") as label:
        assert given.size == label.size
        assert set(np.unique(np.asarray(label)).tolist()) == set(range(12))
    said = json.loads((tmp_path / "out/45_t2_SPACE.json").read_text())
    assert min(said["confidence"].values()) > 0.6
    assert "noise" in capsys.readouterr().err
    assert not np.asarray(Image.open(tmp_path / "out/noise_label.png")).any()


@pytest.mark.real
@pytest.mark.parametrize(
    "change",
    [
        np.rot90,
        np.zeros_like,
        lambda a: np.full_like(a, 255),
        lambda a: np.random.default_rng(0).permutation(a.ravel()).reshape(a.shape),
        lambda a: np.add.outer(np.arange(400), np.arange(400)) // 4,
    ],
    ids=["turned", "black", "white", "shuffled", "ramp"],
)
def test_what_is_no_lumbar_slice_is_refused(model, shared_data, change) -> None:
    image = np.asarray(Image.open(shared_data / "spider/mid/45_t2_SPACE.png"))
    found = model.predict(change(image))
    assert found.refused
    assert not found.label.any()


@pytest.mark.real
@pytest.mark.parametrize("view", OTHER_VIEWS)
def test_a_picture_that_lies_wrong_is_segmented_as_it_lies(model, shared_data, view) -> None:
    image = np.asarray(Image.open(shared_data / "spider/mid/45_t2_SPACE.png"))
    upright, found = model.predict(image), model.predict(view.of(image))
    assert view.warning in found.warnings
    assert found.orientation == view.orientation
    assert dice(view.of(found.label), upright.label, [s.name for s in STRUCTURES]) > 0.99


def test_the_same_image_gives_the_same_bytes(model) -> None:
    image = phantom(2024, 5).image
    one, other = (model.predict(image) for _ in range(2))
    assert one.label.tobytes() == other.label.tobytes()
    assert one.confidence == other.confidence
