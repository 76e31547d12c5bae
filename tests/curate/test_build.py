"""Building a release: from files and a small configuration, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Sex, Spacing
from spinemsca.curate.build import build
from spinemsca.curate.config import BuildConfig, read_build_config
from spinemsca.curate.resample import Fit
from spinemsca.errors import SpineError, UsageError
from spinemsca.release.release import Release
from spinemsca.release.split import Split, split_sizes
from spinemsca.release.stratify import stratified_splits

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VALUES = {10 * s.value: s.name for s in STRUCTURES}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three patients with two images each, label values ten times ours, and a table."""
    rng = np.random.default_rng(0)
    root = tmp_path / "scans"
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    for patient in ("a1", "b2", "c3"):
        for number in (1, 2):
            image = rng.integers(0, 255, (90, 60), np.uint8)
            mask = np.zeros((90, 60), np.uint8)
            for structure in STRUCTURES:
                mask[7 * structure.value : 7 * structure.value + 6, 20:40] = 10 * structure.value
            Image.fromarray(image).save(root / "images" / f"{patient}_{number}.png")
            Image.fromarray(mask).save(root / "masks" / f"{patient}_{number}.png")
    (root / "patients.csv").write_text(
        "id,sex,dy,dx,rows,columns\na1,F,2,3,90,60\nb2,M,2,3,180,60\nc3,?,20,3,90,60\n"
    )
    return root


def config(**changes: object) -> BuildConfig:
    values: dict[str, object] = {
        "images": "images/*.png",
        "labels": "masks/*.png",
        "values": VALUES,
        "name": r"(?P<patient>\w+)_\d",
        "source": "test",
        "metadata": {
            "file": "patients.csv",
            "key": "id",
            "sex": "sex",
            "spacing": ("dy", "dx"),
            "size": ("rows", "columns"),
        },
    }
    return BuildConfig.model_validate(values | changes)


def test_values_names_sexes_and_spacing_arrive(data: Path, tmp_path: Path) -> None:
    built = build(config(), data, tmp_path / "out", beside=data)
    cases = {case.name: case for case in built.release.cases()}
    assert set(cases) == {f"{p}_{n}" for p in ("a1", "b2", "c3") for n in (1, 2)}
    one = cases["a1_1"]
    assert one.shape == (512, 512)
    assert set(np.unique(one.label)) == {0, *(s.value for s in STRUCTURES)}
    assert (one.patient, one.sex, one.source) == ("a1", Sex.FEMALE, "test")
    assert one.spacing == pytest.approx(Spacing(2 * 90 / 512, 3 * 60 / 512), rel=1e-5)
    assert cases["b2_1"].sex is Sex.MALE
    assert cases["c3_1"].sex is None


def test_a_stretched_image_gets_its_originals_field_of_view(data: Path, tmp_path: Path) -> None:
    built = build(config(), data, tmp_path / "out", beside=data)
    case = next(c for c in built.release.cases() if c.patient == "b2")
    assert case.spacing == pytest.approx(Spacing(2 * 180 / 512, 3 * 60 / 512), rel=1e-5)


def test_an_implausible_field_of_view_is_not_believed(data: Path, tmp_path: Path) -> None:
    built = build(config(), data, tmp_path / "out", beside=data)
    assert all(c.spacing is None for c in built.release.cases() if c.patient == "c3")


def test_padding_keeps_the_aspect(data: Path, tmp_path: Path) -> None:
    built = build(config(), data, tmp_path / "out", beside=data, fit=Fit.PAD)
    case = next(c for c in built.release.cases() if c.patient == "a1")
    assert case.spacing is not None
    assert case.spacing.row == pytest.approx(case.spacing.column)


