from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spinemsca.segment.training.logging import LOG_NAME
from tests.segment.training.test_train import _config, _train

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from pathlib import Path
from tests.segment.training.test_train import _config, _train
_train(_config(steps=3, batch=4), Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_two_processes_give_the_loss_of_one(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    finished = subprocess.run(
        [*launch, "--nproc-per-node", "2", script, tmp_path / "two"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    _train(_config(steps=3, batch=4), tmp_path / "one")
    one, two = (
        [json.loads(line) for line in (tmp_path / n / LOG_NAME).read_text().splitlines()]
        for n in ("one", "two")
    )
    assert len(two) == 3
    for alone, spread in zip(one, two, strict=True):
        assert spread["loss"] == pytest.approx(alone["loss"], rel=1e-5)
        assert spread["norm"] == pytest.approx(alone["norm"], rel=1e-3)
