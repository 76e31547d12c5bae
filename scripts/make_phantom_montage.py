"""Draws docs/phantoms.png: synthetic cases beside real slices, at thumbnail size.

    python scripts/make_phantom_montage.py

Needs the real slices in ../shared/data, which are not part of the project.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spinemsca.phantom import phantom

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROOT = Path(__file__).resolve().parents[1]
_REAL = _ROOT.parent / "shared" / "data" / "spider" / "mid"
_EDGE, _ROWS, _COLUMNS, _HEAD = 160, 4, 5, 18
_CREDIT = "Real: SPIDER, van der Graaf et al., Sci Data 11:264 (2024), CC BY 4.0, resampled"


def main() -> None:
    """Writes the montage."""
    count = _ROWS * _COLUMNS
    synthetic = [_windowed(phantom(2024, i).image) for i in range(count)]
    paths = sorted(_REAL.glob("*_t2.png"))
    real = [_windowed(_read(p)) for p in paths[:: max(len(paths) // count, 1)][:count]]
    width = _EDGE * _COLUMNS
    sheet = Image.new("L", (2 * width + 8, _ROWS * _EDGE + _HEAD), 255)
    draw = ImageDraw.Draw(sheet)
    halves = ((0, "Synthetic", synthetic), (width + 8, _CREDIT, real))
    for left, title, images in halves:
        draw.text((left + 4, 3), title, fill=0)
        for i, image in enumerate(images):
            place = left + i % _COLUMNS * _EDGE, _HEAD + i // _COLUMNS * _EDGE
            sheet.paste(_thumbnail(image), place)
    sheet.save(_ROOT / "docs" / "phantoms.png", optimize=True)


def _read(path: Path) -> NDArray[np.float32]:
    return np.asarray(Image.open(path).convert("L"), dtype=np.float32)


def _windowed(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = np.percentile(pixels, (1, 97.5))
    return np.asarray(np.clip((pixels - low) / (high - low), 0, 1), dtype=np.float32)


def _thumbnail(image: NDArray[np.float32]) -> Image.Image:
    grey = Image.fromarray((image * 255).astype(np.uint8))
    return grey.resize((_EDGE, _EDGE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