def test_no_patient_is_in_two_splits_and_a_seed_repeats(data: Path, tmp_path: Path) -> None:
    first = build(config(), data, tmp_path / "one", beside=data, seed=5).release
    second = build(config(), data, tmp_path / "two", beside=data, seed=5).release
    of_patient: dict[str, set[Split]] = {}
    for entry in first.entries:
        of_patient.setdefault(first.row(entry).patient, set()).add(entry.split)
    assert all(len(splits) == 1 for splits in of_patient.values())
    assert {s for splits in of_patient.values() for s in splits} == set(Split)
    for a, b in zip(first.entries, second.entries, strict=True):
        assert a.image_path.read_bytes() == b.image_path.read_bytes()
    assert (first.root / "cases.csv").read_bytes() == (second.root / "cases.csv").read_bytes()


def test_listed_splits_are_kept(data: Path, tmp_path: Path) -> None:
    (data / "splits.csv").write_text("patient,split\na1,test\nb2,train\nc3,Vail\n")
    release = build(config(splits="splits.csv"), data, tmp_path / "out", beside=data).release
    found = {release.row(e).patient: e.split for e in release.entries}
    assert found == {"a1": Split.TEST, "b2": Split.TRAIN, "c3": Split.VAL}


def test_a_patient_missing_from_the_list_is_named(data: Path, tmp_path: Path) -> None:
    (data / "splits.csv").write_text("patient,split\na1,test\nb2,train\n")
    with pytest.raises(UsageError, match="lacks patient c3"):
        build(config(splits="splits.csv"), data, tmp_path / "out", beside=data)


def test_what_is_not_annotated_is_said(data: Path, tmp_path: Path) -> None:
    names = [s.name for s in STRUCTURES if s.name != "S1"]
    values = {v: n for v, n in VALUES.items() if n != "S1"}
    for path in (data / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[mask == 10 * by_name("S1").value] = 0
        Image.fromarray(mask).save(path)
    built = build(config(annotated=names, values=values), data, tmp_path / "o", beside=data)
    assert all(by_name("S1") not in case.annotated for case in built.release.cases())


def test_levels_that_cannot_be_told_are_left_out_and_reported(data: Path, tmp_path: Path) -> None:
    recipe = config(values={}, recipe="spider-space")
    with pytest.raises(SpineError, match="every image was left out"):
        build(recipe, data, tmp_path / "out", beside=data)


def break_partner(data: Path) -> None:
    (data / "masks" / "a1_1.png").unlink()


def break_shape(data: Path) -> None:
    Image.new("L", (61, 90)).save(data / "masks" / "a1_1.png")


def break_value(data: Path) -> None:
    Image.new("L", (60, 90), 77).save(data / "masks" / "a1_1.png")


def break_image(data: Path) -> None:
    (data / "images" / "a1_1.png").write_text("no picture")


def break_constant(data: Path) -> None:
    Image.new("L", (60, 90), 7).save(data / "images" / "a1_1.png")


def break_twins(data: Path) -> None:
    for folder in ("images", "masks"):
        (data / folder / "A1_1.png").write_bytes((data / folder / "a1_1.png").read_bytes())


def break_name(data: Path) -> None:
    for folder in ("images", "masks"):
        (data / folder / "odd.png").write_bytes((data / folder / "a1_1.png").read_bytes())


def break_table(data: Path) -> None:
    (data / "patients.csv").write_text("id\na1\n")


def break_everything(data: Path) -> None:
    for path in (data / "images").iterdir():
        path.unlink()


def break_no_table(data: Path) -> None:
    (data / "patients.csv").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_partner, "a1_1"),
        (break_shape, "a1_1.png"),
        (break_value, "77"),
        (break_image, "a1_1.png"),
        (break_constant, "constant"),
        (break_twins, "several files"),
        (break_name, "odd"),
        (break_table, "no column"),
        (break_no_table, "cannot be read"),
        (break_everything, "no image"),
    ],
)
def test_a_fault_is_named_and_nothing_is_left(
    damage, message: str, data: Path, tmp_path: Path
) -> None:
    damage(data)
    with pytest.raises(SpineError, match=message):
        build(config(), data, tmp_path / "out", beside=data)
    assert not (tmp_path / "out").exists()


