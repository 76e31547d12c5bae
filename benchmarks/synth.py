"""Making synthetic cases: cases a second a core, with and without writing them.

    OMP_NUM_THREADS=1 python benchmarks/synth.py [--cases 40]

Prints each speed and its ratio to the goal of 4 cases a second a core.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from spinemsca.phantom import draw_parameters, phantom  # noqa: E402 - threads are set first
from spinemsca.release.synthetic import synthesise  # noqa: E402

GOAL = 4.0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=40)
    cases = parser.parse_args().cases
    phantom(0)
    _report("drawing parameters", cases, _seconds(lambda: _each(draw_parameters, cases)))
    _report("making cases", cases, _seconds(lambda: _each(phantom, cases)))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        synthesise(root / "warm", 3, 0, size=64)
        spent = _seconds(lambda: synthesise(root / "release", cases, 0))
        _report("making and writing a release", cases, spent)


def _each(make: Callable[[int, int], object], cases: int) -> None:
    for i in range(cases):
        make(1, i)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _report(name: str, cases: int, seconds: float) -> None:
    speed = cases / seconds
    print(f"{name:30} {speed:8.1f} cases/s a core   {speed / GOAL:6.2f} x the goal of {GOAL:g}")


if __name__ == "__main__":
    main()
