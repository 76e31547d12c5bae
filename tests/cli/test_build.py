"""`build`: from a configuration to a release, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemsca.cli import main
from tests.curate.test_spider import mask

CONFIG = """\
images = "images/*.png"
labels = "masks/*.png"
recipe = "spider-space"
annotated = ["L1", "L2", "L3", "L4", "L5", "D1", "D2", "D3", "D4", "D5"]
"""


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    return int(exit_.value.code or 0)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for k in range(4):
        tissue = mask() if k else np.zeros_like(mask())
        image = rng.integers(0, 255, tissue.shape, np.uint8)
        Image.fromarray(image).save(tmp_path / "images" / f"{k}.png")
        Image.fromarray(tissue).save(tmp_path / "masks" / f"{k}.png")
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def test_left_out_images_are_named(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("build", config, tmp_path / "out") == 0
    captured = capsys.readouterr()
    assert "Left out 0: shows no canal" in captured.err
    assert captured.out.strip() == f"{tmp_path / 'out'}: 1 train, 1 val, 1 test"


def test_json(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "elsewhere"
    data.mkdir()
    for folder in ("images", "masks"):
        (tmp_path / folder).rename(data / folder)
    out = tmp_path / "out"
    assert status("build", config, out, "--data", data, "--fit", "pad", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert sum(result["cases"].values()) == 3
    assert set(result["left_out"]) == {"0"}


@pytest.mark.parametrize("arguments", [("--fit", "squeeze"), ("--data", "/nowhere")])
def test_bad_usage_leaves_nothing(
    arguments: tuple[str, str], config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("build", config, tmp_path / "out", *arguments) == 2
    assert not (tmp_path / "out").exists()
    assert "Traceback" not in capsys.readouterr().err
