"""Runs over files of volumes and slices: units kept apart, slices by themselves, memory flat."""

from __future__ import annotations

import csv
import tracemalloc

import nibabel
import numpy as np
import pytest

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import UsageError
from spinemsca.io.image_file import write_label_picture
from spinemsca.predictions.pairing import Pair, pair_labels, read_pairs
from spinemsca.predictions.record import write_record
from spinemsca.score import files as module
from spinemsca.score.case_score import METRICS, WITH_UNIT
from spinemsca.score.compare import compare_scores
from spinemsca.score.evaluate import Protocol, evaluate_pairs, score_pairs
from spinemsca.score.summary import summarise
from spinemsca.score.tables import markdown_table, slice_table
from spinemsca.score.units import in_one_unit, left_out
from spinemsca.score.worst import worst_slice
from tests.io.volumes import SAGITTAL
from tests.predictions.results import save_volume
from tests.score.masks import bars, one_down, renamed
from tests.score.volumes import AFFINE, stack, write_volume


def pictures(folder, name: str, prediction, truth) -> Pair:
    files = [folder / f"{name}_{what}.png" for what in ("p", "t")]
    for file, label in zip(files, (prediction, truth), strict=True):
        write_label_picture(file, label)
    return Pair(name, *files)


def volumes(folder, name: str, prediction, truth) -> Pair:
    files = [folder / f"{name}_{what}.nii.gz" for what in ("p", "t")]
    for file, label in zip(files, (prediction, truth), strict=True):
        write_volume(file, label)
    return Pair(name, *files)


@pytest.fixture
def mixed(tmp_path) -> list[Pair]:
    return [
        pictures(tmp_path, "flat", bars(5), bars()),
        volumes(tmp_path, "deep", stack(3, 3, 3), stack(0, 0, 0)),
    ]


def test_pixels_and_millimetres_are_never_averaged(mixed) -> None:
    found = evaluate_pairs(mixed)
    assert (found["unit"], found["px_left_out"], found["cases"]) == ("mm", 1, 2)
    assert found["overall"]["dice"]["n"] == 2
    for metric in ("hd95", "hd", "assd", "nsd", "nsd2", "centroid_error"):
        assert found["overall"][metric]["n"] == 1, metric
    assert found["overall"]["hd95"]["mean"] == pytest.approx(3 * 0.8)
    assert found["overall"]["area"]["n"] == 0
    assert found["overall"]["area_error_percent"]["n"] == 1
    assert found["levels"]["localisation_error"] == pytest.approx(3 * 0.8)
    assert "1 of 2 cases" in left_out(found)
    assert "no spacing" in markdown_table(found)


def test_with_spacing_both_are_in_millimetres(mixed) -> None:
    found = evaluate_pairs(mixed, Protocol((1.0, 2.0)))
    assert (found["unit"], found["px_left_out"]) == ("mm", 0)
    assert left_out(found) == ""
    assert found["overall"]["hd95"]["mean"] == pytest.approx((5 * 2.0 + 3 * 0.8) / 2)


def test_slices_alone_stay_in_pixels(mixed) -> None:
    found = evaluate_pairs(mixed[:1])
    assert (found["unit"], found["px_left_out"]) == ("px", 0)
    assert found["overall"]["hd95"]["mean"] == pytest.approx(5)


def test_scores_without_lengths_keep_the_rest(mixed) -> None:
    scores = list(score_pairs(mixed, Protocol(published=True)))
    flat = in_one_unit(scores)[0]
    kept = [i for i, m in enumerate(METRICS) if m not in WITH_UNIT]
    np.testing.assert_array_equal(flat.metrics[:, kept], scores[0].metrics[:, kept])
    assert flat.published is not None
    assert np.isnan(flat.published[:, 1]).all()
    assert summarise(scores)["published"]["overall"]["hd95"]["n"] == 1
    assert compare_scores(scores, scores)["overall"]["hd95"]["n"] == 1
    assert compare_scores(scores, scores)["overall"]["dice"]["n"] == 2


