"""What measures say of incomplete, broken and foreign label maps."""

from __future__ import annotations

import re

import numpy as np
import pytest

import spinemsca
from spinemsca.anatomy import by_any_name, by_name
from spinemsca.case import Case, Spacing
from spinemsca.errors import CaseError, UsageError
from spinemsca.measure.alignment import meyerding
from spinemsca.measure.change_detection import detect_changes, spread
from spinemsca.measure.measurements import measure
from spinemsca.measure.registry import MEASURES, document
from spinemsca.measure.vertebrae import loss_band
from spinemsca.predictions.label_schemes import (
    LabelScheme,
    as_label_volume,
    foreign_numbers,
    to_structures,
)
from tests.measure.spines import WITH_L6, corners, draw, named


@pytest.fixture(scope="module")
def label():
    return draw(corners(slip=3)).label


def value_of(name):
    return by_name(name).value


def test_the_package_can_be_called_and_takes_a_case(label):
    case = Case("a", np.zeros(label.shape, np.float32), label, Spacing(0.6, 0.6))
    found = spinemsca.measure(case)
    assert (found.case, found.unit) == ("a", "mm")
    assert found.get("body_height_middle", "L3").value == pytest.approx(28, abs=3)


def test_without_spacing_lengths_are_in_pixels(label):
    assert measure(label).unit == "px"
    assert measure(label).get("body_height_middle", "L3").value == pytest.approx(28 / 0.6, abs=5)


def test_the_same_label_map_gives_the_same_numbers(label):
    a, b = measure(label), measure(label)
    assert [(r.value, r.error) for r in a.results] == [(r.value, r.error) for r in b.results]


def test_an_unknown_measure_is_a_key_error(label):
    with pytest.raises(KeyError, match="no_such"):
        measure(label).get("no_such")


def test_a_missing_vertebra_takes_only_what_needs_it(label):
    broken = np.where(label == value_of("L4"), 0, label).astype(np.uint8)
    found = measure(broken)
    assert found.get("body_area", "L4").reason == "L4 is not in the label map"
    assert found.get("slip", "D3").value is None
    assert found.get("slip", "D4").reason == "L4 is not in the label map"
    assert found.get("slip", "D1").value is not None
    assert found.get("disc_height_middle", "D4").value is not None
    assert found.get("lordosis_l1_s1").value is not None
    assert found.get("curve_depth").value is None


def test_what_the_edge_cuts_off_is_not_given(label):
    top = int(np.nonzero(label == 1)[0].min()) + 25
    found = measure(label[top:])
    for name in ("body_height_anterior", "body_area", "concavity_superior", "body_wedge_angle"):
        result = found.get(name, "L1")
        assert result.value is None
        assert "cut off" in result.reason
    assert found.get("lordosis_l1_s1").value is None
    assert found.get("disc_height_dabbs", "D1").value is not None
    assert found.get("height_loss_band", "L1").value is None
    assert found.get("curve_apex").value is None
    assert found.get("crush", "L2").value is not None
    assert any("cut off" in text for text in found.flags["L1"])


def test_a_disc_cut_by_the_edge_has_no_fluid_behind(label):
    right = int(np.nonzero(label == value_of("D1"))[1].max()) - 8
    image = np.full(label.shape, 0.5, np.float32)
    found = measure(label[:, :right], image=image[:, :right])
    assert found.get("disc_depth", "D1").value is None
    assert found.get("disc_bulge_posterior", "D1").value is None


def test_swapped_levels_are_flagged_and_not_measured(label):
    swapped = label.copy()
    swapped[label == 2], swapped[label == 3] = 3, 2
    found = measure(swapped)
    wrong = [s for s in ("L2", "L3") if found.get("body_area", s).value is None]
    assert len(wrong) >= 1
    assert "out of order" in found.get("body_area", wrong[0]).reason


def test_islands_and_holes_are_left_out_and_flagged(label):
    broken = label.copy()
    broken[2:12, 2:12] = 3
    rows, columns = (int(v.mean()) for v in np.nonzero(label == 3))
    broken[rows - 2 : rows + 3, columns - 2 : columns + 3] = 0
    clean, found = measure(label), measure(broken)
    assert found.get("body_area", "L3").value == clean.get("body_area", "L3").value
    assert any("islands or holes" in text for text in found.flags["L3"])


def test_two_bodies_labelled_as_one_are_flagged(label):
    merged = label.copy()
    merged[np.isin(label, (value_of("D1"), value_of("L2")))] = value_of("L1")
    assert any("unlikely size" in text for text in measure(merged).flags["L1"])
    assert not any("unlikely" in t for texts in measure(label).flags.values() for t in texts)


def test_structures_of_few_pixels_are_not_measured(label):
    tiny = np.where(label == value_of("D3"), 0, label).astype(np.uint8)
    tiny[5, 5] = value_of("D3")
    assert "only 1 pixels" in measure(tiny).get("disc_area", "D3").reason