def test_constant_spacing(data: Path, tmp_path: Path) -> None:
    plain = config(metadata=None, spacing=(0.5, 0.5))
    built = build(plain, data, tmp_path / "out", beside=data)
    case = next(built.release.cases())
    assert case.spacing == pytest.approx(Spacing(0.5 * 90 / 512, 0.5 * 60 / 512), rel=1e-5)


@given(
    men=st.integers(0, 40),
    women=st.integers(0, 40),
    unknown=st.integers(0, 10),
    seed=st.integers(0, 9),
)
def test_splits_have_their_sizes_and_both_sexes(
    men: int, women: int, unknown: int, seed: int
) -> None:
    sexes = [Sex.MALE] * men + [Sex.FEMALE] * women + [None] * unknown
    splits = stratified_splits(sexes, seed)
    sizes = split_sizes(len(sexes))
    assert {s: splits.count(s) for s in Split} == sizes
    for split in (Split.VAL, Split.TEST):
        expected = sizes[split] * men / max(1, len(sexes))
        found = sum(a is split and b is Sex.MALE for a, b in zip(splits, sexes, strict=True))
        assert abs(found - expected) < 2


@pytest.mark.parametrize("suffix", ["toml", "yaml"])
def test_both_formats_are_read(tmp_path: Path, suffix: str) -> None:
    text = {
        "toml": 'images = "i/*.png"\nlabels = "l/*.png"\n[values]\n1 = "L1"\n',
        "yaml": "images: i/*.png\nlabels: l/*.png\nvalues:\n  1: l1\n",
    }
    path = tmp_path / f"c.{suffix}"
    path.write_text(text[suffix])
    assert read_build_config(path).values == {1: "L1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("images = 3", "images"),
        ('images = "a"\nlabels = "b"', "either values or recipe or polygons"),
        ('images = "a"\nlabels = "b"\ncolour = 1\n[values]\n1 = "L1"', "colour"),
        ('images = "a"\nlabels = "b"\n[values]\n1 = "T12"', "T12"),
        ('images = "a"\nlabels = "b"\nname = "x"\n[values]\n1 = "L1"', "patient"),
        ('images = "a"\nlabels = "b"\nname = "("\n[values]\n1 = "L1"', "regular expression"),
        ("= 3", "cannot be read"),
    ],
)
def test_faults_of_a_configuration_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_build_config(path)


def test_a_bad_pattern_is_bad_usage(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no pattern"):
        build(config(images="/abs/*.png"), data, tmp_path / "o", beside=data)


def test_real_slices_become_a_release(shared_data: Path, tmp_path: Path) -> None:
    """Two patients' slices, through the very configuration that makes the real release."""
    small = tmp_path / "data" / "spider"
    for folder in ("images", "masks"):
        (small / "space" / folder).mkdir(parents=True)
        for path in (shared_data / "spider/space" / folder).glob("7_*.png"):
            (small / "space" / folder / path.name).symlink_to(path)
        for path in (shared_data / "spider/space" / folder).glob("81_*.png"):
            (small / "space" / folder / path.name).symlink_to(path)
    (small / "series.csv").symlink_to(shared_data / "spider/series.csv")
    read = read_build_config(EXAMPLES / "spider-space.toml")
    built = build(read, tmp_path / "data", tmp_path / "out", beside=EXAMPLES)
    release = Release.open(tmp_path / "out")
    assert len(release.entries) + len(built.left_out) == 12
    cases = list(release.cases())
    assert {c.patient for c in cases} == {"7", "81"}
    assert all(c.sex is not None and c.spacing is not None for c in cases)
    assert all(by_name("S1") not in c.annotated for c in cases)
    stretched = next(c for c in cases if c.patient == "81")
    # Published at 620 rows, scanned at 697 rows of 0.46875 mm.
    assert stretched.spacing is not None
    assert stretched.spacing.row == pytest.approx(697 * 0.46875 / 512, rel=1e-4)