def test_a_single_slice_in_a_volume_format_stays_flat(tmp_path) -> None:
    found = evaluate_pairs([volumes(tmp_path, "one", stack(3), stack(0))])
    assert found["unit"] == "px"
    assert found["overall"]["hd95"]["mean"] == pytest.approx(3)
    assert found["overall"]["area"]["mean"] == 300
    own = evaluate_pairs([volumes(tmp_path, "one", stack(3), stack(0))], Protocol(own_spacing=True))
    assert own["unit"] == "mm"
    assert own["overall"]["hd95"]["mean"] == pytest.approx(3 * 0.8)


def test_three_numbers_are_for_volumes(tmp_path, mixed) -> None:
    found = evaluate_pairs(mixed[1:], Protocol((9.0, 1.0, 1.0)))
    assert found["overall"]["hd95"]["mean"] == pytest.approx(3)
    with pytest.raises(UsageError, match="two numbers") as caught:
        evaluate_pairs(mixed[:1], Protocol((9.0, 1.0, 1.0)))
    assert "flat_p.png" in str(caught.value)


@pytest.mark.parametrize("wrong", ["1 1", ("a", "b"), (1.0,), (1, 2, 3, 4), (), 1.0, {1: 2}])
def test_a_protocol_checks_its_spacing(wrong) -> None:
    with pytest.raises(UsageError, match="two or three numbers"):
        Protocol(wrong)


def test_a_volume_without_voxel_size_is_refused(tmp_path) -> None:
    pair = volumes(tmp_path, "x", stack(0, 0), stack(0, 0))
    for path in (pair.prediction, pair.truth):
        # Units that NIfTI knows and that are no lengths.
        header = bytearray(nibabel.Nifti1Image.from_filename(path).to_bytes())
        header[123] = 7
        path.unlink()
        path.write_bytes(bytes(header))
    with pytest.raises(UsageError, match="no voxel size") as caught:
        evaluate_pairs([pair])
    assert "x_p.nii.gz" in str(caught.value)
    found = evaluate_pairs([pair], Protocol((4.0, 0.5, 0.8)))
    assert found["unit"] == "mm"


