from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemsca.anatomy import STRUCTURES, by_name
from spinemsca.case import Sex, Spacing
from spinemsca.errors import ReleaseError
from spinemsca.release.case_table import CaseRow
from spinemsca.release.info import Part, case_statistics, composition, info
from spinemsca.release.release import Release
from spinemsca.release.split import PUBLISHED_SIZES, Split
from spinemsca.release.summary import NumberSummary, summarise_numbers

from .verify_cases import case, entry, write


def test_counts_measures_and_leaves_out_what_is_not_annotated(tmp_path: Path) -> None:
    s1 = by_name("S1")
    good = case(0)
    partly = good.replace(
        label=np.where(good.label == s1.value, 0, good.label).astype(np.uint8),
        annotated=frozenset(STRUCTURES) - {s1},
        spacing=Spacing(0.5, 0.4),
        sex=None,
    )
    found = info(write(tmp_path / "r", c0=partly), workers=2)
    assert found.parts[None] == Part(5, men=2, women=2)
    assert found.parts[Split.TRAIN].male == 0.5
    assert found.annotated[s1] == 4
    assert found.areas_px[s1].n == 4
    l1 = np.sum(partly.label == 1)
    assert found.areas_px[by_name("L1")].n == 5
    assert found.areas_mm2[by_name("L1")].mean == pytest.approx(l1 * 0.2)
    assert s1 not in found.areas_mm2
    pixels = np.concatenate([partly.image.ravel()] + [case(i).image.ravel() for i in range(1, 5)])
    assert found.intensity.n == pixels.size
    assert found.intensity.mean == pytest.approx(pixels.mean(dtype=np.float64))
    assert found.intensity.sd == pytest.approx(pixels.std(dtype=np.float64, ddof=1))


def test_json_contract(tmp_path: Path) -> None:
    value = info(write(tmp_path / "r")).to_json()
    assert value["cases"] == 5
    assert value["splits"]["train"] == {
        "cases": 3,
        "male": pytest.approx(1 / 3),
        "archives": ["Train.zip.001", "…"],
    }
    assert value["structures"]["L1"]["area_px"]["n"] == 5
    assert value["structures"]["L1"]["area_mm2"] is None


def test_unreadable_cases_are_named_not_counted(tmp_path: Path) -> None:
    root = write(tmp_path / "r")
    for image in root.glob("*/*/img.pt"):
        image.write_bytes(b"")
    found = info(root)
    assert sorted(found.unreadable) == ["c0", "c1", "c2", "c3", "c4"]
    assert found.to_json()["intensity"] is None
    with pytest.raises(ReleaseError):
        info(tmp_path / "nothing")


def test_published_names_where_sizes_are_the_published() -> None:
    entries = tuple(entry(f"{s}{i}", s) for s, n in PUBLISHED_SIZES.items() for i in range(n))
    men = {e.name: CaseRow(e.name, e.split, sex=Sex.MALE) for e in entries[:100]}
    parts = composition(Release(Path(), entries, men))
    assert parts[None] == Part(426, men=100)
    assert parts[Split.TRAIN].archives == ("Train.zip.001", "Train.zip.002", "Train.zip.003")
    assert parts[Split.VAL].archives == ("Vail.zip",)
    assert parts[Split.VAL].male is None


def test_empty_split_has_no_archive() -> None:
    parts = composition(Release(Path(), (entry(),), {}))
    assert parts[Split.TEST] == Part(0)


def test_case_without_label_has_no_areas() -> None:
    assert case_statistics(case(0).replace(label=None)).areas == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_summary_of_moments_agrees_with_the_sample(values: list[float]) -> None:
    array = np.array(values)
    moments = np.array([array.size, array.sum(), np.vdot(array, array)])
    one, other = (
        NumberSummary.of_moments(moments, array.min(), array.max()),
        summarise_numbers(values),
    )
    assert one.mean == pytest.approx(other.mean)
    assert (one.sd is None) == (len(values) == 1)
    if one.sd is not None:
        assert one.sd == pytest.approx(other.sd, abs=1e-6)
    assert other.min <= other.mean + 1e-12
    assert (one.n, one.min, one.max) == (other.n, other.min, other.max)
