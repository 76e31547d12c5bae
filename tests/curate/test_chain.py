"""What `build` writes, every later verb reads: pack, download, info, verify, show, the dataset."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from spinemsca import SpineMSCA
from spinemsca.cli import main
from spinemsca.curate.build import Built, build
from spinemsca.curate.config import BuildConfig
from spinemsca.errors import SpineError
from spinemsca.release.archive.pack import pack
from spinemsca.release.dataset_card import CARD_NAME
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.release.transfer.download import download
from tests.io.volumes import dicom_slice, save_dicom

PEOPLE = ("张三", "李四", "王五", "Müller")
RNG = np.random.default_rng(7)


def config(**changes: object) -> BuildConfig:
    given = {"images": "i/*", "labels": "l/*", "values": {1: "L4", 2: "L5"}}
    return BuildConfig.model_validate(given | {"name": r"(?P<patient>.+)_\d"} | changes)


def mask(rows: int = 60, columns: int = 40) -> np.ndarray:
    label = np.zeros((rows, columns), np.uint8)
    label[5:20, 10:30], label[30:45, 10:30] = 1, 2
    return label


def put(root: Path, stem: str, label: np.ndarray | None = None, suffix: str = ".png") -> Path:
    label = mask() if label is None else label
    for folder, pixels in (("i", RNG.integers(0, 255, label.shape, np.uint8)), ("l", label)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / folder / f"{stem}{suffix}")
    return root


def volume(path: Path, array: np.ndarray, *, steps=(4.0, 0.5, 0.75)) -> None:
    """A NIfTI file of slices from right to left, rows down, columns back."""
    affine = np.diag([0.0, 0, 0, 1])
    affine[0, 0], affine[2, 1], affine[1, 2] = -np.asarray(steps)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, affine), path)


def built(root: Path, **changes: object) -> Built:
    return build(config(**changes), root, root / "out", beside=root)


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


def test_four_people_stay_four_from_build_to_download(tmp_path: Path, capsys) -> None:
    for person in PEOPLE:
        for number in (1, 2):
            put(tmp_path, f"{person}_{number}")
    release = built(tmp_path).release
    pack(release.root, tmp_path / "packed")
    download(tmp_path / "again", mirror=tmp_path / "packed")
    with (tmp_path / "again" / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({r["case"] for r in rows}) == 8
    splits: dict[str, set[str]] = {}
    for row in rows:
        splits.setdefault(row["patient"], set()).add(row["split"])
    assert len(splits) == 4
    assert all(len(held) == 1 for held in splits.values())
    assert all(name.isascii() for row in rows for name in (row["case"], row["patient"]))
    again = Release.open(tmp_path / "again")
    for one, other in zip(release.cases(), again.cases(), strict=True):
        assert (one.name, one.patient, one.annotated) == (
            other.name,
            other.patient,
            other.annotated,
        )
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.label, other.label)
    assert len(SpineMSCA(tmp_path / "again", split=None)) == 8
    assert status("info", tmp_path / "again", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 8
    name = rows[0]["case"]
    shown = tmp_path / "one.png"
    assert status("show", tmp_path / "again", "--case", name, "--out", shown) == 0
    assert shown.exists()


@pytest.mark.parametrize("stem", ["Train_1", "test", "CON", "nul", "a.", " a", "-", "x" * 240])
def test_odd_names_come_back_from_an_archive(tmp_path: Path, stem: str) -> None:
    (tmp_path / "splits.csv").write_text(f"patient,split\n{stem},train\n")
    put(tmp_path, stem)
    release = built(tmp_path, name="(?P<patient>.+)", splits="splits.csv").release
    pack(release.root, tmp_path / "packed")
    download(tmp_path / "again", mirror=tmp_path / "packed", splits=[Split.TRAIN])
    again = Release.open(tmp_path / "again")
    assert [e.name for e in again.entries] == [e.name for e in release.entries]
    assert set(again.table) == set(release.table) == {e.name for e in again.entries}


def test_of_a_volume_the_labelled_slice_is_built_and_named(tmp_path: Path) -> None:
    images = RNG.integers(1, 900, (5, 60, 40)).astype(np.int16)
    labels = np.zeros((5, 60, 40), np.uint8)
    labels[3] = mask()
    volume(tmp_path / "i" / "p_1.nii.gz", images)
    volume(tmp_path / "l" / "p_1.nii.gz", labels[::-1, :, ::-1].copy(), steps=(-4.0, 0.5, -0.75))
    # The label map's axes run the other way, from the image's far end.
    stored = nibabel.Nifti1Image.from_filename(tmp_path / "l" / "p_1.nii.gz")
    affine = stored.affine.copy()
    affine[0, 3], affine[1, 3] = -4 * 4.0, -39 * 0.75
    nibabel.save(nibabel.Nifti1Image(stored.get_fdata().astype(np.uint8), affine),
                 tmp_path / "l" / "p_1.nii.gz")  # fmt: skip
    release = built(tmp_path, source="clinic").release
    (case,) = release.cases()
    assert (case.name, case.source) == ("p_1", "clinic; slice 4 of 5")
    assert case.spacing == pytest.approx((0.5 * 60 / 512, 0.75 * 40 / 512), rel=1e-5)
    rows, columns = np.nonzero(case.label == 5)
    assert rows.mean() == pytest.approx((37.5 * 512 / 60) - 0.5, abs=1)
    assert columns.mean() == pytest.approx((20 * 512 / 40) - 0.5, abs=1)
    pack(release.root, tmp_path / "packed")
    assert "**Sources:** clinic\n" in (tmp_path / "packed" / CARD_NAME).read_text("utf-8")


def test_a_volume_with_the_label_map_of_one_slice_is_refused(tmp_path: Path) -> None:
    volume(tmp_path / "i" / "p_1.nii.gz", RNG.integers(1, 900, (5, 60, 40)).astype(np.int16))
    (tmp_path / "l").mkdir()
    Image.fromarray(mask()).save(tmp_path / "l" / "p_1.png")
    with pytest.raises(SpineError, match=r"image is \(5, 60, 40\), its label map \(60, 40\)"):
        built(tmp_path)
    assert not (tmp_path / "out").exists()


def transposed_dicom(path: Path) -> None:
    """A slice whose rows run backwards and columns to the feet; pixels of 0.75 × 0.5 mm there."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1.0], [0, -0.75, 0], [-0.5, 0, 0]])
    path.parent.mkdir(parents=True)
    pixels = RNG.integers(1, 900, (60, 40)).astype(np.int16)
    save_dicom(path, dicom_slice(pixels.T, affine))


