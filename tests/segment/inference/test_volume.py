from __future__ import annotations

import numpy as np
import pytest

from spinemsca.anatomy import STRUCTURES, by_any_name, by_name
from spinemsca.io.scan import Scan
from spinemsca.io.volume import one_slice
from spinemsca.segment.inference.model import Segmentation
from spinemsca.segment.inference.volume import predict_volume
from spinemsca.segment.labelling.rename import shifted
from tests.segment.examples import ladder
from tests.segment.inference.test_model import IMAGE, _model, _square
from tests.segment.labelling.test_levels import NAMES

L4, L5, L6 = by_name("L4"), by_name("L5"), by_any_name("L6")


class Told:
    """A model that answers prepared label maps, chosen by a slice's first pixel."""

    def __init__(self, *labels):
        self.labels = labels

    def predict(self, image, spacing=None, *, turn=True):
        label = self.labels[int(image[0, 0])]
        if not label.any():
            return Segmentation(label, {}, spacing, (), ambiguous=True, refused="Nothing")
        known = {s: 0.5 for s in STRUCTURES if (label == s.value).any()}
        return Segmentation(label, known, spacing, ("Told",), ambiguous=False)


def _volume(count):
    scan = Scan("v", ladder().astype(float))
    pixels = np.zeros((count, *ladder().shape))
    pixels[:] = np.arange(count)[:, None, None]
    return one_slice(scan).replace(pixels=pixels, notes=("Noted",))


NOTHING = np.zeros_like(ladder())
FEW = np.where(ladder() > 5, 0, ladder()).astype(np.uint8)


def eleven(label):
    """What a model can answer: it knows no other vertebrae."""
    return np.where(label > STRUCTURES[-1].value, 0, label).astype(np.uint8)


def test_the_middle_of_what_shows_most_is_shown_with_a_doubt_where_no_canal_is_seen():
    found = predict_volume(Told(NOTHING, FEW, ladder(), FEW, NOTHING), _volume(5))
    assert found.shown == 2
    assert found.best.label is found.slices[2].label
    assert [s.refused is None for s in found.slices] == [False, True, True, True, False]
    assert found.labels.shape == (5, *ladder().shape)
    assert found.warnings[:2] == ("Noted", "Told")
    (doubt,) = found.warnings[2:]
    assert "Slice 2" in doubt
    assert "not surely" in doubt
    assert found.certainty == 0
    assert found.reason.startswith("No slice shows the canal plainly")
    assert found.confidence[L4] == pytest.approx(0.5)


def test_levels_follow_the_slice_shown():
    low = eleven(shifted(ladder(), 1))
    high = eleven(shifted(ladder(), -1))
    found = predict_volume(Told(low, ladder(), NOTHING, high), _volume(4))
    assert found.shown == 1
    assert np.array_equal(found.slices[0].label, shifted(low, -1))
    assert np.array_equal(found.slices[3].label, shifted(high, 1))
    # They agree with the slice shown wherever they show anything.
    for index in (0, 3):
        label = found.slices[index].label
        assert np.array_equal(label[label > 0], ladder()[label > 0])
        assert set(found.slices[index].confidence) == {
            s for s in STRUCTURES if (label == s.value).any()
        }
    assert any("Levels of 2 slices" in w for w in found.warnings)


def test_confidence_is_weighted_by_pixels():
    small = np.where(np.arange(96)[:, None] < 8, ladder(), 0).astype(np.uint8)
    model = Told(ladder(), small)
    sure = model.predict

    def predict(image, spacing=None, **_):
        found = sure(image, spacing)
        values = dict.fromkeys(found.confidence, 0.9 if image[0, 0] else 0.6)
        return Segmentation(found.label, values, None, (), ambiguous=False)

    vars(model)["predict"] = predict
    found = predict_volume(model, _volume(2))
    l1 = by_name("L1")
    areas = [(one.label == l1.value).sum() for one in found.slices]
    assert found.confidence[l1] == pytest.approx(np.average([0.6, 0.9], weights=areas))
    assert found.confidence[L4] == 0.6


def test_lowest_renames_labels_and_confidence():
    found = predict_volume(Told(ladder()), _volume(1), "L6")
    assert np.array_equal(found.labels[0] == L5.value, ladder() == L4.value)
    assert np.array_equal(found.labels[0] == L6.value, ladder() == L5.value)
    names = {s.name for s in found.confidence}
    assert "L1" not in names
    assert {"L5/L6", "L6", "L6/S1"} < names
    assert found.numbering.endswith("for L6")


def test_a_picture_is_a_volume_of_one_slice():
    found = predict_volume(_model(_square(NAMES)), one_slice(Scan("a", IMAGE)))
    assert np.array_equal(found.labels[0], _square(NAMES))
    assert found.warnings == found.best.warnings
