from __future__ import annotations

from pathlib import Path

import pytest

from spinemsca.errors import FileFormatError, UsageError
from spinemsca.release.split import Split
from spinemsca.segment.training.splits import read_patients

LISTS = Path(__file__).parents[3] / "examples"


def test_a_list_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("patient,split\n7,train\n8,val\n9,test\n")
    assert read_patients(tmp_path / "a.csv") == dict(zip("789", Split, strict=True))


@pytest.mark.parametrize("text", ["a,b\n1,train\n", "patient,split\n1,train\n1,test\n"])
def test_broken_lists_are_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FileFormatError, match=r"a\.csv"):
        read_patients(tmp_path / "a.csv")


def test_missing_list_and_unknown_split_are_named(tmp_path):
    with pytest.raises(FileFormatError, match="no list of patients"):
        read_patients(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_text("patient,split\n1\n")
    with pytest.raises(UsageError, match="no split"):
        read_patients(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("name", "images"),
    [("spider-space", "spider/space/images"), ("sudirman", "sudirman/images")],
)
def test_shipped_lists_name_every_patient_of_the_real_images(shared_data, name, images):
    splits = read_patients(LISTS / f"{name}-patients.csv")
    found = {p.stem.partition("_")[0] for p in (shared_data / images).glob("*.png")}
    assert set(splits) == found
    assert set(splits.values()) == set(Split)
