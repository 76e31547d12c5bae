from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemsca.cli import main
from spinemsca.errors import FileFormatError, UsageError
from spinemsca.release.release import write_release
from spinemsca.release.split import Split
from spinemsca.segment.networks.column import NetworkConfig
from spinemsca.segment.runtime.weights import load_weights
from spinemsca.segment.training.checkpoint import export_checkpoint
from spinemsca.segment.training.config import TrainingConfig, read_training_config
from spinemsca.segment.training.logging import CURVES_NAME, LOG_NAME, TENSORBOARD_NAME
from spinemsca.segment.training.provenance import RECORD_NAME
from spinemsca.segment.training.train import BEST_NAME, CHECKPOINT_NAME
from tests.segment.examples import TINY, bar_case

EXAMPLES = Path(__file__).parents[3] / "examples" / "train"

CONFIG = """
steps = 2
size = 32
batch = 2
validate_every = 2
[network]
stem = [8, 8]
widths = [8, 8, 16]
depths = [1, 1, 1]
attention = 1
expansion = 1
"""


def test_trains_on_releases_and_leaves_weights(tmp_path, capsys):
    cases = [(Split.TRAIN, bar_case("a")), (Split.VAL, bar_case("b"))]
    write_release(tmp_path / "bars", [*cases, (Split.TEST, bar_case("c"))])
    write_release(tmp_path / "more", [(Split.TRAIN, bar_case("d"))])
    (tmp_path / "tiny.toml").write_text(CONFIG)
    out = tmp_path / "run"
    options = ["--out", str(out), "--config", str(tmp_path / "tiny.toml"), "--device", "cpu"]
    more = ["--tensorboard", "--version", "2.1", "--json"]
    with pytest.raises(SystemExit) as stopped:
        main(["train", str(tmp_path / "bars"), str(tmp_path / "more"), *options, *more])
    assert stopped.value.code == 0
    result = json.loads(capsys.readouterr().out)
    assert 0 <= result["dice"] <= 1
    weights = load_weights(out / "weights.safetensors")
    assert (weights.network.config, weights.size, weights.version) == (TINY, 32, "2.1")
    assert {p.name for p in out.iterdir()} == {
        *(BEST_NAME, CHECKPOINT_NAME, LOG_NAME, RECORD_NAME, CURVES_NAME, TENSORBOARD_NAME),
        "weights.safetensors",
    }
    data = json.loads((out / RECORD_NAME).read_text())["data"]
    assert {name: len(groups) for name, groups in data.items()} == {"train": 2, "val": 1}
    with pytest.raises(FileFormatError, match="another network"):
        export_checkpoint(out / BEST_NAME, NetworkConfig())


def test_no_file_is_the_default():
    assert read_training_config(None) == TrainingConfig()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("steps = 0", "steps"), ("colour = 1", "colour"), ("steps =", "TOML"), ("size = 50", "size")],
)
def test_wrong_configurations_are_named(tmp_path, text, reason):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(UsageError, match=reason):
        read_training_config(tmp_path / "c.toml")


def test_a_missing_configuration_is_named(tmp_path):
    with pytest.raises(UsageError, match="none"):
        read_training_config(tmp_path / "none.toml")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda p: p.stem)
def test_the_examples_are_configurations(path):
    assert read_training_config(path).steps > 0
