"""`show`: a picture of a case or a release, to a file or a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from spinemsca.case import Case
from spinemsca.cli import main
from spinemsca.release.release import write_release
from spinemsca.release.split import Split


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    label = np.zeros((64, 64), np.uint8)
    label[10:20, 10:30] = 1
    cases = [
        (split, Case(f"p{k}", rng.random((64, 64), dtype=np.float32), label))
        for k, split in enumerate([Split.TRAIN, Split.TRAIN, Split.VAL, Split.TEST])
    ]
    return write_release(tmp_path / "data", cases).root


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return picture.size


def test_a_release_becomes_a_contact_sheet(release: Path, tmp_path: Path) -> None:
    assert status("show", release, "--out", tmp_path / "all.png") == 0
    assert status("show", release, "--out", tmp_path / "two.png", "--cases", 2) == 0
    assert status("show", release, "--out", tmp_path / "train.png", "--split", "train") == 0
    assert size(tmp_path / "all.png") > size(tmp_path / "two.png") == size(tmp_path / "train.png")


def test_every_way_to_name_a_case(release: Path, tmp_path: Path) -> None:
    folder = release / "Train" / "p0"
    held = {"img": torch.rand(64, 64), "label": torch.ones(1, 64, 64)}
    torch.save(held, tmp_path / "both.pt")
    Image.new("L", (64, 64), 9).save(tmp_path / "label.png")
    grey = np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(grey).save(tmp_path / "scan.png")
    out = tmp_path / "out.png"
    labelled = size_of(out, "show", release, "--case", "p0")
    assert size_of(out, "show", folder) == labelled
    assert size_of(out, "show", tmp_path / "both.pt") == labelled
    scan, label = tmp_path / "scan.png", tmp_path / "label.png"
    assert size_of(out, "show", scan, "--label", label) == labelled
    assert size_of(out, "show", scan)[0] < labelled[0]
    assert size_of(out, "show", folder / "img.pt")[0] < labelled[0]
    torch.save({"img": torch.rand(64, 64)}, tmp_path / "image.pt")
    assert size_of(out, "show", tmp_path / "image.pt")[0] < labelled[0]


def size_of(out: Path, *arguments: object) -> tuple[int, int]:
    assert status(*arguments, "--out", out) == 0
    return size(out)


def test_a_window_opens(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown: list[int] = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(len(pyplot.get_fignums())))
    assert status("show", release, "--window") == 0
    pyplot.close("all")
    assert shown == [1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nowhere to show it"),
        (("--out", "x.png", "--case", "nobody"), "nobody"),
        (("--out", "x.png", "--split", "middle"), "middle"),
    ],
)
def test_bad_usage_is_one_line(
    arguments: tuple[str, ...],
    message: str,
    release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status("show", release, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_what_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("show", tmp_path / "nothing", "--out", tmp_path / "x.png") == 2
    assert "no such folder" in capsys.readouterr().err
