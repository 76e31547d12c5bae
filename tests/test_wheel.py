"""The wheel: what it holds, and that every verb runs where nothing but it is installed.

Needs the package index, and minutes: `make test-wheel`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemsca.anatomy import STRUCTURES
from spinemsca.cli import _VERBS
from spinemsca.phantom import phantom

ROOT = Path(__file__).resolve().parents[1]
LEADERBOARD = ["--add", "predictions", "--truth", "data", "--model", "shipped"]
RUNS = {
    "synth": ["synth", "data", "--cases", "12", "--seed", "1"],
    "verify": ["verify", "data"],
    "info": ["info", "data"],
    "show": ["show", "data", "--cases", "4", "--out", "sheet.png"],
    "pack": ["pack", "data", "archives", "--part-size", "5MB"],
    "download": ["download", "--root", "copy", "--mirror", "archives"],
    "predict": ["predict", "data/Test", "--out", "predictions"],
    "evaluate": ["evaluate", "predictions", "data", "--out", "scores"],
    "leaderboard": ["leaderboard", "r.jsonl", *LEADERBOARD],
    "measure": ["measure", "predictions", "--out", "measurements.csv"],
    "relabel": ["relabel", "predictions", "--shift", "1", "--out", "shifted"],
    "report": ["report", "predictions", "--out", "reports"],
    "build": ["build", "build.toml", "built", "--data", "flat"],
    "train": ["train", "data", "--config", "train.toml", "--out", "run"],
    "demo": ["demo", "--out", "demo", "--cases", "3"],
}
"""A real run of each verb, in an order in which each finds what it needs."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def run(*command: str | Path, cwd: Path) -> str:
    # Without the path of the checkout, which would hide what the wheel lacks.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "--wheel-dir", out, cwd=out)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def program(wheel: Path) -> Path:
    """The command, installed into an empty environment with the extras that verbs need."""
    home = wheel.parent / "venv"
    run(sys.executable, "-m", "venv", home, cwd=wheel.parent)
    python = home / "bin" / "python"
    # The very torch that is tested here, so that no other build of it is fetched.
    torch = os.environ.get("TORCH") or f"torch=={version('torch').split('+')[0]}"
    run(python, "-m", "pip", "install", "--quiet", torch, cwd=wheel.parent)
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[plot,train]", cwd=wheel.parent)
    return home / "bin" / "spine-msca"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"spinemsca", f"spine_msca-{version('spine-msca')}.dist-info"}
    assert "spinemsca/py.typed" in names
    assert any(name.endswith(".safetensors") for name in names)
    allowed = {"spinemsca/segment/trained/MODEL_CARD.md"}
    assert {n for n in names if n.endswith((".md", ".rst", ".png", ".jpg"))} <= allowed


def test_there_is_a_run_of_every_verb() -> None:
    assert set(RUNS) == set(_VERBS)


def test_every_verb_runs(program: Path, tmp_path: Path) -> None:
    prepare(tmp_path)
    for verb, arguments in RUNS.items():
        assert "Usage: spine-msca" in run(program, verb, "--help", cwd=tmp_path)
        run(program, *arguments, cwd=tmp_path)


def prepare(where: Path) -> None:
    """A folder of pictures and label maps, and the configurations of `build` and `train`."""
    for index in range(6):
        case = phantom(2, index, size=256)
        for kind, pixels in (("images", 255 * case.image), ("labels", case.label)):
            (where / "flat" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(where / f"flat/{kind}/p{index}.png")
    values = "".join(f'{s.value} = "{s.name}"\n' for s in STRUCTURES)
    paths = 'images = "images/*.png"\nlabels = "labels/*.png"\n'
    (where / "build.toml").write_text(f"{paths}[values]\n{values}")
    (where / "train.toml").write_text("steps = 2\nsize = 64\nbatch = 2\nvalidate_every = 2\n")
