"""`make weights` and `make comparison`: order, resumption, and configurations that fit them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spinemsca.release.release import Release
from spinemsca.segment.runtime.weights import load_weights
from spinemsca.segment.training.config import read_training_config
from tests.segment.examples import SMALL

ROOT = Path(__file__).resolve().parents[3]
STAGES = sorted((ROOT / "examples" / "train").glob("[0-9]-*.toml"))
KINDS = tuple(SMALL)
SETS = {"spider-space", "sudirman", "phantoms", "distractor"}

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def _make(recipe: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    made = subprocess.run(
        ["make", "--no-print-directory", "-f", f"examples/{recipe}", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    return made


def test_stages_go_from_coarse_to_fine_on_sets_that_exist():
    configs = [read_training_config(path) for path in STAGES]
    assert [c.size for c in configs] == [128, 192, 256, 384, 384]
    assert [c.learn_validation for c in configs] == [False] * 4 + [True]
    for config in configs:
        assert config.weights.keys() - {"pseudo"} == SETS
        assert set(config.choose_by) <= SETS
        assert config.network == configs[0].network
    assert ["pseudo" in c.weights for c in configs] == [False, False, False, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_networks_compared_differ_in_nothing_but_themselves(kind, tmp_path):
    folder = ROOT / "examples" / "comparison"
    text = (folder / "common.toml").read_text() + (folder / f"{kind}.toml").read_text()
    (tmp_path / "c.toml").write_text("seconds = 7\n" + text)
    config = read_training_config(tmp_path / "c.toml")
    assert config.network == type(config.network)()
    assert config.network.kind == kind
    assert config.seconds == 7
    assert config.weights.keys() == SETS
    assert (folder / f"{kind}.toml").read_text().splitlines()[0] == "[network]"


@needs_make
def test_weights_are_made_in_order(tmp_path):
    places = [f"SETS={tmp_path}/s", f"RUNS={tmp_path}/r", f"OUT={tmp_path}/o"]
    lines = _make("train/weights.mk", "-n", *places).stdout
    steps = (
        "build",
        "synth",
        "1-coarse",
        "2-middle",
        "3-fine",
        "scripts/pseudo_label.py",
        "4-finest",
        "5-last",
        "scripts/calibrate.py",
        "ship.py",
    )
    found = [lines.index(step) for step in steps]
    assert found == sorted(found)
    assert lines.index("--begin") > lines.index("2-middle")
    assert f"{tmp_path}/s/pseudo --begin {tmp_path}/r/3-fine/best.ckpt" in lines
    assert f"{tmp_path}/s/pseudo --begin {tmp_path}/r/4-finest/best.ckpt --version" in lines
    assert f"scripts/calibrate.py {tmp_path}/r/4-finest/" in lines
    assert f"--into {tmp_path}/r/5-last/" in lines


@needs_make
def test_every_network_gets_the_same_seconds(tmp_path):
    places = [f"SETS={tmp_path}/s", f"RUNS={tmp_path}/r", f"OUT={tmp_path}/o", "BUDGET=77"]
    lines = _make("comparison/comparison.mk", "-n", *places).stdout
    assert lines.count("echo 'seconds = 77'") == len(KINDS)
    assert lines.count("--split test") == len(KINDS)
    assert lines.count("spine-msca synth") == 1


TINY_STAGE = """
size = 32
batch = 2
steps = 2
validate_every = 2
choose_by = ["spider-space", "sudirman"]
[network]
kind = "unet"
widths = [8, 16]
"""


@pytest.fixture
def tiny(tmp_path: Path, shared_data: Path) -> dict[str, Path]:
    """Few real slices, small stages, and a folder with the commands that recipes call."""
    space, sudirman = tmp_path / "data/spider/space", tmp_path / "data/sudirman"
    for names, source, target, patterns in (
        (("images", "masks"), "spider/space", space, ("7_*5*.png", "129_*5*.png", "57_*6*.png")),
        (("images", "polygons"), "sudirman", sudirman, ("0001.*", "0019.*")),
    ):
        for name in names:
            (target / name).mkdir(parents=True)
            for pattern in patterns:
                for path in (shared_data / source / name).glob(pattern):
                    (target / name / path.name).symlink_to(path)
    (tmp_path / "data/spider/series.csv").symlink_to(shared_data / "spider/series.csv")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, call in (("python", '"$@"'), ("spine-msca", '-m spinemsca "$@"')):
        (commands / name).write_text(f"#!/bin/sh\nexec {sys.executable} {call}\n")
        (commands / name).chmod(0o755)
    (tmp_path / "stages").mkdir()
    for stage in STAGES:
        (tmp_path / "stages" / stage.name).write_text(TINY_STAGE)
    return {"BIN": commands, "DATA": tmp_path / "data", "SETS": tmp_path / "sets"}


@needs_make
@pytest.mark.slow
@pytest.mark.real
def test_make_weights_makes_weights_once(tiny, tmp_path):
    places = tiny | {"STAGES": tmp_path / "stages", "RUNS": tmp_path / "r", "OUT": tmp_path / "o"}
    # Networks trained for two steps are sure of nothing, so that there are no pseudo-labels.
    given = [f"{k}={v}" for k, v in places.items()] + ["PHANTOMS=4", "DEVICE=cpu", "PSEUDO="]
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "model.json").write_text('{"card": "kept"}')
    made = _make("train/weights.mk", *given, "VERSION=9")
    assert "4-finest" in made.stdout
    target = tmp_path / "o" / "model.safetensors"
    assert load_weights(target).version == "9"
    about = json.loads((tmp_path / "o" / "model.json").read_text())
    assert about["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert about["card"] == "kept"
    assert len(Release.open(tiny["SETS"] / "phantoms").entries) == 4
    assert "Nothing to be done" in _make("train/weights.mk", *given, "VERSION=9").stdout
    # A stage whose weights are missing goes on from its checkpoint, and what follows is made anew.
    (tmp_path / "r" / "3-fine" / "weights.safetensors").unlink()
    again = _make("train/weights.mk", *given, "VERSION=9").stdout
    assert "1-coarse/weights" not in again
    assert again.index("3-fine.toml") < again.index("4-finest.toml")


@needs_make
@pytest.mark.slow
@pytest.mark.real
def test_make_comparison_scores_networks(tiny, tmp_path):
    common = tmp_path / "common.toml"
    common.write_text('size = 32\nbatch = 2\nchoose_by = ["spider-space"]\n')
    places = tiny | {"COMMON": common, "RUNS": tmp_path / "r", "OUT": tmp_path / "o"}
    given = [f"{k}={v}" for k, v in places.items()]
    more = ("PHANTOMS=4", "DEVICE=cpu", "BUDGET=2", "NETWORKS=column segresnet")
    shown = _make("comparison/comparison.mk", *given, *more).stdout
    assert "column" in shown
    assert "segresnet" in shown
    lines = (tmp_path / "o" / "leaderboard.jsonl").read_text().splitlines()
    rows = {row["model"]: row for row in map(json.loads, lines)}
    assert rows.keys() == {"column", "segresnet"}
    assert all(row["parameters"] and row["seconds"] for row in rows.values())
    assert list((tmp_path / "o" / "column").glob("57_*_label.png"))
