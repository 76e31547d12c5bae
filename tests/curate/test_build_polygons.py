"""Building from lists of polygons: on the image's grid, the untellable left out by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import VERTEBRAE, by_name
from spinemsca.curate.build import build
from spinemsca.curate.config import BuildConfig, read_build_config
from spinemsca.errors import SpineError, UsageError
from spinemsca.release.release import Release
from spinemsca.release.split import Split

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ["L4", "L5", "S1"]


def _line(index: int, top: float) -> str:
    return f"{index} 0.25 {top} 0.75 {top} 0.75 {top + 0.2} 0.25 {top + 0.2}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "scans"
    (root / "images").mkdir(parents=True)
    (root / "polygons").mkdir()
    rng = np.random.default_rng(0)
    for name in "abcd":
        pixels = rng.integers(0, 255, (90, 60), np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{name}.png")
        lines = [_line(i, 0.1 + 0.3 * i) for i in range(3)]
        (root / "polygons" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return root


def _config(**changes: object) -> BuildConfig:
    values = {"images": "images/*.png", "labels": "polygons/*.txt", "polygons": NAMES}
    return BuildConfig.model_validate(values | changes)


def test_polygons_become_label_maps_of_their_structures(data: Path, tmp_path: Path) -> None:
    built = build(_config(), data, tmp_path / "out", beside=data)
    assert not built.left_out
    for case in built.release.cases():
        assert case.annotated == {by_name(n) for n in NAMES}
        assert case.label is not None
        for i, name in enumerate(NAMES):
            rows, columns = np.nonzero(case.label == by_name(name).value)
            assert rows.mean() == pytest.approx(512 * (0.2 + 0.3 * i), abs=3)
            assert columns.mean() == pytest.approx(256, abs=3)
            assert len(rows) == pytest.approx(0.1 * 512**2, rel=0.05)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([_line(0, 0.1), _line(2, 0.7)], r"classes \[0, 2\]"),
        ([_line(1, 0.1), _line(0, 0.4), _line(2, 0.7)], "top to bottom"),
        (["0 1 2"], "no polygon"),
        ([], r"classes \[\]"),
    ],
)
def test_sets_that_skip_or_shift_are_left_out_by_name(
    lines: list[str], reason: str, data: Path, tmp_path: Path
) -> None:
    (data / "polygons" / "b.txt").write_text("\n".join(lines))
    built = build(_config(), data, tmp_path / "out", beside=data)
    assert {e.name for e in built.release.entries} == {"a", "c", "d"}
    assert set(built.left_out) == {"b"}
    assert re.search(reason, built.left_out["b"])


@pytest.mark.parametrize("content", [b"\xff\xfe\xfa", bytes(2 << 20)])
def test_what_is_no_list_stops_the_build(content: bytes, data: Path, tmp_path: Path) -> None:
    (data / "polygons" / "b.txt").write_bytes(content)
    with pytest.raises(SpineError, match=r"b\.txt"):
        build(_config(), data, tmp_path / "out", beside=data)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('polygons = ["L1", "L1"]', "twice"),
        ('polygons = ["T12"]', "T12"),
        ('polygons = ["L1"]\nrecipe = "spider-space"', "either values or recipe or polygons"),
    ],
)
def test_faults_of_a_configuration_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f'images = "a"\nlabels = "b"\n{text}\n')
    with pytest.raises(UsageError, match=message):
        read_build_config(path)


def test_annotated_may_be_said_apart() -> None:
    assert _config(annotated=["L5"]).structures == {by_name("L5")}


@pytest.mark.real
def test_real_t1_slices_become_a_release(shared_data: Path, tmp_path: Path) -> None:
    small = tmp_path / "data" / "sudirman"
    for folder, suffix in (("images", "png"), ("polygons", "txt")):
        (small / folder).mkdir(parents=True)
        for name in ("0001", "0002", "0099"):
            (small / folder / f"{name}.{suffix}").symlink_to(
                shared_data / "sudirman" / folder / f"{name}.{suffix}"
            )
    read = read_build_config(EXAMPLES / "sudirman.toml")
    built = build(read, tmp_path / "data", tmp_path / "out", beside=EXAMPLES)
    assert set(built.left_out) == {"0099"}
    release = Release.open(tmp_path / "out")
    for case in release.cases():
        assert case.annotated == set(VERTEBRAE)
        assert set(np.unique(case.label)) == {0, *(v.value for v in VERTEBRAE)}
        assert "CC BY 4.0" in case.source
    assert {e.split for e in release.entries} == {Split.TRAIN}
