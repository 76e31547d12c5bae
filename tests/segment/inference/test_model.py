from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn import functional

from spinemsca.anatomy import COLUMN
from spinemsca.errors import CaseError
from spinemsca.segment.inference.model import Model, _most_likely
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.weights import Weights, save_weights
from tests.segment.examples import TINY
from tests.segment.labelling.test_levels import NAMES, spine


def _model(label: np.ndarray, certainty: float = 9.0) -> Model:
    """A model that answers one label map, whatever it sees."""
    hot = functional.one_hot(torch.from_numpy(label).long(), 12).permute(2, 0, 1)[None]
    answer = certainty * hot.float()

    def run(image: torch.Tensor) -> torch.Tensor:
        rows, columns = image.shape[-2:]
        return functional.interpolate(answer, (rows, columns), mode="nearest")

    return Model(Weights(run, max(label.shape), "0"))


def _square(names) -> np.ndarray:
    label = np.zeros((256, 256), np.uint8)
    label[:256, 60:180] = spine(names)[:256]
    return label


IMAGE = np.random.default_rng(0).integers(0, 4000, (256, 256)).astype(np.int16)


def test_answers_on_the_slices_own_grid_with_confidence():
    label = _square(NAMES)
    found = _model(label).predict(IMAGE, spacing=(0.6, 0.5))
    np.testing.assert_array_equal(found.label, label)
    assert found.label.dtype == np.uint8
    assert list(found.confidence) == list(COLUMN)
    assert min(found.confidence.values()) > 0.99
    assert found.refused is None
    assert found.spacing == (0.6, 0.5)


def test_a_larger_slice_gets_a_larger_answer():
    image = np.kron(IMAGE, np.ones((2, 2)))
    label = np.kron(_square(NAMES), np.ones((2, 2), np.uint8))
    found = _model(_square(NAMES)).predict(image)
    assert (found.label == label).mean() > 0.99


def test_levels_are_made_consistent():
    label = _square(NAMES)
    wrong = np.where(label == 2, 3, label).astype(np.uint8)
    np.testing.assert_array_equal(_model(wrong).predict(IMAGE).label, label)


def test_ambiguity_and_warnings_are_passed_on():
    found = _model(_square(NAMES[:7])).predict(IMAGE)
    assert any("sacrum" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("names", "certainty", "reason"),
    [
        (["L3"], 9.0, "No lumbar spine"),
        ([], 9.0, "No lumbar spine"),
        (NAMES, 2.0, "hardly looks like"),
        (["L5", "D1", "L1", "D4", "L3", "D2", "L2"], 9.0, "no consistent spine"),
    ],
)
def test_what_is_no_lumbar_spine_is_refused(names, certainty, reason):
    found = _model(_square(names), certainty).predict(IMAGE)
    assert found.refused is not None
    assert reason in found.refused
    assert not found.label.any()
    assert not found.confidence


def test_a_blank_slice_is_refused_without_asking_the_network():
    assert _model(_square(NAMES)).predict(np.full((9, 9), 7)).refused == "The image is blank"


@pytest.mark.parametrize(
    "image", [np.zeros((2, 3, 4)), np.zeros((0, 4)), np.full((4, 4), np.nan), np.array([["a"]])]
)
def test_what_is_no_slice_is_an_error(image):
    with pytest.raises(CaseError):
        _model(_square(NAMES)).predict(image)


def test_same_slice_same_bytes_from_a_file(tmp_path):
    torch.manual_seed(0)
    save_weights(tmp_path / "w", Weights(ColumnNet(TINY), 64, "0"))
    one, other = (Model.load(tmp_path / "w").predict(IMAGE) for _ in range(2))
    assert one.label.tobytes() == other.label.tobytes()
    assert one.refused == other.refused


@given(hnp.arrays(np.float32, (12, 3, 4), elements=st.floats(0, 1, width=16)))
def test_most_likely_is_argmax(probabilities):
    np.testing.assert_array_equal(_most_likely(probabilities), probabilities.argmax(0))


def test_an_answer_can_be_had_all_the_same():
    found = _model(_square(NAMES), 2.0).predict(IMAGE, refuse=False)
    assert found.refused is None
    assert found.label.any()


@pytest.mark.parametrize("grey", [0.0, 2000.0])
def test_a_frame_around_a_picture_changes_no_label(grey):
    rows, columns = IMAGE.shape
    framed = np.full((rows + 160, columns + 150), grey, IMAGE.dtype)
    framed[70 : 70 + rows, 90 : 90 + columns] = IMAGE
    found = _model(_square(NAMES)).predict(framed)
    inside = np.zeros(framed.shape, np.uint8)
    inside[70 : 70 + rows, 90 : 90 + columns] = _square(NAMES)
    np.testing.assert_array_equal(found.label, inside)