def test_each_slice_by_itself(tmp_path, mixed) -> None:
    found = stack(3, 0, 0)
    found[2] = renamed(found[2], L3="")
    pair = volumes(tmp_path, "v", found, stack(0, 0, 0))
    with slice_table(tmp_path / "slices.csv") as add:
        for score in score_pairs([mixed[0], pair], Protocol(slices=True)):
            add(score)
    with (tmp_path / "slices.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11 + 33
    of = {(r["case"], r["slice"], r["structure"]): r for r in rows}
    first, last, flat = of["v", "0", "L3"], of["v", "2", "L3"], of["flat", "0", "L3"]
    assert (first["unit"], flat["unit"]) == ("mm", "px")
    assert float(first["dice"]) == pytest.approx(0.9)
    assert float(first["hd95"]) == pytest.approx(3 * 0.8)
    assert float(first["area"]) == pytest.approx(300 * 0.5 * 0.8)
    assert (last["outcome"], float(last["dice"])) == ("missed", 0)
    assert float(flat["hd95"]) == pytest.approx(5)
    assert "volume" not in rows[0]


def test_slices_are_numbered_from_the_patients_right(tmp_path) -> None:
    """AFFINE has its slices run from x = 40 mm, the right, to the left."""
    assert AFFINE[0, 2] < 0
    pair = volumes(tmp_path, "v", stack(3, 0, 0), stack(0, 0, 0))
    (score,) = score_pairs([pair], Protocol(slices=True))
    dice = [s.values["L3"]["dice"] for s in score.slices]
    assert dice == pytest.approx([0.9, 1, 1])


def test_truths_of_background_annotate_everything(tmp_path) -> None:
    empty = np.zeros_like(bars())
    found = evaluate_pairs([pictures(tmp_path, "a", bars(), empty)])
    assert found["overall"]["dice"]["mean"] == 0
    assert found["levels"]["outcomes"]["invented"] == 11
    assert found["levels_right"] == 0
    assert sum(found["not_annotated"].values()) == 0
    nothing = evaluate_pairs([pictures(tmp_path, "b", empty, empty)])
    assert nothing["levels_right"] is None
    assert nothing["overall"]["dice"]["mean"] is None


def test_one_truth_with_structures_says_what_is_annotated(tmp_path) -> None:
    empty, some = np.zeros_like(bars()), renamed(bars(), S1="")
    pairs = [pictures(tmp_path, "a", bars(), empty), pictures(tmp_path, "b", some, some)]
    found = evaluate_pairs(pairs)
    assert found["not_annotated"]["S1"] == 2
    assert found["levels"]["outcomes"]["invented"] == 10
    assert found["levels_right"] == 0.5


def test_what_was_not_scored_is_not_right(tmp_path) -> None:
    """A case without annotated structures has no part in the share."""
    from dataclasses import replace

    none = replace(pictures(tmp_path, "a", bars(), bars()), annotated=frozenset())
    wrong = replace(
        pictures(tmp_path, "b", one_down(bars()), bars()), annotated=frozenset(STRUCTURES)
    )
    scores = list(score_pairs([none, wrong]))
    assert [s.levels_right for s in scores] == [None, False]
    assert summarise(scores)["levels_right"] == 0
    assert summarise(scores[:1])["levels_right"] is None


def test_processes_give_what_one_gives(tmp_path, monkeypatch) -> None:
    pair = volumes(tmp_path, "v", stack(3, 0, 0), stack(0, 0, 0))
    pairs = [Pair(str(i), pair.prediction, pair.truth) for i in range(3)]
    monkeypatch.setattr(module, "_VOLUMES_WORTH_A_POOL", 0)
    told: list[tuple[int, int]] = []
    many = evaluate_pairs(pairs, workers=2, progress=lambda *n: told.append(n))
    assert many == evaluate_pairs(pairs, workers=1)
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_memory_does_not_grow_with_the_cases(tmp_path) -> None:
    pair = volumes(tmp_path, "v", stack(*[1] * 12), stack(*[0] * 12))
    peaks = []
    list(score_pairs([pair] * 2))
    for number in (2, 12):
        tracemalloc.start()
        list(score_pairs([Pair(str(i), pair.prediction, pair.truth) for i in range(number)]))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # A volume of 100,000 voxels more would be seen.
    assert peaks[1] < peaks[0] + 100_000


def test_the_worst_slice_is_the_one_to_show() -> None:
    found, truth = stack(0, 3, 9, 0), stack(0, 0, 0, 0)
    values = [s.value for s in STRUCTURES]
    assert worst_slice(found, truth, values) == 2
    truth[3] = 0
    assert worst_slice(found, truth, values) == 3
    assert worst_slice(np.zeros_like(found), np.zeros_like(truth), values) == 0


# --- a scan that states no spacing: the header of its label map says 1 mm all the same


def predicted(folder, labels, **changes):
    """A predicted volume, its truth on the same grid, and a table that lists the two."""
    found, wanted = folder / "found", folder / "wanted"
    for place in (found, wanted):
        place.mkdir()
    said = save_volume(found, SAGITTAL, labels)
    write_record(found / "v.json", said.model_copy(update=changes))
    (wanted / "v_label.nii.gz").write_bytes((found / "v_label.nii.gz").read_bytes())
    table = folder / "pairs.csv"
    table.write_text("prediction,truth\nfound/v_label.nii.gz,wanted/v_label.nii.gz\n")
    return pair_labels(found, wanted).pairs, read_pairs(table).pairs


def test_a_volume_predicted_from_a_scan_without_spacing_has_no_millimetres(tmp_path):
    for pairs in predicted(tmp_path, stack(0, 0, 0), spacing_mm=None):
        with pytest.raises(UsageError, match="states no voxel size") as caught:
            evaluate_pairs(pairs)
        assert caught.value.where == str(pairs[0].prediction)
        with pytest.raises(UsageError, match="states no voxel size"):
            evaluate_pairs(pairs, Protocol(own_spacing=True))


def test_a_volume_predicted_from_a_scan_with_spacing_is_scored(tmp_path):
    for pairs in predicted(tmp_path, stack(0, 0, 0)):
        assert evaluate_pairs(pairs)["overall"]["dice"]["mean"] == 1