def test_thin_lines_do_not_fail():
    label = np.zeros((60, 60), np.uint8)
    label[10:14, 5:50] = 1
    label[20:50, 10:14] = 7
    found = measure(label)
    assert all(r.value is None or r.reason == "" for r in found.results)


def test_an_empty_label_map_gives_reasons_only():
    found = measure(np.zeros((20, 20), np.uint8))
    assert all(r.value is None and r.reason for r in found.results)


def test_one_structure_alone_is_measured_upright(label):
    alone = np.where(label == 3, 3, 0).astype(np.uint8)
    a, b = measure(alone), measure(label)
    name = "body_height_posterior", "L3"
    assert a.get(*name).value == pytest.approx(b.get(*name).value, abs=0.5)
    assert a.get("crush", "L3").reason == "no neighbouring body to compare with"
    assert a.get("slip_greatest").reason == "no level has a slip"


@pytest.mark.parametrize("numbering", [n for n in LabelScheme if n is not LabelScheme.OWN])
def test_other_tools_numbers_give_the_same_numbers(label, numbering):
    foreign = np.full(label.shape, 0, np.int16)
    for number, structure in foreign_numbers(numbering).items():
        foreign[label == structure.value] = number
    known = [s.value for s in foreign_numbers(numbering).values()]
    own = np.where(np.isin(label, known), label, 0).astype(np.uint8)
    a, b = measure(foreign, labels=numbering), measure(own)
    assert [r.value for r in a.results] == [r.value for r in b.results]
    assert a.flags == b.flags


@pytest.mark.parametrize(
    ("numbering", "left_out", "unknown"),
    [("spineps", 27, 77_00), ("totalspineseg", 2, 46), ("spider", 100, 400)],
)
def test_numbers_of_no_known_structure_are_listed(label, numbering, left_out, unknown):
    foreign = np.full(label.shape, 0, np.int16)
    for number, structure in foreign_numbers(LabelScheme(numbering)).items():
        foreign[label == structure.value] = number
    own = measure(foreign, labels=numbering)
    foreign[0, 0] = left_out
    assert measure(foreign, labels=numbering).flags == own.flags
    foreign[0, 1] = unknown
    assert str(unknown) in measure(foreign, labels=numbering).flags["spine"][-2]
    with pytest.raises(CaseError, match=str(unknown)):
        measure(np.where(foreign == unknown, unknown, 0), labels=numbering)


def test_an_l6_of_spineps_renames_the_disc_below_l5(label):
    numbers = [21, 22, 23, 24, 25, 26, 121, 122, 123, 124, 125]
    foreign = np.concatenate(([0], numbers))[label]
    expected = named(label, WITH_L6)
    np.testing.assert_array_equal(to_structures(foreign, LabelScheme.SPINEPS)[0], expected)


def test_an_l6_in_one_slice_counts_in_all(label):
    numbers = [21, 22, 23, 24, 25, 26, 121, 122, 123, 124, 125]
    foreign = np.concatenate(([0], numbers))[label]
    beside = np.where(foreign == 124, 124, 0)
    beside[0, 0] = 999
    volume, unknown = as_label_volume([foreign, beside], LabelScheme.SPINEPS)
    np.testing.assert_array_equal(volume[0], named(label, WITH_L6))
    assert set(np.unique(volume[1])) == {0, by_any_name("L5/L6").value}
    assert unknown == (999,)


def test_the_t12_of_other_tools_is_t12(label):
    only = np.where(label == 1, 1, 0)
    for numbering, number in (("spineps", 19), ("totalspineseg", 32), ("spider", 6)):
        assert (
            to_structures(only * number, LabelScheme(numbering))[0].max()
            == by_any_name("T12").value
        )


@pytest.mark.parametrize("kind", ["float", "channel", "one-hot", "bool"])
def test_label_maps_of_any_make_are_taken(label, kind):
    made = {
        "float": label.astype(np.float64),
        "channel": label[None].astype(np.int64),
        "one-hot": np.eye(12)[label].transpose(2, 0, 1),
        "bool": label > 0,
    }[kind]
    expected = (label > 0).astype(np.uint8) if kind == "bool" else label
    np.testing.assert_array_equal(to_structures(made)[0], expected)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.array([["a"]]),
        np.full((4, 4), 0.5),
        np.full((4, 4), np.nan),
        np.full((4, 4), -1),
        np.full((4, 4), 19),
        np.full((4, 4), 200),
        [[1, 2], [3]],
        None,
    ],
)
def test_what_is_no_label_map_is_refused(array):
    with pytest.raises(CaseError):
        to_structures(array, where="here")


@pytest.mark.parametrize(
    "options",
    [
        {"labels": "nobody"},
        {"faces": "up"},
        {"spacing": (0.0, 1.0)},
        {"original_size": (0, 3)},
        {"image": np.zeros((3, 3))},
    ],
)
def test_arguments_that_cannot_be_used_are_refused(label, options):
    with pytest.raises(UsageError):
        measure(label, **options)


