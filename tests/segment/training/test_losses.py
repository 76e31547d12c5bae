from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from spinemsca.anatomy import NUMBER_OF_CLASSES
from spinemsca.segment.training.losses import (
    STRUCTURE_WEIGHT,
    marginal_cross_entropy,
    marginal_dice_loss,
    members,
    segmentation_loss,
)
from spinemsca.segment.training.partial_labels import ANYTHING
from tests.segment.examples import quick

SEEDS = st.integers(0, 2**32 - 1)


def _logits(seed, batch=2):
    generator = torch.Generator().manual_seed(seed)
    return 4 * torch.randn(batch, NUMBER_OF_CLASSES, 6, 5, generator=generator, dtype=torch.double)


def _labels(seed, batch=2):
    generator = torch.Generator().manual_seed(seed + 1)
    return torch.randint(NUMBER_OF_CLASSES, (batch, 6, 5), generator=generator)


def _certain(labels):
    return (1 << labels).int()


def _entropy(logits, candidates, structure_weight=STRUCTURE_WEIGHT):
    allowed = members(candidates, logits.dtype)
    return marginal_cross_entropy(logits.softmax(1), allowed, structure_weight)


def _dice_loss(logits, candidates):
    return marginal_dice_loss(logits.softmax(1), members(candidates, logits.dtype))


def _per_pixel(logits, candidates):
    pixels = logits.permute(0, 2, 3, 1).reshape(-1, NUMBER_OF_CLASSES, 1, 1)
    sets = candidates.reshape(-1, 1, 1)
    pairs = zip(pixels.split(1), sets.split(1), strict=True)
    return torch.stack([_entropy(x, s) for x, s in pairs])


def _confident(labels):
    return 50.0 * functional.one_hot(labels, NUMBER_OF_CLASSES).permute(0, 3, 1, 2).double()


@given(SEEDS)
@quick
def test_is_cross_entropy_where_all_is_known(seed):
    logits, labels = _logits(seed), _labels(seed)
    weight = torch.tensor([1.0] + [STRUCTURE_WEIGHT] * (NUMBER_OF_CLASSES - 1)).double()
    expected = [
        functional.cross_entropy(x[None], y[None], weight)
        for x, y in zip(logits, labels, strict=True)
    ]
    found = _entropy(logits, _certain(labels))
    torch.testing.assert_close(found, sum(expected) / 2)


@given(SEEDS, st.integers(1, ANYTHING))
@quick
def test_cross_entropy_sums_the_probabilities_of_the_candidates(seed, candidates):
    logits = _logits(seed)
    members = [v for v in range(NUMBER_OF_CLASSES) if candidates >> v & 1]
    expected = -logits.softmax(1)[:, members].sum(1).log().mean()
    found = _entropy(logits, torch.full((2, 6, 5), candidates, dtype=torch.int32))
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-6)


@given(SEEDS, st.integers(0, NUMBER_OF_CLASSES - 1))
@quick
def test_knowing_less_never_costs_more(seed, value):
    logits, certain = _logits(seed), _certain(_labels(seed))
    assert torch.all(_per_pixel(logits, certain | (1 << value)) <= _per_pixel(logits, certain))


@given(SEEDS, st.permutations(range(1, NUMBER_OF_CLASSES)))
@quick
def test_structures_are_treated_alike(seed, order):
    logits, labels = _logits(seed), _labels(seed)
    mapping = torch.tensor([0, *order])
    moved = torch.empty_like(logits)
    moved[:, mapping] = logits
    torch.testing.assert_close(
        segmentation_loss(moved, _certain(mapping[labels])),
        segmentation_loss(logits, _certain(labels)),
    )


def test_unknown_pixels_neither_cost_nor_teach():
    logits = _logits(0).requires_grad_()
    loss = segmentation_loss(logits, torch.full((2, 6, 5), ANYTHING, dtype=torch.int32))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-12


def test_a_case_without_the_sacrum_does_not_teach_that_it_is_nothing():
    sacrum = 6
    labels = torch.zeros(1, 6, 5, dtype=torch.long)
    candidates = _certain(labels) | (1 << sacrum)
    for value in (0, sacrum):
        logits = _confident(torch.full_like(labels, value))
        assert segmentation_loss(logits, candidates) == pytest.approx(0, abs=1e-9)
    elsewhere = _confident(torch.full_like(labels, sacrum - 1))
    assert segmentation_loss(elsewhere, candidates) > 10


def test_what_is_not_a_candidate_is_a_false_positive_of_dice():
    labels = torch.zeros(1, 6, 5, dtype=torch.long)
    labels[:, :3] = 5
    candidates = _certain(labels)
    candidates[labels == 0] |= 1 << 6
    right = _dice_loss(_confident(labels), candidates)
    wrong = _dice_loss(_confident(torch.full_like(labels, 5)), candidates)
    assert right == pytest.approx(0, abs=1e-9)
    assert wrong == pytest.approx(1 - (2 * 15 + 1) / (15 + 30 + 1))


@given(SEEDS)
@quick
def test_a_perfect_answer_costs_nothing_and_any_answer_is_finite(seed):
    labels = _labels(seed)
    assert segmentation_loss(_confident(labels), _certain(labels)) == pytest.approx(0, abs=1e-9)
    assert math.isfinite(segmentation_loss(_logits(seed), _certain(labels)))
    assert 0 <= _dice_loss(_logits(seed), _certain(labels)) <= 1


@given(SEEDS)
@quick
def test_the_loss_of_a_batch_is_the_mean_of_its_halves(seed):
    logits, candidates = _logits(seed, 4), _certain(_labels(seed, 4))
    halves = [segmentation_loss(logits[p], candidates[p]) for p in (slice(2), slice(2, 4))]
    torch.testing.assert_close(segmentation_loss(logits, candidates), sum(halves) / 2)


def test_gradients_agree_with_differences():
    logits = _logits(3, 1).requires_grad_()
    candidates = _certain(_labels(3, 1))
    candidates[0, 0] = 1 + (1 << 6)
    candidates[0, 1] = ANYTHING
    assert torch.autograd.gradcheck(lambda x: segmentation_loss(x, candidates), (logits,))


@given(SEEDS, st.floats(0.5, 9.0))
@quick
def test_structures_count_as_much_as_asked(seed, structure_weight):
    logits, labels = _logits(seed, batch=1), _labels(seed, batch=1)
    weight = torch.tensor([1.0] + [structure_weight] * (NUMBER_OF_CLASSES - 1)).double()
    expected = functional.cross_entropy(logits, labels, weight)
    found = _entropy(logits, _certain(labels), structure_weight)
    torch.testing.assert_close(found, expected)
