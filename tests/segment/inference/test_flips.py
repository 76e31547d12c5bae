from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.segment.inference.flips import (
    OTHER_VIEWS,
    Look,
    View,
    bends_backwards,
    lies_so,
    may_lie_so,
    shows_plain_spine,
    shows_sacrum,
    worth,
)
from spinemsca.segment.inference.model import Model
from spinemsca.segment.runtime.confidence import Evidence
from spinemsca.segment.runtime.weights import Weights
from tests.segment.labelling.test_levels import NAMES, bent, spine

LEFT, RIGHT = slice(8), slice(-8, None)
SURE, UNSURE = Evidence(0.97, 1.0, 1.0), Evidence(0.88, 0.6, 0.5)
NO_SACRUM = {"sacrum": False, "bend": None, "sacral_turn": None}


def _found(one: Evidence, names: list[str] = NAMES) -> dict:
    return {by_name(name): one for name in names}


@pytest.mark.parametrize("view", View)
def test_a_view_of_a_view_is_the_plane(view):
    plane = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(view.of(view.of(plane)), plane)
    assert view.of(plane).flags.c_contiguous


def test_views_differ_and_only_those_that_lie_wrong_warn():
    plane = np.arange(4).reshape(2, 2)
    assert len({view.of(plane).tobytes() for view in View}) == len(View)
    assert not View.AS_IT_LIES.warning
    assert all(view.warning for view in OTHER_VIEWS)
    assert {view: view.orientation for view in View} == {
        View.AS_IT_LIES: "IP",
        View.UPSIDE_DOWN: "SP",
        View.TURNED: "SA",
        View.MIRRORED: "IA",
    }


def _look(one: Evidence = SURE, names: list[str] = NAMES, **other: Any) -> Look:
    sacrum = "S1" in names
    seen = {"sacrum": sacrum, "bend": 0.06, "sacral_turn": 43.0} if sacrum else {}
    return Look(_found(one, names), **{**NO_SACRUM, **seen, **other})


def test_what_is_plain():
    assert shows_plain_spine(_look())
    assert not shows_plain_spine(_look(Evidence(0.93, 1.0, 1.0)))
    assert not shows_plain_spine(_look(UNSURE))
    assert not shows_plain_spine(_look(bend=-0.05))
    assert not shows_plain_spine(_look(names=NAMES[:-2])), "nothing tells which end is up"
    for few in ([], ["L1"], ["L1", "L2"], ["D1", "D2", "L3"]):
        assert not shows_plain_spine(_look(names=few))
        assert worth(_found(SURE, few)) == 0
    assert 0 < worth(_found(UNSURE)) < worth(_found(SURE)) <= 1


def test_a_picture_is_turned_only_for_a_sacrum_and_what_is_plainer():
    assert lies_so(_look(), _look(UNSURE))
    assert lies_so(_look(Evidence(0.93, 1.0, 1.0)), _look(UNSURE))
    assert lies_so(_look(), _look(names=[]))
    assert lies_so(_look(), _look(Evidence(0.95, 1.0, 1.0), NAMES[:-2]))
    assert not lies_so(_look(), _look(Evidence(0.965, 1.0, 1.0)))
    assert not lies_so(_look(UNSURE), _look(names=[]))
    assert not lies_so(_look(names=[]), _look(names=[]))


@pytest.mark.parametrize(
    "lacking",
    [
        {"names": NAMES[:-1]},
        {"sacrum": False},
        {"bend": 0.0},
        {"bend": None},
        {"sacral_turn": 12.0},
        {"sacral_turn": None},
        {"one": Evidence(0.88, 1.0, 1.0)},
        {"one": Evidence(0.97, 0.8, 1.0)},
    ],
)
def test_a_view_without_a_true_sacrum_turns_nothing(lacking):
    assert not shows_sacrum(_look(**lacking))
    for here in (_look(names=[]), _look(UNSURE, NAMES[:-2]), _look(bend=-0.05)):
        assert not lies_so(_look(**lacking), here)


def test_a_backward_bend_needs_no_margin_but_a_plainer_view():
    assert lies_so(_look(), _look(Evidence(0.969, 1.0, 1.0), bend=-0.05))
    assert not lies_so(_look(), _look(bend=-0.05))


