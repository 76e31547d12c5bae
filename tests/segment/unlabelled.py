"""Images without labels, and a model that answers them as they ask to be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spinemsca.anatomy import COLUMN, by_name
from spinemsca.segment.inference.model import Segmentation
from spinemsca.segment.networks.column import ColumnNet
from spinemsca.segment.runtime.weights import Weights
from tests.segment.examples import TINY, ladder

if TYPE_CHECKING:
    from pathlib import Path

SURE = dict.fromkeys(COLUMN, 0.95)
UNSURE_S1 = SURE | {by_name("S1"): 0.5}


class Oracle:
    """Answers the ladder, sure of it or not as the image's first pixel says."""

    weights = Weights(ColumnNet(TINY), 64, "7.1")

    def predict(self, image, spacing=None) -> Segmentation:
        answers = {
            0: (SURE, False, None),
            1: (UNSURE_S1, False, None),
            2: (SURE, True, None),
            3: (SURE, False, "It is a cat"),
            4: (dict.fromkeys(COLUMN, 0.8), False, None),
            5: ({s: 0.95 for s in COLUMN if s.name != "D2"}, False, None),
        }
        confidence, ambiguous, refused = answers[int(image[0, 0])]
        return Segmentation(ladder(), confidence, None, (), ambiguous, refused)


def write_images(folder: Path) -> Path:
    """Eight images of seven patients, the first pixel of each saying what the oracle answers."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, code in (("1_t2", 0), ("1_b", 1), ("2_t2", 2), ("3_t2", 3), ("4_t2", 4), ("5_t2", 5)):
        pixels = rng.integers(0, 255, (96, 64), np.uint8)
        pixels[0, 0] = code
        Image.fromarray(pixels).save(folder / f"{name}.png")
    for name in ("8_t2", "9_t2"):
        Image.fromarray(pixels * 0).save(folder / f"{name}.png")
    return folder
