"""The same patient gives the same numbers, whatever file it comes in and whatever way it goes."""

from __future__ import annotations

import pytest

from tests.roundtrip.allpairs import all_pairs
from tests.roundtrip.chains import CHAINS, Run, known_model
from tests.roundtrip.combos import FACTORS, allowed, codes_of, title
from tests.roundtrip.formats import Lie

# surface-distance imports from scipy by old names.
pytestmark = pytest.mark.filterwarnings("ignore:Please import :DeprecationWarning")


def go(made, tmp_path) -> None:
    lie = Lie(made["fmt"], codes_of(made), made["spacing"], made["pose"])
    with known_model():
        CHAINS[made["chain"]](Run(tmp_path, lie, made["name"]))


@pytest.mark.parametrize("made", all_pairs(FACTORS, allowed), ids=title)
def test_every_two_levels_meet(made, tmp_path):
    go(made, tmp_path)
