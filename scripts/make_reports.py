"""Writes three reports of the real release, and pictures of them.

    python scripts/make_reports.py data/spider-space build/reports

The pictures need Chromium on PATH; without it only the pages are written. That of the slip stands
in docs/reports.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from spinemsca.measure.measurements import measure
from spinemsca.release.release import Release
from spinemsca.report.about import About
from spinemsca.report.case_page import case_page

CASES = {"normal": "41_060", "degenerate": "61_060", "slip": "142_063"}
"""Of the training and validation patients, by what a radiologist graded."""

SIZE = "1240,1560"
COLOURS = 256


def main(root: Path, out: Path) -> None:
    """Writes the pages and their pictures."""
    release = Release.open(root)
    entries = {entry.name: entry for entry in release.entries}
    out.mkdir(parents=True, exist_ok=True)
    for kind, name in CASES.items():
        case = release.load(entries[name])
        page = out / f"{kind}-{name}.html"
        about = About(case.sex, case.source)
        page.write_text(case_page(measure(case), about), encoding="utf-8")
        picture(page, page.with_suffix(".png"))


def picture(page: Path, path: Path) -> None:
    """A picture of the page's upper part, in few colours so that it stays small."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "page.png"
        subprocess.run(
            [browser, "--headless", "--disable-gpu", "--hide-scrollbars", *root,
             f"--user-data-dir={folder}", f"--window-size={SIZE}", f"--screenshot={made}",
             page.resolve().as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        with Image.open(made) as full:
            full.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(
                path, optimize=True
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