def test_a_plainer_view_without_a_sacrum_is_a_suspicion():
    assert may_lie_so(_look(names=NAMES[:-2]), _look(UNSURE, NAMES[:-2]))
    assert not may_lie_so(_look(UNSURE, NAMES[:-2]), _look(UNSURE, NAMES[:-2]))
    assert may_lie_so(_look(names=NAMES[:-2]), _look(UNSURE))
    assert not may_lie_so(_look(names=NAMES[:-2]), _look(Evidence(0.91, 0.9, 0.5)))


def test_what_bends_backwards():
    assert bends_backwards(-0.05)
    for bend in (None, -0.01, 0.0, 0.08):
        assert not bends_backwards(bend)


def _model(names: list[str] = NAMES) -> Model:
    """Sees the spine of a picture whose bright corner lies top left; else one without order."""
    right = np.zeros((256, 256), np.uint8)
    right[:256, 60:180] = bent(spine(names), 30)[:256]
    numbers = np.array([0, *np.random.default_rng(3).permutation(range(1, 12))], np.uint8)

    def answer(label: np.ndarray) -> torch.Tensor:
        return 9.0 * functional.one_hot(torch.from_numpy(label).long(), 12).permute(2, 0, 1)[None]

    def run(image: torch.Tensor) -> torch.Tensor:
        upright = float(image[0, 0, :8, :8].mean()) > 0.8
        return answer(right if upright else numbers[right]).float()

    return Model(Weights(run, 256, "0"))


def _image() -> np.ndarray:
    image = np.random.default_rng(0).uniform(0, 0.4, (256, 256))
    image[:8, :8] = 1
    return image


@pytest.mark.parametrize("view", View)
def test_labels_follow_a_picture_however_it_lies(view):
    model = _model()
    upright = model.predict(_image())
    found = model.predict(view.of(_image()))
    np.testing.assert_array_equal(view.of(found.label), upright.label)
    assert len(found.confidence) == len(STRUCTURES)
    assert found.orientation == view.orientation
    assert [w for w in found.warnings if "picture seems" in w] == [view.warning] * bool(
        view.warning
    )


@pytest.mark.parametrize("view", [View.UPSIDE_DOWN, View.TURNED])
def test_without_a_sacrum_nothing_is_turned_but_a_suspicion_is_said(view):
    found = _model(NAMES[:-2]).predict(view.of(_image()), refuse=False)
    assert found.orientation == "IP"
    assert not any("picture seems" in w for w in found.warnings)
    assert view.suspicion in found.warnings
    assert found.ambiguous


def test_a_slice_that_is_known_to_lie_right_is_not_turned():
    found = _model().predict(View.TURNED.of(_image()), turn=False)
    assert found.orientation == "IP"
    assert not any("picture seems" in w for w in found.warnings)


def _mirror_blind(sure: float) -> Model:
    """Sees a bent spine where a bright corner is at the top, less surely where that is right."""
    label = np.zeros((256, 256), np.uint8)
    label[:256, 60:180] = bent(spine(NAMES), 30)[:256]

    def run(image: torch.Tensor) -> torch.Tensor:
        left, right = (float(image[0, 0, :8, side].mean()) > 0.8 for side in (LEFT, RIGHT))
        seen = label if left else label[:, ::-1] if right else np.zeros_like(label)
        logits = functional.one_hot(torch.from_numpy(seen.copy()).long(), 12).float()
        return (sure if right else 9.0) * logits.permute(2, 0, 1)[None]

    return Model(Weights(run, 256, "0"))


def test_a_mirror_image_is_told_by_its_bend():
    model = _mirror_blind(sure=8.0)
    upright, found = model.predict(_image()), model.predict(View.MIRRORED.of(_image()))
    assert (upright.orientation, found.orientation) == ("IP", "IA")
    np.testing.assert_array_equal(View.MIRRORED.of(found.label), upright.label)
    assert View.MIRRORED.warning in found.warnings
    assert not any("picture seems" in w for w in upright.warnings)


def test_a_curve_that_looks_no_better_mirrored_stays():
    found = _mirror_blind(sure=9.0).predict(View.MIRRORED.of(_image()))
    assert found.orientation == "IP"
    assert not any("picture seems" in w for w in found.warnings)


def test_a_curve_of_a_slice_that_is_known_to_lie_right_stays():
    found = _mirror_blind(sure=8.0).predict(View.MIRRORED.of(_image()), turn=False)
    assert found.orientation == "IP"
