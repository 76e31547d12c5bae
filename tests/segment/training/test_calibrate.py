from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.errors import ReleaseError
from spinemsca.segment.inference.model import Model
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.confidence import UNCALIBRATED, Evidence
from spinemsca.segment.runtime.weights import Weights
from spinemsca.segment.training import calibrate as module
from spinemsca.segment.training.calibrate import calibrate, gather_outcomes, outcomes
from spinemsca.segment.training.partial_labels import candidate_sets
from tests.segment.examples import TINY, bar_example, ladder

KNOWN = frozenset(s for s in STRUCTURES if s.name != "S1")


def test_outcomes_where_they_can_be_known():
    truth = ladder()
    label = np.where(truth == by_name("L2").value, by_name("L3").value, truth).astype(np.uint8)
    label[truth == by_name("D1").value] = 0
    sets = candidate_sets(np.where(truth == by_name("S1").value, 0, truth), KNOWN)
    judged = outcomes(label, sets)
    assert judged[by_name("L1")]
    assert not judged[by_name("L3")]
    assert by_name("L2") not in judged
    assert by_name("D1") not in judged
    assert by_name("S1") not in judged


def test_an_invented_structure_is_wrong():
    truth = np.where(ladder() == by_name("L2").value, 0, ladder()).astype(np.uint8)
    judged = outcomes(ladder(), candidate_sets(truth, frozenset(STRUCTURES)))
    assert not judged[by_name("L2")]
    assert judged[by_name("L4")]


def test_evidence_of_a_model_that_sees_right():
    answer = functional.one_hot(torch.from_numpy(ladder()).long(), 12).permute(2, 0, 1)[None]

    def run(image):
        # On a canvas 96 pixels high the bars lie 16 columns further right.
        return functional.pad(8.0 * answer.float(), (16, 16))

    model = Model(Weights(run, 96, "0"))
    gathered = gather_outcomes(model, [bar_example()], views=1)
    assert len(gathered) == 11
    assert all(right for _, right in gathered)
    assert all(one.tissue > 0.98 for one, _ in gathered)


def test_the_same_seed_gathers_the_same():
    torch.manual_seed(0)
    model = Model(Weights(ColumnNet(TINY).eval(), 64, "0"))
    one, other = (gather_outcomes(model, [bar_example()], views=3, seed=2) for _ in range(2))
    assert one == other


def test_a_calibration_fits_what_it_was_fitted_to(monkeypatch):
    known = [(Evidence(v, v, v), v > 0.5) for v in np.linspace(0.1, 0.9, 20)]
    monkeypatch.setattr(module, "gather_outcomes", lambda *_: known)
    found = calibrate(Model(Weights(ColumnNet(TINY), 64, "7")), [], 1)
    assert (found.structures, found.right) == (20, 0.5)
    assert found.calibration != UNCALIBRATED
    assert found.error < 0.05


def test_nothing_to_judge_is_an_error(monkeypatch):
    monkeypatch.setattr(module, "gather_outcomes", lambda *_: [])
    with pytest.raises(ReleaseError, match="nothing was found"):
        calibrate(Model(Weights(ColumnNet(TINY), 64, "7")), [], 1)


@pytest.mark.parametrize("views", [1, 3])
def test_every_view_counts(views):
    torch.manual_seed(1)
    model = Model(Weights(ColumnNet(TINY).eval(), 64, "0"))
    told = []
    gather_outcomes(
        model, [bar_example("a"), bar_example("b")], views, progress=lambda *n: told.append(n)
    )
    assert told == [(1, 2), (2, 2)]
