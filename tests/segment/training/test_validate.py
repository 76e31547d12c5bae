from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from spinemsca.anatomy import VERTEBRAE
from spinemsca.segment.training.data import plain_batch
from spinemsca.segment.training.partial_labels import candidate_sets
from spinemsca.segment.training.validate import case_dice, validate
from tests.segment.examples import bar_case, bar_example, ladder


class Oracle(nn.Module):
    """Answers one label map, whatever it sees."""

    def __init__(self, label: np.ndarray) -> None:
        super().__init__()
        hot = functional.one_hot(torch.from_numpy(label).long(), 12).permute(2, 0, 1)
        self.logits = nn.Parameter(hot[None].float())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.logits


def _truth(case) -> np.ndarray:
    sets = plain_batch([case], 96).candidates[0].numpy()
    return np.where(sets & (sets - 1) == 0, np.log2(sets), 0).astype(np.uint8)


def test_the_truth_scores_one():
    case = bar_example()
    scores = validate(Oracle(_truth(case)), [case], 96)
    assert scores["dice"] == scores["levels_right"] == 1
    assert set(scores["structures"].values()) == {1.0}


def test_a_shift_by_a_level_is_no_level_right():
    case = bar_example()
    label = _truth(case)
    label[label == 1] = 2
    scores = validate(Oracle(label), [case], 96)
    assert scores["levels_right"] == 0
    assert scores["structures"]["L1"] == 0
    assert 0.8 < scores["dice"] < 0.95


def test_what_a_case_does_not_annotate_is_not_judged():
    annotated = frozenset(VERTEBRAE)
    sets = candidate_sets(np.array(bar_case(annotated=annotated).label), annotated)
    scores = case_dice(ladder(), sets.astype(np.int32))
    assert np.isnan(scores[6:]).all()
    np.testing.assert_array_equal(scores[:6], 1)


def test_dice_of_half_a_structure():
    truth = np.full((4, 4), 1, np.int32)
    truth[:2] = 2
    found = np.zeros((4, 4), np.uint8)
    found[0] = 1
    assert case_dice(found, truth)[0] == pytest.approx(2 * 4 / (4 + 8))


def test_no_cases_score_nothing():
    assert validate(Oracle(ladder(96, 96)), [], 96)["dice"] == 0
