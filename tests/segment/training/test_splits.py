from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from spinemsca.errors import UsageError
from spinemsca.release import read_patient_splits
from spinemsca.release.split import Split, split_sizes
from spinemsca.segment.training.splits import draw_patients, write_patients

LISTS = Path(__file__).parents[3] / "examples"
NAMES = [f"p{i}" for i in range(20)]


def test_same_seed_same_splits_whatever_the_order():
    assert draw_patients(NAMES, 1) == draw_patients([*reversed(NAMES), "p0"], 1)
    assert draw_patients(NAMES, 1) != draw_patients(NAMES, 2)


def test_sizes_are_those_asked_for():
    sizes = {Split.TRAIN: 10, Split.VAL: 6, Split.TEST: 4}
    assert Counter(draw_patients(NAMES, 0, sizes).values()) == sizes
    assert Counter(draw_patients(NAMES, 0).values()) == split_sizes(20)


def test_lists_come_back_from_disk(tmp_path):
    splits = draw_patients(NAMES, 0)
    write_patients(tmp_path / "a.csv", splits)
    assert read_patient_splits(tmp_path / "a.csv") == splits


@pytest.mark.parametrize("text", ["a,b\n1,train\n", "patient,split\n1,train\n1,test\n"])
def test_broken_lists_are_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UsageError, match=r"a\.csv"):
        read_patient_splits(tmp_path / "a.csv")


def test_missing_list_and_unknown_split_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.csv: cannot be read"):
        read_patient_splits(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_text("patient,split\n1\n")
    with pytest.raises(UsageError, match="no split"):
        read_patient_splits(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("name", "images"),
    [("spider-space", "spider/space/images"), ("sudirman", "sudirman/images")],
)
def test_shipped_lists_name_every_patient_of_the_real_images(shared_data, name, images):
    splits = read_patient_splits(LISTS / f"{name}-patients.csv")
    found = {p.stem.partition("_")[0] for p in (shared_data / images).glob("*.png")}
    assert set(splits) == found
    assert set(splits.values()) == set(Split)
