"""A release of synthetic cases."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from spinemsca.anatomy import STRUCTURES
from spinemsca.case import Sex
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.phantom import replay
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.release.stratify import stratified_splits
from spinemsca.release.synthetic import PHANTOMS_NAME, synthesise

SIZE = 96


def sums(root: Path) -> dict[str, str]:
    return {
        p.parent.name + p.name: hashlib.sha256(p.read_bytes()).hexdigest()
        for p in root.rglob("*.pt")
    }


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Release:
    root = tmp_path_factory.mktemp("six") / "release"
    return synthesise(root, 6, 3, size=SIZE)


def test_same_seed_same_bytes_whatever_workers(six: Release, tmp_path: Path) -> None:
    synthesise(tmp_path / "again", 6, 3, size=SIZE, workers=2)
    assert sums(tmp_path / "again") == sums(six.root)
    for name in ("cases.csv", PHANTOMS_NAME):
        assert (tmp_path / "again" / name).read_bytes() == (six.root / name).read_bytes()


def test_a_case_does_not_depend_on_how_many_there_are(six: Release, tmp_path: Path) -> None:
    synthesise(tmp_path / "four", 4, 3, size=SIZE)
    few, all_of = sums(tmp_path / "four"), sums(six.root)
    assert few == {k: all_of[k] for k in few}


def test_the_table_says_what_is_known(six: Release) -> None:
    assert [len(six.of(s)) for s in Split] == [4, 1, 1]
    for row in six.table.values():
        assert row.sex in Sex
        assert row.spacing is not None
        assert row.source == "synthetic"
        assert row.annotated == frozenset(STRUCTURES)


def test_every_case_can_be_made_again_from_its_record(six: Release) -> None:
    lines = (six.root / PHANTOMS_NAME).read_text().splitlines()
    records = {r["case"]: r for r in map(json.loads, lines)}
    assert list(records) == [f"phantom-{i:04d}" for i in range(1, 7)]
    entry = six.entries[0]
    case, again = six.load(entry), replay(records[entry.name], name=entry.name)
    assert case.image.tobytes() == again.image.tobytes()
    assert case.label is not None
    assert again.label is not None
    assert case.label.tobytes() == again.label.tobytes()


def test_progress_is_told_of_each_case(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    synthesise(
        tmp_path / "r", 3, 0, size=64, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("count", [20, 63, 426])
def test_splits_have_the_published_sizes_and_both_sexes(count: int) -> None:
    sexes = [Sex.MALE if i % 5 < 2 else Sex.FEMALE for i in range(count)]
    splits = stratified_splits(sexes, 4)
    sizes = Counter(splits)
    assert min(sizes.values()) >= 1
    if count == 426:
        assert sizes == {Split.TRAIN: 326, Split.VAL: 50, Split.TEST: 50}
    for split in Split:
        men = sum(s is Sex.MALE for s, where in zip(sexes, splits, strict=True) if where is split)
        assert abs(men - 0.4 * sizes[split]) <= 1.5


def test_splits_depend_on_the_seed() -> None:
    sexes = [Sex.FEMALE] * 60
    assert stratified_splits(sexes, 1) == stratified_splits(sexes, 1)
    assert stratified_splits(sexes, 1) != stratified_splits(sexes, 2)


@pytest.mark.parametrize(
    "wrong", [{"cases": 0}, {"cases": 10_000}, {"size": 8}, {"workers": 0}, {"seed": -1}]
)
def test_bad_arguments_are_refused(wrong: dict[str, int], tmp_path: Path) -> None:
    given = {"cases": 3, "seed": 0, **wrong}
    with pytest.raises(UsageError):
        synthesise(tmp_path / "r", **given)
    assert not (tmp_path / "r").exists()


def test_a_full_folder_is_left_alone(six: Release) -> None:
    with pytest.raises(ReleaseError, match="empty folder"):
        synthesise(six.root, 3, 0, size=64)
