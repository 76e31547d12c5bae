"""Time and peak memory of `verify` on a synthetic release, two threads.

A few phantoms, each many times under its own noise, stand for all cases: harder than a clean
release, since every pair of copies has to be compared closely.

Run: python benchmarks/verify.py [CASES]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spinemsca.case import Case
    from spinemsca.release.split import Split

os.environ.setdefault("OMP_NUM_THREADS", "1")

LIMIT_SECONDS = 60
LIMIT_MIB = 1024
DIFFERENT = 24


def make(root: Path, cases: int) -> None:
    """Writes a release; a few phantoms with a texture of their own stand for all cases."""
    import numpy as np

    from spinemsca.release.release import Release, write_release
    from spinemsca.release.split import split_sizes
    from spinemsca.release.synthetic import synthesise

    synthesise(root / "seeds", DIFFERENT, 1)
    seeds = list(Release.open(root / "seeds").cases())
    splits = [s for s, n in split_sizes(cases).items() for _ in range(n)]
    rng = np.random.default_rng(0)

    def made() -> Iterator[tuple[Split, Case]]:
        for index, split in enumerate(splits):
            case = seeds[index % DIFFERENT]
            coarse = rng.standard_normal((64, 64)).repeat(8, 0).repeat(8, 1)
            image = np.clip(case.image + 0.15 * coarse, 0, 1).astype(np.float32)
            name = f"case{index:05d}"
            yield split, case.replace(name=name, patient=name, image=image)

    write_release(root / "release", made())


def main() -> None:
    """Prints seconds, peak memory and both as shares of what is allowed."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 426
    with tempfile.TemporaryDirectory() as folder:
        if os.fork() == 0:
            make(Path(folder), cases)
            os._exit(0)
        assert os.wait()[1] == 0
        from spinemsca.release.verify import verify

        start = time.perf_counter()
        verdict = verify(Path(folder) / "release", workers=2)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    allowed = LIMIT_SECONDS * cases / 426
    print(f"verify: {verdict.cases} cases in {seconds:.1f} s, {1000 * seconds / cases:.0f} ms each")
    print(f"  findings: {len(verdict.findings)} ({cases} noisy copies of {DIFFERENT} phantoms)")
    print(f"  time   {seconds / allowed:.2f} of the {allowed:.0f} s allowed")
    print(f"  memory {peak / LIMIT_MIB:.2f} of the {LIMIT_MIB} MiB allowed ({peak:.0f} MiB)")


if __name__ == "__main__":
    main()