def test_a_transposed_slice_its_label_and_its_spacing_are_turned_alike(tmp_path: Path) -> None:
    transposed_dicom(tmp_path / "i" / "p_1.dcm")
    (tmp_path / "l").mkdir()
    Image.fromarray(mask().T.copy()).save(tmp_path / "l" / "p_1.png")
    found = built(tmp_path)
    (case,) = found.release.cases()
    assert case.spacing == pytest.approx((0.5 * 60 / 512, 0.75 * 40 / 512), rel=1e-5)
    rows, columns = np.nonzero(case.label == 5)
    assert rows.mean() == pytest.approx((37.5 * 512 / 60) - 0.5, abs=1)
    assert columns.mean() == pytest.approx((20 * 512 / 40) - 0.5, abs=1)
    assert not found.notes


def test_a_table_that_has_rows_for_columns_is_refused(tmp_path: Path) -> None:
    transposed_dicom(tmp_path / "i" / "p_1.dcm")
    (tmp_path / "l").mkdir()
    Image.fromarray(mask().T.copy()).save(tmp_path / "l" / "p_1.png")
    with pytest.raises(SpineError, match=r"header says 0\.5 × 0\.75 mm, the table the reverse"):
        built(tmp_path, spacing=(0.75, 0.5))
    found = built(tmp_path, spacing=(0.6, 0.6))
    assert found.notes == {"The configuration's spacing was taken, not the file's own": 1}
    (case,) = found.release.cases()
    assert case.spacing == pytest.approx((0.6 * 60 / 512, 0.6 * 40 / 512), rel=1e-5)


def test_a_structure_of_one_pixel_is_kept_or_the_case_is_left_out_by_name(tmp_path: Path) -> None:
    small, large = np.zeros((60, 40), np.uint8), np.zeros((1200, 800), np.uint8)
    small[30, 20] = large[600, 400] = 1
    large[100:200, 100:200] = 2
    put(tmp_path, "small_1", small)
    put(tmp_path, "large_1", large)
    put(tmp_path, "blank_1", np.zeros((60, 40), np.uint8))
    found = built(tmp_path)
    (case,) = found.release.cases()
    assert case.name == "small_1"
    assert (case.label == 4).sum() == pytest.approx(512**2 / (60 * 40), rel=0.15)
    assert found.left_out == {
        "blank_1": "shows nothing in its label map",
        "large_1": "would lose L4 on 512×512 pixels",
    }


def test_only_what_is_drawn_is_annotated(tmp_path: Path) -> None:
    put(tmp_path, "a_1")
    (case,) = built(tmp_path).release.cases()
    assert {s.name for s in case.annotated} == {"L4", "L5"}


def test_images_without_a_row_are_counted(tmp_path: Path, capsys) -> None:
    put(put(tmp_path, "a_1"), "b_1")
    (tmp_path / "m.csv").write_text("id,sex\na,F\n")
    (tmp_path / "c.toml").write_text(
        'images = "i/*"\nlabels = "l/*"\nname = \'(?P<patient>.)_1\'\n[values]\n1 = "L4"\n'
        '2 = "L5"\n[metadata]\nfile = "m.csv"\nkey = "id"\nsex = "sex"\n'
    )
    assert status("build", tmp_path / "c.toml", tmp_path / "out") == 0
    assert "1 images: No row in the metadata" in capsys.readouterr().err


def test_a_jpeg_is_no_label_map(tmp_path: Path) -> None:
    put(tmp_path, "a_1")
    (tmp_path / "l" / "a_1.png").unlink()
    Image.fromarray(mask()).save(tmp_path / "l" / "a_1.jpg")
    with pytest.raises(SpineError, match="JPEG, which alters values"):
        built(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spacing": [True, 0.5]}, "spacing is"),
        ({"spacing": ["0.5", 0.5]}, "spacing is"),
        ({"spacing": [0.5, float("nan")]}, "spacing is"),
        ({"spacing": 0.5}, "spacing is 0.5"),
        ({"annotated": ["S1"]}, "annotated names S1"),
        ({"values": {0: "L1"}}, "values names 0"),
        ({"metadata": {"file": "m", "key": "k", "value": "{series}"}}, "takes patient"),
        ({"metadata": {"file": "m", "key": "k", "value": "{"}}, "takes patient"),
    ],
)
def test_faults_of_a_configuration(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(**changes)
