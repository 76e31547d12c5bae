"""The same patient gives the same numbers, whatever file it comes in and whatever way it goes."""

from __future__ import annotations

import shutil

import pytest

from spinemsca.anatomy import by_name
from tests.roundtrip.allpairs import all_pairs, whole
from tests.roundtrip.chains import CHAINS
from tests.roundtrip.combos import FACTORS, allowed, codes_of, title
from tests.roundtrip.formats import FORMATS, Lie, poses
from tests.roundtrip.names import NAMES
from tests.roundtrip.patients import GRIDS, SHOWN, SLICES, drawn_slip, numbers, patient
from tests.roundtrip.running import Run, known_model

# surface-distance imports from scipy by old names.
pytestmark = pytest.mark.filterwarnings("ignore:Please import :DeprecationWarning")


def go(made, tmp_path) -> None:
    lie = Lie(made["fmt"], codes_of(made), made["spacing"], made["pose"])
    with known_model():
        CHAINS[made["chain"]](Run(tmp_path, lie, made["name"]))


@pytest.mark.parametrize("made", all_pairs(FACTORS, allowed), ids=title)
def test_every_two_levels_meet(made, tmp_path):
    go(made, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("fmt", FORMATS)
def test_the_whole(fmt, chain, tmp_path):
    """Every orientation and spacing of a format through a chain, under names that take turns."""
    factors = {f: FACTORS[f] for f in ("order", "flips", "spacing")}
    fixed = {"fmt": fmt, "chain": chain}
    names = list(NAMES)
    for number, lying in enumerate(whole(factors, lambda m: allowed(m | fixed))):
        made = lying | fixed | {"pose": poses(fmt)[number % len(poses(fmt))]}
        turned = names[number % len(names) :] + names
        made["name"] = next(n for n in turned if allowed(made | {"name": n}))
        go(made, tmp_path / title(made))
        shutil.rmtree(tmp_path / title(made))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("who", "ab")
def test_what_is_known_is_right(who, grid):
    """The numbers that all else is compared with follow the phantom's own geometry."""
    slips = []
    for index in range(SLICES):
        found = numbers(who, grid, index)
        slips.append(found["D4", "slip"])
        assert 15 < found["spine", "lordosis_l1_s1"] < 80
        assert 10 < found["spine", "sacral_slope"] < 60
        assert 24 < found["L3", "body_height_anterior"] < 36
    assert slips == pytest.approx([drawn_slip(who, k) for k in range(SLICES)], abs=1.5)
    assert slips[-1] > slips[0] + 3
    assert numbers(who, grid, known=False)["L3", "body_area"] == pytest.approx(
        (patient(who, grid).labels[SHOWN] == by_name("L3").value).sum(), rel=0.05
    )
