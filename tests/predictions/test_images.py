"""The image that a label map belongs to."""

from __future__ import annotations

import pytest

from spinemsca.errors import UsageError
from spinemsca.predictions.find import LabelFile
from spinemsca.predictions.images import find_image
from tests.predictions.results import record


@pytest.fixture
def images(tmp_path):
    place = tmp_path / "scans"
    for name in ("a.png", "a.jpg", "s1/T2.png", "s2/T2.png", "T2.png", "case/img.pt", "dcm/1.dcm"):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (place / "empty").mkdir()
    (tmp_path / "secret.png").write_text("x")
    return place


def found(images, name: str, stated: str | None = None) -> str:
    said = None if stated is None else record(input=stated)
    file = LabelFile(name, images / "x_label.png")
    return find_image(images, file, said).relative_to(images).as_posix()


@pytest.mark.parametrize(
    ("name", "stated", "image"),
    [
        ("a", None, "a.png"),
        ("a", "a.jpg", "a.jpg"),
        ("x_a", "a.png", "a.png"),
        ("s1/T2", "T2.png", "s1/T2.png"),
        ("s2/T2", None, "s2/T2.png"),
        ("T2", "T2.png", "T2.png"),
        ("s9/T2", "T2.png", "T2.png"),
        ("case", "img.pt", "case/img.pt"),
        ("dcm", "dcm", "dcm"),
    ],
)
def test_it_is_the_one_that_was_predicted(images, name, stated, image):
    assert found(images, name, stated) == image


@pytest.mark.parametrize(
    "stated",
    ["../secret.png", "..\\secret.png", "/etc/passwd", "..", ".", "", "C:x", "x" * 5000, "a\0b"],
)
def test_no_record_leads_out_of_the_folder(images, stated):
    with pytest.raises(UsageError, match="holds no image of nothing"):
        found(images, "nothing", stated)


def test_a_file_is_the_image_itself(images):
    assert found(images, "a") == "a.png"
    file = LabelFile("whatever", images / "x.png")
    assert find_image(images / "a.jpg", file, None) == images / "a.jpg"


def test_a_series_folder_itself_may_be_given(images):
    file = LabelFile("dcm", images / "x.png")
    assert find_image(images / "dcm", file, record(input="dcm")) == images / "dcm"


def test_what_is_not_there_is_told(images):
    with pytest.raises(UsageError, match="does not exist"):
        found(images / "none", "a")
    with pytest.raises(UsageError, match="holds no image of empty"):
        found(images, "empty")
