"""What predicting one 512×512 slice costs: time, start-up, memory; beside Spine-DCAN.

Every figure comes from a process of its own. Spine-DCAN is this package's reimplementation with
random weights, which cost as much as trained ones. Times are medians after a first run that is not
counted: ours of whole predictions, levels and all, its of the network alone.

python benchmarks/predict.py [WEIGHTS] [--threads N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

GOALS = {"slice_ms": 150, "start_s": 6, "peak_mib": 1229, "ratio": 50}

OURS = """
import json, sys, time
began = time.perf_counter()
import torch
from spinemsca.segment.inference.cost import peak_memory, seconds_per_slice
from spinemsca.segment.inference.pretrained import load_model
path, engine, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
model = load_model(path or None, "cpu", engine)
loaded = time.perf_counter() - began
seconds = seconds_per_slice(model, 40, 30.0)
print(json.dumps({"slice_ms": 1e3 * seconds, "load_s": loaded, "peak_mib": peak_memory(),
                  "size": model.weights.size}))
"""

SPINE_DCAN = """
import json, statistics, sys, time
import torch
from spinemsca.segment.inference.cost import peak_memory
from spinemsca.segment.networks.spine_dcan import SpineDCAN
torch.set_num_threads(int(sys.argv[1]))
network = SpineDCAN().eval()
image = torch.rand(1, 1, 512, 512)
times = []
with torch.inference_mode():
    for _ in range(6):
        start = time.perf_counter()
        network(image)
        times.append(time.perf_counter() - start)
print(json.dumps({"slice_ms": 1e3 * statistics.median(times[1:]), "peak_mib": peak_memory()}))
"""


def measured(code: str, *arguments: str) -> dict[str, float]:
    """What a process prints as JSON."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


def whole_run(weights: str, folder: Path) -> float:
    """Seconds from nothing to the first file of the command line."""
    from spinemsca.io.image_file import write_picture
    from spinemsca.phantom import phantom

    write_picture(folder / "a.png", phantom(0, size=512).image)
    given = ["--weights", weights] if weights else []
    verb = ["predict", str(folder / "a.png"), "--out", str(folder / "out"), *given]
    code = "import sys; from spinemsca.cli import main; main(sys.argv[1:])"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *verb], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def untrained(folder: Path) -> str:
    """Weights drawn at random, for where none are shipped; they cost the same."""
    from spinemsca.segment.networks.column import ColumnNet
    from spinemsca.segment.runtime.weights import Weights, save_weights

    save_weights(folder / "random.safetensors", Weights(ColumnNet(), 512, "random"))
    return str(folder / "random.safetensors")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", nargs="?", default="")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--random", action="store_true", help="weights drawn at random")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = untrained(folder) if given.random else given.weights
        start = whole_run(weights, folder)
        engines = ["torch", *(e for e in ("onnxruntime", "openvino") if find_spec(e))]
        threads = str(given.threads)
        costs = {e: measured(OURS, weights, e, threads) for e in engines}
        peer = measured(SPINE_DCAN, threads)
    for engine, cost in costs.items():
        print(
            f"{engine:12} {cost['slice_ms']:7.0f} ms a slice at {cost['size']} px, loaded in "
            f"{cost['load_s']:.1f} s, peak {cost['peak_mib']:.0f} MiB"
        )
    ours = costs["torch"]
    ratio = peer["slice_ms"] / ours["slice_ms"]
    print(f"Spine-DCAN   {peer['slice_ms']:7.0f} ms its network alone: {ratio:.1f}× ours")
    print(f"start-up to the first file {start:.1f} s, {given.threads} threads; goals {GOALS}")
    met = (
        ours["slice_ms"] <= GOALS["slice_ms"],
        start <= GOALS["start_s"],
        ours["peak_mib"] <= GOALS["peak_mib"],
        ratio >= GOALS["ratio"],
    )
    sys.exit(not all(met))


if __name__ == "__main__":
    main()
