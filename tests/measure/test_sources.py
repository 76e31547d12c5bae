"""Where label maps are found and read."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spinemsca.errors import FileFormatError, SpineError, UsageError
from spinemsca.io import pt
from spinemsca.measure import sources
from tests.measure.spines import corners, draw


@pytest.fixture(scope="module")
def label():
    return draw(corners()).label


def test_label_maps_are_found_and_read(tmp_path, label):
    Image.fromarray(label).save(tmp_path / "a_label.png")
    Image.fromarray(label).save(tmp_path / "a.png")
    image = np.zeros(label.shape, np.float32)
    pt.write_image(tmp_path / "c" / "img.pt", image)
    pt.write_label(tmp_path / "c" / "label.pt", label)
    paths = list(sources.find([tmp_path]))
    assert sorted(p.name for p in paths) == ["a_label.png", "label.pt"]
    for path in paths:
        source = sources.read(path, tmp_path)
        np.testing.assert_array_equal(source.label, label)
        assert source.image.shape == label.shape
        assert source.name in ("a", "c")
    (tmp_path / "c" / "img.pt").unlink()
    assert sources.read(tmp_path / "c" / "label.pt").image is None
    assert sources.read(tmp_path / "a_label.png", tmp_path / "a.png").image is not None


def test_one_file_with_image_and_label_is_read(tmp_path, label):
    torch = pytest.importorskip("torch")
    pair = {"img": torch.zeros(label.shape), "label": torch.from_numpy(label.copy())[None]}
    torch.save(pair, tmp_path / "aug1.pt")
    source = sources.read(tmp_path / "aug1.pt")
    assert source.name == "aug1"
    np.testing.assert_array_equal(source.label, label)


def test_all_pictures_are_taken_where_none_is_called_label(tmp_path, label):
    Image.fromarray(label).save(tmp_path / "b.png")
    assert [p.name for p in sources.find([tmp_path])] == ["b.png"]


def test_what_is_no_label_map_is_told(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        list(sources.find([tmp_path / "no"]))
    with pytest.raises(UsageError, match="no label map"):
        list(sources.find([tmp_path]))
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    with pytest.raises(FileFormatError):
        sources.read(tmp_path / "bad.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "colour.png")
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(tmp_path / "colour.png")
    with pytest.raises(SpineError):
        sources.read(tmp_path / "colour.png")
    Image.new("L", (4, 4)).save(tmp_path / "x.png")
    with pytest.raises(UsageError, match="image is not there"):
        sources.read(tmp_path / "x.png", tmp_path / "nowhere.png")
