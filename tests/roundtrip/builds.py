"""Chains that begin with `build`, whose cases lie on a grid of their own."""

from __future__ import annotations

import csv
import json
from functools import cache

import numpy as np
import pytest

from spinemsca.anatomy import by_name
from spinemsca.measure.measurements import measure
from tests.roundtrip.checks import SCORED, all_structures
from tests.roundtrip.formats import PICTURES, write_image, write_labels
from tests.roundtrip.knowing import Knowing
from tests.roundtrip.patients import SHOWN, Numbers, patient
from tests.roundtrip.running import Run, call, known_model, measured

_CONFIG = """
images = "i/**/*{image}"
labels = "l/**/*{label}"
name = "(?P<patient>.+)"
splits = "splits.csv"
{spacing}
[values]
{values}
"""


def _build(run: Run) -> dict[str, str]:
    """Builds a release of what is written; patient by case."""
    lie, data = run.lie, run.top / "data"
    for stem, name in zip(run.stems, "ab", strict=False):
        one = lie.of(name)
        image = write_image(data / "i", stem, lie, name)
        labels = one.truth.copy()
        # Of a volume the slice is taken whose label map shows most.
        labels[:SHOWN] = labels[SHOWN + 1 :] = 0
        label = write_labels(data / "l", stem, lie, labels)
    stated = lie.fmt in PICTURES and lie.known
    text = _CONFIG.format(
        image=image.suffix, label=label.suffix,
        spacing=f"spacing = {list(one.spacing)}" if stated else "",
        values="\n".join(f'{by_name(s).value} = "{s}"' for s in all_structures()),
    )  # fmt: skip
    (data / "c.toml").write_text(text, encoding="utf-8")
    with (data / "splits.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [("patient", "split"), *((stem, "test") for stem in run.stems)]
        csv.writer(file).writerows(rows)
    call("build", data / "c.toml", run.top / "release", "--data", data)
    with (run.top / "release" / "cases.csv").open(newline="", encoding="utf-8") as file:
        cases = [row["case"] for row in csv.DictReader(file)]
    assert len(cases) == len(run.stems)
    return dict(zip(cases, "a", strict=True))


# Of measures on another grid: share of lengths, degrees of angles.
_NEARLY = {"lordosis_l1_s1": 3.0, "sacral_slope": 3.0, "body_depth_middle": 0.06,
           "body_height_anterior": 0.08, "disc_height_posterior": 0.2, "slip": 1.3}  # fmt: skip


def _check_nearly(run: Run, found: Numbers, who: str) -> None:
    """Whether some numbers are those of the patient, but for resampling."""
    expected = _numbers_of_truth(who, run.lie.grid, run.lie.known)
    compared = [
        k for k in expected if k[1] in _NEARLY and k[0] in ("L4", "L2", "D4", "D2", "spine")
    ]
    for key in compared:
        value, room = expected[key], _NEARLY[key[1]]
        margin = room if room > 1 else max(room * abs(value), 0.5)
        # Lengths in pixels are those of the release.
        if run.lie.known or room == 3.0:
            assert found[key] == pytest.approx(value, abs=margin), key


@cache
def _numbers_of_truth(who: str, grid: str, known: bool) -> Numbers:
    one = patient(who, grid)
    found = measure(one.truth[SHOWN], spacing=one.spacing if known else None)
    return {(r.structure, r.definition.name): r.value for r in found.results}


def build_and_measure(run: Run) -> None:
    """build → measure: a stretched case in the patient's mm."""
    names = _build(run)
    stretched = [] if run.lie.known else ["--original-size", *run.lie.of("a").truth.shape[1:]]
    found = measured(run.top / "release", *stretched)
    assert sorted(found) == sorted(names)
    for case, who in names.items():
        _check_nearly(run, found[case], who)


def build_to_evaluate(run: Run) -> None:
    """build → pack → download → predict → evaluate: what was packed is scored."""
    from spinemsca.release.release import Release

    names = _build(run)
    again = run.top / "again"
    call("pack", run.top / "release", run.top / "packed")
    call("download", "--root", again, "--mirror", run.top / "packed")
    model = Knowing()
    expected: dict[str, list[float]] = {s: [] for s in SCORED}
    for case in Release.open(again).cases():
        answer = np.where(case.label == by_name("L3").value, 0, case.label)
        answer[::2] = np.where(case.label == by_name("L3").value, case.label, answer)[::2]
        model.learn(case.image, answer)
        for s in SCORED:
            given, truth = answer == by_name(s).value, case.label == by_name(s).value
            expected[s].append(2 * (given & truth).sum() / (given.sum() + truth.sum()))
    with known_model(model):
        call("predict", again, "--out", run.out, "--workers", 1)
    told = json.loads(call("evaluate", run.out, again, "--workers", 1, "--json").out)
    assert told["cases"] == len(names)
    for s in SCORED:
        assert told["structures"][s]["dice"]["mean"] == pytest.approx(np.mean(expected[s]))


BUILT = ("plain", "spaces", "han", "long", "reserved", "markup", "dots", "formula",
          "colon", "label", "decomposed")  # fmt: skip