def shaded(label, disc=0.3, fluid=0.9, slope=0.0):
    image = np.full(label.shape, fluid, np.float32)
    for v in range(1, 7):
        image[label == v] = 0.4
    for v in range(7, 12):
        image[label == v] = disc
    rows = np.arange(label.shape[0])[:, None] / label.shape[0]
    return (image * np.exp(slope * (rows - 0.5))).astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, 0.8])
def test_signal_ratios_do_not_see_shading(label, slope):
    found = measure(label, image=shaded(label, slope=slope)[None])
    for disc in ("D1", "D3", "D5"):
        assert found.get("disc_signal_to_vertebrae", disc).value == pytest.approx(0.75, rel=0.1)
        assert found.get("disc_signal_to_csf", disc).value == pytest.approx(1 / 3, rel=0.15)
        assert found.get("nucleus_contrast", disc).value == pytest.approx(0, abs=0.05)


def test_fluid_that_is_not_there_is_not_used(label):
    found = measure(label, image=shaded(label, fluid=0.2))
    assert "no fluid" in found.get("disc_signal_to_csf", "D3").reason
    assert measure(label).get("disc_signal_to_csf", "D3").reason == "no image was given"


def test_signal_needs_bodies(label):
    only = np.where(np.isin(label, (7, 9)), label, 0).astype(np.uint8)
    found = measure(only, image=shaded(label))
    assert "no neighbouring vertebra" in found.get("disc_signal_to_vertebrae", "D3").reason or (
        "fewer than two" in found.get("disc_signal_to_vertebrae", "D3").reason
    )


def test_bands():
    assert [loss_band(v) for v in (0, 19.9, 20, 25, 40, 70)] == [
        "< 20 %", "< 20 %", "20–25 %", "25–40 %", "> 40 %", "> 40 %",
    ]  # fmt: skip
    assert loss_band(float("nan")) == meyerding(float("nan")) == ""
    assert meyerding(7) == meyerding(12, 7) == "none beyond noise"
    grades = [meyerding(v).split()[-2] for v in (25, -26, 60, 90, 120)]
    assert grades == ["I", "II", "III", "IV", "V"]
    assert meyerding(-26).startswith("posterior")


def test_a_crushed_body_shows_in_the_band():
    found = corners()
    crushed = found["L3"].copy()
    crushed[0] = crushed[0] + 0.35 * (crushed[3] - crushed[0])
    result = measure(draw(found | {"L3": crushed}).label)
    front, back = (np.linalg.norm(crushed[a] - crushed[b]) for a, b in ((0, 3), (1, 2)))
    assert result.get("height_loss", "L3").value == pytest.approx(100 * (1 - front / back), abs=2)
    assert result.get("height_loss_band", "L3").value == "25–40 %"
    assert result.get("height_loss_band", "L2").value == "< 20 %"


def test_changes_are_judged_against_their_error(label):
    grown = draw(corners(slip=9)).label
    before, after = measure(label, name="a"), measure(grown, name="b")
    changes = {
        (c.before.definition.name, c.before.structure): c for c in detect_changes(before, after)
    }
    assert changes["slip", "D4"].detected
    assert changes["slip", "D4"].change == pytest.approx(10, abs=1.0)
    assert not changes["slip", "D1"].detected
    assert not any(c.detected for c in detect_changes(before, before))
    with pytest.raises(UsageError, match="px"):
        detect_changes(before, measure(label, spacing=(1, 1)))


def test_spread_over_repeated_outlines():
    repeats = [measure(draw(corners(), ragged=0.3, seed=s).label) for s in range(4)]
    found = spread(repeats)
    assert 0.05 < found["body_height_anterior", "L3"] < 2
    with pytest.raises(UsageError):
        spread(repeats[:1])


def test_every_measure_says_what_it_is():
    names = [m.name for m in MEASURES]
    assert len(set(names)) == len(names)
    for m in MEASURES:
        assert m.formula and m.source and m.needs
        assert not m.normal or m.reference
        assert all(low < high for low, high in m.normal.values())


def test_every_measure_is_documented():
    table = [re.split(r"(?<!\\)\|", t) for t in document().splitlines() if t.startswith("| ")]
    rows = [cells for cells in table if cells[1].startswith(" `")]
    assert [cells[1].strip(" `") for cells in rows] == [m.name for m in MEASURES]
    assert len({len(cells) for cells in table}) == 1, "a cell holds a bar that is not escaped"


def test_slip_from_the_usual_place_is_the_mean_of_both_corners_and_the_usual_offset():
    drawn = draw(corners(slip=6.0, seed=2), (0.5, 0.5))
    found = measure(drawn.label, spacing=drawn.spacing)
    for name in ("D2", "D4"):
        both = [found.get(m, name).value for m in ("slip_share", "slip_anterior_share")]
        assert found.get("offset_from_usual", name).value == pytest.approx(sum(both) / 2 + 4.9)
