"""Memory and time of `measure` on a hundred cases and on a thousand.

python benchmarks/cohort.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from spinemsca.io.image_file import write_label_picture
from spinemsca.phantom import phantom

DIFFERENT = 20
MOST_GROWTH = 1.1

CODE = """
import resource, sys, time
from spinemsca.cli import main
began = time.perf_counter()
try:
    main(["measure", sys.argv[1], "--out", sys.argv[1] + ".csv"])
except SystemExit as done:
    assert not done.code
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(peak, time.perf_counter() - began)
"""


def cases(folder: Path, number: int) -> None:
    """Label maps of synthetic spines, over and over."""
    folder.mkdir()
    for i in range(number):
        path = folder / f"case-{i:04d}_label.png"
        if i < DIFFERENT:
            write_label_picture(path, np.asarray(phantom(0, i, size=512).label))
        else:
            shutil.copy(folder / f"case-{i % DIFFERENT:04d}_label.png", path)


def measured(folder: Path) -> tuple[float, float]:
    """Peak memory in MiB and seconds of a process of its own."""
    command = [sys.executable, "-c", CODE, str(folder)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    memory, seconds = done.stdout.splitlines()[-1].split()
    return float(memory), float(seconds)


def main() -> None:
    """Measures and prints; fails where memory grows with the number of cases."""
    with tempfile.TemporaryDirectory() as name:
        found = {}
        for number in (100, 1000):
            cases(Path(name) / str(number), number)
            found[number] = measured(Path(name) / str(number))
            memory, seconds = found[number]
            print(f"{number:5} cases: peak {memory:.0f} MiB, {seconds / number * 1e3:.0f} ms each")
    sys.exit(found[1000][0] > MOST_GROWTH * found[100][0])


if __name__ == "__main__":
    main()
